"""The USD library, in the one place that imports it: whoever needs it and does not have it is told what to install.

Raises:
    ConfigurationError: on import, when it is not installed.
"""

from __future__ import annotations

import re

from bifrost_sdk.errors import ConfigurationError

try:
    from pxr import Ar, Sdf, Tf, Usd, UsdUtils
except ImportError as error:
    message = "USD needs the extra 'usd', which is not installed; run pip install \"bifrost-sdk[usd]\""
    raise ConfigurationError(message, setting="usd") from error

__all__ = ["Ar", "Sdf", "Tf", "Usd", "UsdUtils", "words_of"]


def words_of(error: Exception) -> str:
    """The library's own word, without where in its source it stands; it may quote what is no text."""
    try:
        text = str(error)
    except UnicodeDecodeError:
        return "it holds bytes that are no text"
    said = re.search(r" : '(.*?)'?\s*(?:\n|\Z)", text)
    return (said[1] if said else text.strip().split("\n")[0])[:300]
