"""The commands ``bifrost server``: serve a workspace's catalog, and give out the keys to it."""

from __future__ import annotations

import contextlib
from pathlib import Path

import attrs
import click

from bifrost_sdk.cli.arguments import count
from bifrost_sdk.cli.command import Call, argument, command, flag, option
from bifrost_sdk.domain import wire
from bifrost_sdk.domain.api_keys import SCOPES, ApiKey
from bifrost_sdk.services import api_keys, configuration
from bifrost_sdk.session import opening

_HOWTO = "nobody can ask yet; make a key with `bifrost server keys create LOGIN`, and set it as BIFROST_SDK_TOKEN there"


@command(is_placed=False)
@argument("folder", "[WORKSPACE]", "the workspace's folder (default: the one here)", required=False)
@option("--host", default="127.0.0.1", metavar="ADDRESS", help="where to listen (default: 127.0.0.1)")
@option("--port", type=click.IntRange(0, 65_535), default=8600, metavar="N", help="the port (default: 8600; 0: any)")
@option("--certificate", type=Path, metavar="FILE", help="the certificate of TLS, in PEM")
@option("--key", type=Path, metavar="FILE", help="the key of the certificate, in PEM")
@flag("--insecure", "is_insecure", help="listen without TLS where other machines reach it")
def run(
    call: Call,
    *,
    folder: str | None,
    host: str,
    port: int,
    certificate: Path | None,
    key: Path | None,
    is_insecure: bool,
) -> int:
    """Serve a catalog until it is interrupted; requests in flight are answered."""
    from bifrost_sdk.server import running

    running.check_extra()
    address = running.Address(host=host, port=port, certificate=certificate, key=key, is_insecure=is_insecure)
    from bifrost_sdk.server.application import make_application
    from bifrost_sdk.server.authentication import Keys

    place, url = opening.locate(folder)
    authority = opening.open_authority(configuration.load(place, explicit={"catalog": url}))
    # An interruption is how it ends: by then everything in flight is answered.
    with contextlib.closing(authority), contextlib.suppress(KeyboardInterrupt), running.listen(address) as listening:
        keys = Keys(authority)
        found = attrs.evolve(address, port=listening.getsockname()[1])
        server = running.make_server(make_application(authority, keys), found)
        _announce(call, found.url, has_keys=not keys.is_empty())
        server.run(sockets=[listening])
    return 0


def _announce(call: Call, url: str, *, has_keys: bool) -> None:
    if call.in_json:
        call.screen.document({"url": url, "has_keys": has_keys}, indent=None)
        return
    call.screen.line(f"serving at {url}")
    if not has_keys:
        call.screen.line(_HOWTO, "yellow")


@command()
@argument("login", "LOGIN", "the user who asks with it")
@option("--name", default="", metavar="TEXT", help="what it is for, e.g. the farm")
@option("--days", type=count, metavar="N", help="how long it is valid (default: until it is revoked)")
@flag("--read-only", "is_reading", help="it may ask, and change nothing")
def create(call: Call, *, login: str, name: str, days: int | None, is_reading: bool) -> int:
    """Make a key, whose secret is shown this once."""
    with call.session() as session:
        scopes = ("read",) if is_reading else SCOPES
        made = api_keys.create(session.context, login, name=name, days=days, scopes=scopes)
    if call.in_json:
        call.screen.document({**_document(made.key), "secret": made.secret})
    else:
        call.screen.line(made.secret)
        call.screen.line(f"a key of {made.key.login}; it is shown this once, so keep it now", "dim")
    return 0


@command()
def list_(call: Call) -> int:
    """List the keys: never their secrets, but how they end."""
    with call.session() as session:
        found = api_keys.every(session.context)
    if call.in_json:
        call.screen.document([_document(key) for key in found])
        return 0
    rows = [(f"…{key.ending}", key.login, key.name, " ".join(key.scopes), _standing(key), key.id) for key in found]
    call.screen.table(("ends with", "user", "name", "scopes", "valid", "id"), rows, whole=("id",))
    return 0


@command()
@argument("key", "KEY", "its id, or its last four characters")
def revoke(call: Call, *, key: str) -> int:
    """End a key, from the next request on."""
    with call.session() as session:
        ended = api_keys.revoke(session.context, key)
    if call.in_json:
        call.screen.document(_document(ended))
    else:
        call.screen.line(f"the key of {ended.login} that ends with {ended.ending} is revoked")
    return 0


def _standing(key: ApiKey) -> str:
    if not key.active:
        return "revoked"
    return "until revoked" if key.expires_at is None else f"until {wire.print_time(key.expires_at)[:16]}Z"


def _document(key: ApiKey) -> wire.Body:
    """What is told of a key: all but its hash."""
    return {name: value for name, value in wire.to_document(key).items() if name != "hash"}
