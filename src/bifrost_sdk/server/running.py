"""The process that serves: where it listens, how it stops, and what it refuses to listen on."""

from __future__ import annotations

import ipaddress
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from bifrost_sdk.errors import ConfigurationError

if TYPE_CHECKING:  # loaded when a server is made
    import uvicorn

#: So long requests in flight are waited for when the server is told to stop, in seconds.
PATIENCE: Final = 30

#: So many connections are served at once; more are told to come back.
CONNECTIONS: Final = 500

_NEEDED: Final = "the server needs the extra 'server', which is not installed; run pip install \"bifrost-sdk[server]\""


@attrs.frozen(kw_only=True)
class Address:
    """Where a server listens; `certificate` and `key` are files in PEM, for TLS.

    Raises:
        ConfigurationError: when others could reach it and nothing hides what they send, unless `is_insecure`.
    """

    host: str = "127.0.0.1"
    port: int = 8600
    certificate: Path | None = None
    key: Path | None = None
    is_insecure: bool = False

    def __attrs_post_init__(self) -> None:
        if (self.certificate is None) != (self.key is None):
            raise ConfigurationError("TLS needs both a certificate and its key; give --certificate and --key")
        if self.certificate is None and not self.is_insecure and not is_local(self.host):
            raise ConfigurationError(
                f"{self.host} can be reached from other machines, and without TLS keys would cross the network in the "
                "clear; give --certificate and --key, put a proxy with TLS before 127.0.0.1, or say --insecure",
                setting="host",
            )

    @property
    def url(self) -> str:
        """What clients connect to."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.certificate else 'http'}://{host}:{self.port}"


def is_local(host: str) -> bool:
    """Whether only this machine reaches a server that listens there.

    >>> is_local("127.0.0.1"), is_local("localhost"), is_local("0.0.0.0"), is_local("shows.studio")
    (True, True, False, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_extra() -> None:
    """Nothing, where the extra is installed.

    Raises:
        ConfigurationError: when it is missing.
    """
    try:
        import fastapi  # noqa: F401 - loaded further where the application is made
        import uvicorn  # noqa: F401 - likewise
    except ModuleNotFoundError as error:
        raise ConfigurationError(_NEEDED, setting="server") from error


def listen(address: Address) -> socket.socket:
    """A socket at the address, which takes connections from now on.

    Raises:
        ConfigurationError: when the address is taken, or not one of this machine.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        return socket.create_server((address.host, address.port), family=family, backlog=2_048)
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen at {address.host}:{address.port}: {error.strerror or error}; give another --port or --host",
            setting="port",
        ) from error


def make_server(app: Any, address: Address) -> uvicorn.Server:  # Any: an application of ASGI
    """A server of an application, which does not run yet; told to end, it answers what is in flight first.

    Raises:
        ConfigurationError: when certificate and key cannot be used.
    """
    import uvicorn

    config = uvicorn.Config(
        app,
        ssl_certfile=address.certificate,
        ssl_keyfile=address.key,
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=CONNECTIONS,
        timeout_graceful_shutdown=PATIENCE,
        lifespan="off",
    )
    try:
        config.load()
    except OSError as error:  # ssl's own errors are of this kind, too
        raise ConfigurationError(
            f"{address.certificate} and {address.key} cannot be used for TLS: {error.strerror or error}",
            setting="certificate",
        ) from error
    return uvicorn.Server(config)
