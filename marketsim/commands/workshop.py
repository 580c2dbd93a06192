"""`marketsim workshop`: many teams in one market, led by a facilitator."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from marketsim.commands.play import DEFAULT, Language, Plain, Quarters, Scenario, Spoken

FOR_TABS = "MARKETSIM_WORKSHOP"
"""Variable of the environment that tells the process of a browser's tab where to go, as `tui.workshop.open.Told`."""

app = typer.Typer(help="Play in teams: host a workshop, or join one.", no_args_is_help=True, rich_markup_mode=None)

SERVING = ("qrcode", "starlette", "textual_serve", "uvicorn", "websockets")
"""Libraries that a server needs, and whoever makes a room as one does."""

Teams = Annotated[
    int | None,
    typer.Option(min=2, max=60, help="How many teams can play; 6, or as many as --vendors names, if not given."),
]
Vendors = Annotated[
    str | None,
    typer.Option(help="Vendors to be played, separated by commas; if not given, the scenario's first ones."),
]
First = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="QUARTER",
        help="First quarter that teams decide, such as 2011Q1; strategies play those before it. --quarters counts "
        "from here.",
    ),
]
Seed = Annotated[int | None, typer.Option(min=0, help="Seed of luck; another one every time if not given.")]
WorkshopTitle = Annotated[str | None, typer.Option(help="Shown to all; the scenario's title if not given.")]
File = Annotated[
    Path | None,
    typer.Option(help="Where everything is written down. A file that exists is gone on with; a new one if not given."),
]
Host = Annotated[
    str, typer.Option(help="Address of this machine at which to listen; 0.0.0.0 for all networks that it is in.")
]
Name = Annotated[
    str | None, typer.Option(help="Name by which others reach this machine, such as that of its certificate.")
]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 for any that is free.")]
Certificate = Annotated[
    Path | None, typer.Option(help="Certificate for HTTPS, a file in PEM form; plain HTTP if not given.")
]
Key = Annotated[Path | None, typer.Option(help="Private key of the certificate, if it is in another file.")]


@app.command()
def host(
    scenario: Scenario = DEFAULT,
    teams: Teams = None,
    vendors: Vendors = None,
    first: First = None,
    quarters: Quarters = None,
    seed: Seed = None,
    title: WorkshopTitle = None,
    file: File = None,
    host: Host = "127.0.0.1",
    name: Name = None,
    port: Port = 8000,
    certificate: Certificate = None,
    key: Key = None,
    language: Language = None,
) -> None:
    """Serve a workshop: prints what teams and the facilitator need, and goes on until Ctrl-C."""
    from marketsim.commands.interrupts import stopping_cleanly
    from marketsim.commands.needs import need

    need(*SERVING)
    from marketsim.commands.hosting import Place, Wish, serve

    wish = Wish(
        scenario, teams, _names(vendors), quarters, seed, title, None if language is None else language.value, first
    )
    with stopping_cleanly():
        stopped_by = serve(wish, file, Place(host, port, name, certificate, key))
    raise typer.Exit(0 if stopped_by is None else 128 + stopped_by)


ReportLanguage = Annotated[Spoken, typer.Option("--language", help="Language of what is written.")]
Sheets = Annotated[
    Path, typer.Option("--out", "-o", metavar="FILE", help="The page to write; another name if there is such a file.")
]


@app.command()
def briefings(
    scenario: Scenario = DEFAULT,
    teams: Teams = None,
    vendors: Vendors = None,
    first: First = None,
    quarters: Quarters = None,
    seed: Seed = None,
    title: WorkshopTitle = None,
    language: ReportLanguage = Spoken.en,
    out: Sheets = Path("briefings.html"),
) -> None:
    """Write sheets to print: a briefing with a form for each team, and one for the facilitator; options as of host."""
    from agents.game.export import write_new
    from marketsim.commands.needs import need
    from marketsim.errors import MarketSimError

    need(*SERVING)
    from marketsim.commands.hosting import Wish
    from tui.workshop.briefings import briefings as written

    if first is not None and seed is None:
        raise MarketSimError("--from: what comes before depends on luck; give the --seed that the room will have")
    wish = Wish(scenario, teams, _names(vendors), quarters, seed, title, language.value, first)
    setup, played, named = wish.room()
    page = written(setup, played, named, wish.ahead(setup), language.value)
    typer.echo(write_new(out.parent, out.name, page.encode()))


Address = Annotated[
    str | None,
    typer.Argument(
        help="Of the server, such as 192.168.1.20:8000; asked for if not given. Codes are always asked for."
    ),
]


Trusted = Annotated[
    Path | None,
    typer.Option(
        "--certificate", metavar="FILE", help="Of the server, in PEM form, if this machine does not trust it by itself."
    ),
]


@app.command()
def join(address: Address = None, certificate: Trusted = None, language: Language = None, plain: Plain = False) -> None:
    """Join a workshop in this terminal: in a team, or as its facilitator; you come back to your seat if you had one."""
    from marketsim.commands.needs import need
    from marketsim.commands.play import terminal

    need("websockets")
    told = os.environ.pop(FOR_TABS, None)
    if told is not None:
        from tui.workshop.open import run_told

        run_told(told)
        return
    if certificate is not None:
        _trust(certificate)
    settings = terminal(language, plain)
    from tui.workshop.open import joining

    joining(address, settings).run_on()


def _trust(certificate: Path) -> None:
    """Have all that this process connects to by TLS checked against a certificate alone.  Raises MarketSimError."""
    import ssl

    from marketsim.errors import MarketSimError

    try:
        ssl.create_default_context(cafile=certificate)
    except OSError as error:  # SSLError is one
        reason = getattr(error, "reason", None) or error.strerror
        raise MarketSimError(f"--certificate {certificate}: cannot be used: {reason}") from None
    os.environ["SSL_CERT_FILE"] = str(certificate)  # read by OpenSSL, whoever uses it


Kept = Annotated[Path, typer.Argument(metavar="FILE", help="Where a workshop is written down; no server may have it.")]
Folder = Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where files go; here if not given.")]
Only = Annotated[str | None, typer.Option(metavar="LIST", help="Of these kinds, such as csv,report; all if not given.")]
Anonymous = Annotated[bool, typer.Option("--anonymous", help="Leave out names of teams and what they were told.")]


@app.command()
def export(
    file: Kept,
    out: Folder = Path("."),
    only: Only = None,
    anonymous: Anonymous = False,
    language: ReportLanguage = Spoken.en,
) -> None:
    """Write what can be taken out of a workshop: tables, a report, replays, its log without secrets."""
    from agents.game.export import write_new
    from agents.workshop.export import compared, exports_of, material_of
    from marketsim.errors import MarketSimError, did_you_mean, printable
    from tui.workshop.report import REPORT

    material = material_of(file, anonymous, language.value)
    every = REPORT | exports_of(list(material.taken.names))
    wanted = list(every) if only is None else [each.strip() for each in only.split(",")]
    for name in wanted:
        if name not in every:
            hint = did_you_mean(name, list(every), "there are")
            raise MarketSimError(f"--only: there is no export {printable(name)!r}; {hint}")
    if any(every[name].compares for name in wanted):
        material = compared(material, os.cpu_count() or 1)
    for name in wanted:
        typer.echo(write_new(out, every[name].file, every[name].make(material)))


def _names(listed: str | None) -> list[str] | None:
    """What is separated by commas."""
    return None if listed is None else [each.strip() for each in listed.split(",") if each.strip()]
