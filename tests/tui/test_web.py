"""`marketsim play --web`: the game in a real browser, and the server by what goes over its websocket."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from websockets.asyncio.client import connect as connected
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.command import LINUX, called
from tests.tui.browser import CHROMIUM, Browser, Page, browser, colors
from tests.tui.serving import answer, gone, served, serving, started, tab_at, typed
from tui.app import MarketApp
from tui.web import server as web_server
from tui.web import tab as web_tab
from tui.web.server import GameServer
from tui.web.tab import PASSED_ON

pytestmark = LINUX
IN_A_BROWSER = pytest.mark.skipif(
    CHROMIUM is None and "CI_NEEDS_BROWSER" not in os.environ, reason="no Chromium on the path (Debian: chromium)"
)


# -- in a browser -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("chromium")) as running:
        yield running


def ending(page: Page) -> str:
    """What the page says when its game has ended."""
    return str(
        page.becomes(
            "document.querySelector('#ended')?.checkVisibility() && document.querySelector('#ended p').innerText"
        )
    )


@IN_A_BROWSER
@pytest.mark.parametrize(
    ("language", "menu", "ended", "lost"),
    [
        ("en", "Quick start", "The game is closed. What you played is kept.", "The server has gone."),
        ("zh", "快速开始", "游戏已关闭，进度已保存。", "服务已停止。"),
    ],
    ids=["en", "zh"],
)
def test_a_game_in_a_browser(language: str, menu: str, ended: str, lost: str, chromium: Browser, tmp_path: Path):
    with chromium.tab("about:blank") as page:
        with served(tmp_path, "--language", language) as server:
            page.goes_to(server.url)
            page.waits_for(menu)
            page.press("enter")
            page.waits_for("2025Q1 (1/16)")
            page.press("space")
            page.waits_for("2025Q2 (2/16)")
            assert colors(page.picture(tmp_path / "game.png")) > 50
            page.resize(360, 210)
            page.becomes("terminal.cols <= 40 && terminal.rows <= 10")
            page.resize(1200, 800)
            page.becomes("terminal.cols > 100")
            page.waits_for("2025Q2 (2/16)")
            page.press("ctrl+q")
            assert ending(page) == ended
            chinese = re.findall(r'local\("([^"]+)"\)', answer(server.url)[1])
            assert page.fonts_of("#ended p") <= ({"Roboto Mono"} if language == "en" else {"Roboto Mono", *chinese})
            page.press("enter")  # the button has the focus
            page.waits_for(menu)
        assert lost in ending(page)
        assert {urlsplit(address).netloc for address in page.requests} == {server.host}
        assert page.complaints == []


@IN_A_BROWSER
async def test_the_page_says_why_there_is_no_game(chromium: Browser, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(web_server, "PLACES", 2)
    monkeypatch.setattr(web_server, "PATIENCE", 3)

    def look(host: str) -> None:
        with connect(f"ws://{host}/ws", origin=f"http://{host}"), chromium.tab(f"http://{host}/") as first:
            first.waits_for("I am a game")
            with chromium.tab(f"http://{host}/") as second:
                assert ending(second) == "2 games are open already. Close a tab first."
                first.goes_to("about:blank")
                second.press("enter")
                second.waits_for("I am a game")
                second.press("x")  # a name that the stand-in does not know
                assert ending(second) == "The game broke down. The quarters you played are kept."
                first.evaluate("history.back()")
                first.waits_for("I am a game")

    async with serving() as host:
        await asyncio.to_thread(look, host)


# -- a game and its tab -------------------------------------------------------------------------------------------


def test_a_tab_has_a_game_that_ends_with_it(tmp_path: Path):
    with served(tmp_path, "--language", "en") as server:
        assert server.games == []
        with server.tab(100, 30) as tab:
            tab.sees(r"\x1b\[30;1H")
            (game,) = server.games
            tab.say("resize", {"width": 120, "height": 36})
            tab.sees(r"\x1b\[36;1H")
            tab.say("stdin", "\r")
            tab.sees(r"2025Q1 \(1/16\)")
            tab.say("stdin", "\x1a")  # ctrl+z: there is no shell to go back to
            tab.say("stdin", " ")
            tab.sees(r"2025Q2 \(2/16\)")
        assert gone(game)


def test_what_was_asked_for_reaches_the_game(tmp_path: Path):
    wanted = ("--vendor=cambricon", "--difficulty=hard", "--quarters=5", "--seed=3", "--language=zh")
    with served(tmp_path, *wanted, "china-ai-chips-small-market") as server, server.tab() as tab:
        tab.sees(r"\(1/5\)")
        (game,) = server.games
        command = Path(f"/proc/{game}/cmdline").read_text().split("\0")
        assert {*wanted, "china-ai-chips-small-market"} <= set(command)
        assert 'lang="zh-CN"' in answer(server.url)[1]


def test_the_page_speaks_the_language_of_the_settings(tmp_path: Path):
    (tmp_path / "settings.json").write_text('{"language": "zh"}')
    with served(tmp_path) as server, server.tab() as tab:
        assert "游戏启动中……" in answer(server.url)[1]
        tab.sees("快速开始")


def test_a_game_ends_with_its_server(tmp_path: Path):
    with started(tmp_path) as server, server.tab() as tab:
        tab.sees("\x1b")
        (game,) = server.games
        server.process.kill()
        assert gone(game)


# -- the server ---------------------------------------------------------------------------------------------------


async def test_a_game_sees_what_it_needs_of_the_environment(monkeypatch: pytest.MonkeyPatch):
    for name in ("MARKETSIM_HOME", "LANG", "PATH", "PYTHONPATH"):
        monkeypatch.setenv(name, f"/{name}")
    monkeypatch.setenv("OTHERS", "secret")
    async with serving() as host, tab_at(host) as tab:
        await tab.recv()
        seen = json.loads(await typed(tab, "say(json.dumps(dict(os.environ)))"))
    assert all(seen.pop(name) == f"/{name}" for name in ("MARKETSIM_HOME", "LANG", "PATH", "PYTHONPATH"))
    assert (seen["COLUMNS"], seen["ROWS"]) == ("80", "24")
    assert "OTHERS" not in seen and {name for name in seen if "TEXTUAL" not in name} <= {
        *PASSED_ON,
        "COLUMNS",
        "ROWS",
        "TERM_PROGRAM",
    }


async def test_what_a_game_complains_of_does_not_hold_it_up(capfd: pytest.CaptureFixture[str]):
    async with serving() as host, tab_at(host) as tab:
        await tab.recv()
        assert await typed(tab, "sys.stderr.write('x' * 1_000_000); say('done')") == "done"
    assert capfd.readouterr().out == "x" * 1_000_000


async def test_a_game_that_breaks_down_says_so(capfd: pytest.CaptureFixture[str]):
    async with serving() as host, tab_at(host) as tab:
        await tab.recv()
        with pytest.raises(ConnectionClosed) as closed:
            await typed(tab, "1 / 0")
    assert closed.value.rcvd.code == 1011
    assert "ZeroDivisionError" in capfd.readouterr().out


async def test_a_game_that_does_not_heed_is_ended_by_force(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(web_tab, "GRACE", 0.2)
    async with serving() as host, tab_at(host) as tab:
        await tab.recv()
        game = int(await typed(tab, "deaf = True; say(str(os.getpid()))"))
        await tab.close()
        assert await asyncio.to_thread(gone, game)


async def test_only_so_many_games_at_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(web_server, "PLACES", 2)
    monkeypatch.setattr(web_server, "PATIENCE", 0.2)
    async with serving() as host, tab_at(host) as first, tab_at(host) as second:
        await first.recv(), await second.recv()
        async with tab_at(host) as third:
            with pytest.raises(ConnectionClosed) as closed:
                await third.recv()
            assert closed.value.rcvd.code == 1013
        await second.close()
        async with tab_at(host) as third:
            assert await third.recv() == b"I am a game"


@pytest.mark.parametrize(
    "message", ["", "[]", "{}", '["stdin"]', '["stdin", 1]', '["resize", {}]', '["resize", 7]', "x" * 70_000]
)
async def test_what_no_page_would_say_ends_the_game(message: str):
    async with serving() as host, tab_at(host) as tab:
        await tab.recv()
        await tab.send(message)
        with pytest.raises(ConnectionClosed) as closed:
            await tab.recv()
        assert closed.value.rcvd.code in (1003, 1009)


# -- who may ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "http://example.org",
        "https://{host}",
        "http://{host}.example.org",
        "http://127.0.0.1:1",
        "http://localhost",
    ],
)
async def test_another_page_starts_no_game(origin: str | None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(GameServer, "_play", None)
    async with serving() as host:
        with pytest.raises(InvalidStatus) as refused:
            await connected(f"ws://{host}/ws", origin=origin and origin.format(host=host))
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("name", ["example.org", "127.0.0.1.example.org", "localhost.example.org:80", ""])
@pytest.mark.parametrize("path", ["/", "/ws", "/static/js/textual.js"])
async def test_another_name_for_this_machine_is_refused(name: str, path: str):
    async with serving() as host:
        assert (await asyncio.to_thread(answer, f"http://{host}{path}", Host=name))[0] == 403


async def test_a_tunnel_may_have_another_port(monkeypatch: pytest.MonkeyPatch):
    async with serving() as host:
        port = int(host.partition(":")[2])
        status, page = await asyncio.to_thread(answer, f"http://{host}/", Host="localhost:9000")
        assert status == 200 and 'url="ws://localhost:9000/ws"' in page
        with socket.create_connection(("127.0.0.1", port)) as tunnel:
            async with connected("ws://localhost:9000/ws", origin="http://localhost:9000", sock=tunnel) as tab:
                assert await tab.recv() == b"I am a game"


async def test_the_page_needs_nobody_else_and_shows_no_folders():
    async with serving() as host:
        status, page = await asyncio.to_thread(answer, f"http://{host}/")
        assert status == 200 and not re.search("https?://", page)
        for path in ("/static/", "/static/js", "/static/js/", "/download/1"):
            assert (await asyncio.to_thread(answer, f"http://{host}{path}"))[0] in (403, 404)
        with await asyncio.to_thread(urlopen, f"http://{host}/") as answered:
            assert "frame-ancestors 'none'" in answered.headers["Content-Security-Policy"]


# -- the command --------------------------------------------------------------------------------------------------


def test_it_listens_on_this_machine_alone(tmp_path: Path):
    with served(tmp_path) as server:
        port = int(server.host.partition(":")[2])
        listening = [
            line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines() if f":{port:04X} " in line
        ]
        assert listening == [f"0100007F:{port:04X}"]
        assert f":{port:04X} " not in Path("/proc/net/tcp6").read_text()


def test_a_port_in_use_is_told(capsys: pytest.CaptureFixture[str]):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        result = called(capsys, ["play", "--web", "--port", str(port)])
    assert result == (
        1,
        "",
        f"marketsim: --port {port}: another program uses it; choose another from 1024 to 65535, or 0 for a free one\n",
    )


def test_a_missing_library_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("marketsim.commands.needs.find_spec", lambda name: None)
    result = called(capsys, ["play", "--web", "--port", "0"])
    assert (result.code, result.out) == (1, "")
    assert result.err == "marketsim: this command needs textual_serve: pip install 'chip-market[workshop]' brings it\n"


async def test_no_command_is_offered_that_a_tab_cannot_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MARKETSIM_HOME", str(tmp_path))
    app = MarketApp()
    async with app.run_test() as pilot:
        await pilot.pause()
        offered = {command.title.lower() for command in app.get_system_commands(app.screen)}
    assert "quit" in offered
    assert not [title for title in offered if "screenshot" in title or "suspend" in title]
