"""What stands in front keeps its wide characters where something behind it begins or ends.

Textual cuts each line of the screen wherever a widget on it begins or ends, also where that is hidden, and a character
of two cells becomes two blanks if a cut goes through it: https://github.com/Textualize/textual/issues/6357. Messages in
Chinese lose characters by that. Here a line is cut only where a widget is seen to begin or end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import cast

from textual import screen
from textual._compositor import ChopsUpdate, Compositor
from textual.geometry import Region
from textual.strip import Strip

Span = tuple[int, int]
"""The first column and the one behind the last."""
REPLACED = ("cuts", "_render_chops", "render_partial_update")


class WholeCharacters(Compositor):
    """Puts a screen together as Textual does, with fewer cuts."""

    @property
    def cuts(self) -> list[list[int]]:
        """Columns at which each line is cut, from 0 to the width of the screen."""
        if self._cuts is None:
            spans: list[list[Span]] = [[] for _ in range(self.size.height)]
            for region, clip in self.visible_widgets.values():
                shown = region.intersection(clip)
                if shown:
                    for line in spans[shown.y : shown.bottom]:
                        line.append(shown.column_span)
            self._cuts = [seen_edges(tuple(line), self.size.width) for line in spans]
        return self._cuts

    def _render_chops(self, crop: Region, is_rendered_line: Callable[[int], bool]) -> Sequence[Mapping[int, Strip]]:
        """Parts of each line by the column of their first cell; those outside of `crop` may be missing."""
        cuts = self.cuts
        chops: list[dict[int, Strip | None]] = [dict.fromkeys(line[:-1]) for line in cuts]
        for region, clip, strips in self._get_renders(crop):
            shown = region.intersection(clip)
            first, last = shown.column_span
            for y, strip in zip(shown.line_range, strips, strict=False):
                edges = [cut for cut in cuts[y] if first <= cut <= last]
                if len(edges) > 1 and is_rendered_line(y):
                    start = edges[0]
                    parts = strip.crop(start - first).divide([edge - start for edge in edges[1:]])
                    for edge, part in zip(edges, parts, strict=False):
                        if chops[y][edge] is None:  # what is in front comes first
                            chops[y][edge] = part
        return cast("Sequence[Mapping[int, Strip]]", chops)

    def render_partial_update(self) -> ChopsUpdate | None:
        """What has changed, each part of a line to its end: something behind it may have changed up to its middle."""
        update = super().render_partial_update()
        if update is not None:
            spans = ((y, x1, min((cut for cut in self.cuts[y] if cut >= x2), default=x2)) for y, x1, x2 in update.spans)
            update.spans = list(self._regions_to_spans(Region(x1, y, x2 - x1, 1) for y, x1, x2 in spans))
        return update


@lru_cache(1024)
def seen_edges(spans: tuple[Span, ...], width: int) -> list[int]:
    """Columns of a line at which something is seen to begin or end, in order, with 0 and `width`.

    spans: what there is on the line, from the front to the back.
    """
    edges = {0, width}
    for number, span in enumerate(spans):
        edges.update(edge for edge in span if not any(first < edge < last for first, last in spans[:number]))
    return sorted(edges)


def keep_characters_whole() -> None:
    """Put together all screens so that are made from now on, unless Textual works otherwise by now."""
    if all(hasattr(Compositor, name) for name in REPLACED):
        setattr(screen, "Compositor", WholeCharacters)  # noqa: B010 - it is a class, to which nothing is assigned
