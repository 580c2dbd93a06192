"""A scenario whose largest vendors are divided: nothing is invented, nothing is lost, and everybody has a name."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.game import Game, Setup
from agents.game.divided import AMOUNTS, divided
from agents.strategies import names
from marketsim.scenario.checks import violations
from marketsim.scenario.library import load_scenario
from marketsim.scenario.schema import Scenario, Vendor
from tests.generators import scenarios
from tests.worlds import PLAIN, PLAIN_VENDOR

SHARED = {*AMOUNTS, "title", "in_process", "contracts"}
"""Fields that a part does not have as the whole has them."""


@cache
def chips() -> Scenario:
    return load_scenario("china-ai-chips", strategies=names())


def plain(**cash: float) -> Scenario:
    """A plain world with vendors that differ in their cash."""
    vendors = {name.replace("_", "-"): {**PLAIN_VENDOR, "cash": own} for name, own in cash.items()}
    return Scenario.model_validate({**PLAIN, "vendors": vendors})


def amounts(vendors: list[Vendor]) -> dict[str, float]:
    """All that some vendors have, added up."""
    found: dict[str, float] = {name: sum(getattr(vendor, name) for vendor in vendors) for name in AMOUNTS}
    for vendor in vendors:
        for quarter, cards in enumerate(vendor.in_process):
            found[f"in_process {quarter}"] = found.get(f"in_process {quarter}", 0.0) + cards
        for node, wafers in vendor.contracts.items():
            found[f"contracts {node}"] = found.get(f"contracts {node}", 0.0) + wafers
    return found


def groups(whole: Scenario, parts: Scenario) -> dict[str, list[str]]:
    """The names of all parts by whose they are; parts stand side by side."""
    found: dict[str, list[str]] = {}
    for name in parts.vendors:
        if name in whole.vendors:
            found[name] = []
        found[list(found)[-1]].append(name)
    return found


def check(whole: Scenario, firms: int) -> Scenario:
    """Everything that must hold of a division."""
    parts = divided(whole, firms)
    assert len(parts.vendors) == max(firms, len(whole.vendors))
    assert violations(parts) == [] and Scenario.model_validate(parts.model_dump(), strict=True) == parts
    assert parts.model_copy(update={"vendors": whole.vendors}) == whole
    assert list(groups(whole, parts)) == list(whole.vendors)
    for name, group in groups(whole, parts).items():
        one, shares = whole.vendors[name], [parts.vendors[part] for part in group]
        assert amounts(shares) == pytest.approx(amounts([one]), rel=1e-12)
        assert all(amounts([share]) == amounts(shares[:1]) for share in shares)
        for share in shares:
            assert share.model_dump(exclude=SHARED) == one.model_dump(exclude=SHARED)
        assert len({share.title.en for share in shares}) == len({share.title.zh for share in shares}) == len(shares)
        assert all(share.title.en.startswith(one.title.en) for share in shares)
        if len(shares) == 1:
            assert shares == [one]
    return parts


@settings(max_examples=30, deadline=None)
@given(st.integers(13, 60))
def test_the_default_scenario_for_any_number_of_firms(firms: int):
    parts = check(chips(), firms)
    cash = [vendor.cash for vendor in parts.vendors.values()]
    divisible = [vendor.cash for name, vendor in parts.vendors.items() if f"{name}-b" in parts.vendors]
    if divisible:  # nobody was divided who had less than what another one still has: cash is as even as it can be
        assert min(divisible) * 2 >= max(cash) - 1e-9


@settings(max_examples=12, deadline=None)
@given(scenarios(), st.integers(1, 40))
def test_any_scenario(whole: Scenario, firms: int):
    check(whole, firms)


def test_names_that_are_taken_or_would_be_too_long_are_others():
    long = "a" * 40
    whole = plain(acme=9e5, acme_b=10, **{long: 6e5})
    assert list(check(whole, 6).vendors) == ["acme", "acme-c", "acme-d", "acme-b", long, "a" * 38 + "-b"]
    assert len(check(whole, 100).vendors) == 100


def test_who_has_nothing_is_divided_evenly():
    whole = plain(one=0, two=0, three=0)
    assert [len(group) for group in groups(whole, check(whole, 8)).values()] == [3, 3, 2]


def test_letters_go_on_after_the_last():
    whole = plain(acme=9)
    assert list(check(whole, 30).vendors)[24:29] == ["acme-y", "acme-z", "acme-aa", "acme-ab", "acme-ac"]


def test_the_industry_as_a_whole_starts_as_in_the_scenario():
    games = [Game(Setup(firms=firms)) for firms in (None, 60)]
    for name in ("cash", "debt", "stock", "contracts", "pipeline", "base"):
        one, many = (getattr(game.state, name)[: game.parameters.domestic, ..., 0].sum(axis=0) for game in games)
        assert many == pytest.approx(one, rel=1e-12), name
    game = games[1]
    for _ in range(4):
        game.play()
    assert game.state.alive[: len(game.world.vendors), 0].sum() >= 50
