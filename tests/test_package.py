"""The package from outside: what importing it costs, what it offers, and that it is typed."""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import marketsim

ROOT = Path(__file__).parents[1]
HEAVY = ("numpy", "pydantic", "mesa", "polars", "yaml", "scipy", "cma", "textual", "agents", "tui")
SHOW = f"""
import sys
print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)
"""


def loaded(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code + SHOW], capture_output=True, text=True, cwd=ROOT, check=True)
    return done.stderr.strip()


def test_importing_the_package_loads_nothing_heavy():
    assert loaded("import marketsim") == "[]"


HELP = """
from marketsim.cli import main
try:
    main({})
except SystemExit:
    pass
"""


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], []])
def test_help_loads_nothing_heavy(arguments: list[str]):
    assert loaded(HELP.format(arguments)).splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "arguments", [["run", "--help"], ["strategies", "--help"], ["calibrate", "--help"], ["run", "--runs", "0"]]
)
def test_help_on_a_command_and_wrong_use_load_nothing_heavy_but_what_typer_does(arguments: list[str]):
    assert loaded(HELP.format(arguments)).splitlines()[-1] in ("[]", "['pydantic']")


def test_what_is_used_is_loaded():
    assert "numpy" in loaded("import marketsim; marketsim.simulate"), "or the tests above could not fail"


def test_every_public_name_is_there_documented_and_listed():
    for name in marketsim.__all__:
        found = getattr(marketsim, name)
        assert inspect.getdoc(found), name
    assert set(dir(marketsim)) >= {*marketsim.__all__, "__version__"}
    with pytest.raises(AttributeError, match="module 'marketsim' has no attribute 'simulat'"):
        _ = marketsim.simulat


def test_names_for_type_checkers_are_those_at_run_time():
    tree = ast.parse((ROOT / "marketsim" / "__init__.py").read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module != "importlib"]
    homes = {name.name: node.module for node in imports for name in node.names if "marketsim" in str(node.module)}
    assert set(homes) == set(marketsim.__all__)
    for name, home in homes.items():
        assert getattr(importlib.import_module(str(home)), name) is getattr(marketsim, name)


@pytest.mark.parametrize("package", ["marketsim", "agents", "tui"])
def test_every_package_is_marked_as_typed(package: str):
    assert (ROOT / package / "py.typed").read_bytes() == b""
