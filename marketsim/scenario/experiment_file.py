"""Experiment and policy files as pydantic models: which policies are compared, over what, and what is measured.

`source:` and `note:` may stand beside every figure and every policy; they are taken out before validation, see
`marketsim.scenario.provenance`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Discriminator, Field, Tag

from marketsim.scenario.fields import AmountPath, Figure, Positive, Section, quantity
from marketsim.scenario.schema import FreeParameter, Identifier, Title

MAX_POINTS = 100_000
MAX_RUNS = 1_000_000
MAX_POLICIES = 200

Count = Annotated[int, Field(ge=1, le=MAX_RUNS)]
Levels = Annotated[int, Field(ge=2, le=1_000)]
PerPoint = Annotated[int, Field(ge=1, le=10_000)]


def _shape(value: object) -> str:
    """Which of a few ways of writing is meant, so that only that one is objected to."""
    if isinstance(value, (dict, BaseModel)):
        return "mapping"
    return "list" if isinstance(value, list) else "plain"


class InlinePolicy(Section):
    """A policy written in the experiment: levers and their paths."""

    name: Identifier
    title: Title | None = Field(None, description="for people; the name if not given")
    levers: dict[str, AmountPath] = Field(description="policy lever -> its value or path", max_length=100)


PolicyEntry = Annotated[
    Annotated[str, Field(description="name of a policy or of a policy file, or a path"), Tag("plain")]
    | Annotated[InlinePolicy, Tag("mapping")],
    Discriminator(_shape),
]


class UncertainParameter(FreeParameter):
    """Figures that move together, and how likely each value is.

    On a logarithmic scale the distribution is that of the logarithm: mode and mean are values, sd is of the logarithm.
    """

    distribution: Literal["uniform", "triangular", "normal"] = Field(
        "uniform", description="between low and high; normal is cut off there"
    )
    mode: Figure | None = quantity("of the figure", "most likely value of a triangular distribution", None)
    mean: Figure | None = quantity("of the figure", "mean of a normal distribution before it is cut off", None)
    sd: Positive | None = quantity("of the figure", "standard deviation of a normal distribution before that", None)


UncertainEntry = Annotated[
    Annotated[Literal["free"], Tag("plain")] | Annotated[UncertainParameter, Tag("mapping")], Discriminator(_shape)
]
Uncertain = Annotated[
    Annotated[Literal["free"], Tag("plain")]
    | Annotated[dict[Identifier, UncertainEntry], Field(min_length=1, max_length=100), Tag("mapping")],
    Discriminator(_shape),
]
LevelsOfOne = Annotated[
    Annotated[Levels, Tag("plain")] | Annotated[list[Figure], Field(min_length=1, max_length=1_000), Tag("list")],
    Discriminator(_shape),
]
GridLevels = Annotated[
    Annotated[Levels, Tag("plain")]
    | Annotated[dict[Identifier, LevelsOfOne], Field(min_length=1, max_length=100), Tag("mapping")],
    Discriminator(_shape),
]


class Design(Section):
    """At which values of the uncertain parameters runs are made; each kind has fields of its own."""

    kind: Literal["as-written", "grid", "one-at-a-time", "latin-hypercube", "sobol", "table"]
    points: Annotated[int, Field(ge=1, le=MAX_POINTS)] | None = quantity("1", "points of a hypercube", None)
    levels: GridLevels | None = Field(None, description="levels of each parameter, or by parameter: how many, or which")
    base: Annotated[int, Field(ge=1, le=MAX_POINTS)] | None = quantity("1", "base sample of Sobol, a power of 2", None)
    second_order: bool | None = Field(None, description="sobol: indices of pairs as well, at twice the points")
    file: Annotated[str, Field(min_length=1)] | None = Field(None, description="CSV table, a path beside the file")


FIELDS: dict[str, dict[str, bool]] = {
    "as-written": {},
    "grid": {"levels": True},
    "one-at-a-time": {"levels": True},
    "latin-hypercube": {"points": True},
    "sobol": {"base": True, "second_order": False},
    "table": {"file": True},
}
"""Fields of each kind of design, and whether it needs them."""


class Precision(Section):
    """Runs are added until the paired interval of every policy is narrow enough."""

    outcome: Identifier
    half_width: Positive = quantity("of the outcome", "half-width of the interval of the mean paired difference")
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = quantity("1", "of the interval", 0.95)
    at_most: Annotated[int, Field(ge=2, le=100_000_000)] = quantity("runs", "of each policy, even if it is not reached")


class OutcomeEntry(Section):
    """What is measured of each run."""

    measure: str = Field(description="a yearly measure, one of the whole run, or vendor.NAME.cards, .share or .alive")
    year: Annotated[int, Field(ge=1, le=9999)] | None = quantity("1", "year that is measured", None)
    over: Literal["mean", "sum", "min", "max", "last"] | None = Field(None, description="of all years, instead of one")
    better: Literal["higher", "lower"] | None = Field(None, description="which way is better; none: neither")
    enough: Figure | None = quantity("of the measure", "value that satisfies", None)
    title: Title | None = Field(None, description="for people; the name if not given")


Kept = Annotated[int, Field(ge=0, le=MAX_RUNS)] | Literal["all"]


class Keep(Section):
    """Runs of each policy whose paths are kept."""

    quarters: Kept = quantity("runs", "whose market is kept by quarter", 200)
    vendors: Kept = quantity("runs", "whose vendors are kept by year", 50)


class ExperimentFile(Section):
    """Policies, uncertain parameters, a design and outcomes on one scenario."""

    schema_version: Literal[1] = 1
    title: Title
    scenario: Annotated[str, Field(min_length=1, description="name of the library, or a path beside the file")]
    set: dict[str, Any] = Field({}, description="values of the scenario by dotted path", max_length=400)
    baseline: Identifier = Field("none", description="policy that the others are set against; none: as it is")
    policies: list[PolicyEntry] = Field([], max_length=MAX_POLICIES)
    uncertain: Uncertain | None = Field(None, description="`free`: all free parameters of the scenario; or by name")
    design: Design = Design(kind="as-written")
    runs_per_point: Count | None = quantity("runs", "of each policy at each point", None)
    precision: Precision | None = None
    seed: Annotated[int, Field(ge=0, lt=2**63)] = quantity("1", "of the luck", 7)
    outcomes: dict[Identifier, OutcomeEntry] | None = Field(None, min_length=1, max_length=100)
    keep: Keep = Keep()
    boundary: Literal["merchant", "domestic", "all"] = Field("merchant", description="market of the shakeout test")


class PolicyVariant(Section):
    """One way of carrying out a policy."""

    title: Title
    levers: dict[str, AmountPath] = Field(description="policy lever -> its value or path", min_length=1, max_length=100)


class PolicyFile(Section):
    """A policy in one form (`levers`), or in a few (`variants`)."""

    schema_version: Literal[1] = 1
    title: Title
    levers: dict[str, AmountPath] | None = Field(None, description="policy lever -> its value or path", min_length=1)
    variants: dict[Identifier, PolicyVariant] | None = Field(None, min_length=1, max_length=20)
