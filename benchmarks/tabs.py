"""How a workshop fares whose teams all play in browsers, for each tab is a process of the server's machine.

    python -m benchmarks.tabs --tabs 60               # twenty teams of three

Tabs are websockets that say what the page says: all come at once, then look at a form whose clock runs, then press a
key every few seconds; one of each team hands in. Quarters last half a minute, so that there is as much to be told all
the time as in the last half minute of a class's quarter. Server, tabs and the benchmark share the machine's cores.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import resource
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from websockets.asyncio.client import ClientConnection, connect

from agents.game.setup import Setup
from agents.workshop import protocol as p
from benchmarks.faults import prepared
from benchmarks.results import keep
from benchmarks.workshop import PATIENCE, Client, Figures, cpu_seconds, hosted, memory
from marketsim.scenario.fields import quarter_index, quarter_name
from tui.workshop.connection import new_id

MEMBERS = 3
"""Tabs of a team."""
PACE = (3.0, 5.0)
"""Seconds between two keys of somebody who decides."""
SUBMITTING = 0.5
"""Seconds between two plans that the client without a browser hands in."""
SETTLING, IDLE = 5.0, 20.0
"""Seconds before the idle tabs are looked at, and for which they are."""
UP, DOWN, RIGHT, LEFT = (f"\x1b[{letter}" for letter in "ABCD")
WAYS = (DOWN,), (DOWN,), (DOWN,), (UP,), (RIGHT,), (RIGHT,), (LEFT,), ("4", "e")
"""Keys that are pressed, one way as often as another: along the form, a value up or down, to the market and back."""
HAND_IN = "c "
"""A plan as last quarter, for what was pressed by chance may be none that can be; and hand it in."""

SEATED = re.compile(rb" plays ")
DRAWN = re.compile(rb"\x1b\[(?!1;)\d+;\d+H")
"""Something below the first line, in which the clock runs."""
HANDED_IN = re.compile("✓ handed in|Handed in for".encode())


# -- Tabs --------------------------------------------------------------------------------------------------------------


class Tab:
    """A browser's tab as the server knows it: keys go in, pictures come out."""

    def __init__(self, address: str, token: str) -> None:
        self.address, self.token, self.received = address, token, 0
        self._awaited, self._shown = SEATED, asyncio.Event()
        self._socket: ClientConnection | None = None
        self._listening: asyncio.Task[None] | None = None

    async def open(self) -> float:
        """Seconds until its seat is on the screen."""
        began = time.perf_counter()
        self._socket = await connect(
            f"ws://{self.address}/terminal?width=120&height=36",
            origin=f"http://{self.address}",  # type: ignore[arg-type]
            open_timeout=PATIENCE,
            max_size=None,
            max_queue=None,
        )
        await self._socket.send(json.dumps(["hello", {"token": self.token, "language": "en"}]))
        self._listening = asyncio.create_task(self._listen())
        return await self._until_shown(began)

    async def close(self) -> None:
        """Close it."""
        if self._socket is not None and self._listening is not None:
            self._listening.cancel()
            await self._socket.close()

    async def press(self, keys: str, awaited: re.Pattern[bytes] = DRAWN) -> float:
        """Seconds until something is drawn after keys; now and then it is what another member's key brings."""
        assert self._socket is not None
        self.expect(awaited)
        began = time.perf_counter()
        await self._socket.send(json.dumps(["stdin", keys]))
        return await self._until_shown(began)

    def expect(self, awaited: re.Pattern[bytes]) -> None:
        """Look out for something."""
        self._awaited = awaited
        self._shown.clear()

    async def shows(self) -> None:
        """Wait until what was expected is shown.  Raises TimeoutError."""
        async with asyncio.timeout(PATIENCE):
            await self._shown.wait()

    async def _until_shown(self, began: float) -> float:
        await self.shows()
        return time.perf_counter() - began

    async def _listen(self) -> None:
        assert self._socket is not None
        async for frame in self._socket:
            self.received += len(frame)
            if isinstance(frame, bytes) and self._awaited.search(frame):
                self._shown.set()


@dataclass
class Waited:
    """Seconds of what people in front of tabs waited for, and what never came."""

    keys: list[float] = field(default_factory=list)
    hand_ins: list[float] = field(default_factory=list)
    quarters: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


async def decide(tab: Tab, seconds: float, hands_in: bool, chance: random.Random, waited: Waited) -> None:
    """Press keys for so long; in the middle of it hand in."""
    end = time.monotonic() + seconds
    when = end - chance.uniform(0.1, 0.9) * seconds
    while time.monotonic() < end:
        for key in chance.choice(WAYS):
            await asyncio.sleep(chance.uniform(*PACE))
            await _pressed(tab, key, DRAWN, waited.keys, waited)
        if hands_in and time.monotonic() > when:
            hands_in = False
            await _pressed(tab, HAND_IN, HANDED_IN, waited.hand_ins, waited)


async def _pressed(tab: Tab, key: str, awaited: re.Pattern[bytes], into: list[float], waited: Waited) -> None:
    try:
        into.append(await tab.press(key, awaited))
    except TimeoutError:
        waited.errors.append(f"nothing came of {key!r} within {PATIENCE:g} s")


@asynccontextmanager
async def submitting(client: Client, quarter: str) -> AsyncIterator[list[float]]:
    """Hand in again and again without a browser, as long as this lasts; the seconds until each was answered."""
    taken: list[float] = []

    async def go_on() -> None:
        assert client.plan is not None
        while True:
            taken.append(await client.do(p.Submit(id=new_id(), quarter=quarter, plan=client.plan)))
            await asyncio.sleep(SUBMITTING)

    task = asyncio.create_task(go_on())
    try:
        yield taken
    finally:
        task.cancel()


# -- Processes ---------------------------------------------------------------------------------------------------------


def children(process: int) -> Iterator[int]:
    """Processes that a process has started."""
    for task in Path(f"/proc/{process}/task").iterdir():
        yield from map(int, (task / "children").read_text().split())


class Load:
    """CPU that the server, all tabs and this process take from now on."""

    def __init__(self, server: int, tabs: list[int]) -> None:
        self._server, self._tabs = server, tabs
        self._before, self._began = self._seconds(), time.perf_counter()

    def percent(self, state: str) -> dict[str, float]:
        """Per cent of a core since then.  state: of the tabs, for the names."""
        seconds = time.perf_counter() - self._began
        taken = {who: 100 * (now - self._before[who]) / seconds for who, now in self._seconds().items()}
        return {f"CPU of {who}, {state}, % of a core": share for who, share in taken.items()}

    def _seconds(self) -> dict[str, float]:
        own = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
        tabs = sum(cpu_seconds(tab) for tab in self._tabs)
        return {"the server": cpu_seconds(self._server), "tabs": tabs, "the benchmark": own}


# -- The measurement ---------------------------------------------------------------------------------------------------


async def play(
    address: str, server: int, facilitator: str, seats: list[p.Joined], setup: Setup, quarters: int, seconds: float
) -> dict[str, float]:
    """Open a tab for each seat but the last ones, whose first hands in without one, and play.  Returns figures."""
    figures, waited, chance = Figures(), Waited(), random.Random(1)
    office, client = Client(address, facilitator, figures), Client(address, seats[-MEMBERS].token, figures)
    tabs, start = [Tab(address, seat.token) for seat in seats[:-MEMBERS]], quarter_index(setup.world().start)
    await office.come_in()
    await client.come_in()
    opened = await asyncio.gather(*(tab.open() for tab in tabs))
    processes = [tab for forked_from in children(server) for tab in children(forked_from)]
    told = {
        "all open, s": max(opened),
        "the middle one open, s": float(np.median(opened)),
        "CPU of a tab until all are open, s": sum(cpu_seconds(tab) for tab in processes) / len(processes),
    }
    for number in range(quarters):
        await office.do(p.Open(id=new_id(), seconds=3600))
        async with submitting(client, quarter_name(start + number)) as submits:
            if number == 0:
                await asyncio.gather(*(_to_the_form(tab) for tab in tabs))
                await asyncio.sleep(SETTLING)
                submits.clear()
                load = Load(server, processes)
                await asyncio.sleep(IDLE)
                told |= load.percent("idle") | _quantiles("a submit without a browser, tabs idle", submits)
                told |= _memory(server, processes, "idle")
                submits.clear()
                load = Load(server, processes)
            hand_in = (place % MEMBERS == 0 for place in range(len(tabs)))
            await asyncio.gather(*(decide(tab, seconds, next(hand_in), chance, waited) for tab in tabs))
        figures.submits += submits
        await _close(office, tabs, quarter_name(start + number + 1), waited)
    told |= load.percent("busy") | _quantiles("a submit without a browser, tabs busy", figures.submits)
    told |= _quantiles("a key", waited.keys) | _quantiles("a plan handed in", waited.hand_ins)
    told |= _quantiles("a quarter closed", waited.quarters) | _memory(server, processes, "busy")
    for error in sorted({*waited.errors, *figures.errors}):
        print(error, file=sys.stderr)
    await asyncio.gather(*(each.close() for each in tabs), office.leave(), client.leave())
    received = sum(tab.received for tab in tabs) / 1e6
    return told | {"errors": float(len(waited.errors) + len(figures.errors)), "received by tabs, MB": received}


async def _to_the_form(tab: Tab) -> None:
    await tab.press("e", re.compile(rb"Your plan for"))


async def _close(office: Client, tabs: list[Tab], following: str, waited: Waited) -> None:
    """Close the quarter, and wait until all see the next one."""
    for tab in tabs:
        tab.expect(re.compile(rf"Your plan for {following}".encode()))
    began = time.perf_counter()
    await office.do(p.Close(id=new_id()))
    results = await asyncio.gather(*(tab.shows() for tab in tabs), return_exceptions=True)
    waited.errors += [f"{following} is not shown" for result in results if result is not None]
    waited.quarters.append(time.perf_counter() - began)


def _memory(server: int, tabs: list[int], state: str) -> dict[str, float]:
    each = [memory(tab)[0] for tab in tabs]
    return {
        f"memory of a tab, {state}, MB (PSS)": sum(each) / len(each),
        f"memory of all tabs and the server, {state}, MB (PSS)": sum(each) + memory(server)[0],
    }


def _quantiles(what: str, seconds: list[float]) -> dict[str, float]:
    levels = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    return {f"{what}, {name}, ms": 1000 * float(np.quantile(seconds, level)) for name, level in levels.items()}


def browsers(tabs: int = 60, quarters: int = 2, seconds: float = 30.0) -> dict[str, float]:
    """Figures of a workshop in browsers.  tabs: a multiple of three.  seconds: of each of the quarters."""
    teams = tabs // MEMBERS + 1
    setup = Setup(quarters=quarters + 2, seed=1)
    if teams > len(setup.world().vendors):
        setup = setup.model_copy(update={"firms": teams})
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "room.workshop"
        facilitator, seats = asyncio.run(prepared(path, setup, teams, MEMBERS))
        with hosted(path) as (address, server):
            figures = asyncio.run(play(address, server, facilitator, seats, setup, quarters, seconds))
    told = {"load average before": before, **figures}
    return {f"workshop in browsers, {tabs} tabs: {name}": value for name, value in told.items()}


def main() -> None:
    """Print the figures and write them to benchmarks/results.json."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--tabs", type=int, default=60, help="a multiple of three")
    parser.add_argument("--quarters", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=30.0, help="of a quarter")
    options = parser.parse_args()
    keep(browsers(options.tabs, options.quarters, options.seconds))


if __name__ == "__main__":
    main()
