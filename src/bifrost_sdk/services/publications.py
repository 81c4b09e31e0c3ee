"""What somebody asks to have published, as a value: light, so that it can be put together anywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:  # what they bring is not needed to ask
    from bifrost_sdk.domain.frames import FrameRange
    from bifrost_sdk.services.context import Item
    from bifrost_sdk.services.dependencies import Dependency
    from bifrost_sdk.services.sources import Files


@attrs.frozen(eq=False)
class Publication:
    """The next version of one product, as it is asked for; see `bifrost_sdk.services.publishing.publish`.

    `depends_on` may name another publication of the same set. `frames` are those that its sequences are to have;
    unless they are said, here, by a FileSet or by the shot, a sequence has no holes.
    """

    owner: Item
    product: str
    files: Files
    comment: str = attrs.field(default="", kw_only=True)
    description: str = attrs.field(default="", kw_only=True)
    depends_on: Sequence[Dependency | Publication] = attrs.field(default=(), kw_only=True)
    task: Item | None = attrs.field(default=None, kw_only=True)
    status: Item | None = attrs.field(default=None, kw_only=True)
    tags: Sequence[str] = attrs.field(default=(), kw_only=True)
    metadata: Mapping[str, Any] | None = attrs.field(default=None, kw_only=True)
    source: str = attrs.field(default="", kw_only=True)
    frames: FrameRange | str | None = attrs.field(default=None, kw_only=True)
