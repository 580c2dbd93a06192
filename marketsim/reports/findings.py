"""An analysis in plain sentences: what policies change, if there is a shakeout, what it hangs on, where they fail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from marketsim.experiments.analysis.discovery import Discovery, Limit
from marketsim.experiments.analysis.drivers import Driver, Drivers
from marketsim.experiments.analysis.paired import Difference
from marketsim.experiments.analysis.samples import SHAKEOUT
from marketsim.experiments.analysis.verdicts import PolicyVerdict
from marketsim.reports.material import Material, clear_drivers, is_clear
from marketsim.reports.texts import ANSWERS
from marketsim.shakeout.classify import Class

NAMED = 3
"""Outcomes that are named of a policy, and parameters of an outcome."""
SHOWN = 2
"""Ways of failing that are named of a policy."""
ALIKE = 0.05
"""Share of worlds by which a policy may fail more or less often than the baseline and still do about the same."""


@dataclass(frozen=True)
class Sentence:
    """A sentence.  about: what it is about, set in bold before it; may be empty."""

    text: str
    about: str = ""


@dataclass(frozen=True)
class Finding:
    """A question and its answer.  lead: the answer in one sentence, may be empty."""

    title: str
    lead: str
    sentences: tuple[Sentence, ...]


def headline(material: Material) -> str:
    """The answer in one sentence."""
    say, speaker = material.speaker.say, material.speaker
    if not material.others:
        return say("one-policy")
    large = [policy for policy in _by_size(material) if any(map(material.is_large, material.of_policy(policy)))]
    if not large:
        return say("none-moves")
    names = speaker.listed([material.policy(policy) for policy in large])
    return say("some-move", n=len(material.others), k=len(large), names=names)


def findings(material: Material) -> list[Finding]:
    """The first page."""
    found = [_changes(material)] if material.others else []
    return [*found, *_shakeouts(material), _hanging(material), *_failing(material)]


def _by_size(material: Material) -> list[str]:
    """Policies but the baseline, the one that moves anything most first."""
    sizes = {policy: max(map(material.size, material.of_policy(policy)), default=0.0) for policy in material.others}
    return sorted(material.others, key=lambda policy: -sizes[policy])


def _changes(material: Material) -> Finding:
    """What each policy changes; those that change little or nothing together."""
    say, speaker = material.speaker.say, material.speaker
    sentences = list[Sentence]()
    rest: dict[str, list[str]] = {key: [] for key in ("small", "unclear", "nothing", "not-run")}
    for policy in _by_size(material):
        found = material.of_policy(policy)
        large = [each for each in found if material.is_large(each)]
        if not large:
            rest[_little(material, found)].append(material.policy(policy))
            continue
        moves = [_move(material, each) for each in large[:NAMED]]
        if len(large) > NAMED:
            moves.append(say("more-outcomes", n=len(large) - NAMED))
        text = speaker.sentence(speaker.clauses(moves), capital=False)
        sentences.append(Sentence(text, material.policy(policy)))
    sentences += [Sentence(say(key, names=speaker.listed(names))) for key, names in rest.items() if names]
    return Finding(say("what-changes"), "", tuple(sentences))


def _little(material: Material, found: list[Difference]) -> str:
    """What is said of a policy that changes nothing by more than a little."""
    if not any(each.pairs for each in found):
        return "not-run"
    if any(map(material.is_told, found)):
        return "small"
    return "nothing" if all(each.tied == 1 for each in found) else "unclear"


def _move(material: Material, found: Difference) -> str:
    speaker, unit = material.speaker, material.unit(found.outcome)
    digits = speaker.digits(unit, found.baseline, found.mean)
    interval = speaker.say("interval", span=speaker.span(found.difference, unit, signed=True))
    comma = "，" if speaker.language == "zh" else ", "
    return speaker.say(
        "raises" if found.difference.value > 0 else "lowers",
        outcome=material.phrase(found.outcome),
        before=speaker.amount(found.baseline, unit, digits),
        after=speaker.amount(found.mean, unit, digits),
        change=speaker.change(found.difference.value, unit) + comma + interval,
    )


def _shakeouts(material: Material) -> Iterator[Finding]:
    """The verdict under the baseline, and policies under which it, or how often shakeouts come, is another."""
    say, speaker = material.speaker.say, material.speaker
    found = {each.policy: each for each in material.analysis.verdicts}
    base = found.get(material.analysis.policies[0])
    if base is None:
        return
    photovoltaic = next((each.share for each in base.classes if each.which is Class.PHOTOVOLTAIC), None)
    lead = say(
        "shakeout-base",
        baseline=material.baseline,
        answer=speaker.title(ANSWERS[base.answer]),
        share=speaker.share(base.shakeout.value),
        interval=say("interval", span=speaker.span(base.shakeout, speaker.of_runs)),
        photovoltaic=speaker.share(0.0 if photovoltaic is None else photovoltaic.value),
    )
    others = [found[policy] for policy in material.others if policy in found]
    yield Finding(say("shakeout"), lead, tuple(_shifts(material, base, others)) if others else ())


def _shifts(material: Material, base: PolicyVerdict, others: list[PolicyVerdict]) -> Iterator[Sentence]:
    say, speaker = material.speaker.say, material.speaker
    different = [each for each in others if each.answer is not base.answer]
    for each in different:
        text = speaker.sentence(speaker.title(ANSWERS[each.answer]), capital=False)
        yield Sentence(text, speaker.headed(material.policy(each.policy)))
    if not different:
        yield Sentence(say("verdict-same"))
    shifted = [each for each in others if each.shakeout_shift is not None and is_clear(each.shakeout_shift)]
    for each in sorted(shifted, key=lambda one: -abs(one.shakeout_shift.value if one.shakeout_shift else 0.0)):
        assert each.shakeout_shift is not None
        text = say(
            "more-shakeouts" if each.shakeout_shift.value > 0 else "fewer-shakeouts",
            policy=material.policy(each.policy),
            share=speaker.share(each.shakeout.value),
            shift=speaker.with_interval(each.shakeout_shift, speaker.of_runs, signed=True),
        )
        yield Sentence(speaker.sentence(text))
    if not shifted:
        yield Sentence(say("no-shift"))


def _hanging(material: Material) -> Finding:
    """What shakeouts, and the outcomes that policies move most, hang on."""
    say = material.speaker.say
    if not material.results.manifest["uncertain"]:
        return Finding(say("hangs-on"), "", (Sentence(say("nothing-uncertain")),))
    moved = sorted(
        material.analysis.differences, key=lambda each: -material.size(each) if material.is_large(each) else 0
    )
    order = list(dict.fromkeys([SHAKEOUT, *(each.outcome for each in moved)]))
    known = [found for found in map(material.drivers_of, order) if found is not None and found.drivers]
    sentences = [Sentence(text) for text in (_hangs(material, found) for found in known[:NAMED]) if text]
    return Finding(say("hangs-on"), "", tuple(sentences or [Sentence(say("no-driver"))]))


def _hangs(material: Material, found: Drivers) -> str:
    """The strongest parameters of an outcome whose effect is told from zero; empty without any."""
    say, speaker = material.speaker.say, material.speaker
    strong = clear_drivers(found)
    if not strong:
        return ""
    names = speaker.listed([_direction(material, driver) for driver in strong[:NAMED]])
    outcome = speaker.sentence(material.phrase(found.outcome)).rstrip(".。")
    if not np.isfinite(found.explained):
        return say("hangs-plain", outcome=outcome, names=names)
    luck = say("luck", share=speaker.share(found.noise)) if np.isfinite(found.noise) else ""
    explained = speaker.share(min(found.explained, 1.0))
    return say("hangs", outcome=outcome, names=names, explained=explained, luck=luck)


def _direction(material: Material, driver: Driver) -> str:
    name = material.parameter(driver.name)
    if driver.high == driver.low:
        return name
    return material.speaker.say("higher-with" if driver.high > driver.low else "lower-with", name=name)


def _failing(material: Material) -> Iterator[Finding]:
    """Where the baseline and the policies that differ from it fail; nothing if nothing says what failing is."""
    say = material.speaker.say
    found = [each for each in material.analysis.discoveries if each.failure != "regret"]
    if not found:
        return
    base = {each.outcome: each for each in found if each.policy == material.analysis.policies[0]}
    sentences, alike = [], 0
    for policy in material.analysis.policies:
        own = [each for each in found if each.policy == policy]
        if policy != material.analysis.policies[0] and all(_as_often(each, base.get(each.outcome)) for each in own):
            alike += 1
            continue
        shown = sorted((each for each in own if each.failing), key=lambda each: (not each.limits, -each.failing))
        text = material.speaker.clauses([failure(material, each) for each in shown[:SHOWN]]) or say("fails-nowhere")
        sentences.append(Sentence(material.speaker.sentence(text, capital=False), material.policy(policy)))
    last = [Sentence(say("fail-alike", n=alike, baseline=material.baseline))] if alike else []
    yield Finding(say("where-fails"), "", (*_together(material, sentences), *last))


def _as_often(found: Discovery, base: Discovery | None) -> bool:
    """Whether a policy fails about as often as the baseline does."""
    if base is None or not found.points or not base.points:
        return False
    return abs(found.failing / found.points - base.failing / base.points) <= ALIKE


def _together(material: Material, sentences: list[Sentence]) -> tuple[Sentence, ...]:
    """Sentences that say the same of several policies once."""
    by_text: dict[str, list[str]] = {}
    for sentence in sentences:
        by_text.setdefault(sentence.text, []).append(sentence.about)
    speaker = material.speaker
    return tuple(Sentence(text, speaker.headed(speaker.listed(names))) for text, names in by_text.items())


def failure(material: Material, found: Discovery) -> str:
    """How often a policy fails, and where."""
    say, speaker = material.speaker.say, material.speaker
    outcome = failing_outcome(material, found.outcome)
    text = say("fails", outcome=outcome, failure=criterion(material, found), failing=found.failing, points=found.points)
    if not found.limits:
        return text
    return text + say(
        "mostly",
        box=box(material, found),
        density=speaker.share(found.density),
        coverage=speaker.share(found.coverage),
    )


def failing_outcome(material: Material, outcome: str) -> str:
    """What a policy fails in."""
    return material.speaker.say("a-shakeout") if outcome == SHAKEOUT else material.phrase(outcome)


def criterion(material: Material, found: Discovery) -> str:
    """What failing is."""
    say, speaker = material.speaker.say, material.speaker
    if found.failure == "shakeout":
        return say("has-shakeout")
    unit = material.unit(found.outcome)
    if found.failure == "regret":
        return say("regretted", threshold=speaker.amount(found.threshold or 0.0, unit.of_change))
    about = material.results.outcomes[found.outcome]
    return say("not-low" if about["better"] == "lower" else "not-high", enough=speaker.given(about["enough"], unit))


def box(material: Material, found: Discovery) -> str:
    """The limits of a box, in a sentence."""
    return material.speaker.listed([_limit(material, limit) for limit in found.limits])


def box_lines(material: Material, found: Discovery) -> str:
    """The limits of a box in signs, a line each."""
    lines = []
    for limit in found.limits:
        name, (low, high) = material.parameter(limit.name), _ends(limit)
        lines.append(f"{low} < {name} < {high}" if low and high else f"{name} > {low}" if low else f"{name} < {high}")
    return re.sub(" (?=[<>])|(?<=[<>]) ", "\u00a0", "\n".join(lines))


def _limit(material: Material, limit: Limit) -> str:
    say, name, (low, high) = material.speaker.say, material.parameter(limit.name), _ends(limit)
    if low and high:
        return say("between", name=name, low=low, high=high)
    return say("above", name=name, value=low) if low else say("below", name=name, value=high)


def _ends(limit: Limit) -> tuple[str, str]:
    """Where a limit begins and ends; empty where it is open."""
    low, high = ("" if value is None else f"{value:.3g}".replace("-", "−") for value in (limit.low, limit.high))
    return low, high
