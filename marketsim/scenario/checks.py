"""What must hold between the parts of a scenario, beyond the bounds of each value."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from marketsim.errors import did_you_mean, listing
from marketsim.scenario.free import figures_at
from marketsim.scenario.schema import SEGMENT_LEVERS, EntrantType, Policy, Product, Scenario, Vendor
from marketsim.scenario.source import Key
from marketsim.scenario.vocabulary import places, texts_of_the_game

Path = tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Violation:
    """A place of a scenario that does not fit another place."""

    path: Path
    message: str
    allowed: str = ""
    hint: str = ""


def violations(scenario: Scenario, strategies: Collection[str] | None = None) -> list[Violation]:
    """Everything in the scenario that does not fit together; empty if it can be run.

    strategies: names of the strategies there are; None leaves the names unchecked.
    """
    of_parts = [_products, _shares, _segments, _deliveries, _identifiers, free_violations]
    checks = [*of_parts, _levers, _titles, _figures, _texts]
    found = [violation for check in checks for violation in check(scenario)]
    return found + (list(_strategies(scenario, strategies)) if strategies is not None else [])


def lever_names(scenario: Scenario) -> list[str]:
    """The policy levers that events and policies can change; some have one per segment, such as domestic content."""
    single = [name for name in Policy.model_fields if name not in SEGMENT_LEVERS]
    return single + [f"{lever}.{segment}" for lever in SEGMENT_LEVERS for segment in scenario.segments]


def _unknown(path: Path, name: str, known: Iterable[str], what: str) -> Iterator[Violation]:
    choices = list(known)
    if name not in choices:
        hint = did_you_mean(name, choices, "there are")
        yield Violation(path, f"there is no {what} {name!r}", allowed=f"a {what} of this scenario", hint=hint)


def _unknown_keys(path: Path, table: Mapping[str, object], known: Iterable[str], what: str) -> Iterator[Violation]:
    choices = list(known)
    for name in table:
        yield from _unknown((*path, name), name, choices, what)


def _makers(scenario: Scenario) -> Iterator[tuple[Path, Vendor | EntrantType]]:
    for name, vendor in scenario.vendors.items():
        yield ("vendors", name), vendor
    for name, entrant in scenario.entrants.items():
        yield ("entrants", name), entrant


def _products(scenario: Scenario) -> Iterator[Violation]:
    for path, maker in _makers(scenario):
        for field in ("product", "next_product"):
            product = getattr(maker, field, None)
            if product is not None:
                yield from _unknown((*path, field, "node"), product.node, scenario.nodes, "node")
                yield from _unknown((*path, field, "memory"), product.memory, scenario.memories, "memory")
                yield from _time_of(field, product, (*path, field, "ready_in"))
    for name, vendor in scenario.vendors.items():
        yield from _unknown_keys(("vendors", name, "contracts"), vendor.contracts, scenario.nodes, "node")


def _time_of(field: str, product: Product, path: Path) -> Iterator[Violation]:
    """Only a product in design has a time until it is ready: a vendor's from the file, an entrant's from its node."""
    if field == "next_product" and product.ready_in == 0:
        yield Violation(path, "a product in design is not ready yet", "1 or more quarters")
    if field == "product" and product.ready_in > 0:
        yield Violation(
            path, "a vendor's `product` is on sale, an entrant's takes the time of its node", "0, or nothing"
        )


def _shares(scenario: Scenario) -> Iterator[Violation]:
    """Shares that the rules scale to sum 1 need one above 0."""
    for name, segment in scenario.segments.items():
        yield from _unknown_keys(("segments", name, "usage"), segment.usage, scenario.families, "model family")
        if sum(segment.usage.values()) <= 0:
            yield Violation(("segments", name, "usage"), "all shares are 0", "at least one share above 0")
    if scenario.entrants and sum(entrant.weight for entrant in scenario.entrants.values()) <= 0:
        yield Violation(("entrants",), "the weights of all entrant types are 0", "at least one weight above 0")


def _segments(scenario: Scenario) -> Iterator[Violation]:
    for kind, sellers in (("vendors", scenario.vendors), ("foreign", scenario.foreign)):
        for name, seller in sellers.items():
            for field in ("installed_split", "affinity"):
                table = getattr(seller, field, {})
                yield from _unknown_keys((kind, name, field), table, scenario.segments, "segment")
            yield from _unknown_keys((kind, name, "software"), seller.software, scenario.families, "model family")
    for lever in SEGMENT_LEVERS:
        yield from _unknown_keys(("policy", lever), getattr(scenario.policy, lever), scenario.segments, "segment")


def _deliveries(scenario: Scenario) -> Iterator[Violation]:
    lead = scenario.technology.production_lead
    for name, vendor in scenario.vendors.items():
        if len(vendor.in_process) != lead:
            message = f"has {len(vendor.in_process)} entries, but technology.production_lead is {lead}"
            yield Violation(("vendors", name, "in_process"), message, f"a list of {lead} numbers")


def _levers(scenario: Scenario) -> Iterator[Violation]:
    known = lever_names(scenario)
    places: list[tuple[Path, Mapping[str, object]]] = [
        (("events", number, "changes"), event.changes) for number, event in enumerate(scenario.events)
    ]
    places += [(("policies", name), changes) for name, changes in scenario.policies.items()]
    for path, changes in places:
        for lever, value in changes.items():
            yield from lever_violations((*path, lever), lever, value, known)


def _titles(scenario: Scenario) -> Iterator[Violation]:
    yield from _unknown_keys(("policy_titles",), scenario.policy_titles, scenario.policies, "policy")


def _texts(scenario: Scenario) -> Iterator[Violation]:
    """Texts of an industry stand for texts of the game, and have the same places for values."""
    own = scenario.vocabulary.texts
    known = texts_of_the_game() if own else ()
    for text, wording in own.items():
        path = ("vocabulary", "texts", text)
        if text not in known:
            hint = did_you_mean(text, known)
            allowed = "an English text of the game, letter by letter, as in tui/i18n/zh/LC_MESSAGES/marketsim.po"
            yield Violation(path, "is no text of the game", allowed, hint if hint.startswith("did you mean") else "")
        for language, said in wording:
            if places(said) != places(text):
                message = f"has other places for values in {language} than the game's text"
                yield Violation((*path, language), message, ", ".join(sorted(places(text))) or "none")


def lever_violations(path: Path, lever: str, value: object, known: list[str]) -> Iterator[Violation]:
    """What is wrong with a policy lever and its value, number or path.  known: see `lever_names`."""
    if lever not in known:
        yield from _unknown(path, lever, known, "policy lever")
        return
    field, _, segment = lever.partition(".")
    try:
        Policy.model_validate({field: {segment: value} if segment else value})
    except ValidationError as error:
        bound = error.errors(include_url=False)[0]["msg"].replace("Input should be", "a number")
        yield Violation(path, "is out of bounds for this policy lever", bound)


def _identifiers(scenario: Scenario) -> Iterator[Violation]:
    """Vendors, foreign suppliers and the slots `TYPE-1`, `TYPE-2`, ... of entrants share one list of names."""
    owner = {name: ("vendors", name) for name in scenario.vendors}
    slots = [
        (f"{name}-{number}", ("entrants", name))
        for name, entrant in scenario.entrants.items()
        for number in range(1, entrant.slots + 1)
    ]
    for name, path in [*slots, *((name, ("foreign", name)) for name in scenario.foreign)]:
        if name in owner:
            yield Violation(path, f"{name!r} is already the name of {'.'.join(owner[name])}", "another name")
        owner.setdefault(name, path)


def _figures(scenario: Scenario) -> Iterator[Violation]:
    names = [*scenario.vendors, *scenario.foreign]
    for number, figure in enumerate(scenario.reported):
        if figure.vendor is not None:
            yield from _unknown(("reported", number, "vendor"), figure.vendor, names, "vendor")


def free_violations(scenario: Scenario) -> Iterator[Violation]:
    """What is wrong with the free parameters of a scenario."""
    tree = scenario.model_dump(exclude={"free"}) if scenario.free else {}
    for name, free in scenario.free.items():
        path = ("free", name)
        if free.low >= free.high:
            yield Violation((*path, "low"), "the range ends before it begins", "a low below the high")
        elif free.scale == "log" and free.low == 0:
            yield Violation((*path, "low"), "a logarithmic scale has no 0", "a low above 0")
        for index, pattern in enumerate(free.moves):
            allowed = "a dotted path such as technology.learning_rate or segments.*.lock_in"
            try:
                figures = figures_at(tree, pattern)
            except KeyError as error:
                yield Violation((*path, "moves", index), str(error.args[0]), allowed)
                continue
            if not free.factor and any(isinstance(figure, dict) and len(figure) > 1 for figure in figures.values()):
                yield Violation((*path, "moves", index), "a path over time has no single value", "`factor: true`")


def _strategies(scenario: Scenario, strategies: Collection[str]) -> Iterator[Violation]:
    known = sorted(strategies)
    for path, maker in _makers(scenario):
        if maker.strategy not in strategies:
            hint = did_you_mean(maker.strategy, known)
            yield Violation((*path, "strategy"), f"there is no strategy {maker.strategy!r}", listing(known), hint)
