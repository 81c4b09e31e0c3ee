"""What a commit must fulfil. Each rule is two pure functions: what it needs to know, and what is wrong."""

from __future__ import annotations

from collections.abc import Sequence

from bifrost_sdk.domain import structure_rules, use_rules, version_rules
from bifrost_sdk.domain.deltas import Delta, Deltas, Facts, Needs, Rule, ids_in, key_of, related_ids
from bifrost_sdk.errors import Issue

__all__ = ["RULES", "Delta", "Deltas", "Facts", "Needs", "Rule", "check", "gather", "ids_in", "key_of", "related_ids"]

RULES: tuple[Rule, ...] = (*structure_rules.RULES, *version_rules.RULES, *use_rules.RULES)


def gather(deltas: Deltas, rules: Sequence[Rule] = RULES) -> Needs:
    """The union of what the rules need to know of these deltas."""
    needs = Needs()
    for rule in rules:
        needs |= rule.needs(deltas)
    return needs


def check(deltas: Deltas, facts: Facts, rules: Sequence[Rule] = RULES) -> list[Issue]:
    """Everything that is wrong with these deltas, rule by rule."""
    return [issue for rule in rules for issue in rule.check(deltas, facts)]
