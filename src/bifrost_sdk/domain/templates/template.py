"""One template: values to a path and back, each exactly one way."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import attrs

from bifrost_sdk.domain import codes, filesets
from bifrost_sdk.domain.filesets import FRAME
from bifrost_sdk.domain.templates import grammar, proof, structure
from bifrost_sdk.domain.templates.expression import expression
from bifrost_sdk.domain.templates.failures import Failure, furthest
from bifrost_sdk.domain.templates.grammar import Part, Slot
from bifrost_sdk.domain.templates.language import Node
from bifrost_sdk.domain.templates.plans import Plan, crowds
from bifrost_sdk.domain.templates.plans import plan as make_plan
from bifrost_sdk.domain.templates.token import shown
from bifrost_sdk.domain.templates.tokens import FrameToken, IntegerToken, StringToken, Token, UdimToken, default
from bifrost_sdk.errors import TemplateError

_PLANS: Final = 64
# Values that may end at any character, as far as nothing proves where: each multiplies the time of reading by a name's
# length.
_LOOSE_ENDS: Final = 3
_EMPTY: Final[Mapping[str, Any]] = MappingProxyType({})  # Any: no values at all

# Only such paths can hold the placeholder of some program.
_PLACEHOLDER: Final = re.compile("[%#$<]").search

_Matcher: TypeAlias = Callable[[str], re.Match[str] | None]
_Converter: TypeAlias = Callable[[str], Any]  # Any: a value of the token's type


def _mapping(values: Mapping[str, Any] | None) -> Mapping[str, Any]:  # Any: tokens or texts
    return _EMPTY if values is None else values


@attrs.frozen
class Template:
    """Typed tokens and fixed text that make a path below a root, with ``/`` on every platform, and read it again.

    What is written reads as the same values and the other way round, and no value leaves its folder. How `text` is
    written: see `grammar`. `tokens` defines tokens by name, `including` holds the texts of ``{@name}``; a name that
    nobody defines is a version, frame, udim or date if it is called so, a number if it has a format, else a string.
    `required` are the tokens that stand outside optional parts.

    Raises:
        TemplateError: the text cannot be read, or makes paths that not every platform stores alike, or such that take
            very long to read.

    >>> asset = Template("{project}/assets/{asset_type}/{asset}/v{version:03d}[/{variant}]/{asset}.{ext}")
    >>> asset.format(project="demo", asset_type="char", asset="hero", version=12, ext="usd")
    'demo/assets/char/hero/v012/hero.usd'
    >>> asset.parse("demo/assets/char/hero/v012/red/hero.usd")["variant"]
    'red'
    >>> Template("{shot}.####.exr").parse("sh010.%04d.exr")
    {'shot': 'sh010', 'frame': '<FRAME>'}
    """

    text: str = attrs.field()
    tokens: Mapping[str, Token] = attrs.field(default=None, converter=_mapping, kw_only=True, hash=False)
    name: str = attrs.field(default="", kw_only=True)
    including: Mapping[str, str] = attrs.field(default=None, converter=_mapping, kw_only=True, hash=False, repr=False)
    required: frozenset[str] = attrs.field(init=False, eq=False, repr=False)
    language: Node = attrs.field(init=False, eq=False, repr=False)
    _parts: tuple[Part, ...] = attrs.field(init=False, eq=False, repr=False)
    _source: str = attrs.field(init=False, eq=False, repr=False)
    _fullmatch: _Matcher = attrs.field(init=False, eq=False, repr=False)
    _fullmatch_wide: _Matcher = attrs.field(init=False, eq=False, repr=False)
    _aliases: tuple[tuple[str, str], ...] = attrs.field(init=False, eq=False, repr=False)
    _optional: tuple[tuple[str, _Converter | None], ...] = attrs.field(init=False, eq=False, repr=False)
    _converters: tuple[tuple[str, _Converter], ...] = attrs.field(init=False, eq=False, repr=False)
    _plans: dict[tuple[str, ...], Plan] = attrs.field(init=False, eq=False, repr=False)

    @text.validator
    def _is_text(self, _: attrs.Attribute[str], text: str) -> None:
        if not isinstance(text, str):
            raise TemplateError(f"{shown(text)} is no template; give a str", value=text)

    def __attrs_post_init__(self) -> None:
        try:
            parts = structure.decided(grammar.parse(self.text, self.including))
            tokens = _resolved(parts, self.tokens)
            source, aliases = expression(parts, tokens)
        except TemplateError as error:
            raise self._refusal(error) from error
        required = structure.required(parts)
        quick = {name: token.quick_converter for name, token in tokens.items()}
        for name, value in (
            ("tokens", MappingProxyType(tokens)),
            ("including", MappingProxyType(grammar.included(self.text, self.including))),
            ("required", required),
            ("language", structure.language(parts, tokens)),
            ("_parts", parts),
            ("_source", source),
            ("_fullmatch", self._compiled),
            ("_fullmatch_wide", self._compiled_wide),
            ("_aliases", tuple(aliases.items())),
            ("_optional", tuple((name, converter) for name, converter in quick.items() if name not in required)),
            ("_converters", tuple((name, quick[name]) for name in tokens if name in required and quick[name])),
            ("_plans", {}),
        ):
            object.__setattr__(self, name, value)
        self._check_crowds()

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
        names = tuple(given)
        pick, types, directives, proves, pieces = self._plans.get(names) or self._planned(names, given)
        picked = pick(given)
        if tuple(map(type, picked)) == types:
            try:
                path = directives % picked
            except ValueError:  # a number with more digits than Python writes
                return self._written(pieces, given)
            if proves(path) if proves else self.match(path) == given:
                return path
        return self._written(pieces, given)

    def parse(self, path: str) -> dict[str, Any]:  # Any: values of the tokens' types
        """The values of a path, those of parts that are left out not among them.

        ``format`` makes the same path of them again; only what another program calls ``%04d`` or ``<UDIM>`` comes back
        in these spellings. Backslashes are no folders: see ``paths.forward``.

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
            is_plain = path.isascii()
            found = self._fullmatch(path) if is_plain else self._fullmatch_wide(path)
        except (AttributeError, TypeError):
            raise self._refusal(TemplateError(f"{shown(path)} is no text; give a str", value=path)) from None
        if found is None:
            respelled = self._respelled(path)
            return None if respelled == path else self.match(respelled)
        values: dict[str, Any] = found.groupdict()  # Any: values of the tokens' types
        if self._aliases:
            self._merge(values)
        try:
            for name, convert in self._converters:
                values[name] = convert(values[name])
            for name, convert_given in self._optional:
                if values[name] is None:
                    del values[name]
                elif convert_given is not None:
                    values[name] = convert_given(values[name])
        except ValueError:
            return self._converted(found, path)
        return values if is_plain or self._is_exact(path, values) else None

    def fails_at(self, path: str) -> Failure | None:
        """How far a path got, None when the template reads it.

        >>> Template("{asset}/v{version:03d}").fails_at("hero/v7")
        Failure(position=6, token='version', expected="a version's number from 1 in 3 or more digits")
        """
        return None if self.match(path) is not None else self._failure(path)

    def spelled(self, style: str) -> str:
        """The text with its frame and udim tokens as a program writes them, inclusions written out.

        `style` is one of ``filesets.STYLES``; ``bifrost`` does not tell the padding.

        Raises:
            TemplateError: there is no such style.

        >>> Template("{asset}.{frame}.exr").spelled("houdini")
        '{asset}.$F4.exr'
        """
        if style not in filesets.STYLES:
            message = f"there is no style {style!r}; use {', '.join(filesets.STYLES)}"
            raise self._refusal(TemplateError(message, value=style))
        return grammar.write(self._parts, {name: _placeholder(token, style) for name, token in self.tokens.items()})

    def _compiled(self, path: str) -> re.Match[str] | None:
        """Match in ASCII for the first time: compiling takes longer than all else, and many templates never match."""
        object.__setattr__(self, "_fullmatch", re.compile(self._source).fullmatch)
        return self._fullmatch(path)

    def _compiled_wide(self, path: str) -> re.Match[str] | None:
        """Match beyond ASCII for the first time."""
        source, _ = expression(self._parts, self.tokens, others=True)
        object.__setattr__(self, "_fullmatch_wide", re.compile(source).fullmatch)
        return self._fullmatch_wide(path)

    def _converted(self, found: re.Match[str], path: str) -> dict[str, Any] | None:  # Any: as above
        """The same where a quick converter does not know a text."""
        values: dict[str, Any] = found.groupdict()  # Any: as above
        self._merge(values)
        try:
            for name in [*values]:
                converter = self.tokens[name].converter
                if values[name] is None:
                    del values[name]
                elif converter is not None:
                    values[name] = converter(values[name])
        except ValueError:
            return None
        return values if self._is_exact(path, values) else None

    def _merge(self, values: dict[str, Any]) -> None:  # Any: texts, or None
        """One entry for each token, wherever the path has it."""
        for alias, name in self._aliases:
            values[name] = values.pop(alias) or values[name]

    def _failure(self, path: str) -> Failure:
        return furthest(self._parts, self.tokens, self._respelled(path))

    def _planned(self, names: tuple[str, ...], given: Mapping[str, Any]) -> Plan:  # Any: shown in errors
        """What these names, in this order, are written by; kept while there are few."""
        unknown = [name for name in names if name not in self.tokens]
        missing = sorted(self.required.difference(names))
        if unknown:
            known = ", ".join(self.tokens) or "none"
            raise self._refused(f"it has no token {unknown[0]!r}; its tokens: {known}", unknown[0], given)
        if missing:
            message = f"token {missing[0]!r} has no value; give {', '.join(missing)}"
            raise self._refusal(TemplateError(message, token=missing[0]))
        try:
            plan = make_plan(self._parts, self.tokens, frozenset(names))
        except TemplateError as error:
            raise self._refused(str(error), error.token, given) from error
        if plan.proves and not self._is_clear():
            plan = plan._replace(proves=None)
        if len(self._plans) < _PLANS:
            self._plans[names] = plan
        return plan

    def _is_clear(self) -> bool:
        """Whether every path is proven to be read in one way only; without optional parts a plan knows that."""
        return not self._optional or self._reads_one_way()

    def _reads_one_way(self) -> bool:
        return isinstance(proof.readings(self.language), proof.Disjoint)

    def _check_crowds(self) -> None:
        """Refuse tokens of which so many run into each other that trying all their ends takes very long."""
        for given in (frozenset(self.tokens), self.required):
            found = list(crowds(tuple(structure.chosen(self._parts, given)), self.tokens))
            if sum(len(crowd) - 1 for crowd in found) > _LOOSE_ENDS and not self._reads_one_way():
                names = ", ".join(name for crowd in found for name in crowd)
                hint = "put text between them that none of them can hold, such as '/' or '.', or narrow them"
                message = f"tokens {names} run into each other, so that reading a path could take very long; {hint}"
                raise self._refusal(TemplateError(message))

    def _written(self, pieces: tuple[str | Slot, ...], values: Mapping[str, Any]) -> str:  # Any: checked by the tokens
        """The path, token by token."""
        texts: dict[str, str] = {}
        for name, value in values.items():
            try:
                texts[name] = self.tokens[name].write(value)
            except TemplateError as error:
                message = f"token {name!r}: {error}"
                raise self._refusal(TemplateError(message, token=name, value=value)) from error
        path = "".join(piece if isinstance(piece, str) else texts[piece.name] for piece in pieces)
        wanted = {name: self.tokens[name].read(text) for name, text in texts.items()}
        found = self.match(path)
        if found == wanted:
            return path
        raise self._refusal(_misread(path, found, wanted, _spans(pieces, texts)))

    def _is_exact(self, path: str, values: Mapping[str, Any]) -> bool:  # Any: values of the tokens' types
        """What the expression leaves open beyond ASCII: letters one by one, and that all is composed."""
        strings = ((name, token) for name, token in self.tokens.items() if isinstance(token, StringToken))
        return unicodedata.is_normalized("NFC", path) and all(
            token.holds(values[name]) for name, token in strings if values.get(name) is not None
        )

    def _respelled(self, path: str) -> str:
        """The path with its frame and tile placeholders as this template writes them."""
        if _PLACEHOLDER(path) is None:
            return path
        frames = [token.padding for token in self.tokens.values() if isinstance(token, FrameToken)]
        if not frames and not any(isinstance(token, UdimToken) for token in self.tokens.values()):
            return path
        for found in reversed(filesets.placeholders(path)):
            is_open = path[found.start : found.end] == FRAME
            written = filesets.spell(found.token, frames[0] if is_open and frames else found.padding)
            path = path[: found.start] + written + path[found.end :]
        return path

    def _refused(self, message: str, token: str, given: Mapping[str, Any]) -> TemplateError:  # Any: as above
        """That a token cannot be given, with the value that it was to have."""
        value = given.get(token)
        return self._refusal(TemplateError(f"{message} ({token} was {shown(value)})", token=token, value=value))

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
        token = given.get(name)
        if not isinstance(token, Token | None):
            raise TemplateError(f"token {name!r} is defined as {shown(token)}; give a Token", token=name, value=token)
        base = token or (IntegerToken() if specs and isinstance(usual, StringToken) else usual)
        try:
            variants = {base.formatted(spec) for spec in specs} or {base}
        except TemplateError as error:
            raise TemplateError(f"token {name!r}: {error}", token=name, value=error.value) from error
        if len(variants) > 1:
            message = f"token {name!r} is written in several ways ({', '.join(specs)}); write it in one"
            raise TemplateError(message, token=name)
        found[name] = variants.pop()
    return found


def _placeholder(token: Token, style: str) -> str:
    if isinstance(token, FrameToken):
        return filesets.spell(FRAME, token.padding, style=style)
    return filesets.spell(filesets.UDIM, style=style) if isinstance(token, UdimToken) else ""


def _spans(pieces: tuple[str | Slot, ...], texts: Mapping[str, str]) -> list[tuple[int, int, str]]:
    """Where each token stands in a path: first and last place, the last exclusive, and its name."""
    spans = []
    position = 0
    for piece in pieces:
        text = piece if isinstance(piece, str) else texts[piece.name]
        if isinstance(piece, Slot):
            spans.append((position, position + len(text), piece.name))
        position += len(text)
    return spans


def _misread(
    path: str, found: Mapping[str, Any] | None, wanted: Mapping[str, Any], spans: list[tuple[int, int, str]]
) -> TemplateError:  # Any: values of the tokens' types
    """Why a path that was written cannot stand, and the token that is to blame."""
    fault = codes.path_fault(path)
    if fault is not None:
        first = path.rfind("/", 0, fault.position) + 1
        token = next((name for _, end, name in spans if end > first), "")
        reason = f"{fault.message} ({fault.hint})" if fault.hint else fault.message
    else:
        token = next((name for name in wanted if found is None or found.get(name, found) != wanted[name]), "")
        reason = f"it would be read as {dict(found)}" if found else "the whole is not composed (NFC)"
        reason += "; choose values that stay apart"
    value = wanted.get(token)
    return TemplateError(
        f"token {token!r} cannot be {shown(value)} in {path!r:.300}: {reason}", token=token, value=value
    )
