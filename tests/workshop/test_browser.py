"""A whole workshop in a real browser: a facilitator and three teams, from the lobby to the debrief."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.command import LINUX
from tests.tui.browser import CHROMIUM, PATIENCE, Browser, Page, browser, colors
from tests.workshop.hosted import Hosted, hosted
from tui.speech import Language, Speech

pytestmark = [
    LINUX,
    pytest.mark.skipif(
        CHROMIUM is None and "CI_NEEDS_BROWSER" not in os.environ, reason="no Chromium on the path (Debian: chromium)"
    ),
]
NO_CODE = "this is neither the room's code nor a team's"


@contextmanager
def room_for_three(home: Path, language: str) -> Iterator[Hosted]:
    """Two quarters for three teams, ended by Ctrl-C, which a terminal sends to all that was started in it."""
    options = ["--teams=3", "--quarters=2", "--seed=7", f"--language={language}", f"--file={home / 'room.workshop'}"]
    with hosted(home, "china-ai-chips", *options) as room:
        yield room
        os.killpg(room.process.pid, signal.SIGINT)
        _, complaints = room.process.communicate(timeout=PATIENCE)
        assert (room.process.returncode, complaints) == (130, "")


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("chromium")) as running:
        yield running


def fill_in(page: Page, **fields: str) -> None:
    """Fill in the form for joining, and send it."""
    page.becomes("document.body?.classList.contains('-joining') && document.querySelector('#join select').length > 1")
    page.evaluate(
        "(() => { const form = document.querySelector('#join form');"
        + "".join(f"form.elements[{json.dumps(name)}].value = {json.dumps(value)};" for name, value in fields.items())
        + "form.requestSubmit(); })()"
    )


def speaks(page: Page, language: str) -> None:
    """Have the page in a language, whatever the browser's is."""
    page.becomes("!!document.querySelector('#corner')")
    if page.evaluate("document.documentElement.lang")[:2] != language:
        page.evaluate("change_language()")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_workshop_from_the_lobby_to_the_debrief(language: Language, chromium: Browser, tmp_path: Path):
    say = Speech(language).say
    with room_for_three(tmp_path, language) as room, ExitStack() as tabs:

        def opened(url: str) -> Page:
            return tabs.enter_context(chromium.tab(url, 1280, 800, apart=True))

        facilitator = opened(room.link)
        facilitator.waits_for(room.code)
        assert facilitator.evaluate("location.href") == f"{room.address}/"  # the token is nowhere to be read
        teams = [opened(f"{room.address}/") for _ in range(3)]
        for number, page in enumerate(teams):
            speaks(page, language)
            fill_in(page, code="WRONG-CODE", name=f"Team {number}")
            page.becomes(f"document.querySelector('#refused').textContent.includes({json.dumps(say(NO_CODE))})")
            fill_in(page, code=room.code.lower(), name=f"Team {number}")
        for number, page in enumerate(teams):
            page.waits_for(f"Team {number}")
            facilitator.waits_for(f"Team {number}")
        assert not any(room.code.split("-")[0] in page.shown for page in teams)  # they see their own team's code

        for quarter in ("2025Q1", "2025Q2"):
            for key in ("o", "enter"):
                facilitator.press(key)
            for number, page in enumerate(teams):
                page.waits_for(say("not handed in"))
                page.press("e")
                page.waits_for(say("Your plan for {quarter}", quarter=quarter))
                if number == 0:  # who hands in nothing goes on as before
                    continue
                page.press("space")
                page.waits_for(say("✓ handed in"))
            facilitator.press("c")
            facilitator.waits_for("Team 0")
            facilitator.press("y")
            for page in teams[1:]:
                page.waits_for(say("{quarter}: your plan was played.", quarter=quarter))
            teams[0].waits_for(say("{quarter}: not handed in; last quarter's plan was held.", quarter=quarter)[:20])
        for key in ("d", "y"):
            facilitator.press(key)
        for page in teams:
            page.waits_for("8 9")  # the key is shown when the debrief is open
            page.press("9")
        for page in teams:
            page.waits_for(say("Ranking"))
            page.waits_for("Team 2")
        everybody = [facilitator, *teams]
        assert all(colors(page.picture(tmp_path / f"{number}.png")) > 50 for number, page in enumerate(everybody))
        assert facilitator.complaints == [] and all("409" in told for page in teams for told in page.complaints)
        assert {urlsplit(url).netloc for page in everybody for url in page.requests} == {urlsplit(room.address).netloc}
        assert not [url for page in teams for url in page.requests if "#" in url or "token" in url]


def test_a_link_opens_the_seat_again(chromium: Browser, tmp_path: Path):
    with room_for_three(tmp_path, "en") as room, chromium.tab(f"{room.address}/", apart=True) as page:
        speaks(page, "en")
        fill_in(page, code=room.code, name="Red", vendor="baidu-kunlunxin")
        page.waits_for("Red plays Baidu Kunlunxin")
        page.evaluate("window.old = true; location.reload()")
        page.becomes("window.old === undefined")
        page.waits_for("Red plays Baidu Kunlunxin")
        with chromium.tab(f"{room.address}/#{page.evaluate('token')}", apart=True) as elsewhere:
            elsewhere.waits_for("Red plays Baidu Kunlunxin")
            assert elsewhere.evaluate("location.href") == f"{room.address}/"
        page.evaluate("localStorage.setItem(PLACE, 'x'.repeat(32)); location.reload()")
        page.becomes("document.body?.classList.contains('-joining') && localStorage.getItem(PLACE) === null")
