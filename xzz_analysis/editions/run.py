"""Run reports through papermill, verify what they made, publish it by renaming."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import papermill
from filelock import FileLock
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill import inspect_notebook
from papermill.exceptions import PapermillExecutionError

from xzz_analysis.atlas import Atlas
from xzz_analysis.editions.plan import GIVEN, Job, plan, planned, read_manifest, read_reports
from xzz_analysis.editions.provenance import code_version, file_hash, versions
from xzz_analysis.editions.serviced import PERIOD, Serviced, base_of
from xzz_analysis.editions.trace import Source, index_results, printed_results
from xzz_analysis.errors import InputError, ReportError, make_folder
from xzz_analysis.intake.store import input_hash
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.needs.place import read_place
from xzz_analysis.report.blocks import Block, Heading, PageMeta, Table, collect
from xzz_analysis.report.html import write_html
from xzz_analysis.report.sentences import refuse_overclaims
from xzz_analysis.report.xlsx import plain_text, write_xlsx
from xzz_analysis.services.checks import remember_ledgers
from xzz_analysis.services.opening import Ledgers
from xzz_analysis.services.period import read_period
from xzz_analysis.study import Study

Progress = Callable[[str], None]


def build(
    study: Study, only: list[str] | None = None, *, force: bool = False, progress: Progress | None = None
) -> list[Path]:
    """Run the stale reports of a study and publish them.

    Parameters
    ----------
    study : Study
    only : list of str, optional
        Reports to build; all by default.
    force : bool
        Run reports that are current too.
    progress : callable, optional
        Called with the name of each report before it runs.

    Returns
    -------
    list of Path
        The published pages and workbooks of the wanted reports, current ones included.

    Raises
    ------
    StudyError
        A declaration or parameter is wrong; nothing was run.
    ReportError
        A notebook failed or its output did not pass: the executed notebook is under
        ``outputs/failed``, and what was published before is as it was.
    """
    jobs = plan(study, only)
    todo = [job for job in jobs if force or job.stale()]
    recover(study.outputs)
    with workshop(study.outputs) as name:
        rounds = {name: base_of(study, name) for name in dict.fromkeys(job.round for job in todo)}
        _refuse_errors(rounds.values())
        sources = _sources(study, rounds)
        made = []
        for job in todo:
            if progress:
                progress(job.spec.report)
            made.append((job, *_make(job, sources(job), Path(name))))
        declared = {spec.report for _, spec in planned(study, read_reports(study))[0]}
        with FileLock(study.outputs / ".publish.lock"):  # another build may be publishing
            for folder in dict.fromkeys(job.folder for job in todo):
                _publish(folder, [one for one in made if one[0].folder == folder], declared, Path(name))
    if study.settings.services.ledgers() and todo:
        remember_ledgers(Ledgers(study))
    return [job.folder / file for job in jobs for file in (job.published() or {"files": {}})["files"]]


def workshop(outputs: Path) -> tempfile.TemporaryDirectory[str]:
    """A folder beside the editions where they are put together; :class:`ReportError` when it cannot be made."""
    try:
        return tempfile.TemporaryDirectory(dir=make_folder(outputs), prefix=WORKSHOP, ignore_cleanup_errors=True)
    except OSError as error:
        raise ReportError(f"the output folder {outputs} cannot be written ({error.strerror})") from None


WORKSHOP = ".tmp-build-"
RETIRED = "retired--"
ABANDONED = 24 * 3600
"""Seconds after which a workshop that nobody cleaned up was left by a run that was killed."""


def recover(outputs: Path) -> None:
    """Put back editions that a killed run had moved aside, and clear what such runs left long ago."""
    for workshop in sorted(outputs.glob(f"{WORKSHOP}*")):
        for retired in sorted(workshop.glob(f"{RETIRED}*")):
            audience, edition = retired.name.removeprefix(RETIRED).split("--", 1)
            if not (outputs / audience / edition).exists():
                (outputs / audience).mkdir(exist_ok=True)
                retired.rename(outputs / audience / edition)
        if time.time() - workshop.stat().st_mtime > ABANDONED:
            shutil.rmtree(workshop, ignore_errors=True)


def _sources(study: Study, rounds: Mapping[str, MonitoringRound | Atlas | None]) -> Callable[[Job], Source]:
    """What reports are made from: a round, a place of it, or the ledgers of a period beside it, read once."""

    @cache
    def serviced(period: str, name: str) -> Serviced:
        ledgers = opened()
        return Serviced(ledgers.at(read_period(period)) if period else ledgers, rounds[name])

    @cache
    def opened() -> Ledgers:
        return Ledgers(study)

    def source(job: Job) -> Source:
        if PERIOD in inspect_notebook(str(job.notebook)):
            return serviced(str(job.spec.parameters.get(PERIOD, "")), job.round)
        base = rounds[job.round]
        if base is None:
            raise ReportError(
                f"{job.notebook.name} needs answers or communities, and {study.path.name} declares neither"
            )
        if job.place and isinstance(base, MonitoringRound):
            return base.within(*read_place(job.place))
        return base

    return source


def _make(job: Job, monitoring: Source, workshop: Path) -> tuple[Path, dict[str, Any]]:
    """Run one report in the workshop; its folder of files, and its manifest entry."""
    study = monitoring.study
    folder = workshop / job.spec.report
    folder.mkdir()
    executed = folder / f"{job.spec.report}.ipynb"
    try:
        blocks = _execute(job, study, executed)
        refuse_overclaims(blocks, study.design.kind)
        results = index_results(monitoring, blocks)
        if len(results):
            path = folder / f"{job.spec.report}.results.csv"
            written(printed_results(results)).to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\n")
        for language in job.spec.languages:
            meta = page_meta(job, study)
            stem = f"{job.spec.report}.{language}"
            write_html(blocks[1:], folder / f"{stem}.html", language=language, title=job.spec.title, meta=meta)
            write_xlsx(blocks[1:], folder / f"{stem}.xlsx", language=language, title=job.spec.title, meta=meta)
        if input_hash(study.input_files()) != job.parts["data"]:
            raise ReportError("the data changed while the report was made; nothing was published, build again")
    except Exception as error:
        _keep_failure(executed, study.outputs / "failed" / job.edition, error)
        raise
    executed.unlink()
    files = {path.name: file_hash(path) for path in sorted(folder.iterdir())}
    entry = {"key": job.key, "parts": job.parts, "parameters": job.spec.parameters, "files": files}
    entry["facts"] = sorted(quoted_facts(blocks))
    made = {"code_version": code_version(), "versions": versions(), "notebook": job.notebook.name}
    return folder, {**entry, **made, "title": job.spec.title, "blocks": len(blocks)}


def quoted_facts(blocks: Iterable[Block]) -> set[str]:
    """Ids of the official figures that a report prints."""
    return {row["fact"] for block in blocks if isinstance(block, Table) for row in block.rows if row.get("fact")}


def written(table: pd.DataFrame) -> pd.DataFrame:
    """A table for a CSV that a spreadsheet opens: no text of it becomes a formula."""
    text = [name for name in table if not pd.api.types.is_numeric_dtype(table[name])]
    return table.assign(**{str(name): table[name].map(plain_text, na_action="ignore") for name in text})


def page_meta(job: Job, study: Study) -> PageMeta:
    """What the cover, the banner and the footer of a page say."""
    return PageMeta(
        title=dict(study.settings.title),
        publisher=dict(study.settings.publisher),
        notice=dict(study.settings.notice),
        edition=job.edition,
        as_of=_as_of(job, study).isoformat(),
        data_hash=job.parts["data"],
        code_version=code_version(),
        audience=job.spec.audience,
    )


def _as_of(job: Job, study: Study) -> dt.date:
    """The day the data of a report stand at."""
    period = str(job.spec.parameters.get(PERIOD, ""))
    if not period:
        return study.rounds[job.round].collected[1]
    ledgers = Ledgers(study, period)
    return min(ledgers.period.last, ledgers.until)


def _execute(job: Job, study: Study, executed: Path) -> list[Block]:
    parameters = {**job.spec.parameters, GIVEN: relative_to(study.folder, job.notebook.parent)}
    try:
        papermill.execute_notebook(
            str(job.notebook),
            str(executed),
            parameters=parameters,
            cwd=str(job.notebook.parent),
            kernel_name="python3",
            progress_bar=False,
            log_output=False,
            extra_arguments=["--log-level=ERROR"],
        )
    except PapermillExecutionError as error:
        raise ReportError(
            f"{job.notebook.name} failed in cell {error.cell_index}: {error.ename}: {error.evalue}; "
            f"the executed notebook is kept under outputs/failed/{job.edition}; "
            "published reports are unchanged"
        ) from None
    except (DeadKernelError, CellTimeoutError) as error:
        raise ReportError(
            f"the kernel of {job.notebook.name} stopped ({type(error).__name__}), perhaps for want of memory; "
            "published reports are unchanged"
        ) from None
    blocks = collect(nbformat.read(executed, as_version=4))
    if not blocks or not isinstance(blocks[0], Heading) or blocks[0].level != 1:
        raise ReportError(f"{job.notebook.name} made {len(blocks)} blocks; a report begins with a level-1 heading")
    return blocks


def relative_to(folder: Path, start: Path) -> str:
    """The study's folder as seen from the notebook, so that no path of a machine is written anywhere."""
    try:
        return Path(os.path.relpath(folder, start)).as_posix()
    except ValueError:  # another drive on Windows: no relative path exists
        return folder.as_posix()


def _keep_failure(executed: Path, failed: Path, error: Exception) -> None:
    if executed.is_file():
        try:
            failed.mkdir(parents=True, exist_ok=True)
            shutil.copy2(executed, failed / executed.name)
        except OSError as problem:
            error.add_note(f"the executed notebook could not be kept ({problem.strerror})")


def _refuse_errors(rounds: Iterable[MonitoringRound | Atlas | None]) -> None:
    """Stop before anything runs when reading the study left findings of severity error; places refuse theirs."""
    surveys = [one for one in rounds if isinstance(one, MonitoringRound)]
    errors = [one for survey in surveys for one in survey.dataset.findings if one.severity == "error"]
    if errors:
        errors = list(dict.fromkeys(errors))
        raise InputError(f"{len(errors)} error(s) in the data; nothing was run", errors)


def _publish(
    folder: Path, made: Iterable[tuple[Job, Path, dict[str, Any]]], declared: set[str], workshop: Path
) -> None:
    """Assemble an edition beside its place and rename it into place; complete or unchanged.

    Reports of the edition that are current are kept; those that reports.yml no longer declares go.
    """
    fresh = workshop / f"fresh--{folder.parent.name}--{folder.name}"
    fresh.mkdir()
    rebuilt = {job.spec.report for job, _, _ in made}
    reports = {
        name: entry
        for name, entry in _published(folder).items()
        if name in declared - rebuilt and all((folder / file).is_file() for file in entry["files"])
    }
    for name in (file for entry in reports.values() for file in entry["files"]):
        shutil.copy2(folder / name, fresh / name)
    for job, source, entry in made:
        for path in source.iterdir():
            shutil.copy2(path, fresh / path.name)
        reports[job.spec.report] = entry
    manifest = {"edition": folder.name, "audience": folder.parent.name, "reports": reports}
    text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True)
    (fresh / "manifest.json").write_text(text + "\n", encoding="utf-8", newline="\n")
    for path in fresh.iterdir():
        with path.open("rb+") as file:
            os.fsync(file.fileno())
    swap(fresh, make_folder(folder.parent) / folder.name, workshop)


def _published(folder: Path) -> dict[str, Any]:
    """Entries of the published manifest; none when there is no manifest that can be read."""
    manifest = read_manifest(folder)
    return dict(manifest["reports"]) if manifest else {}


def swap(fresh: Path, folder: Path, workshop: Path) -> None:
    """Move the old edition aside and the fresh one into its place; put the old one back if that fails."""
    retired = workshop / f"{RETIRED}{folder.parent.name}--{folder.name}"
    try:
        if folder.exists():
            folder.rename(retired)
        fresh.rename(folder)
    except BaseException as error:
        if retired.exists() and not folder.exists():
            retired.rename(folder)
        if isinstance(error, OSError):
            raise ReportError(
                f"{folder} cannot be replaced ({error.strerror}); close its files in other programs and build again"
            ) from None
        raise
