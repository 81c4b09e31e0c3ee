"""What is proven of the templates of a set, two by two and each by itself, in words that say what to do."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import attrs

from bifrost_sdk.domain.templates import proof
from bifrost_sdk.domain.templates.compilation import SetTemplate
from bifrost_sdk.domain.templates.examples import value_for
from bifrost_sdk.domain.templates.proof import Claim, Disjoint, Witness
from bifrost_sdk.domain.templates.template import Template
from bifrost_sdk.errors import Issue, TemplateError

DISJOINT = "disjoint"
WITNESS = "witness"
UNPROVEN = "unproven"

_PAIR_HINT = "say before: [{other}] where {name} is to win, parse: false where one is only written, or narrow a token"
_ALONE_HINT = "say parse: false when it is only written, or narrow a token"


@attrs.frozen
class Verdict:
    """Whether two templates of one root may read the same path; of one template with itself, in two ways.

    `kind` is ``disjoint`` (never), ``witness`` (both read the path `witness`, which the second may spell as `twin`, in
    other case; `readings` are the values of each) or ``unproven``, for a `reason`. It is settled where the set says
    which one wins.
    """

    first: str
    second: str
    kind: str = DISJOINT
    witness: str = ""
    twin: str = ""
    readings: tuple[Mapping[str, str], ...] = ()
    reason: str = ""
    is_settled: bool = False

    @property
    def is_clear(self) -> bool:
        """Whether every path of the two has one reading that counts."""
        return self.kind == DISJOINT or self.is_settled

    def explain(self) -> str:
        """The verdict in words.

        >>> Verdict("one", "two", "unproven", reason="it takes too long").explain()
        'whether one and two may read the same path could not be told: it takes too long'
        """
        alone = self.first == self.second
        if self.kind == DISJOINT:
            return f"{self.first} reads in one way" if alone else f"{self.first} and {self.second} share no path"
        if self.kind == UNPROVEN:
            question = f"{self.first} may be read in two ways" if alone else f"{self._both} may read the same path"
            return f"whether {question} could not be told: {self.reason}"
        if self.witness != self.twin:
            return f"{self._both} differ in case alone: {self.witness} and {self.twin} are one file on many disks"
        who = f"{self.first} reads {self.witness} in two ways" if alone else f"{self._both} both read {self.witness}"
        told = [_told(own, other) for own, other in itertools.permutations(self.readings, 2)]
        names = ("once", "once") if alone else (self.first, self.second)
        ways = ", ".join(f"{name} with {tokens or 'nothing more'}" for name, tokens in zip(names, told, strict=False))
        return f"{who}: {ways}" if any(told) else who

    def to_issue(self) -> Issue:
        """The verdict as what is wrong with a set."""
        pair = _PAIR_HINT.format(name=self.first, other=self.second)
        hint = _ALONE_HINT if self.first == self.second else pair
        return Issue(f"template_set.{self.kind}", self.explain(), f"templates.{self.first}", hint=hint)

    @property
    def _both(self) -> str:
        return f"{self.first} and {self.second}"


def judge(templates: Iterable[SetTemplate], examples: Mapping[str, Any] | None = None) -> Iterator[Verdict]:
    """A verdict for each template that is parsed with itself, and with each other one of its root.

    Witnesses have the values of `examples` as far as these do.
    """
    parsed = [made for made in templates if made.is_parsed]
    losers = _losers(parsed)
    claims = {made.name: Claim(made.template.language) for made in parsed}
    for made in parsed:
        found = proof.readings(claims[made.name], confirm=_is_read_by(made, made))
        yield _verdict(made, made, found, is_settled=False)
    for one, two in itertools.combinations(parsed, 2):
        if one.root == two.root:
            found = proof.compare(claims[one.name], claims[two.name], confirm=_is_read_by(one, two))
            if isinstance(found, Witness) and found.path == found.twin:
                found = _illustrated(found, (one.template, two.template), examples or {})
            yield _verdict(one, two, found, is_settled=two.name in losers[one.name])


def _illustrated(found: Witness, templates: tuple[Template, Template], examples: Mapping[str, Any]) -> Witness:
    """A witness whose values are examples, where both templates still read it."""
    one, two = templates
    path, values = found.path, one.match(found.path) or {}
    for name, token in one.tokens.items():
        if name not in values or name not in examples:
            continue
        trial = {**values, name: value_for(token, examples[name])}
        try:
            written = one.format(trial)
        except TemplateError:
            continue
        if two.match(written) is not None:
            path, values = written, trial
    return Witness(path, path, (_texts(one, path), _texts(two, path)))


def _texts(template: Template, path: str) -> dict[str, str]:
    return {name: template.tokens[name].write(value) for name, value in template.parse(path).items()}


def _told(own: Mapping[str, str], other: Mapping[str, str]) -> str:
    """The values of one reading that the other one does not share."""
    return ", ".join(f"{name} {value!r}" for name, value in own.items() if other.get(name) != value)


def _is_read_by(one: SetTemplate, two: SetTemplate) -> Callable[[Witness], bool]:
    """Whether the templates themselves read such paths: the last word, as they do when a path is parsed."""
    return lambda found: one.template.match(found.path) is not None and two.template.match(found.twin) is not None


def _verdict(one: SetTemplate, two: SetTemplate, found: proof.Verdict, *, is_settled: bool) -> Verdict:
    if isinstance(found, Disjoint):
        return Verdict(one.name, two.name)
    if isinstance(found, Witness):
        return Verdict(
            one.name, two.name, WITNESS, found.path, found.twin, readings=found.readings, is_settled=is_settled
        )
    return Verdict(one.name, two.name, UNPROVEN, reason=found.reason, is_settled=is_settled)


def _losers(templates: Iterable[SetTemplate]) -> Mapping[str, set[str]]:
    """The templates that each wins over, also by way of others; the winners stand first."""
    found: dict[str, set[str]] = {}
    for made in reversed(list(templates)):
        found[made.name] = set(made.before).union(*(found.get(name, ()) for name in made.before))
    return found
