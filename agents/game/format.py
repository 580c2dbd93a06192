"""The text of a game file: one JSON object with a checksum, written, read and checked on its own.

What the fields mean is in docs/game-files.md. Whether they fit a scenario is looked at in `agents.game.file`.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import numpy as np
from pydantic import Field, ValidationError
from pydantic_core import from_json

import marketsim
from agents.game.company import Intervention
from agents.game.setup import Setup
from marketsim.errors import FileError, Origin, Problem, ScenarioError, printable
from marketsim.scenario.fields import Section
from marketsim.scenario.problems import dotted, in_file
from marketsim.scenario.source import Key, Node, read_text

FORMAT: Final = "marketsim-game"
SCHEMA: Final = 1
MAX_BYTES = 4_000_000
"""Twice what 40 quarters of sixty teams take in which every figure of every plan changes."""

Version = Annotated[str, Field(max_length=60)]


class GameFileError(FileError):
    """A game file that cannot be used."""

    about = "game file"


class Versions(Section):
    """With what a game was played."""

    marketsim: Version
    numpy: Version
    python: Version

    @classmethod
    def here(cls) -> Versions:
        """Those of this process."""
        return cls(marketsim=marketsim.__version__, numpy=np.__version__, python=platform.python_version())


class Quarter(Section):
    """A quarter that was played.

    plan: what of it is not as in the quarter before; none where nobody is played.  digest: of the market after it.
    cash: then, rmb_m, of the own vendor; of all vendors together where nobody is played.
    others: plans of vendors that other people play, as what is not as in their last one.  interventions, strategies:
    see `agents.game.company.Others`.
    """

    plan: dict[str, Any] | None = None
    others: dict[str, dict[str, Any]] | None = None
    interventions: list[Intervention] | None = None
    strategies: dict[str, str] | None = None
    digest: Annotated[str, Field(pattern="^[0-9a-f]{8}$")]
    cash: float


class Content(Section):
    """All of a game file but its checksum."""

    format: Literal["marketsim-game"] = FORMAT
    schema_version: Annotated[int, Field(ge=SCHEMA, le=SCHEMA)] = SCHEMA
    versions: Versions
    scenario_hash: Annotated[str, Field(pattern="^[0-9a-f]{16}$")]
    setup: Setup
    quarters: Annotated[list[Quarter], Field(max_length=400)]
    draft: dict[str, Any] | None = None


def text_of(content: Content) -> str:
    """The content as the text of a file, one quarter a line, with its checksum at the end."""
    plain = content.model_dump(exclude_none=True)
    lines = []
    for key, value in {**plain, "checksum": checksum(plain)}.items():
        rows = ",\n".join(map(_compact, value)) if key == "quarters" else ""
        lines.append(f"{_compact(key)}:" + (f"[\n{rows}\n]" if rows else _compact(value)))
    return "{" + ",\n".join(lines) + "}\n"


def checksum(plain: Mapping[str, Any]) -> str:
    """16 hexadecimal digits of what a file says, the checksum left out: layout and order of keys do not matter."""
    rest = {key: value for key, value in plain.items() if key != "checksum"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()[:16]


def read(path: Path) -> Content:
    """The content of a file, right in itself.  Raises GameFileError with everything that is wrong."""
    origin = Origin(str(path))
    plain = _ours(_parsed(path, origin), origin)
    problems = []
    stored, expected = plain.pop("checksum", None), checksum(plain)
    if stored is not None and stored != expected:
        hint = "the file was damaged or edited; if you edited it, delete its field checksum"
        found = in_file(Node(stored, origin))
        problems.append(Problem(origin, "does not fit the rest of the file", "checksum", found, repr(expected), hint))
    try:
        content = Content.model_validate(plain, strict=True)
    except ValidationError as error:
        raise GameFileError(problems + from_validation(error, origin)) from None
    if problems:
        raise GameFileError(problems)
    return content


def from_validation(error: ValidationError, origin: Origin, within: tuple[Key, ...] = ()) -> list[Problem]:
    """What pydantic objects to, each with its field and value.  within: path of the part that was looked at."""
    problems = []
    for detail in error.errors(include_url=False):
        field, said, allowed = dotted((*within, *detail["loc"])), detail["msg"], ""
        found = in_file(Node(detail["input"], origin))
        if detail["type"] == "missing":
            said, found = "is required and missing", ""
        elif detail["type"] == "extra_forbidden":
            said = "is not known here"
        elif said.startswith("Input should be "):
            said, allowed = "cannot be so", said.removeprefix("Input should be ")
        problems.append(Problem(origin, said[0].lower() + said[1:], field, found, allowed))
    return problems


def _parsed(path: Path, origin: Origin) -> Any:
    try:
        text = read_text(path, "game", MAX_BYTES)
    except ScenarioError as unreadable:
        raise GameFileError(unreadable.problems) from None
    if not text.strip():
        raise GameFileError([Problem(origin, "is empty")])
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError as error:
        hint = "the end of the file is missing" if "EOF" in str(error) else ""
        raise GameFileError([Problem(origin, f"is not valid JSON: {error}", hint=hint)]) from None


def _ours(parsed: Any, origin: Origin) -> dict[str, Any]:
    """The object, if it says that it is a game file, and of a schema that is known here."""
    if not isinstance(parsed, dict) or parsed.get("format") != FORMAT:
        found = parsed.get("format", parsed) if isinstance(parsed, dict) else parsed
        message, allowed = "is not a game file of marketsim", f"a JSON object with the format {FORMAT!r}"
        raise GameFileError([Problem(origin, message, "format", in_file(Node(found, origin)), allowed)])
    schema = parsed.get("schema_version")
    if isinstance(schema, int) and not isinstance(schema, bool) and schema > SCHEMA:
        versions = parsed.get("versions")
        by = versions.get("marketsim") if isinstance(versions, dict) else None
        message = "was written by a newer version of marketsim"
        message += f": {printable(by, 60)}" if isinstance(by, str) else ""
        found, hint = printable(str(schema), 60), f"this is marketsim {marketsim.__version__}; use that one or a later"
        raise GameFileError([Problem(origin, message, "schema_version", found, f"at most {SCHEMA}", hint)])
    return parsed


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
