"""Keys by which programs and people prove to a server who they are; of the secret itself only a hash is kept."""

from __future__ import annotations

import datetime
import hashlib
import re
from typing import Any, Final

import attrs

from bifrost_sdk.domain import text
from bifrost_sdk.domain.entity import Entity, is_truth
from bifrost_sdk.domain.registry import register
from bifrost_sdk.errors import Issue, ValidationError

#: What a key may be used for: asking, and changing what its user may change.
SCOPES: Final = ("read", "write")

_HASH = re.compile(r"[0-9a-f]{64}")


def _scopes(values: Any) -> tuple[str, ...]:  # Any: checked here
    found = text.tags(values)
    if wrong := [scope for scope in found if scope not in SCOPES]:
        raise ValidationError(
            Issue("api_key.scope", f"{wrong[0]!r} is no scope", "scopes", hint=f"they are {', '.join(SCOPES)}")
        )
    return found


def _is_hash(_: Any, __: Any, value: str) -> None:  # Any: the signature that attrs asks for
    if value and not _HASH.fullmatch(value):
        raise ValidationError(Issue("api_key.hash", f"{value!r:.80} is no SHA-256 in hexadecimal", "hash"))


@register(
    "api_key",
    plural="api_keys",
    natural_key=lambda key: key.hash or None,
    search=("login", "name"),
    immutable=frozenset({"login", "hash", "ending"}),
    scope="studio",
)
@attrs.frozen(kw_only=True)
class ApiKey(Entity):
    """A key of the user `login`, for as long as it is `active` and before it expires.

    `hash` is the SHA-256 of the secret in lower-case hexadecimal, `ending` its last four characters, by which people
    tell keys apart; a key without a hash opens nothing. `expires_at` None means never, and is exclusive.
    """

    login: str = attrs.field(converter=text.line)
    name: str = attrs.field(default="", converter=text.line)
    hash: str = attrs.field(default="", converter=text.line, validator=_is_hash)
    ending: str = attrs.field(default="", converter=text.line)
    scopes: tuple[str, ...] = attrs.field(default=SCOPES, converter=_scopes)
    expires_at: datetime.datetime | None = attrs.field(default=None, converter=text.utc)
    active: bool = attrs.field(default=True, validator=is_truth)

    def is_valid(self, now: datetime.datetime) -> bool:
        """Whether it opens anything at that time.

        >>> ApiKey(login="anna", active=False).is_valid(datetime.datetime.now(datetime.timezone.utc))
        False
        """
        return bool(self.active and self.hash) and (self.expires_at is None or now < self.expires_at)


def hash_of(secret: str) -> str:
    """What is kept of a secret: it is random and long, so one round of SHA-256 hides it.

    >>> hash_of("bifrost_x")[:8]
    'cf62aee5'
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
