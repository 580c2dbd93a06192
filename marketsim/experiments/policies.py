"""Policies of an experiment: written in it, named by the scenario, or read from a policy file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from marketsim.errors import ExperimentError, Problem, did_you_mean, printable
from marketsim.scenario import library
from marketsim.scenario.checks import Violation, lever_names, lever_violations
from marketsim.scenario.experiment_file import InlinePolicy, PolicyEntry, PolicyFile
from marketsim.scenario.fields import quarter_index
from marketsim.scenario.library import LoadedScenario
from marketsim.scenario.model_file import read_model
from marketsim.scenario.policies import both_ways
from marketsim.scenario.problems import from_violations
from marketsim.scenario.provenance import provenance_of
from marketsim.scenario.source import Key, Node, Provenance

AS_IT_IS = "none"
"""The policy that changes nothing."""

Levers = Mapping[str, Mapping[str, float]]
"""Policy levers and their paths over time."""

At = tuple[Key, ...]


@dataclass(frozen=True)
class Policy:
    """A set of levers that hold against dated events; none: the scenario as it is.

    title: by language.  source, note: where its figures come from; a note that is written in both is by language, too.
    """

    name: str
    title: Mapping[str, str]
    levers: Levers
    source: str | None = None
    note: str | Mapping[str, str] | None = None


NOTHING = Policy(AS_IT_IS, {"en": "as it is", "zh": "现状不变"}, {})


def folder() -> Path:
    """Where the policy files of the package are."""
    return library.folder() / "policies"


def names() -> list[str]:
    """Names of the policy files that ship with the package."""
    return sorted(path.stem for path in folder().glob("*.yaml"))


@dataclass
class PolicyReader:
    """Finds the policies that an experiment names, and keeps what is wrong with them.

    experiment: path of its file.  tree: its values with their sources.  by_hand: levers that its `set` fixes.
    """

    experiment: Path
    tree: Node
    loaded: LoadedScenario
    by_hand: frozenset[str]
    violations: list[Violation] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def read(self, entries: list[PolicyEntry]) -> list[Policy]:
        """The policies of all entries, in order; those that are right."""
        found: dict[str, Policy] = {}
        for index, entry in enumerate(entries):
            at = ("policies", index)
            for policy in self._named(entry, at) if isinstance(entry, str) else self._inline(entry, at):
                if policy.name in found:
                    message = f"the policy {policy.name!r} is there already"
                    self.violations.append(Violation(at, message, "each policy once"))
                found.setdefault(policy.name, policy)
        return list(found.values())

    def _inline(self, entry: InlinePolicy, at: At) -> Iterator[Policy]:
        levers, path = dict(entry.levers), (*at, "levers")
        self.violations += _wrong_levers(levers, path, self.loaded, self.by_hand)
        yield _policy(
            entry.name, entry.title.model_dump() if entry.title else None, levers, provenance_of(self.tree), path
        )

    def _named(self, name: str, at: At) -> Iterator[Policy]:
        """A policy of the scenario, or those of a policy file."""
        of_scenario = self.loaded.scenario.policies
        if name in of_scenario:
            self.violations += _set_as_well(of_scenario[name], at, self.by_hand)
            title = self.loaded.scenario.policy_titles.get(name)
            told = title.model_dump() if title else None
            yield _policy(name, told, of_scenario[name], self.loaded.provenance, ("policies", name))
        elif name == AS_IT_IS:
            yield NOTHING
        elif library.is_path(name):
            yield from self._from_file(self.experiment.parent / name, at)
        elif name in names():
            yield from self._from_file(folder() / f"{name}.yaml", at)
        elif file := next((file for file in names() if name.startswith(f"{file}-")), None):
            yield from self._variant(name, file, at)
        else:
            hint = did_you_mean(name, [*of_scenario, *names(), AS_IT_IS], "there are")
            allowed = "a policy of the scenario, a policy file of the library, or the path of a .yaml file"
            self.violations.append(Violation(at, f"there is no policy {printable(name)!r}", allowed, hint))

    def _variant(self, name: str, file: str, at: At) -> Iterator[Policy]:
        """One policy of a file of the library."""
        variants = {policy.name: policy for policy in self._from_file(folder() / f"{file}.yaml", at)}
        if name in variants:
            yield variants[name]
        else:
            message = f"there is no policy {printable(name)!r}"
            self.violations.append(Violation(at, message, hint=did_you_mean(name, list(variants), "there are")))

    def _from_file(self, path: Path, at: At) -> Iterator[Policy]:
        what = "a policy file is a mapping with the keys title and levers, or title and variants"
        try:
            file, tree, problems = read_model(path, PolicyFile, ExperimentError, what)
        except ExperimentError as error:
            self.problems += error.problems
            return
        if (file.levers is None) == (file.variants is None):
            only = [Violation((), "has neither levers nor variants, or both", "`levers:` or `variants:`, one of them")]
            self.problems += problems + from_violations(only, tree)
            return
        marks, found = provenance_of(tree), list[Violation]()
        for name, title, levers, place in variants(path.stem, file):
            found += _wrong_levers(levers, place, self.loaded, frozenset())
            self.violations += _set_as_well(levers, at, self.by_hand)
            yield _policy(name, title, levers, marks, place)
        self.problems += problems + from_violations(found, tree)


def variants(stem: str, file: PolicyFile) -> Iterator[tuple[str, dict[str, str], Levers, At]]:
    """Name, title, levers and place of each policy of a file."""
    if file.levers is not None:
        yield stem, file.title.model_dump(), file.levers, ("levers",)
    for name, variant in (file.variants or {}).items():
        yield f"{stem}-{name}", variant.title.model_dump(), variant.levers, ("variants", name, "levers")


def _policy(name: str, title: dict[str, str] | None, levers: Levers, marks: Mapping[str, Provenance], at: At) -> Policy:
    """A policy with the sources and the notes of its levers, each once."""
    place = ".".join(map(str, at))
    origins = [mark for path, mark in marks.items() if path.startswith(f"{place}.")]
    sources, note = _joined(mark.source for mark in origins), _joined(mark.note for mark in origins)
    chinese = _joined((mark.zh for mark in origins), "；") if all(mark.zh for mark in origins if mark.note) else None
    written = Provenance(sources, note, chinese).written_note
    return Policy(name, title or {"en": name, "zh": name}, levers, sources, written)


def _joined(texts: Iterable[str | None], between: str = "; ") -> str | None:
    """Texts one after the other, each once; None without any."""
    return between.join(dict.fromkeys(text for text in texts if text)) or None


def _wrong_levers(levers: Levers, at: At, loaded: LoadedScenario, by_hand: frozenset[str]) -> Iterator[Violation]:
    """What is wrong with levers that stand at a place."""
    world = loaded.scenario
    known = lever_names(world)
    for lever, path in levers.items():
        yield from lever_violations((*at, lever), lever, path, known)
        if len(path) > 1 and min(map(quarter_index, path)) > quarter_index(world.start):
            message = "begins after the scenario does, so that its first value would hold before as well"
            allowed = f"a first point at {world.start} or before it: what holds until then"
            yield Violation((*at, lever), message, allowed)
    yield from _set_as_well(levers, at, by_hand)


def _set_as_well(levers: Levers, at: At, by_hand: frozenset[str]) -> Iterator[Violation]:
    for lever in both_ways(levers, by_hand):
        yield Violation(at, f"the lever {lever!r} is set by the policy and by `set`", "one of the two")
