"""`marketsim report`: results as a page for a browser, with pictures that can be taken out."""

from __future__ import annotations

import os
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from marketsim.commands.needs import need
from marketsim.commands.play import Spoken
from marketsim.commands.run import Quiet
from marketsim.errors import MarketSimError, counted, listing, printable

if TYPE_CHECKING:
    from marketsim.reports.page import Report
    from marketsim.reports.words import Speaker

FORMATS = ("png", "svg")

Picture = tuple[str, str]
"""Name of a file without ending, and SVG."""
Made = tuple[str, Callable[[], list[Picture]]]
"""A page as HTML, and what draws its charts."""

Source = Annotated[
    str,
    typer.Argument(
        metavar="RESULTS",
        help="Results of an experiment (folder or fsspec address), the folder of `run --out`, or a saved game.",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out", "-o", metavar="FILE", help="The page; named after the results, in this folder, if not given."
    ),
]
Language = Annotated[Spoken, typer.Option(help="Language of the page.")]
Charts = Annotated[Path | None, typer.Option(metavar="DIR", help="Folder for the charts as pictures of their own.")]
Formats = Annotated[str, typer.Option("--format", metavar="LIST", help="Of these pictures: png, svg, or png,svg.")]


def report(
    source: Source,
    out: Out = None,
    language: Language = Spoken.en,
    charts: Charts = None,
    formats: Formats = "png,svg",
    quiet: Quiet = False,
) -> None:
    """Write results as one page of HTML that needs nothing but itself."""
    kinds = _formats(formats)
    page = out or Path(f"{Path(source.rstrip('/')).stem or 'report'}.html")
    _check_writable(page)
    if charts is not None:
        _make_folder(charts)
    if Path(source).is_file():
        if charts is not None and "png" in kinds:
            need("vl_convert")
        text, pictures = _of_game(Path(source), language.value, quiet)
    else:
        need("vl_convert")
        text, pictures = _of_results(source, language.value, quiet)
    _write(page, text.encode())
    _tell(f"written: {printable(str(page), 400)}", quiet)
    if charts is not None:
        _tell(f"{counted(_draw(pictures(), charts, kinds), 'picture')} in {printable(str(charts), 400)}", quiet)


def _of_results(source: str, language: str, quiet: bool) -> Made:
    """The page on a folder of results or an address."""
    from marketsim.reports.page import render

    made, speaker = _made(source, language, quiet)
    return render(made, speaker), lambda: [picture for figure in made.figures() for picture in figure.files()]


def _made(source: str, language: str, quiet: bool) -> tuple[Report, Speaker]:
    """The report on a folder of results or an address, and the language that it is in."""
    from marketsim.experiments.store import MANIFEST
    from marketsim.reports.words import Speaker
    from marketsim.result_folder import METADATA

    folder = Path(source)
    if "://" in source or (folder / MANIFEST).exists():
        return _of_experiment(source, language, quiet)
    name = printable(source, 400)
    if not folder.is_dir():
        raise MarketSimError(f"{name}: there is no such file or folder")
    if not (folder / METADATA).exists():
        kinds = f"neither of an experiment ({MANIFEST}) nor of `marketsim run --out` ({METADATA})"
        raise MarketSimError(f"{name} holds no results, {kinds}")
    from marketsim.reports.runs import read_runs, run_report

    runs = read_runs(folder)
    speaker = Speaker("zh" if language == "zh" else "en", runs.vocabulary)
    return run_report(runs, speaker), speaker


def _of_experiment(source: str, language: str, quiet: bool) -> tuple[Report, Speaker]:
    """The report on an experiment; parts that are damaged are left out, and the report says so."""
    need("fsspec", "pyarrow", "SALib", "ema_workbench", "lifelines")
    from marketsim.commands.progress import progress_bar
    from marketsim.experiments.analysis.summary import analyse
    from marketsim.experiments.results import open_results
    from marketsim.reports.experiment import experiment_report, vocabulary_of
    from marketsim.reports.material import Material
    from marketsim.reports.words import Speaker

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        results = open_results(source, skip_damaged=True)
    for warning in caught:
        _tell(f"marketsim: {warning.message}", quiet)
    speaker = Speaker("zh" if language == "zh" else "en", vocabulary_of(results))
    done = 0
    with progress_bar("analysis", len(results.outcomes) + 2, quiet) as show:

        def tell(what: str) -> None:
            nonlocal done
            if show is not None:
                show(done, what, True)
            done += 1

        analysis = analyse(results, tell)
    if not results.is_complete:
        _tell("marketsim: the experiment is not finished; the report is about what is there", quiet)
    return experiment_report(Material(results, analysis, speaker), bool(caught)), speaker


def _of_game(path: Path, language: str, quiet: bool) -> Made:
    """The page that the game itself writes.  Raises MarketSimError for a file that is no game, or tells nothing."""
    from agents.game.export import pictures
    from agents.game.file import load
    from agents.game.page import render
    from tui.screens.export import whole_page
    from tui.session import Session
    from tui.speech import Speech

    saved = load(path)
    if not saved.plans or saved.setup.vendor is None:
        why = "no quarter has been played" if not saved.plans else "nobody is played in it"
        raise MarketSimError(f"{printable(str(path), 400)}: there is nothing to report, {why}")
    session, difference = Session.continued(saved)
    if difference is not None and not difference.close:
        name, cause = printable(str(path), 400), "scenario" if difference.scenario_changed else "program"
        text = (
            f"{name}: played again it comes out otherwise from {difference.quarter} on, since the {cause} has changed"
        )
        _tell(f"marketsim: {text}", quiet)
    made = whole_page(session, Speech("zh" if language == "zh" else "en", session.game.world.vocabulary))
    return render(made), lambda: pictures(made)


def _formats(text: str) -> list[str]:
    """The formats that are asked for."""
    wanted = list(dict.fromkeys(part.strip().lower() for part in text.split(",")))
    wrong = [part for part in wanted if part not in FORMATS]
    if wrong:
        message = f"{listing(wrong)!r} is none of png and svg; both: png,svg"
        raise typer.BadParameter(message, param_hint="'--format'")
    return wanted


def _draw(pictures: list[Picture], folder: Path, kinds: list[str]) -> int:
    """Write every picture; how many files."""
    from marketsim.reports.charts import png

    for name, svg in pictures:
        for kind in kinds:
            _write(folder / f"{name}.{kind}", png(svg) if kind == "png" else svg.encode())
    return len(pictures) * len(kinds)


def _check_writable(path: Path) -> None:
    """Fail before the work, not after it."""
    with _explained(path):
        if path.is_dir():
            raise IsADirectoryError(0, "it is a folder; give the name of a file")
        if not path.parent.is_dir():
            raise FileNotFoundError(0, "its folder does not exist")
        if not os.access(path.parent, os.W_OK):
            raise PermissionError(0, "its folder may not be written to")


def _make_folder(path: Path) -> None:
    with _explained(path):
        path.mkdir(parents=True, exist_ok=True)


def _write(path: Path, content: bytes) -> None:
    """Write a file as a whole, in the place of an earlier one."""
    unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    with _explained(path):
        try:
            unfinished.write_bytes(content)
            os.replace(unfinished, path)
        except BaseException:
            with suppress(OSError):
                unfinished.unlink()
            raise


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Says of a file that cannot be written what is wrong with it."""
    try:
        yield
    except OSError as error:
        raise MarketSimError(f"{printable(str(path), 400)} cannot be written: {error.strerror or error}") from None


def _tell(text: str, quiet: bool) -> None:
    if not quiet:
        typer.echo(text, err=True)
