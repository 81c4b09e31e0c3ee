"""One template: values to a path and back, each exactly one way."""

from __future__ import annotations

import operator
import unicodedata
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias

import attrs

from bifrost_sdk.domain import codes, filesets
from bifrost_sdk.domain.filesets import FRAME
from bifrost_sdk.domain.templates import grammar, structure
from bifrost_sdk.domain.templates.expression import Expression, expression
from bifrost_sdk.domain.templates.failures import Failure, furthest
from bifrost_sdk.domain.templates.grammar import Option, Part, Slot
from bifrost_sdk.domain.templates.language import Node
from bifrost_sdk.domain.templates.tokens import FrameToken, IntegerToken, StringToken, Token, UdimToken, default
from bifrost_sdk.errors import TemplateError

_PLANS: Final = 64
_EMPTY: Final[Mapping[str, Any]] = MappingProxyType({})  # Any: no values at all


_Converter: TypeAlias = Callable[[str], Any]  # Any: a value of the token's type


class _Plan(NamedTuple):
    """How values of these names are written: `directives` do it where all types are the usual ones."""

    pieces: list[str | Slot]
    pick: Callable[[Mapping[str, Any]], tuple[Any, ...]]  # Any: values, not yet checked
    types: tuple[type, ...]
    directives: str


@attrs.frozen
class Template:
    """Typed tokens and fixed text that make a path below a root, with ``/`` on every platform, and read it again.

    What is written reads as the same values and the other way round, and no value leaves its folder. How `text` is
    written: see `grammar`. `tokens` defines tokens by name, `including` holds the texts of ``{@name}``; a name that
    nobody defines is a version, frame, udim or date if it is called so, a number if it has a format, else a string.
    `required` are the tokens that stand outside optional parts.

    Raises:
        TemplateError: the text cannot be read, or makes paths that not every platform stores alike.

    >>> shot = Template("{project}/{shot}[_{variant}]/v{version:03d}/{shot}.####.{ext}")
    >>> shot.format(project="demo", shot="sh010", version=7, frame=1001, ext="exr")
    'demo/sh010/v007/sh010.1001.exr'
    >>> shot.parse("demo/sh010_b/v012/sh010.%04d.exr")["frame"]
    '<FRAME>'
    """

    text: str
    tokens: Mapping[str, Token] = attrs.field(default=_EMPTY, kw_only=True, hash=False)
    name: str = attrs.field(default="", kw_only=True)
    including: Mapping[str, str] = attrs.field(default=_EMPTY, kw_only=True, hash=False, repr=False)
    required: frozenset[str] = attrs.field(init=False, eq=False, repr=False)
    language: Node = attrs.field(init=False, eq=False, repr=False)
    _parts: tuple[Part, ...] = attrs.field(init=False, eq=False, repr=False)
    _expression: Expression = attrs.field(init=False, eq=False, repr=False)
    _fullmatch: Callable[[str], Any] = attrs.field(init=False, eq=False, repr=False)  # Any: a match, or None
    _converters: tuple[tuple[str, _Converter], ...] = attrs.field(init=False, eq=False, repr=False)
    _is_branched: bool = attrs.field(init=False, eq=False, repr=False)
    _plans: dict[tuple[str, ...], _Plan] = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        try:
            parts = structure.decided(grammar.parse(self.text, self.including or {}))
            tokens = _resolved(parts, self.tokens or {})
            found = expression(parts, tokens)
        except TemplateError as error:
            raise self._refusal(error) from error
        converters = ((name, token.converter) for name, token in tokens.items())
        for name, value in (
            ("tokens", MappingProxyType(tokens)),
            ("required", structure.required(parts)),
            ("language", structure.language(parts, tokens)),
            ("_parts", parts),
            ("_expression", found),
            ("_fullmatch", found.pattern.fullmatch),
            ("_converters", tuple((name, converter) for name, converter in converters if converter is not None)),
            ("_is_branched", any(isinstance(part, Option) for part in parts)),
            ("_plans", {}),
        ):
            object.__setattr__(self, name, value)

    def __reduce__(self) -> tuple[Any, ...]:  # Any: what pickle asks for
        return _restored, (self.text, dict(self.tokens), self.name, dict(self.including))

    def format(self, values: Mapping[str, Any] | None = None, /, **tokens: Any) -> str:  # Any: checked by the tokens
        """The path of these values, given as a mapping, by name, or both (then names win).

        An optional part is written when its tokens are given. A frame or tile may be FRAME, UDIM, or these in any
        program's spelling; it is then written ``%04d`` or ``<UDIM>``.

        Raises:
            TemplateError: a token is missing, unknown or given without those that belong to it, or a value is refused:
                by its token, or because the path would be read as other values or not be stored alike everywhere.
        """
        given = tokens if values is None else {**values, **tokens} if tokens else values
        key = tuple(given)
        plan = self._plans.get(key) or self._planned(key)
        picked = plan.pick(given)
        if tuple(map(type, picked)) == plan.types:
            path = plan.directives % picked
            if self.match(path) == given:
                return path
        return self._written(plan, given)

    def parse(self, path: str) -> dict[str, Any]:  # Any: values of the tokens' types
        """The values of a path, those of parts that are left out not among them.

        Raises:
            TemplateError: the path is none of this template's; `token` and the message say where reading stopped.
        """
        values = self.match(path)
        if values is not None:
            return values
        failure = self._failure(path)
        found = self._respelled(path)[failure.position :].partition("/")[0]
        where = f"at character {failure.position + 1}" + (f", token {failure.token!r}" if failure.token else "")
        message = f"{path!r:.300} does not fit: {where}, expected {failure.expected}, found {found!r:.100}"
        raise self._refusal(TemplateError(message, token=failure.token, value=found))

    def match(self, path: str) -> dict[str, Any] | None:  # Any: values of the tokens' types
        """The values of a path, or None when it is none of this template's."""
        try:
            found = self._fullmatch(path)
        except TypeError:
            raise self._refusal(TemplateError(f"{path!r:.100} is no text; give a str", value=path)) from None
        if found is None:
            respelled = self._respelled(path)
            return None if respelled == path else self.match(respelled)
        values: dict[str, Any] = found.groupdict()  # Any: values of the tokens' types
        if self._is_branched:
            values = self._merged(values)
        try:
            for name, convert in self._converters:
                if name in values:
                    values[name] = convert(values[name])
        except ValueError:
            return None
        return values if path.isascii() or self._is_exact(path, values) else None

    def fails_at(self, path: str) -> Failure | None:
        """How far a path got, None when the template reads it.

        >>> Template("{asset}/v{version:03d}").fails_at("hero/v7")
        Failure(position=6, token='version', expected="a version's number from 1 in 3 or more digits")
        """
        return None if self.match(path) is not None else self._failure(path)

    def spelled(self, style: str) -> str:
        """The text with its frame and udim tokens as a program writes them, inclusions written out.

        `style` is one of ``filesets.STYLES``; ``bifrost`` is for people, as it does not tell the padding.

        >>> Template("{asset}.{frame}.exr").spelled("houdini")
        '{asset}.$F4.exr'
        """
        return grammar.write(self._parts, {name: _placeholder(token, style) for name, token in self.tokens.items()})

    def _failure(self, path: str) -> Failure:
        return furthest(self._parts, self.tokens, self._respelled(path))

    def _planned(self, key: tuple[str, ...]) -> _Plan:
        """What these names, in this order, are written by; kept while there are few."""
        unknown = [name for name in key if name not in self.tokens]
        missing = sorted(self.required.difference(key))
        if unknown:
            known = ", ".join(self.tokens) or "none"
            raise self._refusal(TemplateError(f"it has no token {unknown[0]!r}; its tokens: {known}", token=unknown[0]))
        if missing:
            message = f"token {missing[0]!r} has no value; give {', '.join(missing)}"
            raise self._refusal(TemplateError(message, token=missing[0]))
        try:
            pieces = structure.chosen(self._parts, frozenset(key))
        except TemplateError as error:
            raise self._refusal(error) from error
        names = [piece.name for piece in pieces if isinstance(piece, Slot)]
        plan = _Plan(pieces, _picker(names), *self._directives(pieces, names))
        if len(self._plans) < _PLANS:
            self._plans[key] = plan
        return plan

    def _directives(self, pieces: list[str | Slot], names: list[str]) -> tuple[tuple[type, ...], str]:
        """The types and the text for the ``%`` style; a type that no value has where a token cannot be written so."""
        written = {name: self.tokens[name].directive for name in names}
        types = tuple(self.tokens[name].value_type if written[name] else Token for name in names)
        texts = (part.replace("%", "%%") if isinstance(part, str) else written[part.name] or "%s" for part in pieces)
        return types, "".join(texts)

    def _written(self, plan: _Plan, values: Mapping[str, Any]) -> str:  # Any: checked by the tokens
        """The path, token by token."""
        texts: dict[str, str] = {}
        for name, value in values.items():
            try:
                texts[name] = self.tokens[name].write(value)
            except TemplateError as error:
                message = f"token {name!r} cannot be {value!r:.100}: {error}"
                raise self._refusal(TemplateError(message, token=name, value=value)) from error
        path = "".join(piece if isinstance(piece, str) else texts[piece.name] for piece in plan.pieces)
        wanted = {name: self.tokens[name].read(text) for name, text in texts.items()}
        found = self.match(path)
        if found == wanted:
            return path
        raise self._refusal(_misread(path, found, wanted, self._spans(plan, texts)))

    def _spans(self, plan: _Plan, texts: Mapping[str, str]) -> list[tuple[int, int, str]]:
        """Where each token stands in a path: first and last place, the last exclusive, and its name."""
        spans = []
        position = 0
        for piece in plan.pieces:
            text = piece if isinstance(piece, str) else texts[piece.name]
            if isinstance(piece, Slot):
                spans.append((position, position + len(text), piece.name))
            position += len(text)
        return spans

    def _merged(self, values: Mapping[str, str | None]) -> dict[str, Any]:  # Any: texts, still to be converted
        aliases = self._expression.aliases
        return {aliases.get(group, group): text for group, text in values.items() if text is not None}

    def _is_exact(self, path: str, values: Mapping[str, Any]) -> bool:  # Any: values of the tokens' types
        """What the expression leaves open beyond ASCII: letters one by one, and that all is composed."""
        strings = ((name, token) for name, token in self.tokens.items() if isinstance(token, StringToken))
        return unicodedata.is_normalized("NFC", path) and all(
            token.holds(values[name]) for name, token in strings if name in values
        )

    def _respelled(self, path: str) -> str:
        """The path with its frame and tile placeholders as this template writes them."""
        frames = [token.padding for token in self.tokens.values() if isinstance(token, FrameToken)]
        if not frames and not any(isinstance(token, UdimToken) for token in self.tokens.values()):
            return path
        for found in reversed(filesets.placeholders(path)):
            is_open = path[found.start : found.end] == FRAME
            written = filesets.spell(found.token, frames[0] if is_open and frames else found.padding)
            path = path[: found.start] + written + path[found.end :]
        return path

    def _refusal(self, error: TemplateError) -> TemplateError:
        """The same error, which now names the template."""
        label = f"{self.name!r} ({self.text})" if self.name else repr(self.text)
        message = f"template {label}: {error}"
        return TemplateError(message, template=self.name or self.text, token=error.token, value=error.value)


def _restored(text: str, tokens: dict[str, Token], name: str, including: dict[str, str]) -> Template:
    """A template that was pickled."""
    return Template(text, tokens=tokens, name=name, including=including)


def _resolved(parts: tuple[Part, ...], given: Mapping[str, Token]) -> dict[str, Token]:
    """The tokens by name, in their order, each with the one format that it is written with."""
    formats: dict[str, dict[str, None]] = {}
    for slot in grammar.slots(parts):
        formats.setdefault(slot.name, {}).update({slot.spec: None} if slot.spec else {})
    found: dict[str, Token] = {}
    for name, specs in formats.items():
        usual = default(name)
        base = given.get(name) or (IntegerToken() if specs and isinstance(usual, StringToken) else usual)
        try:
            variants = {base.formatted(spec) for spec in specs} or {base}
        except TemplateError as error:
            raise TemplateError(f"token {name!r}: {error}", token=name, value=error.value) from error
        if len(variants) > 1:
            message = f"token {name!r} is written in several ways ({', '.join(specs)}); write it in one"
            raise TemplateError(message, token=name)
        found[name] = variants.pop()
    return found


def _picker(names: list[str]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:  # Any: values, not yet checked
    if len(names) > 1:
        return operator.itemgetter(*names)
    return lambda values: tuple(values[name] for name in names)


def _placeholder(token: Token, style: str) -> str:
    if isinstance(token, FrameToken):
        return filesets.spell(FRAME, token.padding, style=style)
    return filesets.spell(filesets.UDIM, style=style) if isinstance(token, UdimToken) else ""


def _misread(
    path: str, found: Mapping[str, Any] | None, wanted: Mapping[str, Any], spans: list[tuple[int, int, str]]
) -> TemplateError:  # Any: values of the tokens' types
    """Why a path that was written cannot stand, and the token that is to blame."""
    fault = codes.path_fault(path)
    if fault is not None:
        first = path.rfind("/", 0, fault.position) + 1
        token = next((name for start, end, name in spans if end > first), "")
        reason = f"{fault.message}; {fault.hint}" if fault.hint else fault.message
    else:
        token = next((name for name in wanted if found is None or found.get(name, found) != wanted[name]), "")
        reason = f"it would be read as {found}" if found else "the whole is no text in composed form (NFC)"
        reason += "; choose values that stay apart"
    value = wanted.get(token)
    message = f"token {token!r} cannot be {value!r:.100}: in {path!r:.300} {reason}"
    return TemplateError(message, token=token, value=value)
