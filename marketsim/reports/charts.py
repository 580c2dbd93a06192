"""Panels and figures: how they look, and how they become SVG and PNG.

A panel is a Vega-Lite specification that vl-convert draws as SVG when the report is written, so that the page holds
pictures and no library: measured on twelve figures of ten fans, the page opened in 0.15 s, against 0.9 s with Vega and
3 s with Plotly inside. Values appear under the pointer since marks carry them as descriptions; colours follow the
reader's light or dark through the style sheet, which knows those of `COLOURS`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal
from xml.sax.saxutils import escape

Spec = Mapping[str, Any]
"""A part of a Vega-Lite specification."""

COLOURS = {
    "ink": "#232a31",
    "quiet": "#5e6872",
    "line": "#d8dce0",
    "paper": "#ffffff",
    "base": "#767e87",
    "own": "#0072b2",
    "better": "#0173b2",
    "worse": "#d55e00",
    "moved": "#785ef0",
    "low": "#56b4e9",
    "high": "#e69f00",
}
"""Colours by what they mean, on white paper (Okabe and Ito, but for greys). No two are the same: style sheets tell
them apart by value."""

FONTS = (
    "Helvetica Neue, Arial, PingFang SC, Hiragino Sans GB, Microsoft YaHei, Noto Sans CJK SC, Noto Sans SC, sans-serif"
)
SIZE = 11
"""pixels: height of the letters of axes"""

Mark = Literal["line", "dashed", "band", "circle", "diamond", "square", "hollow", "bar"]


@dataclass(frozen=True)
class Key:
    """An entry of a legend.  colour: one of `COLOURS`, or a value."""

    mark: Mark
    colour: str
    text: str

    @property
    def value(self) -> str:
        """The colour as it stands in SVG."""
        return COLOURS.get(self.colour, self.colour)


@dataclass(frozen=True, eq=False)
class Panel:
    """One picture with a title.  says: what can be read off it, for those who do not see it."""

    title: str
    says: str
    chart: Spec

    @cached_property
    def svg(self) -> str:
        """The picture as SVG, without its title."""
        import vl_convert

        text: str = vl_convert.vegalite_to_svg(dict(self.chart))
        return _bare(text)

    def inline(self) -> str:
        """The picture as it stands in a page, for those who do not see it too."""
        says = escape(self.says, {'"': "&quot;", "\n": "&#10;"})
        return self.svg.replace("<svg ", f'<svg role="img" aria-label="{says}" ', 1)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height, pixels."""
        width, height = (float(found) for found in re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', self.svg)[0])
        return width, height


@dataclass(frozen=True, eq=False)
class Group:
    """Panels that are looked at together; of several groups one can be chosen.

    name: part of a file's name.  note: stands below, may be empty.
    """

    name: str
    title: str
    panels: Sequence[Panel]
    note: str = ""


@dataclass(frozen=True, eq=False)
class Figure:
    """Panels with a legend.

    name: of its files.  title: what it says.  caption: how to read it.  choose: asks for one of the groups.
    columns: of panels beside each other, where there is room.
    """

    name: str
    title: str
    caption: str
    groups: Sequence[Group]
    keys: Sequence[Key] = ()
    choose: str = ""
    columns: int = 2

    def files(self) -> list[tuple[str, str]]:
        """Name without ending, and SVG, of each group as a picture of its own."""
        several = len(self.groups) > 1
        return [
            (f"{self.name}-{group.name}" if several else self.name, _sheet(self, group, several))
            for group in self.groups
        ]


def png(svg: str) -> bytes:
    """A picture as PNG, two points a pixel."""
    import vl_convert

    drawn: bytes = vl_convert.svg_to_png(svg, scale=2)
    return drawn


def chart(layers: Sequence[Spec], width: float, height: float) -> Spec:
    """Layers as a specification in the style of reports.  width: of all, with labels.  height: of the plot, pixels."""
    axis = {
        "aria": False,
        "labelFontSize": SIZE,
        "titleFontSize": SIZE,
        "titleFontWeight": "normal",
        "labelColor": COLOURS["quiet"],
        "titleColor": COLOURS["quiet"],
        "gridColor": COLOURS["line"],
        "domain": False,
        "ticks": False,
    }
    # Names of fonts are for whoever looks: to measure letters in a font with Chinese takes three times as long.
    style = {"font": "sans-serif", "background": None, "axis": axis, "mark": {"aria": False}, "view": {"stroke": None}}
    size = {"width": width, "height": height, "padding": 2, "autosize": {"type": "fit-x", "contains": "padding"}}
    return {"$schema": "https://vega.github.io/schema/vega-lite/v6.json", "layer": layers, "config": style, **size}


def _bare(svg: str) -> str:
    """SVG that stands inside a page: sized by the page, without what only a file of its own needs."""
    svg = re.sub(r"^<svg[^>]*?viewBox=\"([^\"]*)\"[^>]*>", r'<svg viewBox="\1">', svg, count=1, flags=re.DOTALL)
    svg = re.sub(r'\s(?:class|font-family|aria-roledescription|role|xmlns:xlink|xmlns)="[^"]*"', _kept, svg)
    return re.sub(r'\s(?:d|transform|[xy]2?|width|height)="[^"]*"', _shortened, svg)


def _shortened(found: re.Match[str]) -> str:
    """Places to a hundredth of a pixel."""
    return re.sub(r"(\.\d\d)\d+", r"\1", found[0])


def _kept(found: re.Match[str]) -> str:
    """Of attributes, the class of marks that answer to the pointer alone."""
    return ' class="hit"' if " hit" in found[0] else ""


_GAP, _HEAD, _LINE = 24, 22, 18
"""pixels: between panels, above each for its title, of a line of the legend"""


def _sheet(figure: Figure, group: Group, several: bool) -> str:
    """The panels of a group on one sheet, with title and legend, as SVG that needs no page."""
    title = f"{figure.title}: {group.title}" if several else figure.title
    wide = max(panel.size[0] for panel in group.panels)
    columns = min(figure.columns, len(group.panels))
    width = columns * wide + (columns + 1) * _GAP
    parts, y = [f'<text x="{_GAP}" y="30" font-size="18" font-weight="bold">{escape(title)}</text>'], 44.0
    for key in figure.keys:
        parts.append(f'<g transform="translate({_GAP} {y:g})">{swatch(key)}</g>')
        parts.append(f'<text x="{_GAP + 34}" y="{y + 10:g}" font-size="12">{escape(key.text)}</text>')
        y += _LINE
    for start in range(0, len(group.panels), columns):
        row = group.panels[start : start + columns]
        for place, panel in enumerate(row):
            x, (w, h) = _GAP + place * (wide + _GAP), panel.size
            parts.append(
                f'<text x="{x:g}" y="{y + 16:g}" font-size="13" font-weight="bold">{escape(panel.title)}</text>'
            )
            where = f'x="{x:g}" y="{y + _HEAD:g}" width="{w:g}" height="{h:g}" overflow="visible"'
            parts.append(panel.svg.replace("<svg ", f"<svg {where} ", 1))
        y += _HEAD + max(panel.size[1] for panel in row) + _GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {y:g}" width="{width:g}" height="{y:g}" '
        f'font-family="{FONTS}" fill="{COLOURS["ink"]}"><rect width="100%" height="100%" fill="{COLOURS["paper"]}"/>'
        f"{''.join(parts)}</svg>\n"
    )


def swatch(key: Key) -> str:
    """What stands before an entry of a legend, 28 by 12 pixels, as parts of SVG."""
    colour = key.value
    return {
        "line": f'<path d="M0 6H28" fill="none" stroke="{colour}" stroke-width="2.2"/>',
        "dashed": f'<path d="M0 6H28" fill="none" stroke="{colour}" stroke-width="1.6" stroke-dasharray="5 3"/>',
        "band": f'<rect width="28" height="12" fill="{colour}" fill-opacity="0.25"/>',
        "bar": f'<rect x="8" width="12" height="12" fill="{colour}"/>',
        "circle": f'<circle cx="14" cy="6" r="4.5" fill="{colour}"/>',
        "square": f'<rect x="10" y="2" width="8" height="8" fill="{colour}"/>',
        "diamond": f'<path d="M14 0L20 6L14 12L8 6Z" fill="{colour}"/>',
        "hollow": f'<circle cx="14" cy="6" r="4" fill="{COLOURS["paper"]}" stroke="{colour}" stroke-width="1.5"/>',
    }[key.mark]
