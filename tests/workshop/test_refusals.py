"""What the server refuses, as people read it."""

from __future__ import annotations

import re

import pytest

from agents.workshop.protocol import Refused
from tui.speech import Speech
from tui.workshop.refusals import refusal


@pytest.mark.parametrize(
    ("refused", "told"),
    [
        (
            Refused(message="cannot be so", field="intervention.quarter", allowed="from 2011Q2 to 2014Q4"),
            "不能是这样\n季度；允许：2011Q2至2014Q4",
        ),
        (
            Refused(message="a new team needs a name", field="name", allowed="1 to 24 characters"),
            "新队须起队名\n新队的队名；允许：1至24个字",
        ),
        (
            Refused(message="so many quarters cannot be kept", field="played", value="99", allowed="0 to 27"),
            "不能保留这个数目的季度\nplayed：99；允许：0至27",
        ),
        (Refused(message="too often", allowed="again in 3 s"), "太频繁了\n允许：3秒后再试"),
        (
            Refused(message="this cannot be done now: the room is in phase open", field="kind", value="debrief"),
            "现在不能这样做：各队正在决策",
        ),
    ],
)
def test_a_refusal_is_in_the_language_of_the_reader(refused: Refused, told: str):
    assert refusal(refused, Speech("zh")) == told


def test_what_is_not_known_is_told_as_it_is():
    refused = Refused(message="this seat is not free", field="vendor", value="suntech", allowed="yingli, trina")
    assert refusal(refused, Speech("en")).endswith("; allowed: yingli, trina")
    assert not re.search("[a-z]", refusal(refused, Speech("zh")).replace("suntech", "").replace("yingli, trina", ""))
