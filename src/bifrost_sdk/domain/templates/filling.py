"""What a catalog knows of a thing as values for tokens, and what the values of a path name in a catalog."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypeAlias

from bifrost_sdk.domain.codes import fold
from bifrost_sdk.domain.entity import Entity, Node
from bifrost_sdk.domain.registry import entity_type
from bifrost_sdk.domain.templates.documents import SOURCES
from bifrost_sdk.domain.templates.language import Field, Repeat, Sequence
from bifrost_sdk.domain.templates.language import Node as Language
from bifrost_sdk.domain.templates.template import Template
from bifrost_sdk.errors import TemplateError

#: Where a value comes from -> the value: ``{"project.code": "demo", "asset.code": "hero"}``.
Facts: TypeAlias = Mapping[str, Any]  # Any: codes, logins and numbers

#: The nodes that lie below one another in the reference tree, branch by branch.
_BRANCHES = (("asset_type", "asset"), ("episode", "sequence", "shot"))

#: The kinds of these nodes.
NODE_KINDS = tuple(kind for branch in _BRANCHES for kind in branch)

#: Where the values come from that name them.
NODE_SOURCES = frozenset(source for source in SOURCES if source.partition(".")[0] in NODE_KINDS)

#: By kind, where a value comes from and the field that gives it.
_FIELDS = {
    kind: [(source, source.partition(".")[2]) for source in SOURCES if source.startswith(f"{kind}.")]
    for kind in {source.partition(".")[0] for source in SOURCES}
}

#: Where a value of an outer thing goes when an inner one of its kind has another.
_OUTER = {"asset.code": "asset.parents", "shot.code": "shot.parents"}

#: What gives a token its value where the caller does not, by where the value comes from.
_GIVERS = {
    "task.code": "a task does, or the code of one",
    "product.code": "a product or a version does, or the code of a product",
    "version.number": "a version does, or a number",
    "representation.name": "a representation does, or the name of one",
}


def facts_of(chain: Iterable[Entity]) -> dict[str, Any]:  # Any: see Facts
    """What is known of a thing from what it lies in, the outermost first, itself the last.

    Of several of a kind the inner one counts, and the others are its parents.

    >>> from bifrost_sdk.domain.production import Asset, AssetType
    >>> facts_of([AssetType(project="demo", code="char"), Asset(project="demo", code="hero")])
    {'asset_type.code': 'char', 'asset.code': 'hero'}
    """
    found: dict[str, Any] = {}  # Any: see Facts
    for entity in chain:
        for source, field in _FIELDS.get(entity.kind, ()):
            value = getattr(entity, field, None)  # parents are no field
            if value in (None, ""):
                continue
            if source in _OUTER and source in found:
                outer = _OUTER[source]
                found[outer] = f"{found[outer]}.{found[source]}" if outer in found else found[source]
            found[source] = value
    return found


def lacking(facts: Collection[str], said: Collection[str]) -> frozenset[str]:
    """What a thing of which this is known does not have, for a path that says what it is: a shot without a sequence.

    >>> sorted(lacking({"project.code", "episode.code", "shot.code"}, {"sequence.code", "shot.code"}))
    ['sequence.code']
    """
    found: set[str] = set()
    for kinds in _BRANCHES:
        depth = max((place for place, kind in enumerate(kinds, 1) if f"{kind}.code" in facts), default=0)
        if depth and f"{kinds[depth - 1]}.code" in said:
            found |= {f"{kind}.{field}" for kind in kinds[:depth] for field in ("code", "parents")}
    return frozenset(found.intersection(said).difference(facts))


def filled(template: Template, facts: Facts, sources: Mapping[str, str]) -> dict[str, Any]:  # Any: see Facts
    """The values of a template's tokens that are known, None where a token writes that there is none.

    `sources` tells where the value of a token comes from.
    """
    none = lacking(facts, {sources[name] for name in template.tokens if name in sources})
    return {
        name: facts.get(sources[name])
        for name, token in template.tokens.items()
        if name in sources and (sources[name] in facts or (token.absent and sources[name] in none))
    }


def named_by(values: Mapping[str, Any], sources: Mapping[str, str]) -> dict[str, Any] | None:  # Any: see Facts
    """What the values of a path name in a catalog; None where two of its tokens name different things.

    `sources` tells where the value of a token comes from.

    >>> named_by({"asset": "hero", "char": "hero", "ext": "ma"}, {"asset": "asset.code", "char": "asset.code"})
    {'asset.code': 'hero'}
    """
    found: dict[str, Any] = {}  # Any: see Facts
    for token, value in values.items():
        source = sources.get(token)
        if source is not None and value is not None and not agree(found.setdefault(source, value), value):
            return None
    return found


def agree(one: object, other: object) -> bool:
    """Whether two values mean the same: names do whatever their case."""
    if isinstance(one, str) and isinstance(other, str):
        return fold(one) == fold(other)
    return one == other


def node_kind(named: Collection[str]) -> str:
    """The kind of the node that a path is about: the lowest that it names (``asset.code``), the project for none."""
    kinds = [kind for kind in NODE_KINDS if f"{kind}.code" in named]
    return kinds[-1] if kinds else "project"


def tree_path(named: Facts, kind: str) -> str:
    """Where a node of that kind lies in the reference tree when all that it lies in is named; empty for the project.

    >>> tree_path({"sequence.code": "sq010", "shot.code": "sh020"}, "shot")
    'shots/sq010/sh020'
    """
    codes = [code for _, code in nodes_of(named, kind)]
    root = next((entity_type(kinds[0]).root for kinds in _BRANCHES if kind in kinds), "")
    return "/".join([root, *codes]) if root else ""


def nodes_of(named: Facts, kind: str) -> list[tuple[str, str]]:
    """The kinds and codes of the nodes that are named down to one of that kind, the outermost first.

    >>> nodes_of({"asset_type.code": "char", "asset.parents": "hero.belt", "asset.code": "gem"}, "asset")
    [('asset_type', 'char'), ('asset', 'hero'), ('asset', 'belt'), ('asset', 'gem')]
    """
    found = []
    for source, value in branch_of(named, kind).items():
        each, _, field = source.partition(".")
        found += [(each, code) for code in (str(value).split(".") if field == "parents" else [str(value)])]
    return found


def branch_of(named: Facts, kind: str) -> dict[str, str]:
    """What is named of a node of that kind and of what it lies in, the outermost first.

    >>> branch_of({"shot.code": "sh020", "task.code": "anim", "sequence.code": "sq010"}, "shot")
    {'sequence.code': 'sq010', 'shot.code': 'sh020'}
    """
    branch = next((kinds for kinds in _BRANCHES if kind in kinds), (kind,))
    sources = [f"{each}.{field}" for each in branch[: branch.index(kind) + 1] for field in ("parents", "code")]
    return {source: named[source] for source in sources if source in named}


def unnamed(chain: Iterable[Entity], tokens: Iterable[str], sources: Mapping[str, str]) -> list[Node]:
    """The nodes that a thing lies in of which a path says nothing: others of its name may lie in others."""
    said = {sources[token] for token in tokens if token in sources}
    nodes = [entity for entity in chain if isinstance(entity, Node) and entity.kind in NODE_KINDS]
    inner = {node.kind: node for node in nodes}
    return [node for node in nodes if f"{node.kind}.{'code' if inner[node.kind] is node else 'parents'}" not in said]


def values_for(
    template: Template, facts: Facts, given: Mapping[str, Any], *, sources: Mapping[str, str], subject: str
) -> dict[str, Any]:  # Any: values of every type of token
    """The values by which a template makes a path: what is known, and what is given besides.

    What is given may say again what is known, in any case; the catalog's spelling counts. Of what is known, an optional
    part is written where that is enough for it. `subject` is what the path is for, in messages.

    Raises:
        TemplateError: what is given contradicts what is known, or a token that every path has is given by neither.
    """
    try:
        found = agreed(facts, given, sources=sources, subject=subject)
    except TemplateError as error:
        raise _refusal(template, str(error), error.token, error.value) from error
    known_tokens = filled(template, facts, sources)
    for token, value in found.items():
        if value is not None and token in known_tokens and known_tokens[token] is None:
            raise _refusal(template, f"token {token!r} cannot be {value!r:.100}: {subject} has none", token, value)
    found = {token: value for token, value in found.items() if token in template.tokens or token not in sources}
    written = _written(template.language, {*found, *known_tokens})
    found |= {token: value for token, value in known_tokens.items() if token in written}
    _check_unknown(template, found)
    if missing := sorted(template.required.difference(found)):
        needs = "; ".join(f"{token} ({_giver(token, sources)})" for token in missing)
        message = f"for {subject} it needs {needs}"
        raise _refusal(template, message, missing[0], None)
    return found


def agreed(
    facts: Facts, given: Mapping[str, Any], *, sources: Mapping[str, str], subject: str
) -> dict[str, Any]:  # Any: values of every type of token
    """What is given, as the catalog spells it where it says again what is known.

    Raises:
        TemplateError: it contradicts what is known.
    """
    found = dict(given)
    for token, value in given.items():
        known = facts.get(sources.get(token, ""), value)
        if not agree(known, value):
            message = f"token {token!r} cannot be {value!r:.100}: {subject} has {known!r:.100}; leave the token out"
            raise TemplateError(message, token=token, value=value)
        found[token] = known
    return found


def _written(language: Language, names: Collection[str]) -> set[str]:
    """The tokens that stand in the parts that can be written when these are given."""
    if isinstance(language, Field):
        return {language.name}
    if isinstance(language, Repeat):
        return _written(language.part, names) if needed(language.part) <= set(names) else set()
    parts = language.parts if isinstance(language, Sequence) else ()
    return set().union(*(_written(part, names) for part in parts))


def needed(language: Language) -> set[str]:
    """The tokens of a part without those of the optional parts in it."""
    if isinstance(language, Field):
        return {language.name}
    return set().union(*map(needed, language.parts)) if isinstance(language, Sequence) else set()


def _check_unknown(template: Template, found: Mapping[str, Any]) -> None:  # Any: values of every type of token
    for token in found:
        if token not in template.tokens:
            near = difflib.get_close_matches(token, template.tokens, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"its tokens: {', '.join(template.tokens)}"
            raise _refusal(template, f"it has no token {token!r}; {hint}", token, found[token])


def _giver(token: str, sources: Mapping[str, str]) -> str:
    source = sources.get(token, "")
    kind = source.partition(".")[0].replace("_", " ")
    giver = (
        _GIVERS.get(source, f"only what lies in {'an' if kind[:1] in 'aeo' else 'a'} {kind} has one") if kind else ""
    )
    return f"{giver}: {token}=…" if source in _GIVERS else giver or f"give {token}=…"


def _refusal(template: Template, message: str, token: str, value: object) -> TemplateError:
    name = f"{template.name!r} ({template.text})" if template.name else repr(template.text)
    return TemplateError(
        f"template {name}: {message}", template=template.name or template.text, token=token, value=value
    )
