"""The style sheets of pictures and pages; their colours are the custom properties that `palette` gives."""

from __future__ import annotations

from typing import Final

from bifrost_sdk.domain.pictures.palette import FONT, MONO

#: The signs of how versions stand, in whatever picture.
SIGNS: Final = """
.bf-good { fill: var(--bf-good) }
.bf-warn { fill: var(--bf-warn) }
.bf-bad { fill: var(--bf-bad) }
.bf-plain { fill: var(--bf-faint) }
.bf-hollow { fill: none; stroke: var(--bf-text); stroke-width: 1.6 }
"""

#: Graphs: a kind of line is told by its dashes as well as by its colour.
GRAPH: Final = f"""
.bf-graph text {{ font: 12px {FONT}; fill: var(--bf-text) }}
.bf-graph .ground {{ fill: var(--bf-ground) }}
.bf-graph .name {{ font-weight: 600; font-size: 13px }}
.bf-graph .faint {{ fill: var(--bf-faint) }}
.bf-graph .box {{ fill: var(--bf-panel); stroke: var(--bf-line); stroke-width: 1.2 }}
.bf-graph .root .box {{ stroke: var(--bf-text); stroke-width: 2.4 }}
.bf-graph .retired .box, .bf-graph .purged .box, .bf-graph .more .box {{
  stroke: var(--bf-faint); stroke-dasharray: 5 4
}}
.bf-graph .assets {{ --c: var(--bf-assets) }}
.bf-graph .shots {{ --c: var(--bf-shots) }}
.bf-graph .other {{ --c: var(--bf-other) }}
.bf-graph .mark {{ fill: var(--c) }}
.bf-graph .tied {{ --e: var(--bf-weak) }}
.bf-graph .tied-strong {{ --e: var(--bf-strong) }}
.bf-graph .tied-cast {{ --e: var(--bf-cast) }}
.bf-graph .tied-link {{ --e: var(--bf-link) }}
.bf-graph .tie {{ fill: none; stroke: var(--e); stroke-width: 1.6 }}
.bf-graph .head {{ fill: var(--e) }}
.bf-graph .tied-weak .tie {{ stroke-dasharray: 7 4 }}
.bf-graph .tied-reference .tie {{ stroke-dasharray: 1.5 4; stroke-linecap: round; stroke-width: 2 }}
.bf-graph .tied-holds .tie, .bf-graph .tied-more .tie {{ stroke-width: 1 }}
.bf-graph .tied-cast .tie {{ stroke-dasharray: 10 3 2 3 }}
.bf-graph .tied-link .tie {{ stroke-dasharray: 3 3 }}
.bf-graph .note {{
  font-size: 11px; fill: var(--e);
  stroke: var(--bf-ground); stroke-width: 4; stroke-linejoin: round; paint-order: stroke
}}
"""

#: Charts.
CHART: Final = f"""
.bf-chart text {{ font: 12px {FONT}; fill: var(--bf-text) }}
.bf-chart .name {{ font-weight: 600; font-size: 13px }}
.bf-chart .faint {{ fill: var(--bf-faint); font-size: 11px }}
.bf-chart .rail {{ stroke: var(--bf-line) }}
.bf-chart .tick {{ stroke: var(--bf-line); stroke-dasharray: 2 4 }}
.bf-chart .mark {{ stroke: var(--bf-cast); stroke-width: 1.6 }}
.bf-chart .said {{ fill: var(--bf-cast); font-weight: 600 }}
.bf-chart .bar {{ fill: var(--bf-assets) }}
.bf-chart .trough {{ fill: var(--bf-line); opacity: .45 }}
"""

#: Pages: tables become lists of cards where the page is narrow, and only a picture's own frame is moved sideways.
PAGE: Final = f"""
* {{ box-sizing: border-box }}
body {{ margin: 0; background: var(--bf-panel); color: var(--bf-text); font: 16px/1.55 {FONT} }}
main {{ max-width: 1240px; margin: 0 auto; padding: 24px 24px 64px }}
h1 {{ font-size: 1.9rem; line-height: 1.2; margin: .6em 0 .2em; overflow-wrap: anywhere }}
h2 {{ font-size: 1.2rem; margin: 0 0 .3em }}
p {{ margin: .3em 0 .9em }}
section {{
  background: var(--bf-ground); border: 1px solid var(--bf-line); border-radius: 12px; padding: 20px 24px;
  margin: 20px 0
}}
section > p {{ color: var(--bf-faint); max-width: 52em }}
.lead {{ color: var(--bf-faint); font-size: 1.08rem; max-width: 48em }}
.figures {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(132px, 1fr)); gap: 12px; margin: 20px 0 }}
.figures div {{
  background: var(--bf-ground); border: 1px solid var(--bf-line); border-radius: 12px; padding: 14px 16px
}}
.figures dt {{ color: var(--bf-faint); font-size: .86rem }}
.figures dd {{ margin: 0; font-size: 1.6rem; font-weight: 650; font-variant-numeric: tabular-nums }}
.figures small {{ display: block; font-size: .8rem; font-weight: 400; color: var(--bf-faint) }}
.pair {{
  display: grid; grid-template-columns: repeat(auto-fit, minmax(min(420px, 100%), 1fr)); gap: 20px;
  margin: 20px 0
}}
.pair section {{ margin: 0; min-width: 0 }}
figure {{ margin: 0 }}
.choice {{ font-size: .9rem; color: var(--bf-faint) }}
.frame {{ overflow-x: auto; border-radius: 8px; margin-top: 8px }}
.frame:focus-visible, input:focus-visible, summary:focus-visible {{
  outline: 2px solid var(--bf-assets); outline-offset: 2px
}}
.frame svg.bf-graph {{
  display: block; width: 100%; height: auto; max-width: var(--widest); min-width: var(--narrowest)
}}
.whole:checked ~ .frame svg.bf-graph {{ min-width: 0 }}
svg.bf-chart {{ display: block; overflow: visible }}
table {{ border-collapse: collapse; width: 100%; font-size: .92rem }}
th {{
  text-align: left; color: var(--bf-faint); font-weight: 600; border-bottom: 1px solid var(--bf-line);
  padding: 6px 14px 6px 0
}}
td {{
  border-bottom: 1px solid var(--bf-line); padding: 8px 14px 8px 0; vertical-align: top;
  overflow-wrap: anywhere
}}
tr:last-child td {{ border-bottom: 0 }}
td:last-child, th:last-child {{ padding-right: 0 }}
code, pre {{ font-family: {MONO}; font-size: .92em }}
pre {{
  background: var(--bf-panel); border: 1px solid var(--bf-line); border-radius: 8px; padding: 10px 14px; margin: .3em 0;
  white-space: pre-wrap; overflow-wrap: anywhere
}}
.next {{ padding: 0; list-style: none; margin: 0 }}
.next li {{ margin: 0 0 12px }}
details {{ margin-top: 16px }}
summary {{ cursor: pointer; color: var(--bf-faint) }}
footer {{ color: var(--bf-faint); font-size: .86rem }}
@media (max-width: 640px) {{
  main {{ padding: 12px 14px 48px }}
  section {{ padding: 16px }}
  h1 {{ font-size: 1.5rem }}
  thead {{ position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }}
  table, tbody, tr, td {{ display: block; width: 100% }}
  tr {{ padding: 8px 0; border-bottom: 1px solid var(--bf-line) }}
  tr:last-child {{ border: 0 }}
  td {{ border: 0; padding: 2px 0 }}
  td:first-child {{ font-weight: 600 }}
  td + td {{ display: flex; gap: 12px }}
  td + td::before {{ content: attr(data-label); flex: 0 0 5.5em; color: var(--bf-faint); font-size: .86rem }}
}}
@media print {{
  body {{ background: none }}
  section {{ break-inside: avoid }}
}}
"""
