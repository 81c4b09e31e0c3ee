"""How a reference is written: read from any spelling that is accepted, printed in the one.

::

    ref  = "bifrost://" project [ "/" path [ "/" tag [ "/" file ] ] ]
         | "bifrost://" [ project ] "/~" id [ "/" file ]
    path = code *("/" code)       tag = v001 … v999, v1000 … | latest | approved

One thing has one spelling. Accepted besides and normalised: ``bifrost:/project/…`` (what a path normaliser leaves
over), ``…/model?v=12``, ``bifrost:///kind/id`` (the kind is dropped, the id alone decides), capitals in scheme,
project, tag and id, a slash right after the project, and text that is not in NFC. All else is refused with the place.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple, NoReturn, TypeAlias

from bifrost_sdk.domain import codes
from bifrost_sdk.errors import ReferenceSyntaxError

MAX_LENGTH: Final = 1024

MAX_VERSION: Final = 999_999
"""The highest number of a version. Numbers are never given again, so one that was mistyped (a date, say) would make
every name after it longer for good."""

UUID: Final = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
"""The pattern of an id as it is printed."""

_SCHEME: Final = "bifrost://"

Plain: TypeAlias = tuple[str, str, str, str, str]
"""Project, path, id, tag and file as plain texts; what is absent is empty."""


class Parts(NamedTuple):
    """A `Plain` with names, for the careful reader."""

    project: str = ""
    path: str = ""
    id: str = ""
    tag: str = ""
    file: str = ""


_VERSION: Final = f"v(?:00[1-9]|0[1-9][0-9]|[1-9][0-9]{{2,{len(str(MAX_VERSION)) - 1}}})"
_PROJECT: Final = "[a-z0-9][a-z0-9_-]{0,62}"
_FILE: Final = "[A-Za-z0-9_.-]+"

# What nearly every reference looks like: canonical, plain ASCII, at most one plain file. `read_plain` refuses the rest
# of what these two let through; whatever is left goes to `read`, which knows the places and the other spellings.
_CODE: Final = "(?!(?:[vV][0-9]+|latest|approved)(?:/|\\Z))[A-Za-z0-9_-]{1,64}"
_BY_PATH: Final = re.compile(
    f"bifrost://({_PROJECT})/({_CODE}(?:/{_CODE})*)()(?:/({_VERSION}|latest|approved)(?:/({_FILE}))?)?"
).fullmatch
_BY_ID: Final = re.compile(f"bifrost://({_PROJECT})/()~({UUID})()(?:/({_FILE}))?").fullmatch
_NO_CODE: Final = codes.DEVICES | codes.NAMED_TAGS

_HEAD: Final = re.compile("bifrost:(/{1,3})(?!/)", re.IGNORECASE | re.ASCII)
_TAG: Final = re.compile(f"{_VERSION}|latest|approved").fullmatch
_ID: Final = re.compile(UUID, re.IGNORECASE | re.ASCII).fullmatch
_KIND: Final = re.compile("[a-z][a-z_]*", re.IGNORECASE | re.ASCII).fullmatch


def write(parts: Plain) -> str:
    """The canonical spelling of the parts.

    >>> write(("demo", "assets/char/hero/model", "", "v012", ""))
    'bifrost://demo/assets/char/hero/model/v012'
    """
    project, path, id_, tag, file = parts
    middle = f"~{id_}" if id_ else path
    return "/".join(part for part in (f"{_SCHEME}{project}", middle, tag, file) if part)


def read_plain(text: str) -> Plain | None:
    """The parts of a plain, canonical reference; None leaves everything else to `read`."""
    match = _BY_PATH(text) or _BY_ID(text)
    if match is None or len(text) > MAX_LENGTH:
        return None
    parts: Plain = match.groups("")  # type: ignore[assignment]  # five groups, as typed
    project, path, _, _, file = parts
    if project in codes.DEVICES or not _NO_CODE.isdisjoint(path.lower().split("/")):
        return None
    if file and (file[-1] == "." or file.partition(".")[0].lower() in codes.DEVICES):
        return None
    return parts


def read(text: str) -> Parts:
    """The parts of any accepted spelling, in NFC; positions in errors count in the composed form too.

    Raises:
        ReferenceSyntaxError: it is the spelling of none, with the place.
    """
    if len(text) > 4 * MAX_LENGTH:
        _refuse(text[: MAX_LENGTH + 1], MAX_LENGTH, f"a reference has at most {MAX_LENGTH} characters, not {len(text)}")
    text = codes.nfc(text)
    head = _HEAD.match(text)
    if head is None:
        _refuse(text, _departure(text), f"a reference starts with '{_SCHEME}'")
    body, mark, _ = text.partition("?")
    tag = _read_query(text, len(body)) if mark else ""
    if head[1] == "///" or body.startswith("~", head.end()):
        parts = _read_id(text, body, _id_start(text, body, head.end()))
    else:
        parts = _read_named(text, body, head.end())
    if tag:
        parts = _tagged(text, parts, tag)
    length = len(write(parts))
    if length > MAX_LENGTH:
        _refuse(text, min(len(text), MAX_LENGTH), f"a reference has at most {MAX_LENGTH} characters, not {length}")
    return parts


def tag_fault(name: str) -> str:
    """What is wrong with the spelling of a tag; empty where nothing is."""
    if _TAG(name):
        return ""
    digits = name[1:].lstrip("0") if name[:1] in {"v", "V"} else ""
    if digits.isascii() and digits.isdecimal() and int(digits[:10]) <= MAX_VERSION:
        return f"'{name}' is no tag: version {digits} is written v{digits:0>3}"
    return f"'{name}' is no tag: versions are v001 to v999, then v1000 up to v{MAX_VERSION}; or latest, or approved"


def _read_named(text: str, body: str, start: int) -> Parts:
    """What follows the slashes when a project comes first."""
    project = _segment(body, start)
    lowered = project.lower() if project.isascii() else project
    _refuse_fault(text, start, codes.project_fault(lowered))
    after = start + len(project) + 1
    if after >= len(body):
        return Parts(lowered)
    if body[after] == "~":
        return _read_id(text, body, after + 1)._replace(project=lowered)
    return _read_path(text, body, after)._replace(project=lowered)


def _read_path(text: str, body: str, start: int) -> Parts:
    """Codes up to the end or to a tag, which only a file may follow."""
    path: list[str] = []
    offset = start
    while offset <= len(body):
        segment = _segment(body, offset)
        after = offset + len(segment) + 1
        if codes.is_tag(segment):
            if not path:
                _refuse(text, offset, f"'{segment}' is a tag: the path of a product comes before it")
            tag = _read_tag(text, offset, segment)
            return Parts(path="/".join(path), tag=tag, file=_read_file(text, body, after))
        _refuse_fault(text, offset, codes.code_fault(segment))
        path.append(segment)
        offset = after
    return Parts(path="/".join(path))


def _id_start(text: str, body: str, start: int) -> int:
    """Where the id begins when no project stands before it: after ``~``, or after a kind."""
    if body.startswith("~", start):
        return start + 1
    kind = _segment(body, start)
    after = start + len(kind) + 1
    if _KIND(kind) is None or after > len(body):
        _refuse(text, start, f"after '{_SCHEME}/' comes '~' and an id (a path follows 'bifrost://' and its project)")
    return after


def _read_id(text: str, body: str, start: int) -> Parts:
    id_ = _segment(body, start)
    if _ID(id_) is None:
        _refuse(text, start, "an id is a UUID: 32 hexadecimal digits as 8-4-4-4-12")
    return Parts(id=id_.lower(), file=_read_file(text, body, start + len(id_) + 1))


def _read_file(text: str, body: str, start: int) -> str:
    if start > len(body):
        return ""
    file = body[start:]
    _refuse_fault(text, start, codes.file_fault(file))
    return file


def _read_tag(text: str, position: int, written: str) -> str:
    tag = codes.fold(written)
    if fault := tag_fault(tag):
        _refuse(text, position, fault)
    return tag


def _read_query(text: str, start: int) -> str:
    """The tag that ``?v=12`` stands for."""
    if not text.startswith("?v=", start):
        _refuse(text, start, "only '?v=' and a version may follow here; nothing is percent-encoded")
    value = text[start + 3 :]
    number = value.isascii() and value.isdecimal()
    return _read_tag(text, start + 3, f"v{value.lstrip('0'):0>3}" if number else value)


def _tagged(text: str, parts: Parts, tag: str) -> Parts:
    position = text.index("?")
    if parts.tag:
        _refuse(text, position, f"the version is given twice: {parts.tag} stands in the path already")
    if not parts.path:
        _refuse(text, position, "only the path of a product has versions")
    return parts._replace(tag=tag)


def _segment(body: str, start: int) -> str:
    """What stands between `start` and the next slash."""
    end = body.find("/", start)
    return body[start:] if end < 0 else body[start:end]


def _departure(text: str) -> int:
    """Where `text` stops reading like the scheme."""
    pairs = enumerate(zip(text, _SCHEME, strict=False))
    return next((index for index, (char, wanted) in pairs if char.lower() != wanted), min(len(text), len(_SCHEME)))


def _refuse_fault(text: str, start: int, fault: codes.Fault | None) -> None:
    if fault is not None:
        hint = f" ({fault.hint})" if fault.hint else ""
        _refuse(text, start + fault.position, fault.message + hint)


def _refuse(text: str, position: int, message: str) -> NoReturn:
    raise ReferenceSyntaxError(message, text=text, position=position)
