"""A room set beside a thousand like it: the same market on other luck, with strategies in every seat.

They are simulated in processes of their own, at a low priority, so that whoever decides or looks at a screen
meanwhile does not wait: `python -m agents.workshop.simulated` reads a `Job` as a line of JSON and writes `Rooms`. Its
standard input stays open as long as somebody waits for them: a server that is killed cannot say that nobody does.
A server with threads and open files is not forked.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from itertools import chain
from threading import Thread
from typing import get_args

import numpy as np
from pydantic import Field

from agents.game.runs import OTHER_LUCK
from agents.game.setup import Seed
from agents.strategies.team import Team
from agents.workshop.room_debrief import Measure, Range, Rooms, Simulation
from marketsim.ensemble import chunks_of
from marketsim.errors import MarketSimError
from marketsim.market import Market
from marketsim.outcomes import METRICS, YearBook
from marketsim.processes import each
from marketsim.scenario.fields import Quarter, Section
from marketsim.scenario.parameters import Parameters
from marketsim.scenario.schema import Scenario
from marketsim.shakeout.classify import Class
from marketsim.shakeout.instrument import Instrument, load_instrument
from marketsim.shakeout.record import Recorder
from marketsim.state import Floats, Ints

ROOMS = 1000
AT_ONCE = 128
"""Rooms that are played side by side; the result does not depend on it."""
MEASURES: tuple[Measure, ...] = get_args(Measure)


class Job(Section):
    """What is simulated.

    world: with everything that the facilitator let happen, and the scenario's strategies.  until: the last quarter.
    dropped: facts that are not scored.  own: what the room had, by measure and quarter.
    """

    world: Scenario
    seed: Seed
    until: Quarter
    dropped: list[str]
    own: dict[Measure, list[float]]
    rooms: int = Field(ROOMS, ge=1, le=100_000)


def measured(book: YearBook, quarters: int) -> dict[Measure, Floats]:
    """Measures by quarter, [q,r].  book: kept by quarters."""
    metrics, names = book.result().metrics, list(METRICS)
    return {name: metrics[names.index(name), :quarters] for name in MEASURES}


class _Worker:
    """Plays some rooms: the class of each, [r], none before a year is over, and its measures, [measure,q,r]."""

    def __init__(self, job: Job) -> None:
        self.job = job

    @cached_property
    def parameters(self) -> Parameters:
        return Parameters(self.job.world)

    @cached_property
    def instrument(self) -> Instrument:
        return replace(load_instrument(), dropped=frozenset(self.job.dropped))

    def __call__(self, runs: range) -> tuple[Ints | None, Floats]:
        p, job = self.parameters, self.job
        market = Market(p, job.seed + OTHER_LUCK, runs)
        recorder, book = Recorder(p, len(market.runs)), YearBook(p, len(market.runs), per_year=4)
        market.record(Team(p.strategies).decide, recorder, book, until=job.until)
        figures = np.stack(list(measured(book, market.quarter).values()))[..., : len(runs)]
        if not recorder.time:
            return None, figures
        return self.instrument.read(recorder.result()).verdicts.classes[: len(runs)], figures


def simulated(job: Job, workers: int) -> Rooms:
    """The rooms, and where the job's own is among them.  The result does not depend on the number of workers.

    Raises WorkerKilled if a worker is killed.
    """
    parts = dict(each(chunks_of(job.rooms, AT_ONCE), _Worker(job), workers))
    ordered = [parts[part] for part in sorted(parts, key=lambda part: part.start)]
    found = np.concatenate([figures for _, figures in ordered], axis=-1)
    classes = list(chain.from_iterable(some for some, _ in ordered if some is not None))
    counts = np.bincount(np.array(classes, dtype=int), minlength=len(Class))
    return Rooms(
        rooms=job.rooms,
        classes={which.name: int(counts[which]) for which in Class if counts[which]},
        ranges={name: _range(found[place], job.own[name]) for place, name in enumerate(MEASURES)},
    )


def _range(values: Floats, own: Sequence[float]) -> Range:
    """values: of all rooms, [q,r].  own: of the room, [q]."""
    p10, p50, p90 = np.quantile(values, (0.1, 0.5, 0.9), axis=-1)
    here = np.array(own)[:, None]
    place = ((values < here) + 0.5 * (values == here)).mean(axis=-1)
    return Range(p10=p10.tolist(), p50=p50.tolist(), p90=p90.tolist(), place=place.tolist())


class Simulations:
    """The simulated rooms of a workshop: begun once for a market, and kept as long as it is the same.

    program: what is run, with a job on its standard input.
    """

    def __init__(self, program: Sequence[str] = (sys.executable, "-m", __name__)) -> None:
        self._program = program
        self._key: object = None
        self._task: asyncio.Task[Rooms] | None = None

    def begin(self, key: object, job: Callable[[], Awaitable[Job]]) -> None:
        """Simulate for a market, unless that is begun; what was begun for another one is given up.

        key: equal for the same market.  job: tells what is simulated.
        """
        if self._task is not None and self._key != key:
            self._task.cancel()
        elif self._task is not None:
            return
        self._key, self._task = key, asyncio.create_task(self._in_processes(job))

    def found(self, key: object) -> tuple[Simulation, Rooms | None]:
        """How far it is, and what came of it."""
        if self._task is None or self._key != key:
            return "none", None
        if not self._task.done():
            return "running", None
        failed = self._task.cancelled() or self._task.exception() is not None
        return ("failed", None) if failed else ("there", self._task.result())

    async def done(self) -> None:
        """Wait until it is done, one way or the other."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def close(self) -> None:
        """End what is running."""
        if self._task is not None:
            self._task.cancel()
            await self.done()

    async def _in_processes(self, job: Callable[[], Awaitable[Job]]) -> Rooms:
        told = (await job()).model_dump_json().encode()
        process = await asyncio.create_subprocess_exec(
            *self._program,
            stdin=PIPE,
            stdout=PIPE,
            start_new_session=True,  # Ctrl-C is for the server alone
        )
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(told + b"\n")
            with suppress(ConnectionError):  # it has ended: its status tells how
                await process.stdin.drain()
            answer = await process.stdout.read()
            await process.wait()
        finally:
            process.stdin.close()
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if process.returncode:
            raise MarketSimError(f"simulating rooms ended with status {process.returncode}")
        return Rooms.model_validate_json(answer)


def main() -> None:
    """Read a job, write what came of it; end without a word once nobody waits for it."""
    if hasattr(os, "nice"):
        os.nice(10)
    told = sys.stdin.buffer.readline()
    Thread(target=_end_with_input, daemon=True).start()
    if told.endswith(b"\n"):
        found = simulated(Job.model_validate_json(told), os.cpu_count() or 1)
        with suppress(BrokenPipeError), open(sys.stdout.fileno(), "wb", closefd=False) as answer:
            answer.write(found.model_dump_json().encode())


def _end_with_input() -> None:
    """End this process, and so its workers, once standard input does.

    Read past Python's buffer: its lock would be held in workers that are forked meanwhile.
    """
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
