"""How a workshop of sixty teams fares on this machine: what three clients of each wait for, and what the server takes.

    python -m benchmarks.workshop                     # load: 60 teams with 3 clients each, 24 quarters
    python -m benchmarks.workshop --kills 50          # faults instead: see `benchmarks.faults`

Quarters of some seconds instead of some minutes: everything happens some fifty times as often as in a class. Server and
clients share the machine's cores.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from pydantic_core import from_json
from websockets.asyncio.client import ClientConnection, connect

from agents.game.plan import Plan
from agents.game.setup import Setup
from agents.workshop import protocol as p
from benchmarks.faults import hasty, prepared, trial
from benchmarks.results import keep
from marketsim.scenario.fields import quarter_index, quarter_name
from tui.workshop.connection import new_id

_ROOT = Path(__file__).parent.parent
PATIENCE = 60.0


# -- The server --------------------------------------------------------------------------------------------------------


@contextmanager
def hosted(path: Path) -> Iterator[tuple[str, int]]:
    """The command serves the workshop of a file; its address and process."""
    with subprocess.Popen(
        [sys.executable, "-m", "marketsim", "workshop", "host", "--port", "0", "--file", str(path)],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            address = ""
            for line in process.stdout:
                found = re.search(r"Teams join at +http://(\S+)", line)
                address = found[1] if found else address
                if "Ctrl-C" in line:
                    break
            yield address, process.pid
        finally:
            process.terminate()
            process.wait(PATIENCE)


def memory(process: int) -> tuple[float, float]:
    """Resident memory of a process, MB: with its part of what it shares, and the most that it ever was."""
    rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
    status = Path(f"/proc/{process}/status").read_text()
    pss, peak = re.search(r"^Pss:\s+(\d+)", rollup, re.M), re.search(r"VmHWM:\s+(\d+)", status)
    assert pss is not None and peak is not None
    return int(pss[1]) / 1024, int(peak[1]) / 1024


def cpu_seconds(process: int) -> float:
    """Seconds of the processor that a process has taken."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# -- Clients -----------------------------------------------------------------------------------------------------------


@dataclass
class Figures:
    """Seconds of everything that was waited for, and what went wrong."""

    submits: list[float] = field(default_factory=list)
    edits: list[float] = field(default_factory=list)
    closings: list[float] = field(default_factory=list)
    markets: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    received: int = 0


class Client:
    """One of those who are connected: takes what it is told as far as it needs it, so that many fit into a process."""

    def __init__(self, address: str, token: str, figures: Figures) -> None:
        self.address, self.token, self.figures = address, token, figures
        self.plan: Plan | None = None
        self._answers: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._socket: ClientConnection | None = None
        self._listening: asyncio.Task[None] | None = None

    async def come_in(self) -> None:
        """Connect."""
        self._socket = await connect(f"ws://{self.address}/api/live", open_timeout=PATIENCE, max_queue=None)
        await self._socket.send(p.Hello(version=p.VERSION, token=self.token).model_dump_json())
        self._listening = asyncio.create_task(self._listen())

    async def leave(self) -> None:
        """Go."""
        assert self._socket is not None and self._listening is not None
        self._listening.cancel()
        await self._socket.close()

    async def _listen(self) -> None:
        assert self._socket is not None
        async for frame in self._socket:
            assert isinstance(frame, str)
            self.figures.received += len(frame)
            if frame.startswith('{"kind":"form"') and self.plan is None:
                self.plan = p.Form.model_validate_json(frame).plan
            elif frame.startswith(('{"kind":"accepted"', '{"kind":"refused"')):
                answer = from_json(frame)
                self._answers.pop(answer["id"]).set_result(answer)

    async def do(self, command: p.Command) -> float:
        """Seconds until a command is answered."""
        assert self._socket is not None
        answered = self._answers[command.id] = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        await self._socket.send(command.model_dump_json())
        async with asyncio.timeout(PATIENCE):
            answer = await answered
        if answer["kind"] != "accepted":
            self.figures.errors.append(f"{command.kind}: {answer['message']}")
        return time.perf_counter() - began

    async def fetch(self, first: int) -> None:
        """Fetch a quarter of the market, over HTTP as clients do."""
        host, _, port = self.address.partition(":")
        began = time.perf_counter()
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection(host, int(port), limit=2**24)
            head = f"GET /api/market?first={first} HTTP/1.1\r\nHost: {self.address}\r\nConnection: close\r\n"
            writer.write(f"{head}Authorization: Bearer {self.token}\r\nAccept-Encoding: gzip\r\n\r\n".encode())
            answer = await reader.read(-1)
            writer.close()
        self.figures.received += len(answer)
        if not answer.startswith(b"HTTP/1.1 200"):
            self.figures.errors.append(answer[:80].decode())
        self.figures.markets.append(time.perf_counter() - began)


async def decide(client: Client, quarter: str, seconds: float, chance: random.Random) -> None:
    """Edit and hand in, each at some time of a quarter's seconds."""
    assert client.plan is not None
    first, second = sorted(chance.uniform(0.0, seconds) for _ in range(2))
    await asyncio.sleep(first)
    values = {"price": chance.uniform(20.0, 90.0)}
    client.figures.edits.append(await client.do(p.Edit(id=new_id(), quarter=quarter, values=values)))
    await asyncio.sleep(max(second - first - client.figures.edits[-1], 0.0))
    plan = client.plan.with_value("price", values["price"])
    client.figures.submits.append(await client.do(p.Submit(id=new_id(), quarter=quarter, plan=plan)))


async def play(
    address: str, process: int, facilitator: str, seats: list[p.Joined], setup: Setup, seconds: float
) -> tuple[Figures, dict[str, float]]:
    """Play all quarters.  Returns what clients waited for, and what the server took."""
    figures, chance = Figures(), random.Random(1)
    office = Client(address, facilitator, figures)
    clients = [Client(address, seat.token, figures) for seat in seats]
    began = time.perf_counter()
    await asyncio.gather(*(client.come_in() for client in (office, *clients)))
    while any(client.plan is None for client in clients):
        await asyncio.sleep(0.01)
    joined = time.perf_counter() - began
    world = setup.world()
    first = await asyncio.to_thread(memory, process)
    for number in range(world.quarters):
        await office.do(p.Open(id=new_id(), seconds=3600))
        quarter = quarter_name(quarter_index(world.start) + number)
        await asyncio.gather(*(decide(client, quarter, seconds, chance) for client in clients))
        figures.closings.append(await office.do(p.Close(id=new_id())))
        await asyncio.gather(*(client.fetch(number) for client in clients))
    last = memory(process)
    taken = {
        "everybody connected, s": joined,
        "server, MB (PSS) at the beginning": first[0],
        "server, MB (PSS) at the end": last[0],
        "server, MB at most (RSS)": last[1],
        "server, s of CPU": cpu_seconds(process),
        "clients, s of CPU": sum(resource.getrusage(resource.RUSAGE_SELF)[:2]),
        "whole, s": time.perf_counter() - began,
    }
    for client in (office, *clients):
        await client.leave()
    return figures, taken


def load(teams: int = 60, members: int = 3, quarters: int = 24, seconds: float = 5.0) -> dict[str, float]:
    """Figures of a workshop under load.  seconds: of a quarter."""
    setup = Setup(quarters=quarters, firms=teams, seed=1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "room.workshop"
        token, seats = asyncio.run(prepared(path, setup, teams, members))
        with hosted(path) as (address, process):
            figures, taken = asyncio.run(play(address, process, token, seats, setup, seconds))
        size = path.stat().st_size / 1e6
    found = {f"{what}, {name}, ms": 1000 * value for what, name, value in _quantiles(figures)}
    for error in sorted(set(figures.errors)):
        print(error, file=sys.stderr)
    told = {
        "submits": float(len(figures.submits)),
        "errors": float(len(figures.errors)),
        **found,
        **taken,
        "received by clients, MB": figures.received / 1e6,
        "file, MB": size,
    }
    return {f"workshop, {teams} teams of {members}, {quarters} quarters: {name}": value for name, value in told.items()}


def _quantiles(figures: Figures) -> Iterator[tuple[str, str, float]]:
    names = {"submits": "a submit", "edits": "an edit", "closings": "closing", "markets": "fetching a quarter"}
    for kind, what in names.items():
        seconds = getattr(figures, kind)
        for name, level in (("p50", 0.5), ("p99", 0.99), ("max", 1.0)):
            yield what, name, float(np.quantile(seconds, level))


def main() -> None:
    """Print the figures, and write those of the load to benchmarks/results.json."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--teams", type=int, default=60)
    parser.add_argument("--members", type=int, default=3, help="clients of each team")
    parser.add_argument("--quarters", type=int, default=24)
    parser.add_argument("--seconds", type=float, default=5.0, help="of a quarter")
    parser.add_argument("--kills", type=int, default=0, help="kill the server so often instead of measuring")
    parser.add_argument("--seed", type=int, default=1, help="of faults")
    options = parser.parse_args()
    if options.kills:
        with tempfile.TemporaryDirectory() as folder, hasty():
            path, setup = (
                Path(folder) / "room.workshop",
                Setup(quarters=options.quarters, seed=options.seed, firms=options.teams),
            )
            report = asyncio.run(trial(path, setup, options.kills, options.teams, options.members, options.seed))
        print(report)
        raise SystemExit(1 if report.wrong else 0)
    keep(load(options.teams, options.members, options.quarters, options.seconds))


if __name__ == "__main__":
    main()
