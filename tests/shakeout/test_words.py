"""Words and colours of classes."""

from __future__ import annotations

from marketsim.shakeout.classify import Class, Mechanism, Structure
from marketsim.shakeout.words import CLASSES, COLOURS, MECHANISMS, STRUCTURES, in_full


def test_everything_has_a_name_in_both_languages() -> None:
    for kind, titles in ((Class, CLASSES), (Structure, STRUCTURES), (Mechanism, MECHANISMS)):
        assert set(titles) == set(kind)
        assert all(set(title) == {"en", "zh"} and all(title.values()) for title in titles.values())


def test_every_class_has_a_colour_and_a_full_name_of_its_own() -> None:
    assert set(COLOURS) == set(Class) and len(set(COLOURS.values())) == len(Class)
    assert len({in_full(which) for which in Class}) == len(Class)
