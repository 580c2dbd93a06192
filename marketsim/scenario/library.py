"""Finding and loading scenarios: by name from the library that ships with the package, or by path."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from pydantic import ValidationError

from marketsim.errors import Origin, Problem, ScenarioError, did_you_mean, printable
from marketsim.scenario.checks import violations
from marketsim.scenario.fields import is_quarter
from marketsim.scenario.overrides import Overrides, apply_overrides, paths_of
from marketsim.scenario.policies import held, levers_set
from marketsim.scenario.problems import from_validation, from_violations, in_file
from marketsim.scenario.provenance import attribute, provenance_of
from marketsim.scenario.schema import Scenario
from marketsim.scenario.source import Key, Node, Provenance, parse, plain, read_text

MAX_EXTENDS = 8
SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class LoadedScenario:
    """A scenario with what its files say about it.

    provenance: source and note by dotted path, such as `vendors.huawei.price`.
    files: the scenario's own file first, then the files that it extends, nearest first.
    tree: the values as written, extended and overridden, with the line of each.
    """

    scenario: Scenario
    provenance: Mapping[str, Provenance]
    files: tuple[Path, ...]
    tree: Node


def folder() -> Path:
    """Where the scenarios of the package are: inside an installed package, beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_scenarios"
    return installed if installed.is_dir() else package.parent / "scenarios"


def names() -> list[str]:
    """Names of the scenarios that ship with the package, in alphabetical order."""
    return sorted(path.stem for path in folder().glob("*.yaml"))


def is_path(name_or_path: str) -> bool:
    """Whether the text means a file and not a name of the library."""
    return "/" in name_or_path or "\\" in name_or_path or name_or_path.endswith(SUFFIXES)


def find(name_or_path: str | Path, beside: Path = Path()) -> Path:
    """The file of a scenario: a name of the library, or a path that starts at the folder `beside`.

    Raises ScenarioError when the library knows no such name. Whether a path exists is seen when it is read.
    """
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or is_path(text):
        return beside / text
    if text not in names():
        message = f"there is no scenario {printable(text)!r}"
        raise ScenarioError([Problem(Origin("scenario library"), message, hint=_other_name(text, beside))])
    return folder() / f"{text}.yaml"


def _other_name(text: str, beside: Path) -> str:
    """What may be meant by a name that the library does not know."""
    if _is_file(beside / f"{text}.yaml"):
        return f"the file {text}.yaml is there: write its name with the ending"
    return did_you_mean(text, names(), "there are") or "a file is named with its ending, such as my-world.yaml"


def _other_file(path: Path) -> str:
    """What may be meant by a path at which there is no file."""
    if path.suffix in SUFFIXES and path.stem in names():
        return f"the library has it: write {path.stem}, without the ending"
    try:
        beside = sorted(other.name for other in islice(path.parent.glob("*.y*ml"), 500))
    except OSError:
        return ""
    return did_you_mean(path.name, beside, "YAML files there")


def load(
    name_or_path: str | Path, overrides: Overrides | None = None, strategies: Collection[str] | None = None
) -> LoadedScenario:
    """Read, extend, override and check a scenario.

    overrides: `path=value` texts or values by path; a policy lever set so is no longer moved by events.
    strategies: names of the strategies there are; None leaves them unchecked.
    Raises ScenarioError with everything that is wrong.
    """
    tree, files, problems = _read(find(name_or_path), ())
    if overrides:
        with _beside(problems):
            tree = _without_figures_of_who_left(tree, apply_overrides(tree, overrides))
    try:
        scenario = Scenario.model_validate(plain(tree), strict=True)
    except ValidationError as error:
        raise ScenarioError(problems + from_validation(error, tree)) from None
    problems += from_violations(violations(scenario, strategies), tree)
    if problems:
        raise ScenarioError(problems)
    if overrides:
        scenario = held(scenario, levers_set(paths_of(overrides)))
    return LoadedScenario(scenario, provenance_of(tree), files, tree)


def load_scenario(
    name_or_path: str | Path, overrides: Overrides | None = None, strategies: Collection[str] | None = None
) -> Scenario:
    """The scenario alone, see `load`."""
    return load(name_or_path, overrides, strategies).scenario


@contextmanager
def _beside(problems: list[Problem]) -> Iterator[None]:
    """An error on the way does not hide the problems that were found before."""
    try:
        yield
    except ScenarioError as error:
        raise ScenarioError([*problems, *error.problems]) from None


def merge(base: Node, changes: Node) -> Node:
    """The base with the changes: mappings key by key, everything else replaced; `null` removes a key.

    A path over time is one value and replaced as a whole: points of the old path between new ones would surprise.
    """
    if not isinstance(base.value, dict) or not isinstance(changes.value, dict):
        return changes
    if _is_path(base.value) and _is_path(changes.value):
        return changes
    merged = dict(base.value)
    for key, change in changes.value.items():
        if change.value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged[key], change) if key in merged else change
    return Node(merged, changes.origin)


def _is_path(value: dict[str, Node]) -> bool:
    return bool(value) and all(is_quarter(key) and not isinstance(at.value, (dict, list)) for key, at in value.items())


def _read(path: Path, chain: tuple[Path, ...]) -> tuple[Node, tuple[Path, ...], list[Problem]]:
    """The tree of a file with what it extends, the files read, and the problems that did not stop the reading.

    chain: the files that extend this one, the first of them being the scenario's own.
    """
    if _is_missing(path):
        raise ScenarioError([Problem(Origin(str(path)), "there is no such file", hint=_other_file(path))])
    document = parse(read_text(path), str(path))
    if not isinstance(document.root.value, dict):
        message = "a scenario is a mapping with keys such as name, vendors and segments"
        raise ScenarioError([Problem(document.root.origin, message, found=in_file(document.root))])
    own = attribute(document.root, document.problems)
    extends = own.child("extends")
    if extends is None:
        return own, (path,), document.problems
    assert isinstance(own.value, dict)
    rest = Node({key: child for key, child in own.value.items() if key != "extends"}, own.origin)
    with _beside(document.problems):
        target = _extended(extends, path, (*chain, path))
        base, files, problems = _read(target, (*chain, path))
    merged = _without_figures_of_who_left(base, merge(base, rest))
    return merged, (path, *files), document.problems + problems


def _without_figures_of_who_left(before: Node, after: Node) -> Node:
    """The tree without reported figures and free parameters of vendors that were taken out, where they are inherited.

    A list of figures, or a free parameter, of the file's own stays: the check says that its vendor is missing.
    """
    left = _sellers(before) - _sellers(after)
    if not left or not isinstance(after.value, dict):
        return after
    kept = dict(after.value)
    figures, free = (after.child(part) for part in ("reported", "free"))
    if figures is not None and figures is before.child("reported"):
        here = [figure for _, figure in figures.children() if _vendor_of(figure) not in left]
        kept["reported"] = Node(here, figures.origin)
    if free is not None and isinstance(free.value, dict):
        inherited = before.child("free") or Node({}, free.origin)
        gone = [name for name, at in free.value.items() if at is inherited.child(name) and _moves(at) & left]
        kept["free"] = Node({name: at for name, at in free.value.items() if name not in gone}, free.origin)
    return Node(kept, after.origin)


def _moves(parameter: Node) -> set[Key]:
    """The vendors that a free parameter names."""
    patterns = parameter.child("moves") or parameter
    words = [at.value.split(".") for _, at in patterns.children() if isinstance(at.value, str)]
    return {path[1] for path in words if len(path) > 1 and path[0] in ("vendors", "foreign")}


def _sellers(tree: Node) -> set[Key]:
    sections = [tree.child("vendors"), tree.child("foreign")]
    return {name for section in sections if section is not None for name, _ in section.children()}


def _vendor_of(figure: Node) -> object:
    vendor = figure.child("vendor")
    return None if vendor is None or isinstance(vendor.value, (dict, list)) else vendor.value


def _extended(extends: Node, path: Path, chain: tuple[Path, ...]) -> Path:
    """The file that `extends` names. Raises ScenarioError if there is none, or if it would never end.

    It must have the ending of a scenario file, so that no other file is opened, and quoted in a message, by its name.
    """
    allowed = "the name of a scenario, or the path of a .yaml or .yml file"
    if not isinstance(extends.value, str):
        raise ScenarioError([Problem(extends.origin, "is not text", "extends", in_file(extends), allowed)])
    if is_path(extends.value) and not extends.value.endswith(SUFFIXES):
        raise ScenarioError([Problem(extends.origin, "is no scenario file", "extends", in_file(extends), allowed)])
    try:
        target = find(extends.value, path.parent)
    except ScenarioError as error:
        first = error.problems[0]
        raise ScenarioError([Problem(extends.origin, first.message, "extends", hint=first.hint)]) from None
    if not _is_file(target):
        message = f"there is no scenario file {printable(extends.value)!r}"
        raise ScenarioError([Problem(extends.origin, message, "extends", hint=_other_file(target))])
    if target.resolve() in [file.resolve() for file in chain]:
        circle = " -> ".join(file.name for file in (*chain, target))
        raise ScenarioError([Problem(extends.origin, f"goes round in a circle: {circle}", "extends")])
    if len(chain) > MAX_EXTENDS:
        message = f"is the {len(chain)}th file in a row that extends another; at most {MAX_EXTENDS} may"
        raise ScenarioError([Problem(extends.origin, message, "extends")])
    return target


def _is_missing(path: Path) -> bool:
    try:
        return not path.exists()
    except (OSError, ValueError):  # reading it will say why
        return False


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file system takes
        return False
