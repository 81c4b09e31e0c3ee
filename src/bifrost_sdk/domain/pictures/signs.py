"""The signs of how versions stand, each with a shape and a colour of its own."""

from __future__ import annotations

from typing import Final

from bifrost_sdk.domain.pictures.markup import element

#: What a sign says, in the order in which a legend names them.
MEANINGS: Final = {
    "newest": "newest published",
    "published": "published",
    "outdated": "there is a newer one",
    "reserved": "on its way",
    "retired": "retired",
    "purged": "files are gone",
    "abandoned": "given up",
}

#: The signs, about the point that they stand at.
SIGNS: Final = {
    "newest": element("circle", class_="bf-good", r=5),
    "published": element("circle", class_="bf-plain", r=3),
    "outdated": element("path", class_="bf-warn", d="M0-5L5 4H-5z"),
    "reserved": element("circle", class_="bf-hollow", r=4),
    "retired": element("path", class_="bf-warn", d="M-5-1.5H5V1.5H-5z"),
    "purged": element("path", class_="bf-bad", d="M-5-3L-3-5L0-2L3-5L5-3L2 0L5 3L3 5L0 2L-3 5L-5 3L-2 0z"),
    "abandoned": element("path", class_="bf-plain", d="M-1.2-5H1.2V5H-1.2z"),
}
