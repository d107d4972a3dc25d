"""The commands about a study: make, check, tabulate, build, trace."""

from __future__ import annotations

import codecs
import datetime as dt
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import xzz_analysis
from xzz_analysis.cli.app import Json, Quiet, StudyFolder, app, say
from xzz_analysis.errors import Finding, ReportError, StudyError, make_folder

DEMO = Path("data/demo")
NOT_A_STUDY = (
    "*.py",
    "truth.json",
    "population.yml",
    "questionnaire.yml",
    "places.yml",
    "services.yml",
    "README.md",
    "__pycache__",
    "vault",
)
"""What makes the demonstration study, and is no part of a study."""

_OWN = {"outputs": "outputs: outputs", "# privacy": "privacy: {}"}
"""Lines of the demonstration's study.yml that a study of one's own has otherwise."""

COLUMNS = list(Finding.__dataclass_fields__)

_progress = Console(stderr=True)


def study_folder(path: Path | None) -> Path:
    """The given study, else the demo of the working folder, else the demo that comes with the library."""
    if path is not None:
        return path
    return DEMO if (DEMO / "study.yml").is_file() else Path(xzz_analysis.__file__).parent / "demo"


@app.command(epilog="Example:  xzz init my-study")
def init(
    folder: Annotated[Path, typer.Argument(help="New folder to make.")],
    quiet: Quiet = False,
) -> None:
    """Make a new study folder: commented study.yml, forms, indicators, reports and demonstration data."""
    source = study_folder(None)
    if not (source / "study.yml").is_file():
        source = Path(xzz_analysis.__file__).parents[1] / DEMO
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StudyError(f"{folder} is not empty; name a new folder, so that nothing is overwritten")
    shutil.copytree(source, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*NOT_A_STUDY))
    study = folder / "study.yml"
    lines = study.read_text(encoding="utf-8").splitlines()
    kept = [_OWN.get(line.partition(":")[0], line) for line in lines]
    study.write_text("\n".join(kept) + "\n", encoding="utf-8", newline="\n")
    if not quiet:
        say(
            f"{study} is ready. It still describes the demonstration data: replace the files in raw/ "
            f"and forms/, edit study.yml and indicators.yml, then run:  xzz check {folder}"
        )


@app.command(epilog="Example:  xzz check data/demo")
def check(study: StudyFolder = None, quiet: Quiet = False, as_json: Json = False) -> None:
    """Read everything and report every problem at once, with counts and never a respondent."""
    from xzz_analysis.editions.trial import answers_of, trial
    from xzz_analysis.intake.privacy import Vault
    from xzz_analysis.intake.privacy.retention import check_retention
    from xzz_analysis.study import open_study

    opened = open_study(study_folder(study))
    dataset = answers_of(opened)
    checks = dataset.quality.findings
    privacy = opened.settings.privacy
    vault = None if privacy is None else Vault.open(opened.folder, privacy.vault)
    overdue = check_retention(opened, vault, dt.date.today())
    findings = list(dict.fromkeys([*dataset.findings, *overdue, *checks.listed(), *trial(opened, dataset)]))
    internal = opened.outputs / "internal"
    log = _written(
        internal / f"{opened.id}-quality_log.csv", pd.DataFrame([vars(one) for one in findings], columns=COLUMNS)
    )
    _written(internal / f"{opened.id}-quality_records.csv", checks.records())
    if as_json:
        say(json.dumps([vars(finding) for finding in findings], ensure_ascii=False, indent=1))
    else:
        _show_findings(findings, quiet=quiet)
        rows = ", ".join(f"{len(answers)} {unit}" for unit, answers in dataset.answers.items()) or "places alone"
        say(f"read {rows}; {len(findings)} findings; quality log: {log}")
    if any(finding.severity == "error" for finding in findings):
        raise typer.Exit(1)


def _written(path: Path, table: pd.DataFrame) -> Path:
    """Write a table for a spreadsheet: no text of it becomes a formula."""
    from xzz_analysis.report.xlsx import plain_text

    make_folder(path.parent)
    text = table.select_dtypes(exclude="number").columns
    table[text] = table[text].map(plain_text)
    table.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\n")
    return path


def _show_findings(findings: list[Finding], *, quiet: bool) -> None:
    order = {"error": 0, "warning": 1, "note": 2}
    for finding in sorted(findings, key=lambda one: order[one.severity]):
        if not quiet or finding.severity == "error":
            say(f"{finding.severity:7}  {finding}")


@app.command(epilog="Example:  xzz tabulate data/demo --by hukou --by sex,age_band --out tables.csv")
def tabulate(
    study: StudyFolder = None,
    by: Annotated[
        list[str] | None,
        typer.Option("--by", help="Group to split by; several make several tables; `a,b` crosses two groups."),
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="File to write: .csv or .parquet.")] = Path("tabulation.csv"),
    round_name: Annotated[str, typer.Option("--round", help="Round; all rounds by default.")] = "",
    protect: Annotated[
        bool, typer.Option("--protect", help="Suppress figures with too few people behind them.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Tabulate every question by the named groups: shares of options, means and quartiles of numbers."""
    from xzz_analysis.disclosure.protect import Policy
    from xzz_analysis.disclosure.protect import protect as suppress
    from xzz_analysis.study import open_study
    from xzz_analysis.survey.estimates import tabulation

    opened = open_study(study_folder(study))
    _check_target(out, opened)
    table = _tabulate(opened, by or [], [opened.round(round_name)] if round_name else list(opened.rounds), quiet)
    if protect:
        table = suppress(table, Policy.of(opened)).frame
    _write_table(tabulation(table), out)
    if not quiet:
        say(f"{out}: {len(table)} estimates ({SHARED if protect else KEPT})")


SHARED = "protected one grouping at a time: groups that cross may still be subtracted"
KEPT = "internal: small groups are shown; add --protect before you share it"


def _check_target(out: Path, study: Any) -> None:
    """Refuse a file of an unknown kind, and one that the study reads."""
    if out.suffix not in (".csv", ".parquet"):
        raise StudyError(f"--out {out.name} ends in {out.suffix or 'nothing'}; write a .csv or a .parquet file")
    if out.resolve() in {path.resolve() for path in study.input_files().values()}:
        raise StudyError(f"--out {out} is a file that the study reads; raw data are never overwritten")


def _tabulate(study: Any, by: list[str], rounds: list[str], quiet: bool) -> pd.DataFrame:
    from xzz_analysis.intake.store import load
    from xzz_analysis.needs.monitoring import MonitoringRound
    from xzz_analysis.survey.sampling import find_groups
    from xzz_analysis.survey.tabulate import groupings

    crossed = [list(names) for names in dict.fromkeys(map(tuple, groupings(by)))]
    find_groups(study, [name for names in crossed for name in names])
    dataset = load(study.with_answers())
    parts = []
    with _bar(quiet) as bar:
        for name in rounds:
            monitoring = MonitoringRound(study, dataset, name)
            for unit in monitoring.units:
                total = len(monitoring.columns(unit)) * (1 + len(crossed))
                task = bar.add_task(f"{name} {unit}", total=total)
                advance = lambda done, task=task: bar.advance(task, done)  # noqa: E731
                parts += list(monitoring.tabulations(unit, [[], *crossed], advance))
                bar.update(task, completed=total)
    return pd.concat([part for part in parts if len(part)], ignore_index=True)


def _bar(quiet: bool) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=_progress, disable=quiet or not _progress.is_terminal)


FORMULA = r"[=+\-@\t\r]"
"""How a text begins that a spreadsheet would take for a formula."""


def _write_table(table: pd.DataFrame, out: Path) -> None:
    """Write beside and rename, so that an interrupted run leaves the earlier file."""
    import pyarrow as pa
    from pyarrow.csv import write_csv

    temporary = out.with_name(f".{out.name}.tmp")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        if out.suffix == ".csv":
            for name in ("option", "by"):  # the only texts that respondents or forms write
                formula = table[name].str.match(FORMULA)
                table[name] = table[name].mask(formula, "'" + table[name]) if formula.any() else table[name]
            with temporary.open("wb") as file:
                file.write(codecs.BOM_UTF8)
                write_csv(pa.Table.from_pandas(table, preserve_index=False), file)
        else:
            table.to_parquet(temporary, index=False)
        temporary.replace(out)
    except OSError as error:
        if temporary.is_file():
            temporary.unlink()
        raise ReportError(f"{out} cannot be written ({error.strerror}); choose another --out") from None


@app.command(epilog="Example:  xzz build data/demo needs_report")
def build(
    study: StudyFolder = None,
    reports: Annotated[list[str] | None, typer.Argument(help="Reports of reports.yml; all by default.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Run reports that are current too.")] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Run what is stale and print the paths of the reports."""
    from xzz_analysis.editions.run import build as run
    from xzz_analysis.study import open_study

    def told(name: str) -> None:
        if not (quiet or as_json):
            say(f"running {name} …", err=True)

    paths = [_shown(path) for path in run(open_study(study_folder(study)), reports, force=force, progress=told)]
    if as_json:
        say(json.dumps(paths, ensure_ascii=False))
    else:
        for path in paths:
            if not quiet or path.endswith(".html"):
                say(path)


@app.command(epilog="Example:  xzz publish data/demo")
def publish(study: StudyFolder = None, quiet: Quiet = False, as_json: Json = False) -> None:
    """Publish the release reports, or refuse with the reasons: data below the minimum, a page that names somebody."""
    from xzz_analysis.editions.publish import publish as run
    from xzz_analysis.study import open_study

    def told(name: str) -> None:
        if not (quiet or as_json):
            say(f"running {name} …", err=True)

    paths = [_shown(path) for path in run(open_study(study_folder(study)), told)]
    if as_json:
        say(json.dumps(paths, ensure_ascii=False))
    else:
        for path in paths:
            say(path)


def _shown(path: Path) -> str:
    """A path as the user would type it: relative to the working folder where possible."""
    here = Path.cwd()
    return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()


@app.command(epilog="Example:  xzz status data/demo")
def status(study: StudyFolder = None, quiet: Quiet = False, as_json: Json = False) -> None:
    """Say which reports are stale, and why."""
    from xzz_analysis.editions.plan import plan
    from xzz_analysis.study import open_study

    jobs = plan(open_study(study_folder(study)))
    rows = [{"report": job.spec.report, "edition": job.edition, "stale": job.stale()} for job in jobs]
    if as_json:
        say(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        if not quiet or row["stale"]:
            say(f"{row['report']:24} {row['edition']:24} {row['stale'] or 'current'}")
    if not quiet:
        say(f"{sum(bool(row['stale']) for row in rows)} of {len(rows)} stale")


@app.command(epilog="Example:  xzz trace 3f2a9c01b4d7 data/demo")
def trace(
    result_id: Annotated[str, typer.Argument(help="Id of a result, from a .results.csv file or a tabulation.")],
    study: StudyFolder = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Show a number's question, base, filter, n, design, data hash and code version, and compute it again."""
    from xzz_analysis.editions.trace import trace as find
    from xzz_analysis.study import open_study

    found = find(open_study(study_folder(study)), result_id)
    if as_json:
        say(json.dumps(found, ensure_ascii=False, indent=1))
        return
    for name, value in found.items():
        if quiet and name not in ("estimate", "low", "high", "n", "same"):
            continue
        say(f"{name:14} {_plain(value)}")
    if found["same"] is False:
        raise typer.Exit(1)


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_plain(inner)}" for name, inner in value.items())
    return "–" if value is None else f"{value:.10g}" if isinstance(value, float) else str(value)


@app.command(epilog="Example:  xzz lab data/demo")
def lab(
    study: StudyFolder = None,
    folder: Annotated[Path, typer.Option("--folder", help="Where to put the working copies.")] = Path("outputs/lab"),
    start: Annotated[bool, typer.Option(help="Start JupyterLab (--no-start only makes the copies).")] = True,
) -> None:
    """Open JupyterLab on copies of the notebooks with the study's parameters filled in."""
    from xzz_analysis.editions.lab import prepare
    from xzz_analysis.study import open_study

    made = prepare(open_study(study_folder(study)), folder)
    for path in made:
        say(_shown(path))
    if start:
        command = [sys.executable, "-m", "jupyterlab", f"--notebook-dir={folder}"]
        raise typer.Exit(subprocess.run(command, check=False).returncode)


@app.command()
def version() -> None:
    """Print the version of the library and of its code."""
    from xzz_analysis.editions.provenance import code_version

    say(code_version())
