"""What holds for all tests."""

from __future__ import annotations

import os

import pytest


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist, which a single test does without
def pytest_xdist_auto_num_workers() -> int:
    """More workers than cores: many tests wait, for servers, browsers and screens."""
    cores = os.cpu_count() or 1
    return cores + (cores + 1) // 2
