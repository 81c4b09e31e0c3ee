"""From a document to templates: tokens and includes put in, everything that is wrong with it found at once."""

from __future__ import annotations

import graphlib
import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from bifrost_sdk.domain.templates import documents, grammar, tokens
from bifrost_sdk.domain.templates.documents import SOURCES, Document
from bifrost_sdk.domain.templates.template import Template
from bifrost_sdk.domain.templates.tokens import Token
from bifrost_sdk.errors import Issue, TemplateError, ValidationError

#: The most templates of one set: their pairs are compared.
TEMPLATE_LIMIT = 1_000

#: Keys of a token in a document that tell of the set, not of the token's type.
_ABOUT = ("from", "example", "description")


@attrs.frozen
class SetTemplate:
    """A template in its set.

    It makes paths below the named `root`. `kind` and `area` say what it is for (``asset``, ``work``), both empty where
    it is only asked for by name. It wins over the templates in `before`. One that is not parsed is only written.
    """

    name: str
    template: Template
    root: str
    kind: str = ""
    area: str = ""
    before: tuple[str, ...] = ()
    is_parsed: bool = True
    description: str = ""


@attrs.frozen
class Folder:
    """A folder that is made on disk: its permissions as a number (None: as usual), its files with their texts."""

    template: Template
    root: str
    mode: int | None = None
    files: Mapping[str, str] = attrs.field(factory=dict, hash=False)


@attrs.frozen
class Parts:
    """What a document consists of; see `TemplateSet`. `templates` stand in the order in which they are tried."""

    tokens: Mapping[str, Token]
    sources: Mapping[str, str]
    examples: Mapping[str, Any]  # Any: values of every type of token
    templates: Mapping[str, SetTemplate]
    folders: Mapping[str, tuple[Folder, ...]]

    @classmethod
    def of(cls, document: Document) -> Parts:
        """The parts of a document that stands alone and whose form was checked.

        Raises:
            ValidationError: with everything that is wrong in it.
        """
        making = _Making(document)
        found = cls(
            making.tokens,
            making.sources(),
            making.examples(),
            making.in_order(making.templates()),
            making.folders(),
        )
        if making.issues:
            raise ValidationError(making.issues)
        return found


class _Making:
    """Reads one document; what is wrong is gathered in `issues`."""

    def __init__(self, document: Document) -> None:
        self.issues: list[Issue] = []
        self.specs: Mapping[str, Any] = document.get("tokens", {})  # Any: JSON
        self.written: Mapping[str, Any] = document.get("templates", {})  # Any: JSON
        self.laid_out: Mapping[str, Any] = document.get("folders", {})  # Any: JSON
        self.texts = {name: item["path"] for name, item in self.written.items() if "path" in item}
        self.tokens = self.tokens_of(self.specs, "tokens")

    def tokens_of(self, specs: Mapping[str, Any], path: str) -> dict[str, Token]:  # Any: JSON
        """The tokens of these descriptions, without those that are wrong; a name may tell the type, as version does."""
        found = {}
        for name, spec in specs.items():
            own = {key: item for key, item in spec.items() if key not in _ABOUT}
            try:
                found[name] = tokens.from_document({"type": tokens.default(name).kind, **own})
            except TemplateError as error:
                self.refuse(f"{path}.{name}", error)
        return found

    def sources(self) -> dict[str, str]:
        usual = {name: source for source, name in SOURCES.items()}
        return usual | {name: spec["from"] for name, spec in self.specs.items() if "from" in spec}

    def examples(self) -> dict[str, Any]:  # Any: values of every type of token
        found = {name: spec["example"] for name, spec in self.specs.items() if "example" in spec}
        for name, value in found.items():
            try:
                (self.tokens.get(name) or tokens.default(name)).write(value)
            except TemplateError as error:
                self.refuse(f"tokens.{name}.example", error)
        return found

    def templates(self) -> dict[str, SetTemplate]:
        found = {}
        if len(self.written) > TEMPLATE_LIMIT:
            message = f"{len(self.written)} templates are more than {TEMPLATE_LIMIT}"
            self.add("templates", message, hint="make several sets")
            return {}
        for name, item in self.written.items():
            path = f"templates.{name}"
            if "path" not in item:
                self.add(path, "neither this set nor one that it extends gives its path", hint="write path: …")
            elif "root" not in item:
                self.check_part(path, item)
            elif made := self.template(f"{path}.path", item["path"], name=name, narrowed=self.narrowed(path, item)):
                self.check_use(name, item)
                found[name] = SetTemplate(
                    name,
                    made,
                    item["root"],
                    kind=item.get("for", ""),
                    area=item.get("area", ""),
                    before=tuple(item.get("before", ())),
                    is_parsed=item.get("parse", True),
                    description=item.get("description", ""),
                )
        self.check_areas(found.values())
        return found

    def narrowed(self, path: str, item: Mapping[str, Any]) -> Mapping[str, Token]:  # Any: JSON
        """The set's tokens, with those that this template narrows."""
        own = item.get("tokens", {})
        specs = documents.narrowed(self.specs, own)
        return {**self.tokens, **self.tokens_of({name: specs[name] for name in own}, f"{path}.tokens")}

    def template(self, path: str, text: str, *, name: str, narrowed: Mapping[str, Token]) -> Template | None:
        try:
            return Template(text, tokens=narrowed, name=name, including=self.texts)
        except TemplateError as error:
            self.refuse(path, error)
            return None

    def check_part(self, path: str, item: Mapping[str, Any]) -> None:  # Any: JSON
        """What has no root is only included by others."""
        odd = [key for key in ("for", "area", "before", "parse", "tokens") if key in item]
        if odd:
            hint = "write root: …, or leave that out"
            self.add(f"{path}.{odd[0]}", "a template without a root is a part, which others include", hint=hint)
        try:
            grammar.parse(item["path"], self.texts)
        except TemplateError as error:
            self.refuse(f"{path}.path", error)

    def check_use(self, name: str, item: Mapping[str, Any]) -> None:  # Any: JSON
        path = f"templates.{name}"
        if ("for" in item) != ("area" in item):
            missing = "area" if "for" in item else "for"
            self.add(f"{path}.{missing}", "what a template is for is said by both, for and area", hint="give both")
        for index, other in enumerate(item.get("before", ())):
            known = self.written.get(other, {})
            if other == name or known.get("root") != item["root"]:
                message = f"{other!r} is no other template below the root {item['root']!r}"
                self.add(f"{path}.before[{index}]", message, hint="before names those that this one wins over")

    def check_areas(self, templates: Iterable[SetTemplate]) -> None:
        """Templates of one area differ in the tokens that they need, so that the tokens given choose one."""
        known: dict[tuple[str, str, frozenset[str]], str] = {}
        for made in templates:
            key = (made.kind, made.area, made.template.required)
            other = known.setdefault(key, made.name)
            if made.kind and other != made.name:
                message = f"{other!r} is for {made.kind} and {made.area} too and needs the same tokens"
                self.add(f"templates.{made.name}.area", message, hint="give one of them another area")

    def in_order(self, templates: Mapping[str, SetTemplate]) -> Mapping[str, SetTemplate]:
        """The templates as they are written, but those that win before those that they win over."""
        places = {name: place for place, name in enumerate(templates)}
        sorter = graphlib.TopologicalSorter(dict.fromkeys(templates, ()))
        for name, made in templates.items():
            for other in templates.keys() & set(made.before) - {name}:
                sorter.add(other, name)
        try:
            sorter.prepare()
        except graphlib.CycleError as error:
            message = f"each of these wins over the next: {', '.join(error.args[1])}"
            self.add("templates", message, hint="take one before: away")
            return templates
        order: dict[str, SetTemplate] = {}
        ready: list[tuple[int, str]] = []
        while sorter.is_active():
            for name in sorter.get_ready():
                heapq.heappush(ready, (places[name], name))
            _, first = heapq.heappop(ready)
            order[first] = templates[first]
            sorter.done(first)
        return order

    def folders(self) -> dict[str, tuple[Folder, ...]]:
        return {kind: tuple(self.folders_of(f"folders.{kind}", items)) for kind, items in self.laid_out.items()}

    def folders_of(self, path: str, items: Sequence[Mapping[str, Any]]) -> Iterator[Folder]:  # Any: JSON
        for index, item in enumerate(items):
            place = f"{path}[{index}]"
            missing = [key for key in ("path", "root") if key not in item]
            if missing:
                self.add(f"{place}.{missing[0]}", "a folder has a path and a root", hint=f"write {missing[0]}: …")
            elif made := self.template(f"{place}.path", item["path"], name=place, narrowed=self.tokens):
                mode = int(item["mode"], 8) if "mode" in item else None
                yield Folder(made, item["root"], mode, item.get("files", {}))

    def add(self, path: str, message: str, *, hint: str) -> None:
        self.issues.append(Issue("template_set.use", message, path, hint=hint))

    def refuse(self, path: str, error: TemplateError) -> None:
        self.issues.append(Issue("template_set.template", str(error), path))
