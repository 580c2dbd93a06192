"""Tables of history: what is read, what is derived, and what is said about a wrong one."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketsim.errors import TableError
from marketsim.shakeout.bounds import structure_bounds
from marketsim.shakeout.classify import Thresholds, judge
from marketsim.shakeout.gauges import measure
from marketsim.shakeout.history import SERIES
from marketsim.shakeout.reference import load_reference
from marketsim.shakeout.table import COLUMNS, KNOWN, MAX_BYTES, MAX_ROWS, Table, load_table
from marketsim.shakeout.window import window

AMOUNT = "a number from 0 to 1e+15"
SHARE = "a number from 0 to 1,"
YEAR = "a year from 1500 to 2200"
QUARTER = "a quarter from 1500Q1 to 2200Q4"


def cell(column: str, value: str, others: str = "") -> str:
    """A table that is right but for one cell, in line 3. others: further columns with their values, name=value."""
    figures = {"year": "2011", "firms": "5"} | dict(pair.split("=") for pair in others.split()) | {column: value}
    names, values = list(figures), list(figures.values())
    return f"{','.join(names)}\n2010,10{',' * (len(names) - 2)}\n{','.join(values)}\n"


# name: the table, line, field, words of the message, of what was found, of what is allowed, and of the hint
WRONG: dict[str, tuple[str | bytes, int | None, str, str, str, str, str]] = {
    "empty": ("", None, "", "has no header: it is empty", "", "", "the first line names columns"),
    "blank": ("\n \n", None, "", "has no header: it is empty", "", "", "year,firms"),
    "comments": ("# year,firms\n#\n", None, "", "has no header", "", "", ""),
    "binary": (b"\x89PNG\r\n\x1a\n\x00", 1, "", "is not UTF-8 text: byte 0x89", "", "", "save it as UTF-8"),
    "NUL": (b"year,firms\n2010,\x001\n", 2, "", "holds a NUL character", "", "", ""),
    "UTF-16": ("year,firms\n".encode("utf-16"), None, "", "UTF-16", "", "", ""),
    "Latin-1": ("year,firms,note\n2010,1,caf\xe9\n".encode("latin-1"), 2, "", "is not UTF-8 text", "", "", ""),
    "too large": (b"year,firms\n" + b"#" * MAX_BYTES, None, "", "is larger than 5 MB, the most that a table", "", "", ""),
    "no header": ("2010,10\n2011,5\n", 1, "", "has no header", "2010", "", "the first line names columns"),
    "no header, quarters": ("2010Q1,10\n2010Q2,5\n", 1, "", "has no header", "2010Q1", "", ""),
    "header only": ("year,firms\n", None, "", "has 0 rows of figures", "", "at least two", ""),
    "one row": ("year,firms\n2010,10\n", None, "", "has 1 row of figures", "", "at least two", ""),
    "no period": ("firms,output\n10,1\n5,1\n", 1, "year", "is required and missing", "", "`year`, or a column `quarter`", ""),
    "no firms": ("year,output\n2010,1\n2011,2\n", 1, "firms", "is required and missing", "", "number of active firms", ""),
    "two periods": ("year,quarter,firms\n2010,2010Q1,1\n2011,2011Q1,2\n", 1, "quarter", "beside `year`", "", "one of the two", ""),
    "unknown column": ("year,firms,outptu\n2010,1,\n2011,1,\n", 1, "outptu", "is not a column", "", "", "did you mean 'output'?"),
    "capital letters": ("year,firms,Price\n2010,1,\n2011,1,\n", 1, "Price", "is not a column", "", "", "did you mean 'price'?"),
    "the same column twice": ("year,firms,hhi,hhi\n2010,1,,\n2011,1,,\n", 1, "hhi", "stands twice in the header", "", "", ""),
    "a column without a name": ("year,firms,\n2010,1,\n2011,1,\n", 1, "", "column 3 has no name", "", "year, quarter, firms", ""),
    "many columns": ("year,firms" + ",x" * 200 + "\n", 1, "", "has 202 columns", "", "at most 100", ""),
    "too few cells": ("year,firms,hhi\n2010,1\n2011,1,\n", 2, "", "has 2 cells", "", "3 cells, as the header", ""),
    "too many cells": ("year,firms,hhi\n2010,1,\n2011,1,0,44\n", 3, "", "has 4 cells", "", "3 cells", "decimal point: 0.44"),
    "broken quotes": ('year,firms,note\n2010,1,"a\n2011,1,b\n', 2, "", "is not valid CSV", "", "", ""),
    "many rows": ("year,firms\n" + "2010,1\n" * (MAX_ROWS + 1), MAX_ROWS + 2, "", "more than 2,000 rows", "", "", ""),
    "no firms known": ("year,firms,output\n2010,,1\n2011,,2\n", None, "firms", "is not known in any row", "", "the number of", ""),
    "text": (cell("price", "cheap"), 3, "price", "is not a number", "'cheap'", AMOUNT, "leave the cell empty"),
    "a dash": (cell("output", "-"), 3, "output", "is not a number", "'-'", AMOUNT, "leave the cell empty"),
    "not a number": (cell("price", "nan"), 3, "price", "is not a finite number", "'nan'", AMOUNT, "leave the cell empty"),
    "infinite": (cell("price", "-Inf"), 3, "price", "is not a finite number", "'-Inf'", AMOUNT, ""),
    "overflow": (cell("price", "1e999"), 3, "price", "is not a finite number", "'1e999'", AMOUNT, ""),
    "too large a number": (cell("price", "1e16"), 3, "price", "is out of bounds", "'1e16'", AMOUNT, ""),
    "too near to 0": (cell("output", "1e-300"), 3, "output", "is too near to 0", "'1e-300'", AMOUNT, ""),
    "Python's digits": (cell("output", "1_000"), 3, "output", "is not a number", "'1_000'", AMOUNT, ""),
    "Arabic digits": (cell("output", "١٢"), 3, "output", "is not a number", "'١٢'", AMOUNT, ""),
    "separators": (cell("output", '"1,000"'), 3, "output", "is not a number", "'1,000'", AMOUNT, "without separators of thousands"),
    "decimal comma": ("year;firms;hhi\n2010;1;\n2011;1;0,44\n", 3, "hhi", "is not a number", "'0,44'", SHARE, "write 0.44 and not 0,44"),
    "control characters": (cell("price", "\x1b[31m"), 3, "price", "is not a number", "\\\\x1b[31m", AMOUNT, ""),
    "percent sign": (cell("hhi", "44%"), 3, "hhi", "is not a number", "'44%'", SHARE, "written as 0.44, without %"),
    "per cent": (cell("top10_share", "44"), 3, "top10_share", "is out of bounds", "'44'", SHARE, "write 0.44 for 44 %"),
    "share above 1": (cell("top1_share", "1.01"), 3, "top1_share", "is out of bounds", "'1.01'", SHARE, "0.0101 for 1.01 %"),
    "share far above 1": (cell("utilisation", "120"), 3, "utilisation", "is out of bounds", "'120'", SHARE, ""),
    "negative share": (cell("profitable", "-0.1"), 3, "profitable", "is out of bounds", "'-0.1'", SHARE, ""),
    "negative index": (cell("hhi", "-0.1"), 3, "hhi", "is out of bounds", "'-0.1'", SHARE, ""),
    "index of 10,000": (cell("hhi", "1800"), 3, "hhi", "is out of bounds", "'1800'", "shares that sum to 1", ""),
    "margin above 1": (cell("gross_margin", "16"), 3, "gross_margin", "is out of bounds", "'16'", "a number up to 1", "write 0.16 for 16 %"),
    "leader's margin": (cell("leader_margin", "1.5"), 3, "leader_margin", "is out of bounds", "'1.5'", "a number up to 1", ""),
    "negative firms": (cell("firms", "-5"), 3, "firms", "is out of bounds", "'-5'", AMOUNT, ""),
    "infinite firms": (cell("firms", "inf"), 3, "firms", "is not a finite number", "'inf'", AMOUNT, ""),
    "negative output": (cell("output", "-1"), 3, "output", "is out of bounds", "'-1'", AMOUNT, ""),
    "negative price": (cell("price", "-1"), 3, "price", "is out of bounds", "'-1'", AMOUNT, ""),
    "negative revenue": (cell("revenue", "-1"), 3, "revenue", "is out of bounds", "'-1'", AMOUNT, ""),
    "negative capacity": (cell("capacity", "-1"), 3, "capacity", "is out of bounds", "'-1'", AMOUNT, ""),
    "negative demand": (cell("demand", "-1"), 3, "demand", "is out of bounds", "'-1'", "a number above 0", ""),
    "no demand": (cell("demand", "0"), 3, "demand", "is out of bounds", "'0'", "a number above 0", ""),
    "negative entries": (cell("entries", "-1"), 3, "entries", "is out of bounds", "'-1'", AMOUNT, ""),
    "negative exits": (cell("exits", "-1"), 3, "exits", "is out of bounds", "'-1'", AMOUNT, ""),
    "top 2 below top 1": (cell("top2_share", "0.2", "top1_share=0.3"), 3, "top2_share", "contradicts", "0.2", "from 0.3 to 0.6, since top1_share is 0.3", ""),
    "top 2 above twice top 1": (cell("top2_share", "0.7", "top1_share=0.3"), 3, "top2_share", "contradicts", "0.7", "from 0.3 to 0.6", ""),
    "top 10 below top 1": (cell("top10_share", "0.2", "top1_share=0.3"), 3, "top10_share", "contradicts", "0.2", "from 0.3 to 1", ""),
    "top 10 below top 5": (cell("top10_share", "0.5", "top5_share=0.6"), 3, "top10_share", "contradicts", "0.5", "from 0.6 to 1", ""),
    "index below top 1": (cell("hhi", "0.2", "top1_share=0.5"), 3, "hhi", "contradicts", "0.2", "from 0.25 to 0.5, since top1_share", ""),
    "index above top 1": (cell("hhi", "0.6", "top1_share=0.5"), 3, "hhi", "contradicts", "0.6", "from 0.25 to 0.5", ""),
    "index below top 10": (cell("hhi", "0.02", "top10_share=0.8"), 3, "hhi", "contradicts", "0.02", "from 0.064 to 1, since top10_share", ""),
    "more acquired than gone": (cell("exits_acquired", "3", "exits=2"), 3, "exits_acquired", "is more than all exits", "3", "`exits`, which is 2", ""),
    "year": (cell("year", "next"), 3, "year", "is not a year", "'next'", YEAR, ""),
    "empty year": (cell("year", ""), 3, "year", "is not a year", "an empty cell", YEAR, ""),
    "short year": (cell("year", "11"), 3, "year", "is not a year", "'11'", YEAR, ""),
    "early year": (cell("year", "1066"), 3, "year", "is not a year", "'1066'", YEAR, ""),
    "late year": (cell("year", "2201"), 3, "year", "is not a year", "'2201'", YEAR, ""),
    "quarter for a year": (cell("year", "2011Q2"), 3, "year", "is not a year", "'2011Q2'", YEAR, "a column `quarter`"),
    "year for a quarter": ("quarter,firms\n2010Q1,9\n2011,5\n", 3, "quarter", "is not a quarter", "'2011'", QUARTER, "a column `year`"),
    "fifth quarter": ("quarter,firms\n2010Q1,9\n2010Q5,5\n", 3, "quarter", "is not a quarter", "'2010Q5'", QUARTER, ""),
    "years out of order": (cell("year", "2009"), 3, "year", "is out of order", "2009", "", ""),
    "quarters out of order": ("quarter,firms\n2010Q2,9\n2010Q1,5\n", 3, "quarter", "is out of order", "2010Q1", "", ""),
    "a year twice": (cell("year", "2010"), 3, "year", "stands twice: also in line 2", "2010", "", ""),
    "after blanks and comments": ("# a\n\nyear,firms\n\n2010,9\n# b\n2011,x\n", 7, "firms", "is not a number", "'x'", AMOUNT, ""),
    "after a quoted cell of two lines": ('year,firms,note\n2010,9,"a\nb"\n2011,x,\n', 4, "firms", "is not a number", "'x'", AMOUNT, ""),
}  # fmt: skip


@pytest.mark.parametrize(("text", "line", "field", "message", "found", "allowed", "hint"), WRONG.values(), ids=WRONG)
def test_wrong_table(
    tmp_path: Path, text: str | bytes, line: int | None, field: str, message: str, found: str, allowed: str, hint: str
) -> None:
    path = tmp_path / "history.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(TableError) as caught:
        load_table(path)
    (problem,) = caught.value.problems
    assert (problem.origin.source, problem.origin.line, problem.field) == (str(path), line, field)
    assert message in problem.message
    for words, said in ((found, problem.found), (allowed, problem.allowed), (hint, problem.hint)):
        assert words in said and bool(words) <= bool(said)
    shown = str(caught.value)
    assert "1 problem in the table" in shown and "history.csv" in shown
    assert shown.isprintable() or set(c for c in shown if not c.isprintable()) == {"\n"}


def test_what_is_not_a_file(tmp_path: Path) -> None:
    for path, message in ((tmp_path, "is a directory, not a table"), (tmp_path / "none.csv", "there is no such file")):
        with pytest.raises(TableError, match=message):
            load_table(path)


def test_everything_at_once(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text("year,firms,hhi,size\n2011,-1,44,\n2010,x,0.1,\n2009,1\n")
    with pytest.raises(TableError) as caught:
        load_table(path)
    places = [(problem.origin.line, problem.field) for problem in caught.value.problems]
    assert sorted(places) == [(1, "size"), (2, "firms"), (2, "hhi"), (3, "firms"), (3, "year"), (4, "")]


RIGHT = "year,firms,output,price,leader,note\n2010,10,4,2.5,Alpha,a\n2011,,8,,Beta,\n2013,5,,1,Alpha,b\n"


def read(folder: Path, text: str | bytes) -> Table:
    path = folder / "history.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_table(path)


def test_right_table(tmp_path: Path) -> None:
    table = read(tmp_path, RIGHT)
    assert (table.columns, table.leaders, table.per_year) == (
        ("firms", "output", "price", "leader"),
        ("Alpha", "Beta"),
        1,
    )
    history = table.history
    np.testing.assert_array_equal(history.time, [2010, 2011, 2013])
    for name, values in {
        "firms": [10, np.nan, 5],
        "performance": [4, 8, np.nan],
        "revenue": [10, np.nan, np.nan],
        "demand": [4, 8, np.nan],
        "leader": [0, 1, 0],
        "utilisation": [np.nan] * 3,
        "idle": [np.nan] * 3,
        "entries": [np.nan] * 3,
    }.items():
        np.testing.assert_array_equal(getattr(history, name), np.array([values, values]).T, err_msg=name)
    assert history.firm is None and history.causes is None and history.runs == 2


FORMS = {
    "byte order mark": RIGHT.encode("utf-8-sig"),
    "semicolons": RIGHT.replace(",", ";"),
    "tabs": RIGHT.replace(",", "\t"),
    "Windows lines": RIGHT.replace("\n", "\r\n"),
    "old Mac lines": RIGHT.replace("\n", "\r"),
    "no last line end": RIGHT.rstrip(),
    "comments and blank lines": "# a comment, with commas\n\n" + RIGHT.replace("2011", '  # "another\n\n2011'),
    "quotes and blanks": RIGHT.replace("Alpha", '"Alpha"').replace(",", ", ").replace("4", "4 "),
    "empty rows of a spreadsheet": RIGHT + ",,,,,\n",
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_forms_of_a_table(tmp_path: Path, text: str | bytes) -> None:
    table, expected = read(tmp_path, text), read(tmp_path, RIGHT)
    assert (table.columns, table.leaders) == (expected.columns, expected.leaders)
    for name in ("time", *SERIES):
        np.testing.assert_array_equal(getattr(table.history, name), getattr(expected.history, name))


def test_quarters_begin_and_end_anywhere(tmp_path: Path) -> None:
    table = read(tmp_path, "quarter,firms\n2010Q4,10\n2011Q1,9\n2011Q3,5\n")
    assert table.per_year == 4
    np.testing.assert_array_equal(table.history.time, [2010.75, 2011.0, 2011.5])


def test_derived_figures(tmp_path: Path) -> None:
    text = (
        "year,firms,output,revenue,capacity,utilisation\n2010,9,4,8,5,\n2011,9,0,8,0,\n2012,9,6,,4,\n2013,9,4,8,8,0.4\n"
    )
    history = read(tmp_path, text).history
    np.testing.assert_array_equal(history.price[:, 0], [2, np.nan, np.nan, 2])
    np.testing.assert_array_equal(history.utilisation[:, 0], [0.8, np.nan, 1, 0.4])
    np.testing.assert_array_equal(history.demand[:, 0], [4, np.nan, 6, 4])


reference = cache(load_reference)

CELLS = st.sampled_from(
    ["", "0", "1", "10", "0.5", "-1", "1e15", "1e-12", "44", "x", "nan", "1e999", '"', "#", "2011", "Å"]
)
NAMES = st.sampled_from([*KNOWN, "", "Year", "size"])


@st.composite
def any_csv(draw: st.DrawFn) -> str:
    """Text that looks like a table: mostly wrong ones."""
    names = draw(st.lists(NAMES, min_size=1, max_size=8))
    rows = draw(st.lists(st.lists(CELLS, min_size=len(names) - 1, max_size=len(names) + 1), max_size=6))
    separator = draw(st.sampled_from(",;\t"))
    return "\n".join(separator.join(row) for row in [names, *rows])


@st.composite
def right_csv(draw: st.DrawFn) -> str:
    """A right table with any unknown cells, any gaps, and figures from the ends of what is allowed."""
    names = draw(
        st.lists(
            st.sampled_from(sorted(set(COLUMNS) - {"firms", "top2_share", "top5_share", "top10_share", "hhi"})),
            unique=True,
        )
    )
    share = draw(st.sampled_from(["top10_share", "hhi"]))
    years = sorted(
        draw(st.sets(st.integers(1500, 2200), min_size=2, max_size=9) | st.sets(st.integers(2000, 2012), min_size=2))
    )
    lines = [",".join(["year", "firms", *names, share])]
    for row, year in enumerate(years):
        figures = [
            draw(st.sampled_from(["", "0.7", "1", "1e-12"]))
            if name == "demand"
            else draw(st.sampled_from(["", "0", "0.5", "1"]))
            for name in names
        ]
        if "exits_acquired" in names:
            figures[names.index("exits_acquired")] = "0"
        if "top1_share" in names:
            figures[names.index("top1_share")] = ""
        firms = draw(st.sampled_from(["", "0", "1", "3", "12", "624", "1e15"])) if row else "30"
        lines.append(",".join([str(year), firms, *figures, draw(st.sampled_from(["", "0", "0.4", "1"]))]))
    return "\n".join(lines)


@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode) | any_csv().map(str.encode))
@settings(max_examples=400)
def test_whatever_a_file_holds(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    try:
        table = read(tmp_path_factory.getbasetemp(), data)
    except TableError as error:
        assert error.problems and all(problem.message for problem in error.problems)
    else:
        assert np.isfinite(table.history.firms).any() and (np.diff(table.history.time) > 0).all()


@given(right_csv())
@settings(max_examples=200)
def test_every_right_table_gets_its_facts_and_a_class(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Without a warning, and no fact infinite: what a table cannot tell is NaN."""
    history = read(tmp_path_factory.getbasetemp(), text).history
    found = window(history)
    measured = measure(history, found)
    assert not any(np.isinf(values).any() for values in measured.values()), measured
    verdicts = judge(measured, reference(), Thresholds())
    low, high = verdicts.evidence
    assert verdicts.classes[0] == verdicts.classes[1] and (low <= high).all()
    assert not np.isnan(found.fall).any() and (found.t0 <= found.t1).all()
    for low, high in structure_bounds(history, found).values():
        assert not (low > high).any()
