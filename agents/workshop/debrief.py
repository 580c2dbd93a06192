"""Looking back on a room: every team's timeline, the ranking, what happened, and the market beside simulated ones."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from agents.workshop.allowed import Refusal
from agents.workshop.looking_back import looked_back
from agents.workshop.room_debrief import RoomDebrief
from agents.workshop.simulated import Job, Simulations
from agents.workshop.snapshot import Snapshot, market_of, snapshot, usual_world
from marketsim.errors import MarketSimError

if TYPE_CHECKING:
    from agents.workshop.desk import Desk


async def debrief(desk: Desk) -> bytes:
    """JSON of `RoomDebrief`. The simulated rooms come later than the rest, which says how far they are.

    Raises Refusal until the market is over: then all books are open, and not before.
    """
    phase = await desk.read(lambda: desk.room.phase)
    if phase != "debrief":
        raise Refusal("books are opened when the market is over", "phase", phase, "debrief")
    return await desk.debriefing.content(desk)


class Debriefing:
    """A workshop's debrief: made once for as long as nothing changes, and outside of the room's thread."""

    def __init__(self) -> None:
        self.simulations = Simulations()
        self._past: tuple[int, Snapshot, RoomDebrief] | None = None
        self._content: tuple[object, bytes] | None = None
        self._one = asyncio.Lock()

    def begin(self, desk: Desk) -> None:
        """Begin to simulate rooms like this one, unless that is begun."""
        market = market_of(desk.room)

        async def job() -> Job:
            taken, past = await self._looked_back(desk)
            if taken.market != market:
                raise MarketSimError("the market has changed")
            return job_of(taken, past)

        self.simulations.begin(market, job)

    async def content(self, desk: Desk) -> bytes:
        """As JSON."""
        taken, found = await self.found(desk)
        key = taken, found.simulation
        if self._content is None or self._content[0] != key:
            self._content = key, found.model_dump_json().encode()
        return self._content[1]

    async def found(self, desk: Desk, whole: bool = False) -> tuple[Snapshot, RoomDebrief]:
        """The room and all that is known of it; others are simulated once the market is over.  whole: wait for those.

        Raises Refusal before a quarter has been played.
        """
        if desk.room.over or desk.room.phase == "debrief":
            self.begin(desk)
            if whole:
                await self.simulations.done()
        taken, past = await self._looked_back(desk)
        simulation, rooms = self.simulations.found(taken.market)
        return taken, past.model_copy(update={"simulation": simulation, "rooms": rooms})

    async def close(self) -> None:
        """End what is running."""
        await self.simulations.close()

    async def _looked_back(self, desk: Desk) -> tuple[Snapshot, RoomDebrief]:
        """The room, and what was of it, up to the last line of the log."""
        async with self._one:
            if self._past is None or self._past[0] != desk.room.seq:
                seq, taken = await desk.read(lambda: (desk.room.seq, snapshot(desk.room)))
                self._past = seq, taken, await asyncio.to_thread(looked_back, taken)
            return self._past[1:]


def job_of(taken: Snapshot, past: RoomDebrief) -> Job:
    """What is simulated to compare a room with.  past: of the same snapshot."""
    return Job(
        world=usual_world(taken),
        seed=taken.opened.setup.seed,
        until=past.quarters[-1],
        dropped=[] if past.judged is None else past.judged.dropped,
        own=past.market,
    )
