from __future__ import annotations

from bifrost_sdk.domain.templates.sets import TemplateSet
from bifrost_sdk.domain.templates.trees import draw, rows

AREA = {"root": "work", "for": "shot"}
MADE = TemplateSet.from_document(
    {
        "templates": {
            "folder": {"path": "{project}/shots/{shot}", "area": "folder", **AREA},
            "work": {"path": "{project}/shots/{shot}/work/{user}/{shot}.ma", "area": "work", **AREA},
            "film": {"path": "{project}/shots/{shot}/out/{shot}.mov", "area": "output", **AREA},
            "frames": {"path": "{project}/shots/{shot}/out/{shot}.####.exr", "area": "output", **AREA},
            "lut": {"path": "{project}/lut[/{variant}]/{project}.cube", "root": "work"},
            "shared": {"path": "shared.txt", "root": "publish"},
        }
    }
)

PICTURE = """\
work:
└── {project}
    ├── shots/{shot}                      shot folder
    │   ├── work/{user}/{shot}.ma         shot work
    │   └── out
    │       ├── {shot}.mov                shot output
    │       └── {shot}.<FRAME>.exr        shot output
    └── lut[/{variant}]/{project}.cube    lut
publish:
└── shared.txt                            shared"""


def test_folders_are_told_once_when_templates_share_them() -> None:
    assert draw(MADE).replace(" ", "") == PICTURE.replace(" ", "")
    columns = {line.rstrip().rindex("   ") for line in draw(MADE).splitlines() if "   " in line.strip("│ └─")}
    assert len(columns) == 1


def test_rows_hold_every_template_once_when_listed() -> None:
    found = rows(MADE)
    assert sorted(made.name for row in found for made in row.templates) == sorted(MADE.templates)
    assert [row.depth for row in found] == [0, 1, 2, 3, 3, 4, 4, 2, 0, 1]
    assert found[0].note == ""


def test_note_names_each_use_once_when_paths_are_the_same() -> None:
    same = {"path": "{shot}", "root": "work", "parse": False}
    made = TemplateSet.from_document(
        {"templates": {"a": {**same, "for": "shot", "area": "x"}, "b": {**same, "for": "shot", "area": "y"}, "c": same}}
    )
    (_, row) = rows(made)
    assert row.note == "shot x, shot y, c"
    assert draw(TemplateSet.from_document({})) == ""
