"""Who follows scenarios/README.md to the letter gets a scenario that runs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from marketsim.cli import main
from marketsim.scenario import library

README = (library.folder() / "README.md").read_text(encoding="utf-8")
STEPS = re.findall(r"```(sh|yaml)\n(.*?)```", README, re.DOTALL)


def call(arguments: list[str]) -> int:
    small = ["--runs", "2", "--quarters", "2", "--workers", "1"] if arguments[0] == "run" else []
    with pytest.raises(SystemExit) as caught:
        main([*arguments, *small])
    assert isinstance(caught.value.code, int)
    return caught.value.code


def test_the_steps_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for kind, text in STEPS:
        if kind == "yaml":
            with Path("my-world.yaml").open("a", encoding="utf-8") as stream:
                stream.write(text)
            continue
        for line in text.splitlines():
            words = shlex.split(re.split(" [|>] ", line)[0])
            assert words[0] == "marketsim"
            assert call(words[1:]) == 0, line
    world = library.load_scenario("my-world.yaml")
    assert "biren" not in world.vendors
    assert world.vendors["sunrise"].price == 20
    assert world.nodes["n7"].capacity == {"2025Q1": 24, "2026Q4": 40, "2027Q4": 140, "2034Q4": 200}
    assert "subsidy" in world.policies
    assert [kind for kind, _ in STEPS].count("yaml") == 1


def test_the_message_it_shows_is_the_message_of_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    call(["scenario", "new", "my-world"])
    changes = next(text for kind, text in STEPS if kind == "yaml").replace("2027Q4: 140", "2027Q5: 140")
    with Path("my-world.yaml").open("a", encoding="utf-8") as stream:
        stream.write(changes)
    capsys.readouterr()
    assert call(["scenario", "validate", "my-world.yaml"]) == 1
    shown = re.search(r"```text\n(.*?)```", README, re.DOTALL)
    assert shown is not None
    assert capsys.readouterr().err == shown[1]


@pytest.mark.parametrize("override", re.findall(r"`--set ([a-z][^`]*=[^`]*)`", README))
def test_the_overrides_it_shows(override: str) -> None:
    assert library.load("china-ai-chips", [override]).scenario


def test_the_overrides_move_what_the_text_says() -> None:
    world = library.load_scenario("china-ai-chips")
    assert "State-funded" in world.events[13].title.en
    assert list(world.events[13].changes) == ["domestic_content.government"]
    assert len(re.findall(r"`--set ([a-z][^`]*=[^`]*)`", README)) == 3
