"""A real browser without a window: Chromium, driven by its DevTools protocol over one websocket a tab.

The protocol is JSON both ways, so that the websocket client which the workshop needs anyway is all it takes. Selenium
would bring a package and a driver that must be of the browser's own version.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
from matplotlib.image import imread
from websockets.sync.client import ClientConnection, connect

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    *("--headless=new", "--remote-debugging-port=0", "--no-first-run", "--disable-gpu", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"),
    *(("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()),
)
PATIENCE = 30.0
"""Seconds until what is waited for must be there."""
LEFT = "Inspected target navigated or closed"
KEYS = {
    "enter": ("Enter", 13, "\r"),
    "escape": ("Escape", 27, ""),
    "space": (" ", 32, " "),
    "down": ("ArrowDown", 40, ""),
}
"""Names of keys as Textual writes them: as browsers do, their number, what they write."""
CATCH_TERMINAL = """
    Object.defineProperty(Object.prototype, "websocket_url", {  // textual.js keeps its terminal to itself, next to this
        configurable: true,
        set(url) {
            Object.defineProperty(this, "websocket_url", { value: url });
            window.terminal = this.terminal ?? (queueMicrotask(() => window.terminal = this.terminal), undefined);
        },
    });
    window.shown = () => {
        const buffer = window.terminal?.buffer.active;
        return buffer ? Array.from({ length: terminal.rows }, (_, y) => buffer.getLine(y).translateToString()).join("\\n") : "";
    };
"""


class Page:
    """A tab of the browser, with a terminal in it."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._calls = 0
        self.requests: list[str] = []
        """Addresses of all that the page asked for, websockets too."""
        self.complaints: list[str] = []
        """Errors of its scripts, and what the browser refused."""

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The answer to a method of the protocol, empty if the page was left before; earlier events are noted."""
        self._calls += 1
        self._socket.send(json.dumps({"id": self._calls, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(timeout=PATIENCE))
            if message.get("id") == self._calls:
                if message.get("error", {}).get("message") == LEFT:
                    return {}
                assert "error" not in message, message
                return message["result"]
            self._note(message["method"], message["params"])

    def _note(self, event: str, about: dict[str, Any]) -> None:
        match event:
            case "Network.requestWillBeSent":
                self.requests.append(about["request"]["url"])
            case "Network.webSocketCreated":
                self.requests.append(about["url"])
            case "Runtime.exceptionThrown":
                self.complaints.append(about["exceptionDetails"].get("exception", {}).get("description", "?"))
            case "Log.entryAdded" if about["entry"]["level"] == "error":
                self.complaints.append(about["entry"]["text"])

    def evaluate(self, expression: str) -> Any:
        """The value of an expression of JavaScript, or of its promise."""
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer.get("result", {}).get("value")

    def goes_to(self, url: str) -> None:
        """Open another address."""
        self.call("Page.navigate", url=url)

    def resize(self, width: int, height: int) -> None:
        """Another size, pixels."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    @property
    def shown(self) -> str:
        """The text of the terminal."""
        return str(self.evaluate("shown()"))

    def waits_for(self, text: str) -> str:
        """The text of the terminal as soon as it has `text` in it."""
        return str(self.becomes(f"shown().includes({json.dumps(text)}) && shown()"))

    def becomes(self, expression: str) -> Any:
        """The value of an expression as soon as it is true.  Raises AssertionError if that takes too long."""
        end = time.monotonic() + PATIENCE
        while not (value := self.evaluate(expression)):
            assert time.monotonic() < end, f"{expression} is not to be; the terminal shows\n{self.shown}"
            time.sleep(0.02)
        return value

    def press(self, *keys: str) -> None:
        """Keys as Textual names them: `enter`, `a`, `ctrl+p`."""
        for key in keys:
            *held, name = key.split("+")
            value, number, text = KEYS.get(name, (name, ord(name[0].upper()), name))
            about = {"key": value, "windowsVirtualKeyCode": number, "modifiers": 2 * ("ctrl" in held)}
            self.call("Input.dispatchKeyEvent", type="keyDown", **about, **({} if held or not text else {"text": text}))
            self.call("Input.dispatchKeyEvent", type="keyUp", **about)

    def fonts_of(self, selector: str) -> set[str]:
        """The fonts of the machine with which the text of an element is drawn."""
        for domain in ("DOM", "CSS"):
            self.call(f"{domain}.enable")
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        return {font["familyName"] for font in self.call("CSS.getPlatformFontsForNode", nodeId=node)["fonts"]}

    def picture(self, file: Path) -> Path:
        """Take a screenshot, PNG."""
        file.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))
        return file


def colors(picture: Path) -> int:
    """How many colours a picture has: few if only grounds are drawn, many with the soft edges of letters."""
    return len(np.unique(imread(picture).reshape(-1, 4), axis=0))


class Browser:
    """A running Chromium."""

    def __init__(self, port: int) -> None:
        self._host = f"127.0.0.1:{port}"

    @contextmanager
    def tab(self, url: str, width: int = 1200, height: int = 800, apart: bool = False) -> Iterator[Page]:
        """A new tab of a size in pixels, closed in the end.  apart: it shares nothing that pages keep with others."""
        with urlopen(f"http://{self._host}/json/version") as answer:
            whole = json.load(answer)["webSocketDebuggerUrl"]
        with connect(whole, max_size=None, ping_interval=None) as socket:
            all_tabs = Page(socket)
            own = (
                {"browserContextId": all_tabs.call("Target.createBrowserContext")["browserContextId"]} if apart else {}
            )
            target = all_tabs.call("Target.createTarget", url="about:blank", **own)["targetId"]
            with self._driven(target, url, width, height) as page:
                yield page
            all_tabs.call("Target.closeTarget", targetId=target)

    @contextmanager
    def _driven(self, target: str, url: str, width: int, height: int) -> Iterator[Page]:
        with connect(f"ws://{self._host}/devtools/page/{target}", max_size=None, ping_interval=None) as socket:
            page = Page(socket)
            for domain in ("Page", "Network", "Runtime", "Log"):
                page.call(f"{domain}.enable")
            page.call("Page.addScriptToEvaluateOnNewDocument", source=CATCH_TERMINAL)
            page.call(
                "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
            )
            page.goes_to(url)
            yield page


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """Chromium with its files in a folder, which it must be alone in."""
    assert CHROMIUM is not None, "no Chromium on the path"
    ready = folder / "DevToolsActivePort"
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [CHROMIUM, *FLAGS, f"--user-data-dir={folder}", "about:blank"], stdout=log, stderr=log
        )
    try:
        end = time.monotonic() + PATIENCE
        while not (ready.exists() and ready.read_text().count("\n")):
            assert process.poll() is None and time.monotonic() < end, (folder / "log").read_text()
            time.sleep(0.02)
        yield Browser(int(ready.read_text().split()[0]))
    finally:
        process.terminate()
        process.wait(PATIENCE)
