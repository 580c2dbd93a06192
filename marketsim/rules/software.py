"""Software: adaptation of models, new generations that age it, the ecosystem; and reliability."""

from __future__ import annotations

import numpy as np

from marketsim.rules.arrays import total
from marketsim.scenario.parameters import Conditions, Parameters
from marketsim.state import Bools, Floats


def maturity_in_segments(usage: Floats, software: Floats) -> Floats:
    """M[v,s] = sum_f usage[s,f] * m[v,f]: how well a segment's work runs on a vendor's cards.

    usage [s,f,1], software [v,f,r].  Returns [v,s,r] in [0,1].
    """
    maturity = usage[:, 0] * software[:, 0:1]
    for family in range(1, usage.shape[1]):
        maturity += usage[:, family] * software[:, family : family + 1]
    return maturity


def adapted(software: Floats, spend: Floats, scale: Floats) -> Floats:
    """m + (1-m) * (1 - exp(-A/A0)): adaptation closes a share of the gap that its spend decides.

    software, spend [v,f,r], scale [f,1] rmb_m.  Returns [v,f,r].
    """
    return 1 - (1 - software) * np.exp(-spend / scale)


def effective_adaptation(p: Parameters, now: Conditions, spend: Floats, base: Floats) -> Floats:
    """Adaptation that reaches a vendor: its own, what a shared stack passes on, what its users do themselves.

    A[v,f] = own + shared * (all others') + community * installed base * usage of the family.
    spend [v,f,r] rmb_m, base [v,s,r] k cards.  Returns [v,f,r] rmb_m.
    """
    shared = now.levers["shared_stack"]
    pooled = (1 - shared) * spend + shared * total(spend, axis=0)
    if not np.any(p.software.community_rate):
        return pooled
    used = [total(base * p.usage[:, family], axis=1) for family in range(len(p.families))]
    return pooled + p.software.community_rate * np.stack(used, axis=1)


def new_generations(p: Parameters, now: Conditions, generation: Floats) -> Bools:
    """Families whose new generation appears: those of the calendar, others by chance.

    generation [f,r] uniform draws.  Returns [f,r].
    """
    return now.new_generation | (generation < p.of_families("generation_chance"))


def aged(p: Parameters, software: Floats, appeared: Bools) -> Floats:
    """A new generation multiplies maturity by 1 - delta.  software [v,f,r], appeared [f,r].  Returns [v,f,r]."""
    return software * np.where(appeared, 1 - p.of_families("obsolescence"), 1.0)


def reliability_after(p: Parameters, reliability: Floats, service: Floats, base: Floats, missed: Floats) -> Floats:
    """Reliability: service removes faults, neglect and missed deliveries add them.

    r' = (r + (1-r) * (1 - exp(-service/(S0 + s1*base)))) * (1 - decay) * (1 - cost * missed)
    reliability, service, missed (share of orders not delivered) [v,r]; base [v,r] k cards.  Returns [v,r] in [0,1].
    """
    needed = p.software.service_scale + p.software.service_per_card * base
    served = 1 - (1 - reliability) * np.exp(-service / needed)
    return served * (1 - p.software.reliability_decay) * (1 - p.software.missed_delivery_cost * missed)


def delivery_after(p: Parameters, delivery: Floats, met: Floats) -> Floats:
    """Record of deliveries: moves towards the share of this quarter's first choices that was served, [v,r]."""
    memory = p.software.delivery_memory
    return (1 - memory) * delivery + memory * met
