"""Everything that the game says exists in Chinese, and what is shipped is what was translated."""

from __future__ import annotations

import ast
import io
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
PO = ROOT / "tui/i18n/zh/LC_MESSAGES/marketsim.po"


def said() -> set[str]:
    """Every text that the program marks."""
    keywords = {"say": None, "N_": None}
    found = extract_from_dir(ROOT / "tui", keywords=keywords, comment_tags=())
    return {str(message) for _, _, message, _, _ in found if message}


def translated() -> Catalog:
    with PO.open("rb") as file:
        return read_po(file, locale="zh")


@pytest.mark.filterwarnings("ignore")
def test_every_text_has_its_chinese():
    have = {message.id: message for message in translated() if message.id}
    missing = sorted(said() - {text for text, message in have.items() if message.string and not message.fuzzy})
    assert not missing, f"{len(missing)} texts without Chinese: {missing[:10]}"


def written() -> set[str]:
    """Every text that stands as it is in a call of `say` or `N_`, wherever that is."""
    calls = [
        call
        for file in (ROOT / "tui").rglob("*.py")
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Constant)
    ]
    names = {"say", "N_"}
    return {
        call.args[0].value for call in calls if {getattr(call.func, "id", ""), getattr(call.func, "attr", "")} & names
    }


@pytest.mark.filterwarnings("ignore")
def test_no_text_stands_where_it_is_not_collected():
    """Such as in the braces of an f-string, which are not looked into."""
    assert written() - said() == set()


def braces(text: str) -> list[str]:
    return sorted(re.findall(r"{(\w*)}", text))


def test_translations_name_the_same_values():
    wrong = [m.id for m in translated() if m.id and braces(str(m.id)) != braces(str(m.string))]
    assert not wrong


def test_chinese_is_chinese():
    """A translation holds Chinese characters, unless it is a unit, a name or a number."""
    plain = [
        m.id
        for m in translated()
        if m.id and str(m.id) == str(m.string) and re.search("[a-z]{4}", re.sub("{.*?}", "", m.id))
    ]
    assert not plain


def test_the_compiled_catalogue_is_that_of_the_source():
    catalogue = translated()
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    assert compiled.getvalue() == PO.with_suffix(".mo").read_bytes(), "run `make messages`"
