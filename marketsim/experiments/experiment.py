"""Policy experiments: read from a file, with everything that it names, and checked."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from marketsim.errors import ExperimentError, Origin, Problem, ScenarioError, did_you_mean
from marketsim.experiments.design import design_violations, table_path
from marketsim.experiments.design_table import read_table
from marketsim.experiments.outcomes import Outcome, outcome, outcome_violations, usual
from marketsim.experiments.policies import AS_IT_IS, NOTHING, Policy, PolicyReader
from marketsim.experiments.uncertain import UncertainSpace, uncertain_space
from marketsim.scenario import library
from marketsim.scenario.checks import Violation
from marketsim.scenario.experiment_file import ExperimentFile
from marketsim.scenario.library import LoadedScenario
from marketsim.scenario.model_file import read_model
from marketsim.scenario.policies import held, levers_set, with_levers
from marketsim.scenario.problems import from_violations
from marketsim.scenario.provenance import provenance_of
from marketsim.scenario.schema import Scenario
from marketsim.scenario.source import Node, Provenance
from marketsim.shakeout.record import Boundary
from marketsim.state import Floats

__all__ = ["Experiment", "Outcome", "Policy", "load_experiment"]


@dataclass(frozen=True)
class Experiment:
    """An experiment that can be run.

    path, file: where it was read, and what stands there.  provenance: sources and notes there, by dotted path.
    loaded: the scenario with `set` applied.  policies: the baseline first.  outcomes: in the order of the file.
    space: None if the runs are those of the scenario as written.
    keep_quarters, keep_vendors: runs of each policy whose paths are kept; None: of all.
    """

    path: Path
    file: ExperimentFile
    provenance: Mapping[str, Provenance]
    loaded: LoadedScenario
    policies: tuple[Policy, ...]
    space: UncertainSpace | None
    outcomes: Mapping[str, Outcome]
    seed: int
    boundary: Boundary
    keep_quarters: int | None
    keep_vendors: int | None

    def drawn(self, values: Floats | None) -> Scenario:
        """The scenario at a point, before any policy.

        values: [parameter]; None: as written.  Raises MarketSimError if a figure leaves what it may be.
        """
        if values is None or self.space is None:
            return self.loaded.scenario
        return held(self.space.scenario(values), self.held)

    def world(self, values: Floats | None, policy: Policy) -> Scenario:
        """The scenario at a point, see `drawn`, under a policy, whose levers hold against dated events."""
        return with_levers(self.drawn(values), policy.levers)

    @cached_property
    def held(self) -> frozenset[str]:
        """Policy levers that `set` fixes, against events."""
        return frozenset(levers_set(self.file.set))


def folder() -> Path:
    """Where the experiments of the package are."""
    return library.folder() / "experiments"


def names() -> list[str]:
    """Names of the experiments that ship with the package."""
    return sorted(path.stem for path in folder().glob("*.yaml"))


def find(name_or_path: str | Path) -> Path:
    """The file of an experiment: a name such as `six-policies`, or a path.

    Raises ExperimentError for a name that the library does not know.
    """
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or library.is_path(text):
        return Path(text)
    if text not in names():
        there = Path(f"{text}.yaml").is_file()
        hint = f"the file {text}.yaml is there: write its name with the ending" if there else ""
        hint = hint or did_you_mean(text, names(), "there are")
        raise ExperimentError([Problem(Origin("experiment library"), f"there is no experiment {text!r}", hint=hint)])
    return folder() / f"{text}.yaml"


def load_experiment(path: str | Path, strategies: Collection[str] | None = None) -> Experiment:
    """Read and check an experiment: a name of the library such as `six-policies`, or a path.

    strategies: names of the strategies there are; None leaves those of the scenario unchecked.
    Raises ExperimentError with everything that is wrong.
    """
    where = find(path)
    what = "an experiment is a mapping with keys such as title, scenario and policies"
    file, tree, problems = read_model(where, ExperimentFile, ExperimentError, what)
    loaded = _scenario(where, file, tree, problems, strategies)
    reader = PolicyReader(where, tree, loaded, frozenset(levers_set(file.set)))
    policies = reader.read(file.policies)
    space, found = uncertain_space(file, loaded)
    outcomes = usual(loaded.scenario) if file.outcomes is None else file.outcomes
    found += [
        *reader.violations,
        *_baseline(file, policies),
        *outcome_violations(outcomes, loaded.scenario),
        *_precision(file, policies, outcomes),
        *_design(file, space, bool(found)),
    ]
    problems += reader.problems + from_violations(found, tree)
    if not problems and space is not None:
        problems += _wrong_table(where, file, space)
    if problems:
        raise ExperimentError(problems)
    return Experiment(
        path=where,
        file=file,
        provenance=provenance_of(tree),
        loaded=loaded,
        policies=_in_order(file.baseline, policies),
        space=space if file.design.kind != "as-written" else None,
        outcomes={name: outcome(name, entry) for name, entry in outcomes.items()},
        seed=file.seed,
        boundary=file.boundary,
        keep_quarters=None if file.keep.quarters == "all" else file.keep.quarters,
        keep_vendors=None if file.keep.vendors == "all" else file.keep.vendors,
    )


def _scenario(
    where: Path, file: ExperimentFile, tree: Node, problems: list[Problem], strategies: Collection[str] | None
) -> LoadedScenario:
    """The scenario with `set` applied. Raises ExperimentError with what is wrong with it, and the problems so far."""
    try:
        return library.load(library.find(file.scenario, where.parent), file.set, strategies)
    except ScenarioError as error:
        raise ExperimentError([*problems, *(_in_experiment(one, tree) for one in error.problems)]) from None


def _in_experiment(problem: Problem, tree: Node) -> Problem:
    """A problem of the scenario's name or of a value that is set, at its place in the experiment."""
    source = problem.origin.source
    if source == "scenario library":
        place = tree.child("scenario") or tree
        return Problem(place.origin, problem.message, "scenario", hint=problem.hint)
    if not source.startswith("--set "):
        return problem
    path = source.removeprefix("--set ").partition("=")[0]
    place = (tree.child("set") or tree).child(path) or tree
    told = problem.message if problem.field in ("", path) else f"{problem.field}: {problem.message}"
    hint = problem.hint.replace("--set ", "")
    return Problem(place.origin, told, f"set.{path}", problem.found, problem.allowed, hint)


def _in_order(baseline: str, policies: list[Policy]) -> tuple[Policy, ...]:
    """The policies with the baseline first; the scenario as it is, if that is the baseline and not among them."""
    first = next((policy for policy in policies if policy.name == baseline), NOTHING)
    return (first, *(policy for policy in policies if policy is not first))


def _design(file: ExperimentFile, space: UncertainSpace | None, wrong: bool) -> Iterator[Violation]:
    """What is wrong with the design.  wrong: the parameters are so already, and say nothing of it."""
    if not wrong:
        yield from design_violations(file.design, space)
    if file.uncertain is not None and "design" not in file.model_fields_set:
        yield Violation(("design",), "is required and missing: it says at which values runs are made")


def _baseline(file: ExperimentFile, policies: list[Policy]) -> Iterator[Violation]:
    known = [policy.name for policy in policies]
    if file.baseline not in (AS_IT_IS, *known):
        hint = did_you_mean(file.baseline, [AS_IT_IS, *known], "there are")
        message = f"there is no policy {file.baseline!r} in this experiment"
        yield Violation(("baseline",), message, "the name of one of its policies, or none", hint)


def _precision(file: ExperimentFile, policies: list[Policy], outcomes: Collection[str]) -> Iterator[Violation]:
    if file.precision is None:
        return
    name = file.precision.outcome
    if name not in outcomes:
        hint = did_you_mean(name, list(outcomes), "there are")
        yield Violation(
            ("precision", "outcome"), f"there is no outcome {name!r}", "an outcome of this experiment", hint
        )
    if all(policy.name == file.baseline for policy in policies):
        yield Violation(("precision",), "is that of a difference, but no policy is set against the baseline")


def _wrong_table(where: Path, file: ExperimentFile, space: UncertainSpace) -> list[Problem]:
    path = table_path(where, file.design)
    try:
        if path is not None:
            read_table(path, space)
    except ExperimentError as error:
        return list(error.problems)
    return []
