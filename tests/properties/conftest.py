"""Hypothesis for the property tests: the same examples every time, no deadline on a shared machine."""

from hypothesis import HealthCheck, settings

settings.register_profile("properties", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("properties")
