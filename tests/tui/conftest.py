"""A person at the keyboard, for tests: the application without a terminal, and files of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from marketsim.places import HOME
from tui.app import VIEWS, MarketApp, Opening, beginning
from tui.screens.view import View
from tui.settings import Settings
from tui.speech import Language

Begin = Callable[..., AbstractAsyncContextManager[Pilot[None]]]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings and saves of the test alone."""
    monkeypatch.setenv(HOME, str(tmp_path))
    monkeypatch.setattr("textual.constants.TEXTUAL_ANIMATIONS", "none")  # its variable is read once, before this
    return tmp_path


@asynccontextmanager
async def application(
    language: Language = "en", size: tuple[int, int] = (120, 36), opening: Opening | None = None
) -> AsyncIterator[Pilot[None]]:
    app = MarketApp(Settings(language=language, theme="night"), opening)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield pilot


@asynccontextmanager
async def game(
    language: Language = "en",
    size: tuple[int, int] = (120, 36),
    quarters: int = 8,
    played: int = 0,
    vendor: str | None = "cambricon",
    view: str | None = "dashboard",
    scenario: str = "china-ai-chips",
) -> AsyncIterator[Pilot[None]]:
    """A game, some quarters of which have been played as the disciplined strategy would; on one of its screens."""
    setup = {"scenario": scenario, "vendor": vendor, "quarters": quarters}
    async with application(language, size, beginning(**setup)) as pilot:
        app = pilot.app
        assert isinstance(app, MarketApp)
        for _ in range(3000):
            if app.session is not None and isinstance(app.screen, View) and app.screen.is_mounted:
                break
            await pilot.pause(0.01)
        assert app.session is not None, told(pilot)
        for _ in range(played):
            app.session.draft = None if vendor is None else app.session.game.advised("disciplined")
            app.session.end_quarter()
        if isinstance(app.screen, View) and VIEWS.get(view or "", "").endswith(f":{type(app.screen).__name__}"):
            app.screen.redraw()  # it has been there since before the quarters were played
        elif view is not None:
            app.action_view(view)
        await pilot.pause()
        yield pilot


async def settle(pilot: Pilot[None]) -> None:
    """Wait until nothing is computed any more, and what came of it is on the screen."""
    for _ in range(3):  # what a worker brings may start another one
        await pilot.pause()
        await pilot.app.workers.wait_for_complete()
    pilot.app.clear_notifications()
    await pilot.pause()


def told(pilot: Pilot[None]) -> str:
    """What has been notified."""
    return "\n".join(notification.message for notification in pilot.app._notifications)


def text(pilot: Pilot[None]) -> str:
    """What stands on the screen, line by line."""
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)
