"""Kinds of panels, as Vega-Lite. All that they show comes in the unit in which it is read, with words for the pointer.

Vega-Lite is written as it is, as data: with Altair, which checks it in between, a report took twice as long to write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from marketsim.reports.charts import COLOURS, SIZE, Spec, chart

Row = Mapping[str, Any]
Rows = Sequence[Row]

SMALL, WIDE = 300, 480
"""pixels: width of a panel of which three or two stand beside each other."""
BAR = 24
"""pixels: height of a row of names"""
LABELS = 200
"""pixels: width of names beside a panel"""
SPARE = 0.87
"""Share of it at which names are cut: letters of readers may be wider than those that are measured."""
STANDINGS: Mapping[str, tuple[str, str]] = {
    "better": (COLOURS["better"], "circle"),
    "worse": (COLOURS["worse"], "diamond"),
    "moved": (COLOURS["moved"], "square"),
    "not-told": (COLOURS["base"], "circle"),
    "plain": (COLOURS["own"], "circle"),
}
"""Colour and shape of what a difference means; what is not told is hollow."""


def fan(own: Rows, base: Rows, low: float, high: float) -> Spec:
    """Fans over time of a policy and of the baseline, each of which may be empty.

    Rows: x: year, with quarters as fractions; p10, p25, p50, p75, p90; says.  low, high: ends of the y axis.
    """
    x: dict[str, Any] = {"field": "x", "type": "quantitative", "axis": {"format": "d", "grid": False, "tickCount": 5}}
    x |= {"scale": {"nice": False, "zero": False}, "title": None}
    y = {"type": "quantitative", "scale": {"domain": [low, high], "nice": 4}, "title": None, "axis": {"tickCount": 4}}
    layers = []
    for rows, colour, dash in ((base, "base", [5, 3]), (own, "own", [])):
        bands = (("p10", "p90", 0.15), ("p25", "p75", 0.22))
        for bottom, top, opacity in bands[:1] if rows is base and own else bands:
            mark = {"type": "area", "color": COLOURS[colour], "opacity": opacity}
            layers.append(_layer(rows, mark, {"x": x, "y": {**y, "field": bottom}, "y2": {"field": top}}))
        mark = {"type": "line", "color": COLOURS[colour], "strokeWidth": 2, "strokeDash": dash}
        layers.append(_layer(rows, mark, {"x": x, "y": {**y, "field": "p50"}}))
    shown = own or base
    step = (shown[1]["x"] - shown[0]["x"]) / 2 if len(shown) > 1 else 0.5
    wide = [{"x": row["x"] - step, "x2": row["x"] + step, "y": low, "y2": high, "says": row["says"]} for row in shown]
    return chart([layer for layer in layers if layer["data"]["values"]] + [_columns(wide)], SMALL, 150)


def dots(rows: Rows, title: str, zero: float | None) -> Spec:
    """A dot with its interval in each row of names.

    rows: name, value, low, high (None where there is none), standing (of `STANDINGS`), says; in order.
    title: of the axis.  zero: where a line stands, if anywhere.
    """
    x, y = _across("value", title, _ends(rows, zero)), _names(rows)
    colour: dict[str, Any] = {"field": "standing", "type": "nominal", "legend": None}
    colour |= {"scale": {"domain": list(STANDINGS), "range": [each[0] for each in STANDINGS.values()]}}
    shape = colour | {"scale": {"domain": list(STANDINGS), "range": [each[1] for each in STANDINGS.values()]}}
    hollow = {"test": "datum.standing == 'not-told'", "value": COLOURS["paper"]}
    line = {"x": {**x, "field": "low"}, "x2": {"field": "high"}, "y": y, "color": colour}
    dot = {"x": x, "y": y, "shape": shape, "stroke": colour, "fill": {"condition": hollow, **colour}}
    layers = [_stripes(rows, y), *([] if zero is None else [_upright(zero)])]
    layers.append(_layer([row for row in rows if row["low"] is not None], {"type": "rule", "strokeWidth": 2.4}, line))
    layers.append(_layer(rows, {"type": "point", "size": 70, "strokeWidth": 1.6, "opacity": 1}, dot))
    return chart([*layers, _rows(rows, y)], WIDE, len(rows) * BAR)


def dumbbells(rows: Rows, title: str, middle: float) -> Spec:
    """Two dots in each row of names, joined by a line.  rows: name, low, high, says.  middle: where a line stands."""
    x, y = _across("low", title, _ends(rows, middle)), _names(rows)
    line = _layer(
        rows, {"type": "rule", "strokeWidth": 2.4, "color": COLOURS["base"]}, {"x": x, "x2": {"field": "high"}, "y": y}
    )
    layers = [_stripes(rows, y), _upright(middle), line]
    for field, shape in (("low", "circle"), ("high", "diamond")):
        mark = {"type": "point", "filled": True, "size": 80, "opacity": 1, "shape": shape, "color": COLOURS[field]}
        layers.append(_layer(rows, mark, {"x": {**x, "field": field}, "y": y}))
    return chart([*layers, _rows(rows, y)], WIDE, len(rows) * BAR)


def indices(rows: Rows, title: str) -> Spec:
    """Strength of effects.  rows: name, value, low, high, total (or None), says."""
    x, y, blue = _across("value", title, _ends(rows, 0)), _names(rows), COLOURS["own"]
    line = {"x": {**x, "field": "low"}, "x2": {"field": "high"}, "y": y}
    dot = {"type": "point", "filled": True, "size": 70, "opacity": 1, "color": blue}
    known = [row for row in rows if row["low"] is not None]
    layers = [_stripes(rows, y), _upright(0), _layer(known, {"type": "rule", "strokeWidth": 2.4, "color": blue}, line)]
    layers.append(_layer(rows, dot, {"x": x, "y": y}))
    totals = [row for row in rows if row["total"] is not None]
    if totals:
        square = {
            "type": "point",
            "shape": "square",
            "size": 70,
            "filled": False,
            "color": COLOURS["ink"],
            "opacity": 1,
        }
        layers.append(_layer(totals, square, {"x": {**x, "field": "total"}, "y": y}))
    return chart([*layers, _rows(rows, y)], WIDE, len(rows) * BAR)


def stacks(rows: Rows, colours: Mapping[str, str]) -> Spec:
    """Bars of shares that add up to 100.

    rows: name, part, start, end, middle, text (empty where there is no room), says; in order.  colours: by part.
    """
    y = _names(rows)
    x: dict[str, Any] = {"field": "start", "type": "quantitative", "title": "%", "scale": {"domain": [0, 100]}}
    x |= {"axis": {"tickCount": 5, "grid": False}}
    colour: dict[str, Any] = {"field": "part", "type": "nominal", "legend": None}
    colour |= {"scale": {"domain": list(colours), "range": list(colours.values())}}
    bar = {"type": "bar", "height": 15, "stroke": COLOURS["paper"], "strokeWidth": 1, "aria": True}
    said = {"description": {"field": "says", "type": "nominal"}}
    text = {"condition": {"test": "datum.dark", "value": "#fffffe"}, "value": "#000001"}
    number = {"x": {**x, "field": "middle"}, "y": y, "text": {"field": "text", "type": "nominal"}, "color": text}
    layers = [
        {"name": "hit", **_layer(rows, bar, {"x": x, "x2": {"field": "end"}, "y": y, "color": colour, **said})},
        _layer([row for row in rows if row["text"]], {"type": "text", "fontSize": SIZE}, number),
    ]
    return chart(layers, WIDE, len({row["name"] for row in rows}) * BAR)


def steps(own: Rows, base: Rows, title: str) -> Spec:
    """Survival of a policy (`own`, may be empty) and of the baseline.  Rows: x: years; value, low, high: %; says."""
    x: dict[str, Any] = {"field": "x", "type": "quantitative", "title": title, "axis": {"grid": False, "tickCount": 5}}
    y = {"type": "quantitative", "title": None, "scale": {"domain": [0, 100]}, "axis": {"tickCount": 4}}
    layers = []
    for rows, colour, dash in ((base, "base", [5, 3]), (own, "own", [])):
        look = {"interpolate": "step-after", "color": COLOURS[colour]}
        band = {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}}
        layers.append(_layer(rows, {"type": "area", "opacity": 0.2, **look}, band))
        line = {"type": "line", "strokeWidth": 2, "strokeDash": dash, **look}
        layers.append(_layer(rows, line, {"x": x, "y": {**y, "field": "value"}}))
    shown = own or base
    ends = [row["x"] for row in shown[1:]] + [shown[-1]["x"]]
    wide = [
        {"x": row["x"], "x2": end, "y": 0, "y2": 100, "says": row["says"]}
        for row, end in zip(shown, ends, strict=True)
        if end > row["x"]
    ]
    return chart([layer for layer in layers if layer["data"]["values"]] + [_columns(wide)], SMALL, 150)


@dataclass(frozen=True)
class Side:
    """An axis of a scatter: title, scale, and the limits of the box, None where it is open."""

    title: str
    scale: Literal["linear", "log"]
    low: float | None
    high: float | None


def scatter(rows: Rows, x: Side, y: Side) -> Spec:
    """Worlds that fail and worlds that do not, and the box.  rows: x, y, fails, says."""
    place: dict[str, Any] = {}
    limits: dict[str, float] = {}
    for name, side in (("x", x), ("y", y)):
        values = [row[name] for row in rows]
        ends = {"type": side.scale, "domain": [min(values), max(values)], "padding": 8, "nice": False, "zero": False}
        axis = {"tickCount": 5, "format": "~r", "grid": False, "labelOverlap": True}
        place[name] = {"field": name, "type": "quantitative", "scale": ends, "title": side.title, "axis": axis}
        limits[name] = min(values) if side.low is None else side.low
        limits[f"{name}2"] = max(values) if side.high is None else side.high
    corners = {**place, "x2": {"field": "x2"}, "y2": {"field": "y2"}}
    red = COLOURS["worse"]
    edge = {"type": "rect", "filled": False, "stroke": red, "strokeWidth": 1.5, "strokeDash": [4, 2]}
    layers = [
        _layer([limits], {"type": "rect", "color": red, "opacity": 0.1}, corners),
        _layer([limits], edge, corners),
    ]
    said = {"description": {"field": "says", "type": "nominal"}}
    point = {"type": "point", "opacity": 0.9}
    holds = {**point, "filled": False, "size": 24, "color": COLOURS["base"]}
    fails = {**point, "filled": True, "size": 50, "color": red, "shape": "diamond", "aria": True}
    layers.append(_layer([row for row in rows if not row["fails"]], holds, place))
    layers.append({"name": "hit", **_layer([row for row in rows if row["fails"]], fails, {**place, **said})})
    return chart(layers, SMALL + 40, 220)


def _layer(rows: Rows, mark: Spec, encoding: Spec) -> Spec:
    return {"data": {"values": [dict(row) for row in rows]}, "mark": mark, "encoding": encoding}


def _across(field: str, title: str, ends: Sequence[float]) -> dict[str, Any]:
    """A horizontal axis of values."""
    scale = {"domain": ends, "padding": 8, "nice": False, "zero": False}
    axis = {"tickCount": 5, "labelOverlap": True, "labelSeparation": 12, "labelFlush": 14}
    return {"field": field, "type": "quantitative", "title": title or None, "scale": scale, "axis": axis}


def _ends(rows: Rows, *more: float | None) -> list[float]:
    """The least and the largest of all values of rows, and of some more."""
    found = [row.get(name) for row in rows for name in ("value", "low", "high", "total")]
    known = [value for value in (*found, *more) if value is not None]
    return [min(known), max(known)]


def _names(rows: Rows) -> Spec:
    """The axis of names, in the order of the rows."""
    order = list(dict.fromkeys(row["name"] for row in rows))
    room = min(max(sum(_width(letter) for letter in name) for name in order), LABELS)
    extent = {"minExtent": room + 14, "maxExtent": room + 14}  # the same in all panels, in whatever font
    axis = {"labelLimit": SPARE * LABELS, "labelColor": COLOURS["ink"], "labelPadding": 8, "grid": False, **extent}
    return {"field": "name", "type": "nominal", "sort": order, "axis": axis, "title": None}


def _width(letter: str) -> float:
    """About the width of a letter, pixels."""
    return SIZE if letter > "\u2e7f" else 0.58 * SIZE


def _upright(value: float) -> Spec:
    """A line at a value."""
    mark = {"type": "rule", "color": COLOURS["quiet"], "strokeWidth": 1.2}
    return _layer([{"at": value}], mark, {"x": {"field": "at", "type": "quantitative"}})


def _stripes(rows: Rows, y: Spec) -> Spec:
    """A thin line through each row, which leads from its name to its mark."""
    return _layer(rows, {"type": "rule", "color": COLOURS["line"], "strokeWidth": 1}, {"y": y})


_UNSEEN = {"color": COLOURS["ink"], "opacity": 0, "aria": True}


def _rows(rows: Rows, y: Spec) -> Spec:
    """Rows that answer to the pointer."""
    whole = {"x": {"value": 0}, "x2": {"value": "width"}, "y": y, "description": {"field": "says", "type": "nominal"}}
    return {"name": "hit", **_layer(rows, {"type": "bar", "height": BAR - 2, **_UNSEEN}, whole)}


def _columns(rows: Rows) -> Spec:
    """Columns that answer to the pointer.  rows: x, x2, y, y2, says."""
    corners: Spec = {name: {"field": name, "type": "quantitative"} for name in ("x", "y")}
    ends = {"x2": {"field": "x2"}, "y2": {"field": "y2"}, "description": {"field": "says", "type": "nominal"}}
    return {"name": "hit", **_layer(rows, {"type": "rect", **_UNSEEN}, {**corners, **ends})}
