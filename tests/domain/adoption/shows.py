"""A set of templates in the layout of another tool, and the things that listings of such a show hold."""

from __future__ import annotations

from typing import Any

import yaml

from bifrost_sdk.domain.adoption.gathering import Gathering
from bifrost_sdk.domain.adoption.things import Entry, Things
from bifrost_sdk.domain.templates.sets import TemplateSet

DOCUMENT: dict[str, Any] = yaml.safe_load(r"""
tokens:
  asset_type: {characters: '\w'}
  asset: {characters: '\w'}
  sequence: {characters: '\w'}
  shot: {characters: '\w'}
  same_shot: {characters: '\w', from: shot.code}
  step: {from: task.code}
  product: {characters: '\w'}
  pass: {from: representation.name, characters: '\w.'}
  app: {type: choice, choices: [maya, houdini]}
  any_asset: {pattern: '[A-Za-z .]+', from: asset.code}
  count: {type: integer, from: version.number}
templates:
  asset_place: "assets/{asset_type}/{asset}/{step}"
  shot_place: "sequences[/{episode}]/{sequence}/{shot}/{step}"
  asset_work: {path: "{@asset_place}/work/{app}/{asset}.v{version}.{ext}", root: show, for: asset, area: work}
  asset_publish: {path: "{@asset_place}/publish/{product}.v{version}.{ext}", root: show, for: asset, area: publish}
  asset_textures:
    path: "{@asset_place}/textures/{product}/v{version}/{product}_{pass}.{udim}.{ext}"
    root: show
    for: asset
    area: textures
  shot_work: {path: "{@shot_place}/work/{app}/{shot}.v{version}[.{frame}].{ext}", root: show, for: shot, area: work}
  shot_images:
    path: "{@shot_place}/images/{product}/v{version}/{shot}.{frame}.{ext}"
    root: show
    for: shot
    area: images
  shot_cache: {path: "{@shot_place}/cache/{ext}/{frame}", root: show, for: shot, area: cache}
  shot_folder: {path: "{@shot_place}", root: show, for: shot, area: folder}
  typeless: {path: "loose/{any_asset}/{product}.v{version}", root: show}
  typed: {path: "typed/{asset_type}/{any_asset}/{product}.v{version}", root: show}
  counted: {path: "counted/{asset_type}/{asset}/{product}.{count}", root: show}
  twice: {path: "twice/{sequence}/{shot}/{same_shot}.{product}.v{version}", root: show}
  of_project: {path: "projects/{project}/{product}.v{version}.{ext}", root: show}
  at_work: {path: "{asset_type}/{asset}/{product}.v{version}.{ext}", root: work}
""")

TEMPLATES = TemplateSet.from_document(DOCUMENT, source="the other tool's")


def gathered(*paths: str, **options: Any) -> Things:  # Any: arguments of Gathering
    """What a show of these files, of ten bytes each, holds."""
    gathering = Gathering(TEMPLATES, "demo", **{"prefixes": {"show": ""}, **options})
    folders: dict[str, list[Entry]] = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        folders.setdefault(folder, []).append(Entry(name, 10, 1_700_000_000_123_456_789))
    for folder, entries in folders.items():
        gathering.add(folder, entries)
    return gathering.things()
