"""What a set of templates wants on disk for the things of a production: folders, permissions, placeholder files."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence

import attrs

from bifrost_sdk.domain.templates.compilation import Folder
from bifrost_sdk.domain.templates.filling import Facts, filled, values_for
from bifrost_sdk.domain.templates.sets import TemplateSet
from bifrost_sdk.errors import TemplateError


@attrs.frozen
class Wanted:
    """A folder below the named `root`, or a file with this `text`; `path` is relative, ``/`` between its parts.

    `mode` is a folder's permissions as a number, None for the usual ones. `template` is what in the set asks for it, as
    ``folders.asset[0]``, and `subject` the reference of the thing that it is for.
    """

    root: str
    path: str
    template: str
    subject: str
    mode: int | None = None
    text: str | None = None

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.text is None


@attrs.frozen(eq=False)
class Layout:
    """What a set asks for on behalf of things, of which there are many that the same is known of.

    Which tokens of a template have values follows from what is known alone, not from the values: it is kept.
    """

    made: TemplateSet
    _tokens: dict[tuple[str, ...], list[tuple[Folder, dict[str, str]]]] = attrs.field(factory=dict, init=False)

    def wanted(self, kind: str, facts: Facts, *, subject: str) -> Iterator[Wanted]:
        """What is asked for on behalf of one thing; a folder is left out where one of its tokens has no value.

        Raises:
            TemplateError: a value does not fit its token.
        """
        known = (kind, *facts)
        if known not in self._tokens:
            self._tokens[known] = [*self._told(kind, facts, subject)]
        for folder, sources in self._tokens[known]:
            path = folder.template.format({token: facts.get(source) for token, source in sources.items()})
            yield from _of_folder(folder, path, subject)

    def _told(self, kind: str, facts: Facts, subject: str) -> Iterator[tuple[Folder, dict[str, str]]]:
        """The folders that can be told of, and where the values of their tokens come from."""
        sources = self.made.sources
        for folder in self.made.folders.get(kind, ()):
            if folder.template.required <= filled(folder.template, facts, sources).keys():
                values = values_for(folder.template, facts, {}, sources=sources, subject=subject)
                yield folder, {token: sources[token] for token in values}


def laid_out(items: Iterable[Wanted]) -> list[Wanted]:
    """Each place once, behind the folders that it lies in, which are made with it.

    Raises:
        TemplateError: one place is to be two things, or to have two permissions or texts.

    >>> [
    ...     (item.path, item.mode)
    ...     for item in laid_out([Wanted("work", "demo/assets", "folders.project[0]", "demo", 0o775)])
    ... ]
    [('demo', None), ('demo/assets', 509)]
    """
    found: dict[tuple[str, str], Wanted] = {}
    for item in items:
        inmost = found.get((item.root, item.path.rpartition("/")[0]))
        if inmost is None or not inmost.is_folder:
            for outer in above(item.path):
                key = (item.root, outer)
                implied = Wanted(item.root, outer, item.template, item.subject)
                found[key] = _merged(found[key], implied) if key in found else implied
        key = (item.root, item.path)
        found[key] = _merged(found[key], item) if key in found else item
    return list(found.values())


def above(path: str) -> Sequence[str]:
    """The folders that a path lies in, the outermost first.

    >>> above("demo/assets/hero")
    ['demo', 'demo/assets']
    """
    parts = posixpath.dirname(path).split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)] if parts != [""] else []


def _of_folder(folder: Folder, path: str, subject: str) -> Iterator[Wanted]:
    name = folder.template.name
    yield Wanted(folder.root, path, name, subject, folder.mode)
    for file, text in folder.files.items():
        yield Wanted(folder.root, f"{path}/{file}", name, subject, text=text)


def _merged(one: Wanted, other: Wanted) -> Wanted:
    """One of two that want the same place: whoever says more of it."""
    if one.text == other.text and (one.mode is None or other.mode in (None, one.mode)):
        return one if other.mode is None else other
    message = (
        f"{one.path} is asked for as {_told(one)} by {one.template} for {one.subject}, and as {_told(other)} by "
        f"{other.template} for {other.subject}; let them ask for the same"
    )
    raise TemplateError(message, template=other.template)


def _told(item: Wanted) -> str:
    if not item.is_folder:
        return f"a file of {len(item.text or '')} characters"
    return "a folder" if item.mode is None else f"a folder of mode {item.mode:04o}"
