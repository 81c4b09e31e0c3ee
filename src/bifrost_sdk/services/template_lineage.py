"""What a set of templates extends: sets that the studio keeps, then those of the library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from bifrost_sdk.domain.codes import fold
from bifrost_sdk.domain.templates.documents import Document
from bifrost_sdk.errors import Issue, ValidationError
from bifrost_sdk.services import template_files
from bifrost_sdk.services.template_files import BUILTIN

#: The code of the set that counts where none is named, of a project and of the studio.
DEFAULT = "default"

#: The set of the library that stands in for the studio's default where it keeps none.
FALLBACK = "film"


class Layer(NamedTuple):
    """One document on the way up, and what it is called in messages."""

    name: str
    document: Document


def layers(document: Document, kept: Mapping[str, Document], *, name: str) -> list[Layer]:
    """The document and those that it extends, the nearest first; `kept` are the studio's by code.

    A set of the studio may have the name of the one that it extends: each counts once, then the library's is meant.

    Raises:
        ValidationError: when there is no set of a name.

    >>> [layer.name for layer in layers({"extends": "episodic"}, {}, name="demo")]
    ['demo', 'episodic of the library', 'film of the library']
    """
    found = [Layer(name, document)]
    open_ = {fold(code): each for code, each in kept.items()}
    while (wanted := found[-1].document.get("extends")) is not None:
        code = fold(wanted) if isinstance(wanted, str) else ""
        if code in open_:
            found.append(Layer(f"{wanted} of the studio", open_.pop(code)))
            continue
        code = FALLBACK if code == DEFAULT else code
        if code not in BUILTIN:
            hint = f"there are {', '.join(dict.fromkeys([*kept, DEFAULT, *BUILTIN]))}"
            raise ValidationError(
                Issue("template_set.extends", f"there is no set {wanted!r:.80}", "extends", hint=hint)
            )
        found.append(Layer(f"{code} of the library", template_files.builtin(code).document))
    return found
