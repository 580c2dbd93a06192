"""Technology: what a card can do, how many cards a wafer gives, what a card costs, how architecture advances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marketsim.rules.arrays import pick, ratio
from marketsim.scenario.parameters import Conditions, Parameters
from marketsim.state import Bools, Floats, Ints, MarketState


def defect_density(initial: Floats, floor: Floats, wafers_made: Floats, reference: Floats, learning: Floats) -> Floats:
    """Defect density falls with the node's cumulative wafers: D = floor + (D0 - floor) * (1 + W/W0)^-learning.

    All [n,1], wafers_made [n,r] in k wafers.  Returns [n,r], 1/cm2.
    Source: power-law yield learning as in Weber (2004), IEEE Trans. Semiconductor Manufacturing 17(4).
    """
    return floor + (initial - floor) * (1 + wafers_made / reference) ** -learning


def negative_binomial_yield(die_area: Floats, density: Floats, clustering: Floats) -> Floats:
    """Share of dies without a fatal defect: Y = (1 + A*D/alpha)^-alpha.

    die_area [n,1] cm2, density [n,r] 1/cm2, clustering [n,1].  Returns [n,r] in (0,1].
    Source: Stapper (1973); alpha to infinity gives the Poisson yield exp(-A*D).
    """
    return (1 + die_area * density / clustering) ** -clustering


def cards_per_wafer(p: Parameters, now: Conditions, wafers_made: Floats) -> Floats:
    """Good packaged dies per wafer of each node: gross dies x yield x packaging yield.

    Tool limits (export control x) raise defects by the factor 1 + x.
    wafers_made [n,r] k wafers.  Returns [n,r] dies per wafer; divide by a vendor's dies per card for cards.
    """
    density = defect_density(
        p.of_nodes("defect_density"),
        p.of_nodes("defect_floor"),
        wafers_made,
        p.of_nodes("reference_wafers"),
        p.of_nodes("defect_learning"),
    )
    density = density * (1 + now.levers["export_control"])
    die_yield = negative_binomial_yield(p.of_nodes("die_area"), density, p.of_nodes("defect_clustering"))
    return p.of_nodes("gross_dies") * die_yield * p.of_nodes("packaging_yield")


def experience_factor(p: Parameters, cumulative: Floats, industry: Floats) -> Floats:
    """Experience curve: (Q/Q0)^-b with b = -log2(1 - learning rate).

    Q mixes own and spilled-over output: Q = own + spillover * other domestic vendors' output, never below Q0/100.
    cumulative [v,r] k cards; industry [r] k cards that domestic vendors ever made, dead ones included.  Returns [v,r].
    Source: Wright (1936); Irwin and Klenow (1994) for spill-overs between chip makers.
    """
    spillover = p.technology.experience_spillover
    experience = (1 - spillover) * cumulative + spillover * industry
    scaled = np.maximum(experience / p.technology.reference_output, 0.01)
    exponent = np.log2(1 - p.technology.learning_rate)
    return np.asarray(scaled**exponent)


@dataclass(frozen=True, slots=True)
class Card:
    """What a vendor makes: node and memory by index, architecture level; does it exist yet? All [v,r]."""

    node: Ints
    memory: Ints
    architecture: Floats
    exists: Bools  # a first product does from its tape-out on


def unit_cost(p: Parameters, now: Conditions, state: MarketState, dies: Floats, card: Card) -> Floats:
    """Cost of a card started now.

    c = (dies * wafer price / good dies + memory + board) * a^eta * experience * own factor: a stronger card on the same
    node has more silicon, memory stacks and board.
    dies [v,r] good dies that a wafer gives the vendor.  Returns [v,r] krmb per card.
    """
    die = pick(now.wafer_price, card.node) / dies
    memory = pick(p.of_memories("per_card") * now.memory_price / 1000, card.memory)
    materials = (p.dies_per_card * die + memory + p.technology.board_cost) * state.cost_factor
    if np.any(p.technology.architecture_cost):
        materials = materials * np.maximum(card.architecture, 1e-6) ** p.technology.architecture_cost
    return materials * experience_factor(p, state.cumulative, state.industry_output)


def compute(p: Parameters, node: Ints, architecture: Floats) -> Floats:
    """C = C0[node] * a, TFLOPS, [v,r]."""
    return pick(p.of_nodes("compute"), node) * architecture


def bandwidth(p: Parameters, memory: Ints, architecture: Floats) -> Floats:
    """B = B0[memory] * sqrt(a), TB/s, [v,r]."""
    return pick(p.of_memories("bandwidth"), memory) * np.sqrt(architecture)


def power(p: Parameters, node: Ints, architecture: Floats) -> Floats:
    """W = W0[node] * sqrt(a), W, [v,r]."""
    return pick(p.of_nodes("power"), node) * np.sqrt(architecture)


def inference_time(p: Parameters, compute: Floats, bandwidth: Floats) -> Floats:
    """Seconds of a fully adapted card per token of each segment's inference: w/(kC*C) + (1-w)/(kB*B).

    A roofline, harmonic over the mix of work: prefill is bound by compute C, decode by memory bandwidth B.
    compute TFLOPS, bandwidth TB/s [v,r].  Returns [v,s,r] seconds per token.
    Source: Williams, Waterman, Patterson (2009), Roofline, Communications of the ACM 52(4).
    """
    prefill = p.of_segments("prefill")
    by_compute = ratio(1.0, p.technology.prefill_rate * compute)
    by_bandwidth = ratio(1.0, p.technology.decode_rate * bandwidth)
    return by_compute[:, None] * prefill + by_bandwidth[:, None] * (1 - prefill)


def tuned_time_per_token(p: Parameters, compute: Floats, bandwidth: Floats, reliability: Floats) -> Floats:
    """Seconds of a fully adapted card per token of each segment's work, inference and training.

    (1-tau) * inference time + tau/(kT*C*r^phi): training is bound by compute C, and in a cluster it suffers from
    failures.  compute, bandwidth, reliability [v,r].  Returns [v,s,r] seconds per token.
    """
    tau = p.of_segments("training")
    dependable = np.maximum(reliability, 0.01) ** p.technology.cluster_exponent
    by_training = ratio(1.0, p.technology.training_rate * compute * dependable)
    return inference_time(p, compute, bandwidth) * (1 - tau) + by_training[:, None] * tau


def architecture_after(architecture: Floats, research: Floats, gain: float, scale: float) -> Floats:
    """Level of the next product: a * (1 + g * (1 - exp(-R/R0))), R the research since the last tape-out, [v,r]."""
    return architecture * (1 + gain * (1 - np.exp(-research / scale)))
