"""Colours and themes: Okabe and Ito's palette for dark and light grounds, with a letter for every series.

Okabe and Ito (2008), "Color universal design", chosen so that colour-blind readers tell them apart. On dark ground
their blue is lightened to be readable; on light ground all are darkened and yellow becomes near-black. Every colour
of a series has a contrast of at least 4.5 to its ground (WCAG 2 for text), 7 in high contrast.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from string import ascii_uppercase

from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme


@dataclass(frozen=True)
class Palette:
    """Colours by meaning, each as Textual writes them: `#56B4E9` or `ansi_cyan`."""

    own: str
    """The player's vendor, wherever it is shown."""
    series: tuple[str, ...]
    """Rivals by slot, see `color`: colours that anyone tells apart."""
    shades: tuple[str, ...]
    """Another shade of each, for the slots behind."""
    others: str
    """Groups and references that are nobody's own colour."""
    limit: str
    """Limits, and values beyond them."""
    gain: str
    loss: str
    muted: str
    """Text of axes."""
    grid: str
    """Faint lines and the empty part of a bar."""
    ansi: bool = False
    """The terminal's own 16 colours: they cannot be blended."""

    def color(self, slot: int | None, own: bool = False) -> str:
        """The colour of the vendor in `slot` (0, 1, ...; they repeat, letters do not), of nobody for None."""
        if own:
            return self.own
        colors = self.series + self.shades
        return self.others if slot is None else colors[slot % len(colors)]

    def variables(self) -> dict[str, str]:
        """For style sheets: `$own`, `$series-1` and so on, `$others`, `$limit`, `$gain`, `$loss`, `$axis`, `$grid`."""
        named = {f"series-{number}": color for number, color in enumerate(self.series, 1)}
        return named | {
            "own": self.own,
            "others": self.others,
            "limit": self.limit,
            "gain": self.gain,
            "loss": self.loss,
            "axis": self.muted,
            "grid": self.grid,
        }


def mark(slot: int | None, own: bool = False) -> str:
    """The letter of the vendor in `slot`: A, B, ... Z, and again; `*` for the player's, `+` for nobody's."""
    if own:
        return "*"
    return "+" if slot is None else ascii_uppercase[slot % len(ascii_uppercase)]


def contrast(color: str, ground: str) -> float:
    """Contrast of two colours, 1 (none) to 21 (black on white), as WCAG 2 defines it."""
    lighter, darker = sorted((_luminance(Color.parse(color)), _luminance(Color.parse(ground))), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: Color) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color.normalized]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


NIGHT = Palette(
    own="#F5A31A",
    series=("#56B4E9", "#00A077", "#E79FC4", "#F3EB6B", "#3A80E8"),
    shades=("#A6D3F0", "#6FC9AE", "#B9779A", "#B5AE45", "#8FB4F2"),
    others="#7F8895",
    limit="#E8693B",
    gain="#56B4E9",
    loss="#E8693B",
    muted="#8B95A3",
    grid="#333C48",
)
DAY = Palette(
    own="#AD5000",
    series=("#1774B5", "#007457", "#93327A", "#2E2B14", "#1F3A93"),
    shades=("#4A6E8C", "#2F6B3C", "#6E4B73", "#6B6030", "#55589E"),
    others="#686F79",
    limit="#9E1A1A",
    gain="#1774B5",
    loss="#9E1A1A",
    muted="#5F6773",
    grid="#CDD2D8",
)
HIGH_CONTRAST = Palette(
    own="#FFB000",
    series=("#6CC8FF", "#1FD39A", "#FFB8E0", "#FFF799", "#7A9BFF"),
    shades=("#BDE6FF", "#9AF0D3", "#E08BBB", "#D6CB5A", "#BFCFFF"),
    others="#A8A8A8",
    limit="#FF8052",
    gain="#6CC8FF",
    loss="#FF8052",
    muted="#D8D8D8",
    grid="#6A6A6A",
)
ANSI = Palette(
    own="ansi_default",
    series=("ansi_cyan", "ansi_green", "ansi_magenta", "ansi_yellow", "ansi_blue"),
    shades=("ansi_bright_cyan", "ansi_bright_green", "ansi_bright_magenta", "ansi_bright_yellow", "ansi_bright_blue"),
    others="ansi_bright_black",
    limit="ansi_red",
    gain="ansi_cyan",
    loss="ansi_red",
    muted="ansi_default",
    grid="ansi_bright_black",
    ansi=True,
)
PALETTES = {"night": NIGHT, "day": DAY, "high-contrast": HIGH_CONTRAST, "ansi": ANSI}

THEMES = (
    Theme(
        name="night",
        primary="#56B4E9",
        secondary="#3A80E8",
        accent="#F5A31A",
        warning="#F3EB6B",
        error="#E8693B",
        success="#00A077",
        foreground="#D5DCE4",
        background="#0D1117",
        surface="#12171E",
        panel="#1B222C",
        variables=NIGHT.variables()
        | {"border": "#56B4E9", "border-blurred": "#333C48", "footer-key-foreground": "#F5A31A"},
    ),
    Theme(
        name="day",
        primary="#1774B5",
        secondary="#1F3A93",
        accent="#AD5000",
        warning="#7A6300",
        error="#9E1A1A",
        success="#007457",
        foreground="#1E252E",
        background="#F7F7F4",
        surface="#FFFFFF",
        panel="#E9EBED",
        dark=False,
        variables=DAY.variables()
        | {"border": "#1774B5", "border-blurred": "#BCC3CB", "footer-key-foreground": "#AD5000"},
    ),
    Theme(
        name="high-contrast",
        primary="#6CC8FF",
        secondary="#7A9BFF",
        accent="#FFB000",
        warning="#FFF799",
        error="#FF8052",
        success="#1FD39A",
        foreground="#FFFFFF",
        background="#000000",
        surface="#000000",
        panel="#1C1C1C",
        text_alpha=1.0,
        variables=HIGH_CONTRAST.variables()
        | {"border": "#FFFFFF", "border-blurred": "#A8A8A8", "footer-key-foreground": "#FFB000"},
    ),
    # Textual's own theme for 16 colours, without colours that vanish on a light ground.
    replace(
        BUILTIN_THEMES["ansi-dark"],
        name="ansi",
        primary="ansi_cyan",
        secondary="ansi_blue",
        accent="ansi_magenta",
        variables=BUILTIN_THEMES["ansi-dark"].variables
        | ANSI.variables()
        | {
            "ansi-background": "ansi_default",
            "ansi-foreground": "ansi_default",
            "border": "ansi_cyan",
            "border-blurred": "ansi_bright_black",
            "block-cursor-background": "ansi_cyan",
        },
    ),
)
"""The game's themes; the first is the default."""


def palette_of(theme: Theme) -> Palette:
    """The palette of one of the game's themes, and the nearest one for any other theme."""
    nearest = ANSI if theme.ansi else NIGHT if theme.dark else DAY
    return PALETTES.get(theme.name, nearest)


def default_theme(color_system: str | None, no_color: bool) -> str:
    """The theme to start with, from the app's `console.color_system` and `no_color`.

    Terminals with 16 colours, and people who set NO_COLOR, get the terminal's own colours. With NO_COLOR the app must
    also be made with `ansi_color=True`: only then does Textual take all colour out, else it makes some of it black.
    """
    return "ansi" if no_color or color_system in (None, "standard", "windows") else "night"
