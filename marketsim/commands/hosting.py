"""`marketsim workshop host`: the room that was asked for, its server, and what the teacher is told."""

from __future__ import annotations

import asyncio
import secrets
import shlex
import ssl
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, fields
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from socket import AF_INET, AF_INET6, SOCK_DGRAM, gethostname, socket
from typing import Literal

import typer

from agents.game.setup import Setup
from agents.workshop.desk import Desk
from agents.workshop.guard import Guard
from agents.workshop.listening import WorkshopServer
from agents.workshop.log import Log
from agents.workshop.names import clean
from agents.workshop.server import app
from marketsim.commands.web import listening
from marketsim.errors import MarketSimError, counted, did_you_mean, printable
from marketsim.places import workshops_folder
from marketsim.scenario.parameters import Parameters
from marketsim.scenario.schema import Scenario
from tui.web.workshop import Tabs
from tui.workshop.report import REPORT

TEAMS = 6
"""If neither their number nor vendors are given."""
OPEN_FILES = 4096
"""Each connection is one; systems start programs with as few as 256."""
WIDEST_TITLE = 60


@dataclass(frozen=True, slots=True)
class Wish:
    """What a new workshop is to be; see `marketsim workshop host --help`.

    first: quarter that teams decide; strategies play those before it.  quarters: from there on.
    """

    scenario: str
    teams: int | None = None
    vendors: list[str] | None = None
    quarters: int | None = None
    seed: int | None = None
    title: str | None = None
    language: Literal["en", "zh"] | None = None
    first: str | None = None

    def room(self) -> tuple[Setup, list[str], str]:
        """Setup, vendors for teams and title.  Raises MarketSimError."""
        setup = Setup(scenario=self.scenario, seed=_seed(self.seed))
        if self.quarters is not None:
            setup = setup.model_copy(update={"quarters": self.ahead(setup) + self.quarters})
        world = setup.world()
        teams = self.teams or (TEAMS if self.vendors is None else len(self.vendors))
        if teams > len(world.vendors):
            setup = setup.model_copy(update={"firms": teams})
            world = setup.world()
        vendors = list(world.vendors)[:teams] if self.vendors is None else _known(self.vendors, world, teams)
        title = clean(self.title if self.title is not None else _title(world, self.language), WIDEST_TITLE)
        if not title:
            raise MarketSimError(f"--title {printable(self.title or '')!r}: nothing can be seen of it")
        return setup, vendors, title

    def ahead(self, setup: Setup) -> int:
        """Quarters that strategies play before teams do.  Raises MarketSimError for a quarter that there is not."""
        if self.first is None:
            return 0
        quarters = [each.name for each in Parameters(setup.world()).conditions]
        if self.first not in quarters:
            allowed = f"from {quarters[0]} to {quarters[-1]}"
            raise MarketSimError(f"--from {printable(self.first)}: {setup.scenario} has no such quarter; {allowed}")
        return quarters.index(self.first)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the server is.  host: at which it listens.  name: by which others reach it.  certificate, key: for TLS."""

    host: str
    port: int
    name: str | None
    certificate: Path | None
    key: Path | None

    @property
    def is_open(self) -> bool:
        """Other machines can reach it."""
        try:
            return not ip_address(self.host).is_loopback
        except ValueError:
            return self.host != "localhost"

    def options(self) -> list[str]:
        """Of `marketsim workshop host`, as far as they are other than without them."""
        usual = Place("127.0.0.1", 8000, None, None, None)
        named = [(each.name, getattr(self, each.name)) for each in fields(self)]
        return [part for name, value in named if value != getattr(usual, name) for part in (f"--{name}", str(value))]

    def address(self, port: int) -> str:
        """For a browser."""
        shown = self.name or _reachable(self.host)
        scheme = "http" if self.certificate is None else "https"
        return f"{scheme}://{f'[{shown}]' if ':' in shown else shown}:{port}"


def serve(wish: Wish, file: Path | None, place: Place) -> int | None:
    """Serve a workshop until a signal.  Returns its number.  Raises MarketSimError."""
    _check_certificate(place)
    with listening(place.port, place.host) as sock:
        _raise_limit()
        path = file or _new_file()
        desk = _desk(wish, path)
        stopped_by = asyncio.run(_served(desk, wish, place, sock))
    again = shlex.join(["marketsim", "workshop", "host", "--file", str(path), *place.options()])
    typer.echo(f"\nThe server has stopped; all that was done is in {path}\nGo on with: {again}")
    return stopped_by


def _desk(wish: Wish, path: Path) -> Desk:
    if _is_new(path):
        setup, vendors, title = wish.room()
        return Desk.opening(path, setup, vendors, title, wish.ahead(setup))
    desk = Desk(Log(path))
    played, quarters = desk.room.played, len(desk.room.game.parameters.conditions)
    typer.echo(f"Going on with {path}: {played} of {counted(quarters, 'quarter')} played; its own setup holds.")
    if desk.room.differs is not None:
        typer.echo(f"Note: from {desk.room.differs} on, figures differ in their last digits from what was seen before.")
    return desk


def _is_new(path: Path) -> bool:
    """Nothing has been written to it, or nothing to the end."""
    if not path.exists() or path.stat().st_size == 0:
        return True
    with closing(Log(path)) as log:
        return log.empty


async def _served(desk: Desk, wish: Wish, place: Place, sock: socket) -> int | None:
    port = sock.getsockname()[1]
    names = [gethostname(), f"{gethostname()}.local", place.host, *([place.name] if place.name else [])]
    desk.address = place.address(port)
    async with desk:
        token = await desk.admit_facilitator()
        inside = None if place.certificate is None else listening(0)
        tabs = Tabs(desk, None if inside is None else f"http://127.0.0.1:{inside.getsockname()[1]}", wish.language)
        application = app(desk, names=names, extra_routes=tabs.routes, extra_exports=REPORT)
        server = WorkshopServer(application, place.certificate, place.key)
        for line in _welcome(desk, place, desk.address, token):
            typer.echo(line)
        sys.stdout.flush()
        async with _served_inside(application, inside):
            return await server.serve_on(sock)


@asynccontextmanager
async def _served_inside(application: Guard, inside: socket | None) -> AsyncIterator[None]:
    """Without TLS for the processes of this machine's browser tabs, which would not trust every certificate."""
    if inside is None:
        yield
        return
    server = WorkshopServer(application)
    serving = asyncio.create_task(server.serve(sockets=[inside]))
    try:
        yield
    finally:
        server.should_exit = True
        await serving


def _welcome(desk: Desk, place: Place, address: str, token: str) -> Iterator[str]:
    room = desk.room
    yield f"{room.opened.title}: {counted(len(room.seats), 'seat')} for teams"
    yield f"  Teams join at       {address}"
    yield f"  with the room code  {room.code}"
    yield from _qr_code(address)
    yield f"  Your own link       {address}/#{token}"
    yield "                      It opens the whole room: do not show it, and take care when you project this screen."
    yield f"  In a terminal       marketsim workshop join {address}"
    yield "                      and give what stands behind # in your link when you are asked."
    yield f"  Written down in     {desk.log.path}"
    if not place.is_open:
        yield "Only this machine can reach it; for a class: --host 0.0.0.0, or the address of one network."
    elif place.certificate is None:
        yield "WARNING: plain HTTP on a network. Whoever is in it can overhear what teams do, and take their tokens"
        yield "and yours. Use a network that you trust, or --certificate and --key for HTTPS."
    yield "Ctrl-C stops it; nothing is lost."


def _qr_code(text: str) -> list[str]:
    """Its picture in half blocks; nothing where the terminal lacks them."""
    from io import StringIO

    from qrcode import QRCode

    picture, code = StringIO(), QRCode()
    code.add_data(text)
    code.print_ascii(picture, invert=True)
    lines = picture.getvalue().replace("\xa0", " ").splitlines()
    try:
        "".join(lines).encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return []
    return [f"    {line}" for line in lines]


def _known(vendors: list[str], world: Scenario, teams: int) -> list[str]:
    for name in vendors:
        if name not in world.vendors:
            hint = did_you_mean(name, list(world.vendors), "there are")
            raise MarketSimError(f"--vendors: {world.name} has no vendor {printable(name)!r}; {hint}")
    if len(set(vendors)) < len(vendors):
        raise MarketSimError("--vendors: one is named twice")
    if len(vendors) != teams or teams < 2:
        named = counted(len(vendors), "vendor")
        raise MarketSimError(f"--vendors: {named} for {counted(teams, 'team')}; allowed: 2 to 60, one for each team")
    return vendors


def _title(world: Scenario, language: str | None) -> str:
    if language is None:
        from tui.settings import load_settings

        language = load_settings().language
    return world.name if world.title is None else str(getattr(world.title, language))


def _seed(given: int | None) -> int:
    return secrets.randbelow(2**31) if given is None else given


def _new_file() -> Path:
    stem = f"{datetime.now():%Y-%m-%d-%H%M%S}"
    folder, number = workshops_folder(), 1
    path = folder / f"{stem}.workshop"
    while path.exists():
        number += 1
        path = folder / f"{stem}-{number}.workshop"
    return path


def _reachable(host: str) -> str:
    """An address at which others find what listens at one: of a machine's many, that of its way out."""
    for wildcard, family, outside in (("0.0.0.0", AF_INET, "192.0.2.1"), ("::", AF_INET6, "2001:db8::1")):
        if host == wildcard:
            with suppress(OSError), socket(family, SOCK_DGRAM) as probe:
                probe.connect((outside, 9))  # nothing is sent: those networks are for documentation
                return str(probe.getsockname()[0])
            return gethostname()
    return host


def _check_certificate(place: Place) -> None:
    if place.certificate is None:
        if place.key is not None:
            raise MarketSimError("--key: is of use with --certificate alone")
        return
    for option, path in (("--certificate", place.certificate), ("--key", place.key)):
        if path is not None and not path.is_file():
            raise MarketSimError(f"{option} {path}: there is no such file")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(place.certificate, place.key, password="")
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
        raise MarketSimError(f"--certificate {place.certificate}: cannot be used: {reason}") from None


def _raise_limit() -> None:
    """Let this process have as many connections open as a class needs."""
    with suppress(ImportError, OSError, ValueError):  # Windows has no such limit
        from resource import RLIMIT_NOFILE, getrlimit, setrlimit

        soft, hard = getrlimit(RLIMIT_NOFILE)
        if soft < OPEN_FILES:
            setrlimit(RLIMIT_NOFILE, (min(OPEN_FILES, hard) if hard > 0 else OPEN_FILES, hard))
