"""Foundry and memory: capacity contracts, allocation under limits, wafers that become cards."""

from __future__ import annotations

import numpy as np

from marketsim.rules.arrays import one_hot, ratio, running_total, share_met, total
from marketsim.scenario.parameters import Conditions, Parameters
from marketsim.state import Bools, Floats, Ints


def water_fill(requests: Floats, weights: Floats, limit: Floats) -> Floats:
    """Priority-weighted water-filling: g_v = min(q_v, level * w_v), the level such that sum_v g_v = min(limit, sum q).

    Nobody gets more than asked; who is cut has the same grant per weight as everybody else who is cut.
    requests, weights [v,...,r] (weights positive), limit broadcastable to [...,r].  Returns grants like requests.
    Method: sum_v min(q, level*w) = min_k (S_k + level*W_k) over vendors sorted by q/w, with S_k what the first k ask
    for and W_k the weight of the others; so level = max_k (limit - S_k) / W_k.
    """
    scarce = total(requests, axis=0) > limit
    if not scarce.any():
        return requests
    asked, weight, most = requests[:, scarce], weights[:, scarce], np.broadcast_to(limit, scarce.shape)[scarce]
    order = np.argsort(ratio(asked, weight), axis=0, kind="stable")
    in_order = np.take_along_axis(asked, order, axis=0)
    before = running_total(in_order) - in_order
    after = running_total(np.take_along_axis(weight, order, axis=0)[::-1])[::-1]
    level = ratio(np.maximum(most - before, 0.0), after).max(axis=0)
    grants = requests.copy()
    grants[:, scarce] = np.minimum(asked, level * weight)
    return grants


def queue_standing(p: Parameters, now: Conditions, contracts: Floats, limit: Floats) -> Floats:
    """Standing with the foundry: policy priority x past volume.

    priority^lever * (newcomer standing * limit + contracts in force)
    contracts [v,n,r], limit [n,1].  Returns [v,n,r], positive.
    """
    priority = p.foundry_priority ** now.levers["foundry_priority"]
    return priority[:, None] * (p.of_nodes("newcomer_standing") * limit + 1e-9 + contracts)


def queue_weights(standing: Floats, premium: Floats) -> Floats:
    """Place in the foundry's queue: standing x prepayment (1 + premium).  standing [v,n,r], premium [v,r]."""
    return standing * (1 + premium)[:, None]


def renewed_contracts(
    p: Parameters, contracts: Floats, arriving: Floats, change: Floats, limit: Floats
) -> tuple[Floats, Floats]:
    """Contracts after expiry, arrivals, what vendors give up, and a limit that fell below them.

    k' = k*(1 - 1/life) + arrivals - min(given up, releasable share); scaled down where the sum exceeds the limit.
    contracts, change [v,n,r], arriving [v,n,l,r], limit [n,1].  Returns contracts [v,n,r] and arriving [v,n,l,r].
    """
    kept = contracts * np.maximum(1 - 1 / p.of_nodes("contract_life"), 0.0) + arriving[:, :, 0]
    given_up = np.minimum(np.maximum(-change, 0.0), p.of_nodes("releasable") * kept)
    kept = kept - given_up
    fit = share_met(limit, total(kept, axis=0))
    shifted = np.concatenate([arriving[:, :, 1:], np.zeros_like(arriving[:, :, :1])], axis=2)
    return kept * fit, shifted


def granted_capacity(
    p: Parameters, requests: Floats, weights: Floats, contracts: Floats, arriving: Floats, limit: Floats
) -> Floats:
    """New capacity: water-filling of the requests under what the limit leaves free when it arrives.

    By then, contracts in force will have shrunk to k * (1 - 1/life)^lead; all that is arriving counts in full.
    requests, weights, contracts [v,n,r], arriving [v,n,l,r], limit [n,1].  Returns [v,n,r].
    """
    kept = np.maximum(1 - 1 / p.of_nodes("contract_life"), 0.0) ** p.of_nodes("contract_lead")
    held = total(contracts, axis=0) * kept + total(total(arriving, axis=2), axis=0)
    return water_fill(requests, weights, np.maximum(limit - held, 0.0))


def add_arrivals(p: Parameters, arriving: Floats, granted: Floats) -> Floats:
    """New capacity joins the queue of arrivals at its node's lead time.  arriving [v,n,l,r], granted [v,n,r]."""
    place = p.of_nodes("contract_lead") - 1
    slot: Floats = 1.0 * (np.arange(arriving.shape[2])[None, :, None] == place[:, None])
    return arriving + granted[:, :, None] * slot


def allocated_memory(p: Parameters, need: Floats, memory: Ints, weights: Floats, available: Floats) -> Floats:
    """Memory for the cards to be started: plentiful types in full, scarce ones by water-filling.

    need [v,r] TB, memory [v,r] index of the type, weights [v,r], available [m,r] TB, infinite where plentiful.
    Returns [v,r] TB.
    """
    granted = need
    for kind, spec in enumerate(p.scenario.memories.values()):
        if spec.supply is not None:
            uses = memory == kind
            grant = water_fill(np.where(uses, need, 0.0), weights, available[kind])
            granted = np.where(uses, grant, granted)
    return granted


def memory_used(p: Parameters, granted: Floats, memory: Ints) -> Floats:
    """Memory taken by type, [m,r] TB.  granted [v,r] TB, memory [v,r]."""
    return total(granted[:, None] * one_hot(memory, len(p.memories)), axis=0)


def advance_pipeline(pipeline: Floats, started: Floats, alive: Bools) -> tuple[Floats, Floats]:
    """Cards in process move on by a quarter: those that are due come out, those started now join at the end.

    pipeline [v,l,r], started [v,r] (cards or their value).  Returns what comes out [v,r] and the pipeline [v,l,r].
    """
    finished = pipeline[:, 0] * alive
    return finished, np.concatenate([pipeline[:, 1:], started[:, None]], axis=1)
