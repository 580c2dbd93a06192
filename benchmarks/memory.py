"""Peak memory of a piece of work, measured in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parent.parent


def peak_memory_of(module: str, call: str, workers: int) -> float:
    """Peak resident memory in MB, all processes together, by their largest process times their number.

    module: where the function is that is called.  call: as it is written, with its arguments.
    """
    code = (
        "import resource\n"
        f"from {module} import {call.partition('(')[0]}\n"
        f"{call}\n"
        "own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss\n"
        f"print((own + child * {workers}) / 1024)\n"
    )
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=_ROOT).stdout
    return float(out)
