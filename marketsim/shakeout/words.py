"""What classes, structures and mechanisms are called, and the colours of classes."""

from __future__ import annotations

from collections.abc import Mapping

from marketsim.shakeout.classify import Class, Mechanism, Structure

Titles = Mapping[str, str]
"""By language: en, zh."""

CLASSES: Mapping[Class, Titles] = {
    Class.PHOTOVOLTAIC: {"en": "photovoltaic shakeout", "zh": "光伏式洗牌"},
    Class.LOCK_IN: {"en": "lock-in", "zh": "生态锁定"},
    Class.COMMODITY: {"en": "commodity oligopoly", "zh": "大宗品寡头"},
    Class.NICHE: {"en": "niche partition", "zh": "细分割据"},
    Class.UNTOLD: {"en": "a shakeout, kind left open", "zh": "洗牌，类型未定"},
    Class.RATIONED: {"en": "rationed coexistence", "zh": "配给下共存"},
    Class.SHELTERED: {"en": "sheltered", "zh": "受庇护"},
    Class.COLLAPSE: {"en": "collapse", "zh": "整体崩溃"},
    Class.NONE: {"en": "no shakeout", "zh": "无洗牌"},
}

NO_SHAKEOUT: Titles = {"en": "no shakeout: ", "zh": "无洗牌："}
"""Stands before the classes without a shakeout where that must be said."""


def in_full(which: Class, language: str = "en") -> str:
    """What a class is called where it stands alone."""
    name = CLASSES[which][language]
    return NO_SHAKEOUT[language] + name if Class.UNTOLD < which < Class.NONE else name


COLOURS: Mapping[Class, str] = {
    Class.PHOTOVOLTAIC: "#D55E00",
    Class.LOCK_IN: "#0072B2",
    Class.COMMODITY: "#009E73",
    Class.NICHE: "#AA4499",
    Class.UNTOLD: "#B8BEC4",
    Class.RATIONED: "#6B6B6B",
    Class.SHELTERED: "#E69F00",
    Class.COLLAPSE: "#000000",
    Class.NONE: "#56B4E9",
}
"""By class, apart for colour-blind readers (Okabe and Ito); grey where the kind is left open."""

STRUCTURES: Mapping[Structure, Titles] = {
    Structure.FRAGMENTED: {"en": "fragmented", "zh": "分散"},
    Structure.CONCENTRATED: {"en": "concentrated", "zh": "集中"},
    Structure.OPEN: {"en": "open", "zh": "未定"},
}

MECHANISMS: Mapping[Mechanism, Titles] = {
    Mechanism.COST: {"en": "cost and price kill", "zh": "成本与价格淘汰"},
    Mechanism.ECOSYSTEM: {"en": "the ecosystem kills", "zh": "生态淘汰"},
    Mechanism.MIXED: {"en": "mixed", "zh": "混合"},
    Mechanism.NOT_TESTABLE: {"en": "not testable without excess supply", "zh": "无过剩供给，无法检验"},
}
