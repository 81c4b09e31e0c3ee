"""What is looked at in the files themselves: that they can be read, are what they are called, and are all there."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from typing import Final

from bifrost_sdk.domain import locations, signatures
from bifrost_sdk.domain.filesets import FileSet
from bifrost_sdk.domain.frames import FrameRange
from bifrost_sdk.errors import Issue
from bifrost_sdk.services.proposals import Proposal
from bifrost_sdk.services.sources import Piece
from bifrost_sdk.services.validators import Validator

# A frame this many times smaller or larger than the middle one of its sequence is suspicious. Sizes of frames that are
# only dark or calm differ by less; with fewer frames nothing tells which size is the usual one.
_WILD: Final = 20
_FEWEST: Final = 4


def find_unreadable(proposal: Proposal) -> Iterator[Issue]:
    """Files that are gone, that may not be read, that were changed since, or that hold nothing."""
    for key, _, source in proposal.offered():
        try:
            head = proposal.head(source)
        except OSError as error:
            reason = error.strerror or str(error)
            hint = "check that it is there and may be read"
            yield Issue("file.unreadable", f"it cannot be read: {reason}", f"files.{key}", str(source.path), hint)
            continue
        if not head and signatures.is_never_empty(locations.extension_of(source.name)):
            yield Issue("file.empty", "the file is empty", f"files.{key}", str(source.path), "write it again")


def find_mistyped(proposal: Proposal) -> Iterator[Issue]:
    """Files that do not begin as files with their extension do."""
    for key, _, source in proposal.offered():
        extension = locations.extension_of(source.name)
        try:
            head = proposal.head(source)
        except OSError:  # told by find_unreadable
            continue
        if head and not signatures.is_plausible(extension, head):
            known = " or ".join(signatures.types_of(head))
            message = f"it does not begin as {extension} does" + (f", but as {known} does" if known else "")
            hint = "write it again, or give it the extension of what it is"
            yield Issue("file.type", message, f"files.{key}", str(source.path), hint)


def find_holes(proposal: Proposal) -> Iterator[Issue]:
    """Frames that are missing of those that were said, or in the middle of a sequence where nobody said which."""
    for key, pieces in proposal.pieces.items():
        declared = _declared(proposal, key)
        for piece in pieces:
            if piece.frames is None or not (missing := _missing(piece.frames, proposal.frames, declared)).runs:
                continue
            whole = proposal.frames or f"{piece.frames.first}-{piece.frames.last}"
            hint = f'render them, or say which there are: frames="{piece.frames}"'
            message = f"of {whole} these frames are missing: {missing}"
            yield Issue("sequence.holes", message, f"files.{key}", _first(piece), hint)


def find_odd_sizes(proposal: Proposal) -> Iterator[Issue]:
    """Frames of a sequence that are far smaller or larger than the others."""
    for key, pieces in proposal.pieces.items():
        for piece in pieces:
            odd = _odd(piece) if piece.files is not None and len(piece.sources) >= _FEWEST else []
            if odd:
                shown = ", ".join(odd[:_FEWEST]) + (", …" if len(odd) > _FEWEST else "")
                message = f"{len(odd)} of {len(piece.sources)} files have another size than the others: {shown}"
                yield Issue("sequence.sizes", message, f"files.{key}", _first(piece), "look at them")


def _odd(piece: Piece) -> list[str]:
    middle = statistics.median(source.size for source in piece.sources)
    return [
        f"{source.path.name} ({source.size:,} bytes)"
        for source in piece.sources
        if source.size and not middle / _WILD <= source.size <= middle * _WILD
    ]


def _missing(found: FrameRange, said: FrameRange | None, declared: Sequence[FrameRange]) -> FrameRange:
    if found in declared:
        return FrameRange()
    return found.holes if said is None else said - found


def _declared(proposal: Proposal, key: str) -> list[FrameRange]:
    """The frames that were said: with the set itself, or as those of the shot."""
    value = proposal.files[key]
    given = value if isinstance(value, (list, tuple)) else (value,)
    said = [item.frames for item in given if isinstance(item, FileSet) and item.frames.runs]
    own = getattr(proposal.owner, "frames", None)
    return said if own is None else [*said, own]


def _first(piece: Piece) -> str:
    """The set as its files are called on disk, by the first of them."""
    return str(piece.sources[0].path)


READABLE: Final = Validator("files.readable", "Files can be read", find_unreadable)

VALIDATORS: Final = (
    READABLE,
    Validator("files.type", "Files are what they are called", find_mistyped, severity="warning"),
    Validator("sequences.whole", "Sequences have no holes", find_holes),
    Validator("sequences.sizes", "Frames have like sizes", find_odd_sizes, severity="warning"),
)
