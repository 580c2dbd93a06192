"""Technology and foundry: nodes, memories, products to be, and the capacity for them."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from marketsim.rules.technology import cards_per_wafer
from tests.tui.conftest import game, text
from tui import design
from tui.screens.technology import Technology
from tui.speech import Speech, three
from tui.widgets.line_chart import LineChart
from tui.widgets.table import Table


def line(pilot: Pilot[None], name: str) -> str:
    return next(row for row in text(pilot).splitlines()[1:] if name in row)


def products(pilot: Pilot[None]) -> dict[str, list[str]]:
    table = pilot.app.screen.query_one("#products", Table)
    return {row.key: [cell.text for cell in row.cells[1:]] for row in table._lines}


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_nodes_and_memories_stand_with_todays_costs(language):
    async with game(language, played=3, view="technology", size=(160, 48)) as pilot:
        played, speech = pilot.app.session.game, Speech(language)
        p, now = played.parameters, played.now
        dies = cards_per_wafer(p, now, played.state.wafers_made)[:, 0]
        for index, node in enumerate(played.world.nodes.values()):
            row = line(pilot, f" {speech.title(node.title)} ")
            price = 1000 * float(now.wafer_price[index, 0])
            for said in (
                speech.share(float(dies[index]) / node.gross_dies, 0),
                speech.small_price(price / float(dies[index])),
                speech.money(node.tape_out_cost),
            ):
                assert said in row
        for index, memory in enumerate(played.world.memories.values()):
            row = line(pilot, f" {speech.title(memory.title)} ")
            assert speech.small_price(memory.per_card * float(now.memory_price[index, 0])) in row
        assert "*" in line(pilot, speech.title(played.world.nodes["n7"].title))


async def test_the_cursors_choose_what_would_be_started():
    async with game(played=3, view="technology") as pilot:
        screen, played = pilot.app.screen, pilot.app.session.game
        assert screen.choice == (int(played.state.node[played.seat, 0]), int(played.state.memory[played.seat, 0]))
        await pilot.press("up", "tab", "down")
        await pilot.pause()
        assert screen.choice == (0, 1)
        wanted = design.started(played, 0, 1, pilot.app.session.draft.research)
        shown = products(pilot)
        assert shown["Cards out"][-1] == wanted.out
        assert shown["TFLOPS"][-1] == three(wanted.compute) and shown["TB/s"][-1] == three(wanted.bandwidth)
        assert shown["Card cost"][-1] == Speech().price(wanted.unit_cost)
        assert shown["Node"][-1] == "12nm mature" and shown["Memory"][-1] == "GDDR"


async def test_research_of_the_plan_counts():
    async with game(played=3, view="technology") as pilot:
        before = products(pilot)["TFLOPS"][-1]
        pilot.app.session.edit("research", 2000.0)
        pilot.app.screen.redraw()
        await pilot.pause()
        assert float(products(pilot)["TFLOPS"][-1].replace(",", "")) > float(before.replace(",", ""))
        assert "RMB 2.00bn a quarter" in text(pilot)


async def test_the_roofline_runs_from_memory_to_compute():
    async with game(played=3, view="technology") as pilot:
        played, chart = pilot.app.session.game, pilot.app.screen.query_one(LineChart)
        own = next(series for series in chart._series if series.own)
        now, technology = design.on_sale(played), played.parameters.technology
        assert own.values[0] == pytest.approx(technology.decode_rate * now.bandwidth)
        assert own.values[-1] == pytest.approx(technology.prefill_rate * now.compute)
        assert len(chart._series) == 3 and chart._series[-1].reference


async def test_a_node_without_capacity_is_told():
    async with game(played=1, view="technology") as pilot:
        await pilot.press("down")
        await pilot.pause()
        assert "The node has no capacity by its tape-out" in text(pilot)
        await pilot.press("up", "up")
        await pilot.pause()
        assert "The node has no capacity by its tape-out" not in text(pilot)


async def test_own_contracts_and_what_the_plan_asks_for():
    async with game(played=3, view="technology") as pilot:
        pilot.app.session.edit("capacity.n12", 1.5)
        pilot.app.screen.redraw()
        await pilot.pause()
        ahead = design.contracts_ahead(pilot.app.session.game, 1)[0]
        contracts = pilot.app.screen.query_one("#contracts", Table)
        rows = {row.key: [cell.text for cell in row.cells] for row in contracts._lines}
        assert rows["n12"][-1] == "+1.50" and rows["n7"][1] == f"{ahead[1]:.2f}" and rows["n7"][-1] == "–"


async def test_one_picture_at_a_time_where_there_is_no_room():
    async with game(played=3, view="technology", size=(80, 24)) as pilot:
        screen = pilot.app.screen
        for shown in ("product", "roofline", "capacity", "product"):
            names = ("product", "roofline", "capacity")
            assert [name for name in names if screen.query_one(f"#{name}").display] == [shown]
            await pilot.press("v")
            await pilot.pause()


async def test_a_quarter_and_another_language_keep_the_choice():
    async with game(played=3, view="technology") as pilot:
        await pilot.press("up", "tab", "down", "space", "l")
        await pilot.pause()
        assert pilot.app.screen.choice == (0, 1)
        assert "你的产品" in text(pilot) and "Tape-out" not in text(pilot)


@pytest.mark.parametrize("vendor", ["cambricon", None])
@pytest.mark.parametrize("played", [0, 1])
async def test_it_opens_before_much_has_happened_and_where_nobody_is_played(vendor, played):
    async with game(played=played, vendor=vendor, view="technology") as pilot:
        await pilot.press("down", "tab", "down", "v")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Technology)
        assert ("Your contracts" in text(pilot)) == (vendor is not None)
        assert ("Products of the largest vendors" in text(pilot)) == (vendor is None)


async def test_another_industry_speaks_its_own_words():
    async with game(scenario="photovoltaics", vendor="suntech", quarters=8, played=2, view="technology") as pilot:
        assert "Cell and module" in text(pilot) and "atch" in text(pilot) and "afer" not in text(pilot)
        await pilot.press("4")
        await pilot.pause()
        assert "Germany" in text(pilot)
        await pilot.press("3")
        await pilot.pause()
        assert "Suntech" in text(pilot) and "Kilowatts sold" in text(pilot)


async def test_any_size():
    async with game(played=3, view="technology") as pilot:
        for size in ((80, 24), (40, 10), (10, 4), (160, 48), (100, 30)):
            await pilot.resize_terminal(*size)
            await pilot.press("down", "tab", "v")
            await pilot.pause()
        assert isinstance(pilot.app.screen, Technology)
