"""Documents whose code runs: the `python` blocks of a file one after another, each with the output shown below it.

A `yaml` block that begins with a comment such as `# trial.yaml` is a file beside the code.
`python -m tests.interop.documents` writes the output anew, for a person to look at.
"""

from __future__ import annotations

import io
import os
import re
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import polars as pl

DOCS = Path(__file__).parents[2] / "docs"
NAMES = ("ema-workbench.md", "salib.md", "pettingzoo.md", "notebook.md")

_BLOCK = re.compile(r"^```(?P<language>python|yaml|text)\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Output:
    """What a block of code printed, and what the document shows of it.  span: where it is shown."""

    code: str
    shown: str
    printed: str
    span: tuple[int, int] | None


def played(text: str) -> Iterator[Output]:
    """Run the code of a document in the current folder, all blocks in one namespace."""
    blocks = list(_BLOCK.finditer(text))
    names: dict[str, object] = {"__name__": "__main__"}
    for place, block in enumerate(blocks):
        code = block["body"]
        if block["language"] == "yaml" and (name := re.match(r"# (\S+\.yaml)\n", code)):
            Path(name[1]).write_text(code, encoding="utf-8")
        if block["language"] != "python":
            continue
        below = blocks[place + 1] if place + 1 < len(blocks) and blocks[place + 1]["language"] == "text" else None
        with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()):
            exec(compile(code, "document", "exec"), names)
        yield Output(code, below["body"] if below else "", _trimmed(out.getvalue()), below and below.span("body"))


def _trimmed(text: str) -> str:
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def check(name: str, folder: Path) -> None:
    """Run a document and compare every output with the one that it shows."""
    with chdir(folder), pl.Config():  # what the document sets for its tables ends with it
        outputs = list(played((DOCS / name).read_text(encoding="utf-8")))
    assert outputs
    for output in outputs:
        assert output.printed == output.shown, output.code


def renewed(text: str) -> str:
    """The document with every output as it is now."""
    for output in reversed(list(played(text))):
        if output.span is not None:
            text = text[: output.span[0]] + output.printed + text[output.span[1] :]
    return text


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for path in (DOCS / name for name in NAMES):
        with tempfile.TemporaryDirectory() as empty, chdir(empty), pl.Config():
            path.write_text(renewed(path.read_text(encoding="utf-8")), encoding="utf-8")
        print(os.path.relpath(path))
