"""Takes the workshop out as files: into a folder of this machine, or through the browser."""

from __future__ import annotations

from asyncio import to_thread
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from textual.content import Content

from agents.game.export import write_new
from marketsim.errors import MarketSimError
from tui.cells import pad
from tui.screens.export import here
from tui.speech import N_
from tui.workshop.console_dialogs import Answer, Ask, Line

if TYPE_CHECKING:
    from tui.workshop.console import ConsoleApp

EXPORTS = {
    "report": ("report.html", N_("to read and print")),
    "csv": ("tables.zip", N_("tables as CSV")),
    "parquet": ("tables-parquet.zip", N_("tables as Parquet")),
    "replay": ("replay.json", N_("for marketsim replay")),
    "log": ("workshop.db", N_("all that was written down")),
}
"""What the server makes, by the name under which it is asked for: name of the file, and what is in it."""
WIDTH = 2 + max(len(name) for name, _ in EXPORTS.values())


def export(app: ConsoleApp, vendor: str) -> None:
    """Choose what is taken out, and where it goes."""
    say = app.speech.say

    async def do(answer: Answer) -> str:
        name = _name(answer)
        content, wrong = await app.fetch_export(answer.chosen, anonymous=answer.ticked)
        if wrong:
            return wrong
        if app.is_web:
            app.deliver_binary(BytesIO(content), save_filename=name)
            return ""
        try:
            path = await to_thread(write_new, Path(answer.typed["folder"]).expanduser(), name, content)
        except (MarketSimError, OSError) as error:
            return str(error)
        app.note(lambda s: s.say("written: {path}", path=path))
        app.notify(say("Written: {path}", path=path), markup=False, timeout=10)
        return ""

    options = [
        (what, Content.assemble(pad(name, WIDTH), (say(title), "$axis"))) for what, (name, title) in EXPORTS.items()
    ]
    lines = [] if app.is_web else [Line("folder", say("Folder:"), str(here()), needed=True)]
    text = say("Your browser saves it where it saves downloads.") if app.is_web else ""
    tick = say("Without names of teams and your messages")
    app.push_screen(Ask(app.speech, say("Export"), do, text=text, options=options, tick=tick, lines=lines))


def _name(answer: Answer) -> str:
    """Of the file, which tells whether teams are named in it."""
    path = Path(EXPORTS[answer.chosen][0])
    return path.with_stem(f"{path.stem}-anonymous").name if answer.ticked else path.name
