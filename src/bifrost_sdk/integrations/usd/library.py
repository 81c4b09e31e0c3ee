"""The USD library, in the one place that imports it: whoever needs it and does not have it is told what to install.

Raises:
    ConfigurationError: on import, when it is not installed.
"""

from __future__ import annotations

from bifrost_sdk.errors import ConfigurationError

try:
    from pxr import Ar, Sdf, Tf, Usd, UsdUtils
except ImportError as error:
    message = "USD needs the extra 'usd', which is not installed; run pip install \"bifrost-sdk[usd]\""
    raise ConfigurationError(message, setting="usd") from error

__all__ = ["Ar", "Sdf", "Tf", "Usd", "UsdUtils"]
