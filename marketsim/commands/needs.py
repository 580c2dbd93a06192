"""Libraries that some commands need and that do not come with the package by itself."""

from __future__ import annotations

from importlib.util import find_spec

from marketsim.errors import MarketSimError

EXTRAS = {
    **dict.fromkeys(
        ("distributed", "ema_workbench", "fsspec", "lifelines", "pyarrow", "vl_convert", "xarray"), "experiments"
    ),
    **dict.fromkeys(("qrcode", "starlette", "textual_serve", "uvicorn", "websockets"), "workshop"),
}
"""What brings a library, if it is not `calibration`."""


def need(*libraries: str) -> None:
    """Raises MarketSimError naming those that are missing, and what brings them."""
    missing = [name for name in libraries if find_spec(name) is None]
    if missing:
        extras = ",".join(dict.fromkeys(EXTRAS.get(name, "calibration") for name in missing))
        hint = f"pip install 'chip-market[{extras}]' brings {'it' if len(missing) == 1 else 'them'}"
        raise MarketSimError(f"this command needs {' and '.join(missing)}: {hint}")
