"""The one written form of a thing in the catalog: parsed, printed and compared without asking the catalog.

::

    ref  = "bifrost://" project [ "/" path [ "/" tag [ "/" file ] ] ]
         | "bifrost://" [ project ] "/~" id [ "/" file ]
    path = code *("/" code)       tag = v001 … v999, v1000 … | latest | approved

One thing has one spelling. Accepted besides and normalised: ``bifrost:/project/…`` (what a path normaliser leaves
over), ``…/model?v=12``, ``bifrost:///kind/id`` (the kind is dropped, the id alone decides), capitals in scheme,
project, tag and id, a slash right after the project, and text that is not in NFC. All else is refused with the place.

Two references are equal when they denote the same thing: codes compare by `codes.fold` and keep their case in print;
a file is stored bytes with an exact name, so files differ by case.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from typing import Final, NamedTuple, NoReturn, TypeAlias

import attrs

from bifrost_sdk.domain import codes
from bifrost_sdk.errors import ReferenceSyntaxError

MAX_LENGTH: Final = 1024
MAX_VERSION: Final = 999_999_999

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


_VERSION: Final = "v(?:00[1-9]|0[1-9][0-9]|[1-9][0-9]{2,8})"
_PROJECT: Final = "[a-z0-9][a-z0-9_-]{0,62}"
_FILE: Final = "[A-Za-z0-9_.-]+"

# What nearly every reference looks like: canonical, plain ASCII, at most one plain file. `_fast` refuses the rest of
# what these two let through; whatever is left goes to the reader, which knows the places and the other spellings.
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


def _composed(path: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(codes.nfc, path))


@attrs.frozen
class Tag:
    """Which version of a product: a number, `latest` (not retired) or `approved`."""

    name: str = attrs.field()

    @name.validator
    def _is_spelled(self, _: attrs.Attribute[str], name: str) -> None:
        if _TAG(name) is None:
            raise ReferenceSyntaxError(_tag_message(name), text=name, position=0)

    @classmethod
    def of(cls, version: int | str) -> Tag:
        """The tag of a version's number, or the tag of that name.

        >>> str(Tag.of(12)), str(Tag.of(1000)), str(Tag.of("latest"))
        ('v012', 'v1000', 'latest')
        """
        return cls(version if isinstance(version, str) else f"v{version:03d}")

    @property
    def number(self) -> int | None:
        """The version's number, when the tag names one."""
        return None if self.name in codes.NAMED_TAGS else int(self.name[1:])

    def __str__(self) -> str:
        return self.name


@attrs.frozen(repr=False, eq=False)
class Reference:
    """A node, a version or a file, named by its place in the project's tree or by an id.

    `path` is empty for the project itself. `project` is None only for an id that came without one.

    Raises:
        ReferenceSyntaxError: the parts do not make one reference; what it would read as is in the error.

    >>> ref = Reference.parse("bifrost://demo/assets/char/Hero/model?v=12")
    >>> str(ref.with_file("model.usd"))
    'bifrost://demo/assets/char/Hero/model/v012/model.usd'
    """

    project: str | None
    path: tuple[str, ...] = attrs.field(default=(), converter=_composed)
    id: str | None = attrs.field(default=None, kw_only=True)
    tag: Tag | None = attrs.field(default=None, kw_only=True)
    file: str | None = attrs.field(default=None, kw_only=True, converter=attrs.converters.optional(codes.nfc))

    def __attrs_post_init__(self) -> None:
        """Read back what would be printed: the grammar stands in one place, and ``parse(str(ref)) == ref`` holds."""
        text = str(self)
        if _fields(self) != _fields(Reference.parse(text)):
            raise ReferenceSyntaxError(f"{_fields(self)} would not read back as the same parts", text=text, position=0)

    @classmethod
    def parse(cls, text: str) -> Reference:
        """The reference that `text` spells.

        Raises:
            ReferenceSyntaxError: it spells none; the error shows the place.

        >>> Reference.parse("bifrost://demo/shots/sq010/sh020/anim/latest").tag
        Tag(name='latest')
        """
        project, path, id_, tag, file = _fast(text) or _read(text)
        ref = _new(cls)
        _set_project(ref, project or None)
        _set_path(ref, tuple(path.split("/")) if path else ())
        _set_id(ref, id_ or None)
        _set_tag(ref, _tag(tag) if tag else None)
        _set_file(ref, file or None)
        return ref

    @classmethod
    def of_id(cls, project: str | None, id: str) -> Reference:
        """The reference by id; valid for everything, also for a version that has no number yet."""
        return cls(project, id=id)

    @property
    def key(self) -> str:
        """The folded path (``assets/char/hero/model``) under which a store keeps the node; empty for an id."""
        return codes.fold("/".join(self.path))

    @property
    def version_number(self) -> int | None:
        """The number that the tag gives, if it gives one."""
        return self.tag.number if self.tag else None

    @property
    def parent(self) -> Reference | None:
        """One step up: from a file to its version, to the product, to the node above, to the project; else None."""
        if self.file is not None:
            return attrs.evolve(self, file=None)
        if self.tag is not None:
            return attrs.evolve(self, tag=None)
        return attrs.evolve(self, path=self.path[:-1]) if self.path else None

    def child(self, code: str) -> Reference:
        """The node `code` below this one."""
        if self.id is not None or self.tag is not None:
            raise _unfit(self, "only a node has children, a version or id has files", "with_file")
        return attrs.evolve(self, path=(*self.path, code))

    def with_tag(self, version: int | str | None) -> Reference:
        """The same product (and file) in another version; None takes the version and the file away."""
        if version is None:
            return attrs.evolve(self, tag=None, file=None if self.id is None else self.file)
        if self.id is not None:
            raise _unfit(self, "an id names one thing already and takes no tag", "the path form")
        return attrs.evolve(self, tag=Tag.of(version))

    def with_file(self, name: str | None) -> Reference:
        """A file of this version, by its path inside it; None takes the file away."""
        if name is not None and self.id is None and self.tag is None:
            raise _unfit(self, "a file needs a version", "with_tag first")
        return attrs.evolve(self, file=name)

    def __str__(self) -> str:
        tag = self.tag.name if self.tag else ""
        return _print((self.project or "", "/".join(self.path), self.id or "", tag, self.file or ""))

    def __repr__(self) -> str:
        return f"Reference({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return _denoted(self) == _denoted(other) if isinstance(other, Reference) else NotImplemented

    def __hash__(self) -> int:
        return hash(_denoted(self))


def parse_many(texts: Iterable[str]) -> list[Reference | ReferenceSyntaxError]:
    """One reference or error per text, in order."""
    return [_parsed(text) for text in texts]


def split(text: str) -> Plain:
    """Project, folded path, id, tag and file of a reference; what is absent is empty.

    The way of batches to the store: the same answer as `Reference.parse`, without building objects.

    Raises:
        ReferenceSyntaxError: `text` spells no reference.

    >>> split("bifrost://demo/assets/char/Hero/model/v012/model.usd")
    ('demo', 'assets/char/hero/model', '', 'v012', 'model.usd')
    """
    project, path, id_, tag, file = _fast(text) or _read(text)
    return project, path.lower() if path.isascii() else codes.fold(path), id_, tag, file


def _parsed(text: str) -> Reference | ReferenceSyntaxError:
    try:
        return Reference.parse(text)
    except ReferenceSyntaxError as error:
        return error


def _fast(text: str) -> Plain | None:
    """The parts of a plain, canonical reference; None leaves everything else to the reader."""
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


def _read(text: str) -> Parts:
    """The parts of any accepted spelling, in NFC; positions in errors count in the composed form too."""
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
    length = len(_print(parts))
    if length > MAX_LENGTH:
        _refuse(text, min(len(text), MAX_LENGTH), f"a reference has at most {MAX_LENGTH} characters, not {length}")
    return parts


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
    if _TAG(tag) is None:
        _refuse(text, position, _tag_message(tag))
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


def _tag_message(name: str) -> str:
    digits = name[1:].lstrip("0") if name[:1] in {"v", "V"} else ""
    if digits.isascii() and digits.isdecimal() and int(digits[:10]) <= MAX_VERSION:
        return f"'{name}' is no tag: version {digits} is written v{digits:0>3}"
    return f"'{name}' is no tag: versions are v001 to v999, then v1000 up to v{MAX_VERSION}; or latest, or approved"


def _refuse_fault(text: str, start: int, fault: codes.Fault | None) -> None:
    if fault is not None:
        hint = f" ({fault.hint})" if fault.hint else ""
        _refuse(text, start + fault.position, fault.message + hint)


def _refuse(text: str, position: int, message: str) -> NoReturn:
    raise ReferenceSyntaxError(message, text=text, position=position)


def _unfit(ref: Reference, message: str, instead: str) -> ReferenceSyntaxError:
    text = str(ref)
    return ReferenceSyntaxError(f"{message}; use {instead}", text=text, position=len(text))


def _print(parts: Plain) -> str:
    project, path, id_, tag, file = parts
    middle = f"~{id_}" if id_ else path
    return "/".join(part for part in (f"{_SCHEME}{project}", middle, tag, file) if part)


def _fields(ref: Reference) -> tuple[object, ...]:
    return ref.project, ref.path, ref.id, ref.tag, ref.file


def _denoted(ref: Reference) -> tuple[object, ...]:
    return ref.project, ref.key, ref.id, ref.tag, ref.file


@functools.lru_cache(maxsize=4096)
def _tag(name: str) -> Tag:
    """The tag object of a name already read; few names make up nearly all tags."""
    return Tag(name)


# Parsing fills the slots itself: what was just read needs no second validation, which would cost more than reading.
_new = object.__new__
_set_project, _set_path, _set_id, _set_tag, _set_file = (
    getattr(Reference, name).__set__ for name in ("project", "path", "id", "tag", "file")
)
