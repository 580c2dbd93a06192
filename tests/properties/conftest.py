"""Hypothesis for the property tests: the same examples every time, no deadline on a shared machine."""

from hypothesis import HealthCheck, Phase, settings

settings.register_profile(
    "properties",
    derandomize=True,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # shrinking a market takes minutes; a failing one is printed in full
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example, HealthCheck.data_too_large],
)
settings.load_profile("properties")
