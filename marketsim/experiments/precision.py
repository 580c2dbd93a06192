"""How narrow the interval of a paired difference is, from sums that grow chunk by chunk."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from marketsim.state import Floats, Ints


@dataclass
class Differences:
    """Paired differences of an outcome between a policy and the baseline, summed by cluster.

    Runs of one cluster are alike: they share a point that was drawn, or the luck that all points of a design share.
    The sums are exact in any case that matters here: they are always added in the order of the plan.
    """

    sums: dict[int, float] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)

    def add(self, clusters: Ints, differences: Floats) -> None:
        """Count some runs, [run]; those of which the outcome is not known under both policies are left out."""
        known = ~np.isnan(differences)
        names, places = np.unique(clusters[known], return_inverse=True)
        sums = np.bincount(places, differences[known], len(names))
        for name, total, count in zip(names.tolist(), sums.tolist(), np.bincount(places).tolist(), strict=True):
            self.sums[name] = self.sums.get(name, 0.0) + total
            self.counts[name] = self.counts.get(name, 0) + count

    def half_width(self, confidence: float) -> float:
        """Half the width of the mean's interval; infinite for fewer than two clusters.

        Student's t with the variance between clusters, V = G/(G-1) sum_g (S_g - m n_g)^2 / N^2, where S_g is the sum of
        the n_g differences of cluster g, m the mean of all N, and G the number of clusters.
        Source: Cochran (1977), Sampling Techniques, 3rd ed., section 9A (ratio to size).
        """
        from scipy import stats

        groups = len(self.sums)
        if groups < 2:
            return float("inf")
        sums, counts = np.array(list(self.sums.values())), np.array(list(self.counts.values()))
        mean, runs = sums.sum() / counts.sum(), counts.sum()
        variance = groups / (groups - 1) * ((sums - mean * counts) ** 2).sum() / runs**2
        return float(stats.t.ppf((1 + confidence) / 2, groups - 1) * np.sqrt(variance))
