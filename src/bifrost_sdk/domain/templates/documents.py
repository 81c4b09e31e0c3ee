"""A set of templates as it is written down: plain tables, whose form is checked, and which inherit key by key.

::

    schema: 1
    extends: film                    # a set that this one changes; without it the document stands alone
    tokens:
      asset: {characters: "_", example: hero}
    templates:
      asset_place: "{project}/assets/{asset_type}/{asset}"       # a text alone: a part, for others to include
      asset_work:
        path: "{@asset_place}/{task}/{asset}.{task}.v{version}.{ext}"
        root: work                   # below this root; a template without one is a part
        for: asset                   # the kind whose files these are,
        area: work                   # and the name by which code asks for them
        before: [asset_cache]        # wins where both read a path
        parse: false                 # only written, never read
        tokens: {task: {type: choice, choices: [model, rig]}}    # narrowed, here alone
    folders:
      asset: [{path: "{@asset_place}/work", root: work, mode: "0775", files: {.keep: ""}}]

A key that a document gives replaces that key of the set that it extends, and null takes it away.
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import attrs

from bifrost_sdk.domain import codes, text
from bifrost_sdk.domain.entity import Entity, sibling_key
from bifrost_sdk.domain.registry import register
from bifrost_sdk.errors import Issue, ValidationError

#: The form that this code writes and the newest that it reads.
SCHEMA = 1

#: What a template and folders can be for.
KINDS = ("project", "asset_type", "asset", "episode", "sequence", "shot", "product", "version", "task", "user")

#: Where the value of a token comes from in a catalog -> the token that it fills unless a set says otherwise. `parents`
#: are the codes of those that a thing of the same kind lies in, the outermost first, with dots between them.
SOURCES = {
    "project.code": "project",
    "asset_type.code": "asset_type",
    "asset.code": "asset",
    "asset.parents": "parent_assets",
    "episode.code": "episode",
    "sequence.code": "sequence",
    "shot.code": "shot",
    "shot.parents": "parent_shots",
    "product.code": "product",
    "task.code": "task",
    "user.login": "user",
    "version.number": "version",
    "representation.name": "representation",
    "workfile.application": "app",
}

#: A set as YAML or JSON holds it.
Document: TypeAlias = Mapping[str, Any]  # Any: judged here

_Check: TypeAlias = Callable[["_Findings", str, Any], Any]  # Any: whatever YAML or JSON can hold
_Merge: TypeAlias = Callable[[Any, Any], Any]  # Any: JSON
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_ROOT = re.compile(codes.ROOT)
# Options of a token that say the same thing in two ways: the keys that go where others are given.
_INSTEAD = ((("characters", "length"), ("pattern",)), (("pattern",), ("characters", "length")))
_MODE = re.compile(r"0?[0-7]{3,4}")


@register("template_set", plural="template_sets", natural_key=sibling_key, search=("code",), scope="any")
@attrs.frozen(kw_only=True)
class TemplateDocument(Entity):
    """A set of templates as a catalog keeps it: of one project, or of the studio for all of them.

    `document` is kept as it was given; whoever makes a set of it checks it.
    """

    code: str = attrs.field(converter=codes.check_code)
    document: Document = attrs.field(factory=dict, converter=text.json_object, hash=False)


def check(document: Any) -> dict[str, Any]:  # Any: whatever YAML or JSON can hold
    """The document in its one form, where every template is a table.

    Raises:
        ValidationError: with everything that is wrong in it, each with its place (``templates.shot_work.root``).

    >>> check({"templates": {"shot_place": "{project}/shots/{shot}"}})["templates"]
    {'shot_place': {'path': '{project}/shots/{shot}'}}
    """
    findings = _Findings()
    found: dict[str, Any] = _table(_DOCUMENT)(findings, "", text.json_object(document))  # Any: as above
    if findings.issues:
        raise ValidationError(findings.issues)
    return found


def inherit(documents: Iterable[Document]) -> dict[str, Any]:  # Any: JSON
    """One document of several that were checked, the strongest last.

    >>> film = check({"tokens": {"task": {"example": "anim"}}, "templates": {"one": "{task}", "two": "{task}"}})
    >>> inherit([film, {"tokens": {"task": {"from": "task.code"}}, "templates": {"two": None}}])
    {'tokens': {'task': {'example': 'anim', 'from': 'task.code'}}, 'templates': {'one': {'path': '{task}'}}}
    """
    return functools.reduce(_over_document, ({**each, "extends": None} for each in documents), {})


def narrowed(tokens: Document, own: Document) -> dict[str, Any]:  # Any: JSON
    """The tokens of a set where one template says more of some."""
    found: dict[str, Any] = _over_tokens(tokens, own)  # Any: JSON
    return found


@attrs.define
class _Findings:
    """What is wrong with a document, gathered while it is read."""

    issues: list[Issue] = attrs.field(factory=list)

    def add(self, path: str, message: str, *, hint: str = "") -> None:
        self.issues.append(Issue("template_set.form", message, path, hint=hint))


def _key_by_key(merge_of: Callable[[str], _Merge]) -> _Merge:
    """One table over another: each key is merged in its own way, and null takes it away."""

    def over(below: Any, above: Any) -> Any:  # Any: JSON
        found = dict(below)
        for name, item in above.items():
            if item is None:
                found.pop(name, None)
            else:
                found[name] = merge_of(name)(found.get(name, {}), item)
        return found

    return over


def _replaced(_: Any, above: Any) -> Any:  # Any: JSON
    return above


def _over_token(below: Any, above: Any) -> Any:  # Any: JSON
    """A token that tells its type is a new one, and of a pattern and what a pattern says, the newer one counts."""
    if above.get("type"):
        below = {}
    gone = {key for keys, others in _INSTEAD for key in keys if not above.keys().isdisjoint(others)}
    return _key_by_key(lambda _: _replaced)({key: item for key, item in below.items() if key not in gone}, above)


_over_tokens = _key_by_key(lambda _: _over_token)
_over_template = _key_by_key(lambda name: _over_tokens if name == "tokens" else _replaced)
_OVER: Mapping[str, _Merge] = {
    "tokens": _over_tokens,
    "templates": _key_by_key(lambda _: _over_template),
    "folders": _key_by_key(lambda _: _replaced),
}
_over_document = _key_by_key(lambda name: _OVER.get(name, _replaced))


# The parts of a document, each with what it has to be


def _table(checks: Mapping[str, _Check]) -> _Check:
    """A table of these keys, in the order in which they are written."""

    def read(findings: _Findings, path: str, value: Any) -> Any:  # Any: judged here
        if not isinstance(value, Mapping):
            findings.add(path, f"a table is expected, lines of 'name: value', not {value!r:.80}")
            return {}
        found = {}
        for key, item in value.items():
            if key not in checks:
                near = difflib.get_close_matches(str(key), checks, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"the keys are {', '.join(checks)}"
                findings.add(_below(path, key), f"there is no key {key!r:.80} here", hint=hint)
            else:
                found[key] = None if item is None else checks[key](findings, _below(path, key), item)
        return found

    return read


def _named(check: _Check, names: re.Pattern[str] = _NAME) -> _Check:
    """A table whose keys a studio chooses."""

    def read(findings: _Findings, path: str, value: Any) -> Any:  # Any: judged here
        if not isinstance(value, Mapping):
            findings.add(path, f"a table of names is expected, not {value!r:.80}")
            return {}
        found = {}
        for key, item in value.items():
            if not isinstance(key, str) or not names.fullmatch(key):
                findings.add(_below(path, key), f"{key!r:.80} is no name: use a-z, 0-9 and _, a letter first")
            else:
                found[key] = None if item is None else check(findings, _below(path, key), item)
        return found

    return read


def _listed(check: _Check) -> _Check:
    def read(findings: _Findings, path: str, value: Any) -> Any:  # Any: judged here
        if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
            findings.add(path, f"a list is expected, not {value!r:.80}")
            return []
        return [check(findings, f"{path}[{index}]", item) for index, item in enumerate(value)]

    return read


def _text(findings: _Findings, path: str, value: Any) -> Any:  # Any: judged here
    try:
        return text.line(value)
    except ValidationError as error:
        findings.issues.extend(attrs.evolve(issue, path=path) for issue in error.issues)
        return ""


def _matching(pattern: re.Pattern[str], what: str, *, hint: str = "") -> _Check:
    def read(findings: _Findings, path: str, value: Any) -> Any:  # Any: judged here
        if not isinstance(value, str) or not pattern.fullmatch(value):
            findings.add(path, f"{value!r:.80} is no {what}", hint=hint)
        return value

    return read


def _one_of(options: Iterable[str]) -> _Check:
    known = tuple(options)

    def read(findings: _Findings, path: str, value: Any) -> Any:  # Any: judged here
        if value not in known:
            findings.add(path, f"{value!r:.80} is none of {', '.join(known)}")
        return value

    return read


def _truth(findings: _Findings, path: str, value: Any) -> Any:  # Any: judged here
    if not isinstance(value, bool):
        findings.add(path, f"{value!r:.80} is neither true nor false")
    return value


def _schema(findings: _Findings, path: str, value: Any) -> Any:  # Any: judged here
    if type(value) is not int or not 1 <= value <= SCHEMA:
        hint = "update the library" if type(value) is int and value > SCHEMA else f"write {SCHEMA}"
        findings.add(path, f"{value!r:.80} is no schema that is known; known is {SCHEMA}", hint=hint)
    return value


def _template(findings: _Findings, path: str, value: Any) -> Any:  # Any: judged here
    if isinstance(value, str):
        return {"path": _text(findings, _below(path, "path"), value)}
    return _table(_TEMPLATE)(findings, path, value)


def _token(findings: _Findings, path: str, value: Any) -> Any:  # Any: judged here
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        findings.add(path, f"a table is expected, such as {{type: integer}}, not {value!r:.80}")
        return {}
    if value.get("from") is not None:
        _one_of(SOURCES)(findings, _below(path, "from"), value["from"])
    return dict(value)


def _files(findings: _Findings, path: str, value: Any) -> Any:  # Any: judged here
    if not isinstance(value, Mapping):
        findings.add(path, f"a table of names and texts is expected, not {value!r:.80}")
        return {}
    for name, content in value.items():
        if fault := codes.path_fault(name):
            findings.add(_below(path, name), fault.message, hint=fault.hint)
        if not isinstance(content, str):
            findings.add(_below(path, name), f"the text of a file is expected, not {content!r:.80}")
    return dict(value)


def _below(path: str, key: Any) -> str:  # Any: a key of any type
    return f"{path}.{key}" if path else str(key)


_TOKENS = _named(_token)
_TEMPLATE: Mapping[str, _Check] = {
    "path": _text,
    "root": _matching(_ROOT, "name of a root"),
    "for": _one_of(KINDS),
    "area": _matching(_NAME, "name of an area"),
    "before": _listed(_matching(_NAME, "name of a template")),
    "parse": _truth,
    "tokens": _TOKENS,
    "description": _text,
}
_FOLDER: Mapping[str, _Check] = {
    "path": _text,
    "root": _TEMPLATE["root"],
    "mode": _matching(_MODE, "mode of a folder", hint='write it as text, "0775"'),
    "files": _files,
}
_DOCUMENT: Mapping[str, _Check] = {
    "schema": _schema,
    "extends": _matching(re.compile(r"\S.{0,63}"), "name of a set"),
    "description": _text,
    "tokens": _TOKENS,
    "templates": _named(_template),
    "folders": _table(dict.fromkeys(KINDS, _listed(_table(_FOLDER)))),
}
