"""Tables of a workshop: those of its market, what teams decided and how they fared, and its log in words.

| table | one row per | holds |
|---|---|---|
| log | line of the log | when, who, what, in words |
| submission | plan that was handed in | its numbers; also of quarters that were taken back |
| decision | quarter and team that decided | the plan with which it was closed, and how that came about |
| team | quarter and team | price, cards, revenue, share, cash, margin, capacity, value so far |
| ranking | team | value and its terms, at the end |

The others (market, segment, vendor, event, attribution) are those of `marketsim.records`, units at the end of columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import polars as pl

from agents.game.export import columns_of
from agents.game.export import tables as of_game
from agents.workshop import protocol as p
from agents.workshop.entries import Closed, Entry, Opened, Seated
from agents.workshop.in_words import in_words
from agents.workshop.room_debrief import Figure, RoomDebrief
from agents.workshop.snapshot import Snapshot
from marketsim.scenario.fields import quarter_index, quarter_name

COLUMNS: Mapping[Figure, str] = {
    "price": "price_krmb",
    "cards": "cards_k",
    "revenue": "revenue_rmb_m",
    "share": "revenue_share",
    "cash": "cash_rmb_m",
    "gross_margin": "gross_margin",
    "contracts": "contracts_k_per_quarter",
    "value": "value_rmb_m",
}
"""Columns of the table of teams."""

Row = dict[str, Any]


def tables(taken: Snapshot, entries: Iterable[Entry], past: RoomDebrief) -> dict[str, pl.DataFrame]:
    """All tables by name.  entries: the log.  past: of the same snapshot."""
    names = {team.vendor: team.name for team in past.teams}
    log, submissions = [], []
    for row, entry in _log(entries):
        log.append(row)
        if isinstance(entry.body, p.Submit):
            submissions.append(
                {name: row[name] for name in ("seq", "time", "branch", "quarter", "who", "team")}
                | columns_of(entry.body.plan)
            )
    rows = {
        "log": log,
        "submission": submissions,
        "decision": list(_decisions(taken, names)),
        "team": list(_teams(past)),
        "ranking": list(_ranking(past, names)),
    }
    return {name: pl.DataFrame(some, infer_schema_length=None) for name, some in rows.items()} | of_game(taken.game)


def _log(entries: Iterable[Entry]) -> Iterator[tuple[Row, Entry]]:
    """Each line with the quarter it is about, how often quarters had been taken back, and who had which seat."""
    first = last = played = branch = 0
    names: dict[str, str] = {}
    for entry in entries:
        body = entry.body
        if isinstance(body, Opened):
            world = body.setup.world()
            first, last = quarter_index(world.start), world.quarters - 1
        elif isinstance(body, Seated) and body.name is not None:
            names[body.vendor] = body.name
        elif isinstance(body, p.RollBack):
            branch, played = branch + 1, body.played
        row = {
            "seq": entry.seq,
            "time": datetime.fromtimestamp(entry.at, UTC).isoformat(timespec="milliseconds"),
            "branch": branch,
            "quarter": quarter_name(first + min(played, last)),
            "who": entry.who,
            "team": names.get(entry.who),
            "what": body.kind,
            "words": in_words(body),
        }
        if isinstance(body, Closed):
            played += 1
        elif isinstance(body, p.Release):
            names.pop(body.vendor, None)
        yield row, entry


def _decisions(taken: Snapshot, names: Mapping[str, str | None]) -> Iterator[Row]:
    for turn, company, how in zip(taken.game.turns, taken.game.company, taken.how, strict=True):
        for vendor, plan in company.plans.items():
            about = {"quarter": turn.now.name, "vendor": vendor, "team": names.get(vendor), "how": how.get(vendor)}
            yield about | columns_of(plan)


def _teams(past: RoomDebrief) -> Iterator[Row]:
    for place, quarter in enumerate(past.quarters):
        for team in past.teams:
            figures = {COLUMNS[name]: values[place] for name, values in team.figures.items()}
            about = {"quarter": quarter, "vendor": team.vendor, "team": team.name, "how": team.how[place]}
            yield about | figures


def _ranking(past: RoomDebrief, names: Mapping[str, str | None]) -> Iterator[Row]:
    for each in past.ranking:
        yield {
            "place": each.place,
            "vendor": each.vendor,
            "team": names[each.vendor],
            "value_rmb_m": each.value,
            **{f"{name}_rmb_m": value for name, value in each.terms.items()},
            "revenue_share": each.share,
            "alive": each.alive,
            "quarters": each.lasted,
        }
