"""What may be a name: the codes of nodes and projects, and the paths of files inside a version.

Names become folders, URLs and lines in a layer, so one rule serves every platform: what Windows, USD or a shell
would read differently is refused here, once. Each rule is a ``*_fault`` function that answers with the place, for
a parser that knows more of the text, and a ``check_*`` function that raises.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final, NamedTuple

from bifrost_sdk.errors import Issue, ValidationError

MAX_CODE: Final = 64
MAX_PROJECT: Final = 63

ROOT: Final = "[a-z][a-z0-9_]{0,31}"
"""The pattern of a root's name, which is also the token of a pinned path."""

PORT_DIGITS: Final = "0123456789\u00b9\u00b2\u00b3"
"""What numbers a port of Windows: the digits, and three of them in superscript."""

DEVICES: Final = frozenset(
    [
        *("con", "prn", "aux", "nul", "conin$", "conout$"),
        *(f"{port}{digit}" for port in ("com", "lpt") for digit in PORT_DIGITS),
    ]
)
"""Names that Windows gives to devices, in every folder and with any extension."""

NAMED_TAGS: Final = frozenset(["latest", "approved"])
"""Tags that name a version by its state instead of its number."""

# The partition of what all projects share has a reference of the same form.
_SHARED: Final = frozenset(["studio"])
_VERSION_LIKE: Final = re.compile(r"v[0-9]+")
_PROJECT_CHARS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_-")
_TOKENS: Final = re.compile(r"<(?:UDIM|FRAME)>")

# Letters and marks that show nothing: two names would look alike. Fillers of Hangul, the grapheme joiner, inherent
# vowels of Khmer, and the variation selectors. Joiners and direction marks are no letters and refused anyway.
_INVISIBLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_LETTERS: Final = frozenset(["Lu", "Ll", "Lt", "Lm", "Lo", "Nd"])
_MARKS: Final = frozenset(["Mn", "Mc"])
_UNPRINTABLE: Final = frozenset(["Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"])

# What nearly all names are, told at once: nothing that the rules below refuse has this form.
_RESERVED: Final = "|".join(map(re.escape, [*sorted(NAMED_TAGS), *sorted(DEVICES)]))
_PLAIN_CODE: Final = re.compile(rf"(?!(?:v[0-9]+|{_RESERVED})\Z)[a-z0-9_-]{{1,{MAX_CODE}}}", re.ASCII | re.IGNORECASE)
_PLAIN_NAME: Final = rf"(?!(?:{'|'.join(map(re.escape, sorted(DEVICES)))})(?:[./]|\Z))[a-z0-9_-]+(?:\.[a-z0-9_-]+)*"
_PLAIN_PATH: Final = re.compile(f"{_PLAIN_NAME}(?:/{_PLAIN_NAME})*", re.ASCII | re.IGNORECASE)

_PATH_REFUSED: Final = {
    "\\": "folders are separated by '/'",
    ":": "Windows reads a drive or a stream there",
    "*": "Windows cannot store it",
    '"': "Windows cannot store it",
    "|": "Windows cannot store it",
    "?": "Windows cannot store it",
    "<": "only the tokens <UDIM> and <FRAME> are written in angle brackets",
    ">": "only the tokens <UDIM> and <FRAME> are written in angle brackets",
}
_FILE_REFUSED: Final = _PATH_REFUSED | {
    "@": "USD ends an asset path there",
    "?": "a query would begin there",
    "#": "a fragment would begin there; a frame number is written <FRAME>",
    "%": "nothing is percent-encoded: write the character itself; a frame number is written <FRAME>",
}


class Fault(NamedTuple):
    """What is wrong with a name: the rule's issue code, a sentence, the place (0-based) and what to do."""

    code: str
    message: str
    position: int
    hint: str = ""


def nfc(text: str) -> str:
    """The composed form (Unicode NFC), the only one that is kept."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def fold(text: str) -> str:
    """The one key by which names are compared: case-folded and composed.

    Folding can take a text out of NFC and composing can bring in a character that folds again, so both are
    repeated until nothing changes: a key is its own key. It never crosses a ``/``, so a path folds as its codes do.

    Raises:
        ValidationError: it is no text.

    >>> fold("Hero") == fold("HERO"), fold("Straße") == fold("STRASSE")
    (True, True)
    """
    if not isinstance(text, str):
        raise _no_text(text)
    if text.isascii():
        return text.lower()
    while True:
        folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
        if folded == text:
            return text
        text = folded


def is_tag(text: str) -> bool:
    """Whether `text` reads as a version's tag, in any case and however many digits: it can then be no code.

    >>> [is_tag(text) for text in ("v001", "V12", "Latest", "v001a", "hero")]
    [True, True, True, False, False]
    """
    key = fold(text)
    return key in NAMED_TAGS or _VERSION_LIKE.fullmatch(key) is not None


def code_fault(text: str) -> Fault | None:
    """The first thing that keeps `text` (in NFC) from being a code, if any."""
    if _PLAIN_CODE.fullmatch(text):
        return None
    if not text:
        return Fault("code.empty", "a code is never empty", 0)
    if text[0] == "~":
        return Fault("code.character", "a code never starts with '~': that begins an id", 0)
    for index, char in enumerate(text):
        if not fits(char, text[index - 1] if index else ""):
            return Fault("code.character", f"{describe(char)} cannot stand in a code", index, _hint(char))
    if len(text) > MAX_CODE:
        return Fault("code.long", f"a code has at most {MAX_CODE} characters, not {len(text)}", MAX_CODE)
    return _reserved_fault(text)


def project_fault(text: str) -> Fault | None:
    """The first thing that keeps `text` from being the code of a project, if any."""
    if not text:
        return Fault("project.empty", "the project's code is missing", 0)
    for index, char in enumerate(text):
        if char not in _PROJECT_CHARS or (index == 0 and char in "_-"):
            message = f"{describe(char)} cannot {'stand in' if index else 'begin'} a project's code"
            return Fault("project.character", message, index, "use a-z and 0-9, then also _ and -")
    if len(text) > MAX_PROJECT:
        return Fault("project.long", f"a project's code has at most {MAX_PROJECT} characters", MAX_PROJECT)
    if text in DEVICES:
        return Fault("project.reserved", f"'{text}' is a device on Windows", 0, "choose another code")
    return None


def path_fault(text: str) -> Fault | None:
    """The first thing that keeps `text` (in NFC) from being a relative path that every platform stores alike."""
    return _relative_fault(text, _PATH_REFUSED)


def file_fault(text: str) -> Fault | None:
    """The first thing that keeps `text` (in NFC) from being the file of a reference, if any.

    Stricter than `path_fault`: what ends a reference in a layer or a URL is refused as well.
    """
    return _relative_fault(text, _FILE_REFUSED)


def check_code(text: str) -> str:
    """The code in the form that is kept (NFC, case preserved).

    Raises:
        ValidationError: it breaks the rule; the message names the character and its place.

    >>> check_code("Hero_01")
    'Hero_01'
    """
    if not isinstance(text, str):
        raise _no_text(text)
    return _checked(nfc(text), code_fault)


def check_project_code(text: str) -> str:
    """The code of a project: a-z, 0-9, ``_`` and ``-``, at most 63, starting with a letter or digit; never ``studio``.

    Raises:
        ValidationError: it breaks the rule; the message names the character and its place.
    """
    if not isinstance(text, str):
        raise _no_text(text)
    return _checked(text, _own_project_fault)


def describe(char: str) -> str:
    """One character as an error message shows it, visible or not."""
    shown = f"'{char}' " if char.isprintable() and not unicodedata.category(char).startswith("M") else ""
    return f"{shown}U+{ord(char):04X} {unicodedata.name(char, 'unnamed').lower()}"


def _checked(text: str, rule: Callable[[str], Fault | None]) -> str:
    fault = rule(text)
    if fault is None:
        return text
    place = f" (at character {fault.position + 1})" if fault.code.endswith(".character") else ""
    raise ValidationError(Issue(fault.code, fault.message + place, subject=repr(text), hint=fault.hint))


def _no_text(value: object) -> ValidationError:
    return ValidationError(Issue("code.type", f"{value!r:.200} is no text", hint="give a str"))


def _own_project_fault(text: str) -> Fault | None:
    """What may be referred to as a project, without what belongs to no production."""
    if text in _SHARED:
        return Fault("project.reserved", f"'{text}' is where users and roles are kept", 0, "choose another code")
    return project_fault(text)


def fits(char: str, before: str) -> bool:
    """Whether `char` may follow `before` in a code; marks need something to stand on."""
    if char.isascii():
        return char.isalnum() or char in "_-"
    if _INVISIBLE.match(char):
        return False
    category = unicodedata.category(char)
    return category in _LETTERS or (category in _MARKS and before not in {"", "_", "-"})


def _hint(char: str) -> str:
    if char == ".":
        return "a file follows a tag or an id: …/v001/model.usd"
    if char == "%":
        return "nothing is percent-encoded: write the character itself"
    return "use letters, digits, _ and -"


def _reserved_fault(text: str) -> Fault | None:
    key = fold(text)
    if is_tag(key):
        return Fault("code.reserved", f"'{text}' reads as a version's tag", 0, "choose a code that is no tag")
    if key in DEVICES:
        return Fault("code.reserved", f"'{text}' is a device on Windows", 0, "choose another code")
    return None


def _relative_fault(text: str, refused: dict[str, str]) -> Fault | None:
    """`text` with its tokens masked, so that positions hold, character by character and then segment by segment."""
    if _PLAIN_PATH.fullmatch(text):
        return None
    if not text:
        return Fault("path.empty", "the path of the file is missing", 0)
    masked = _TOKENS.sub(lambda token: "_" * len(token[0]), text)
    for index, char in enumerate(masked):
        if char in refused:
            return Fault("path.character", f"'{char}' cannot stand in a file's path", index, refused[char])
        if unicodedata.category(char) in _UNPRINTABLE or _INVISIBLE.match(char):
            return Fault("path.character", f"{describe(char)} cannot stand in a file's path", index, "remove it")
    offset = 0
    for segment in text.split("/"):
        fault = _segment_fault(segment)
        if fault is not None:
            return fault._replace(position=offset + fault.position)
        offset += len(segment) + 1
    return None


def _segment_fault(segment: str) -> Fault | None:
    if not segment:
        return Fault("path.segment", "a name between two '/' is missing", 0, "remove the extra '/'")
    if segment in {".", ".."}:
        return Fault("path.segment", f"'{segment}' would leave the file's own place", 0, "name the file itself")
    if segment[-1] in ". ":
        return Fault("path.segment", f"a name never ends in {describe(segment[-1])}", len(segment) - 1)
    if fold(segment.partition(".")[0].rstrip(" ")) in DEVICES:
        return Fault("path.reserved", f"'{segment}' is a device on Windows", 0, "choose another name")
    return None
