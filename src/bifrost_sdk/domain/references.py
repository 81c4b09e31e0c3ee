"""The one written form of a thing in the catalog: parsed, printed and compared without asking the catalog.

How it is written is told by `bifrost_sdk.domain.spelling`; here it is a value.

Two references are equal when they denote the same thing: codes compare by `codes.fold` and keep their case in print;
a file is stored bytes with an exact name, so files differ by case.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable

import attrs

from bifrost_sdk.domain import codes
from bifrost_sdk.domain.spelling import MAX_LENGTH, MAX_VERSION, UUID, Plain, read, read_plain, tag_fault, write
from bifrost_sdk.errors import ReferenceSyntaxError

__all__ = ["MAX_LENGTH", "MAX_VERSION", "UUID", "Plain", "Reference", "Tag", "parse_many", "split"]


def _composed(path: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(codes.nfc, path))


@attrs.frozen
class Tag:
    """Which version of a product: a number, `latest` (not retired) or `approved`."""

    name: str = attrs.field()

    @name.validator
    def _is_spelled(self, _: attrs.Attribute[str], name: str) -> None:
        if fault := tag_fault(name):
            raise ReferenceSyntaxError(fault, text=name, position=0)

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
        project, path, id_, tag, file = read_plain(text) or read(text)
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
        return write((self.project or "", "/".join(self.path), self.id or "", tag, self.file or ""))

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
    project, path, id_, tag, file = read_plain(text) or read(text)
    return project, path.lower() if path.isascii() else codes.fold(path), id_, tag, file


def _parsed(text: str) -> Reference | ReferenceSyntaxError:
    try:
        return Reference.parse(text)
    except ReferenceSyntaxError as error:
        return error


def _unfit(ref: Reference, message: str, instead: str) -> ReferenceSyntaxError:
    text = str(ref)
    return ReferenceSyntaxError(f"{message}; use {instead}", text=text, position=len(text))


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
