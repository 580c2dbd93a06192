"""Running an experiment: chunks that are not done yet, here, over processes or over a Dask cluster.

Whoever computes a chunk writes it, so that results never travel; a chunk that was in flight when its process was killed
is computed again. Content depends on the experiment alone, and so does every byte of the parts.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from marketsim.ensemble import Decide
from marketsim.errors import MarketSimError, printable
from marketsim.experiments.design import rounds
from marketsim.experiments.experiment import Experiment, load_experiment
from marketsim.experiments.plan import Chunk, source_hash
from marketsim.experiments.session import Session
from marketsim.experiments.store import Store
from marketsim.experiments.worker import Worker
from marketsim.processes import WorkerKilled, pool, work

if TYPE_CHECKING:
    from marketsim.experiments.results import Results

BREAKS = 3
"""Times in a row that workers may be killed without a chunk being finished in between."""
PATIENCE = 15
"""Seconds that a Dask cluster may take to answer."""


@dataclass(frozen=True)
class Task:
    """What is done with a chunk: computed and written. Gives what it was computed with."""

    worker: Worker
    store: Store

    def __call__(self, chunk: Chunk) -> dict[str, Any]:
        from marketsim.experiments.manifest import environment

        try:
            self.store.put(chunk.key, self.worker(chunk).parts())
        except MarketSimError as error:  # those with more than a message do not travel between processes
            raise MarketSimError(str(error)) from None
        return environment()


Submit = Callable[[Chunk], "Future[dict[str, Any]]"]


class Executor(Protocol):
    """Where chunks are computed."""

    def __call__(self, task: Task) -> AbstractContextManager[tuple[Submit, int]]:
        """Within: takes chunks, at most so many at once."""


@contextmanager
def here(task: Task) -> Iterator[tuple[Submit, int]]:
    """In this process."""

    def submit(chunk: Chunk) -> Future[dict[str, Any]]:
        future: Future[dict[str, Any]] = Future()
        future.set_result(task(chunk))
        return future

    yield submit, 1


@dataclass(frozen=True)
class Processes:
    """Processes of this machine."""

    workers: int

    @contextmanager
    def __call__(self, task: Task) -> Iterator[tuple[Submit, int]]:
        """The processes, which end with the context or with this process. Raises WorkerKilled if one is killed."""
        if not task.store.is_shared:
            raise MarketSimError(f"{task.store.name} can be seen by one process alone: --workers 1")
        with pool(self.workers, task) as processes:
            yield lambda chunk: processes.submit(work, chunk), 2 * self.workers


@dataclass(frozen=True)
class Dask:
    """A running Dask cluster, by the address of its scheduler, such as tcp://10.0.0.1:8786."""

    address: str

    @contextmanager
    def __call__(self, task: Task) -> Iterator[tuple[Submit, int]]:
        """The cluster. Raises MarketSimError if it does not answer or has no workers."""
        from distributed import Client
        from distributed.comm.addressing import resolve_address

        if not task.store.is_shared:
            raise MarketSimError(f"{task.store.name} can be seen by one process alone: no cluster can write to it")
        try:
            resolve_address(self.address)  # with a wrong one the client would take half a minute to end
            client = Client(self.address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError) as error:
            raise MarketSimError(f"no Dask cluster answers at {printable(self.address)}: {error}") from None
        with client:
            cores = sum(client.ncores().values())
            if cores == 0:
                raise MarketSimError(f"the Dask cluster at {printable(self.address)} has no workers")
            executor, sent = client.get_executor(pure=False), pickle.dumps(task)
            try:
                yield lambda chunk: executor.submit(_remotely, sent, source_hash(), chunk), 2 * cores
            finally:
                executor.shutdown(wait=False)


def _remotely(sent: bytes, code: str, chunk: Chunk) -> dict[str, Any]:
    """On a worker of a cluster: a task on a chunk."""
    if source_hash() != code:
        raise MarketSimError("the workers of the Dask cluster run another version of marketsim than this process")
    return _received(sent)(chunk)


@lru_cache(maxsize=2)
def _received(sent: bytes) -> Task:
    task = pickle.loads(sent)
    assert isinstance(task, Task)
    return task


@dataclass(frozen=True)
class Status:
    """How far an experiment is, in runs.

    done: with those that were there before.  before: those.  total: planned so far.  damaged: parts that were there but
    have to be computed again.
    """

    done: int
    before: int
    total: int
    damaged: int

    def plus(self, done: int, before: int = 0, total: int = 0, damaged: int = 0) -> Status:
        """The status after some more of each."""
        return Status(self.done + done, self.before + before, self.total + total, self.damaged + damaged)


def run(
    experiment: Experiment,
    store: Store,
    executor: Executor = here,
    progress: Callable[[Status], None] | None = None,
    decide: Decide | None = None,
) -> Status:
    """Compute what is missing of an experiment, so that the store holds it and nothing else of its kind.

    progress: is told at the beginning of a round and after each chunk.  decide: the scenario's strategies, unless they
    are to be stoppable.
    Raises MarketSimError if the store holds other files or cannot be written, if a design's point is impossible, or if
    workers are killed again and again. What is done is kept, and the same call goes on with the rest.
    """
    from marketsim.api import strategies_of

    worker = Worker(experiment, decide or strategies_of(experiment.loaded.scenario))
    session, task = Session(experiment, store), Task(worker, store)
    session.begin()
    tell = progress or (lambda status: None)
    status = Status(0, 0, 0, 0)
    for points in rounds(experiment):
        missing, damaged = session.plan(points)
        there = session.runs_of_round - sum(chunk.runs for chunk in missing)
        status = status.plus(done=there, before=there, total=session.runs_of_round, damaged=damaged)
        tell(status)
        for chunk, made_with in _computed(missing, executor, task):
            session.note(chunk, made_with)
            status = status.plus(done=chunk.runs)
            tell(status)
        if session.is_enough():
            break
    session.end()
    return status


def run_experiment(
    experiment: Experiment | str | Path,
    address: str | Path,
    workers: int = 1,
    dask: str | None = None,
    progress: Callable[[Status], None] | None = None,
) -> Results:
    """Compute an experiment, or what is missing of it, and open its results.

    experiment: a name of the library, a path, or one that was loaded.  address: a folder, or what fsspec can reach.
    workers: processes; 1 computes in this one.  dask: address of a running Dask cluster, instead of processes.
    Raises MarketSimError as `load_experiment` and `run` do.
    """
    from marketsim.commands.needs import need
    from marketsim.experiments.results import open_results

    need("fsspec", "pyarrow", *(["distributed"] if dask else []))
    loaded = experiment if isinstance(experiment, Experiment) else load_experiment(experiment)
    run(loaded, Store(address), executor_of(workers, dask), progress)
    return open_results(address)


def executor_of(workers: int, dask: str | None = None) -> Executor:
    """Where to compute: on a Dask cluster, in this process, or in several. Raises ValueError for fewer than 1."""
    if workers < 1:
        raise ValueError(f"workers must be at least 1, not {workers}")
    if dask is not None:
        return Dask(dask)
    return here if workers == 1 else Processes(workers)


def _computed(chunks: Iterable[Chunk], executor: Executor, task: Task) -> Iterator[tuple[Chunk, dict[str, Any]]]:
    """Every chunk once it is written, in no particular order; what was in flight when a worker was killed, again."""
    waiting, taken, breaks = iter(chunks), dict[str, Chunk](), 0
    while True:
        try:
            with executor(task) as (submit, most):
                running = {submit(chunk): chunk for chunk in list(taken.values())}
                while True:
                    for chunk in islice(waiting, max(most - len(running), 0)):
                        taken[chunk.key] = chunk
                        running[submit(chunk)] = chunk
                    if not running:
                        return
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        chunk = running.pop(future)
                        made_with = _result(future)
                        del taken[chunk.key]
                        breaks = 0
                        yield chunk, made_with
        except WorkerKilled:
            breaks += 1
            if breaks == BREAKS:
                raise


def _result(future: Future[dict[str, Any]]) -> dict[str, Any]:
    """What came of a chunk. Raises MarketSimError if a cluster could not compute it."""
    try:
        return future.result()
    except (MarketSimError, KeyboardInterrupt):
        raise
    except Exception as error:
        if not isinstance(error, CancelledError) and type(error).__module__.partition(".")[0] != "distributed":
            raise
        why = printable(str(error) or type(error).__name__, 400)
        raise MarketSimError(f"the Dask cluster gave up on a chunk of runs: {why}") from None
