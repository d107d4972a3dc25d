"""What leaves the house: the release reports of a study, after every gate."""

from __future__ import annotations

import shutil
from pathlib import Path

from filelock import FileLock

from xzz_analysis.editions.plan import Job, plan
from xzz_analysis.editions.run import Progress, build, swap, workshop
from xzz_analysis.errors import Finding, InputError, StudyError, make_folder
from xzz_analysis.intake.privacy import Vault
from xzz_analysis.intake.privacy.scan import scan
from xzz_analysis.intake.store import load
from xzz_analysis.needs.alerts import add_edition, read_history, read_triage, states, write_history
from xzz_analysis.needs.monitoring import open_round
from xzz_analysis.report.chapters.alerting import found_alerts
from xzz_analysis.report.chapters.benchmarks import study_facts
from xzz_analysis.report.chapters.checklist import unfilled
from xzz_analysis.study import Study

PUBLISHED = "published"
"""Folder under outputs of what may leave the house."""


def publish(study: Study, progress: Progress | None = None) -> list[Path]:
    """Publish the release reports of a study: complete, or not at all.

    Parameters
    ----------
    study : Study
    progress : callable, optional
        Called with the name of each report before it runs.

    Returns
    -------
    list of Path
        Folders ``outputs/published/<edition>``.

    Raises
    ------
    StudyError
        reports.yml has no report for release.
    InputError
        A table scores below ``quality.minimum``, the statement about the survey is not complete, a report quotes an
        official figure or growth is judged by cut-offs that nobody has checked, or a page tells who somebody is; what
        was published before is as it was, and the error lists every reason.
    """
    jobs = [job for job in plan(study) if job.spec.audience == "release"]
    if not jobs:
        raise StudyError("reports.yml has no report with `audience: release`; nothing can be published")
    if study.tables:
        _refuse("the data are not good enough to be published", quality_gates(study, jobs))
        _refuse("readers are not told enough about the survey", [one for job in jobs[:1] for one in untold(study, job)])
        _refuse("tables of national cut-offs are not ready", unready_cutoffs(study, jobs))
    build(study, [job.spec.report for job in jobs], progress=progress)
    folders = list(dict.fromkeys(job.folder for job in jobs))
    _refuse("official figures are quoted that nobody has checked", unchecked(study, jobs))
    _refuse("the pages may tell who somebody is", [one for folder in folders for one in leaks(study, folder)])
    made = []
    with workshop(study.outputs) as name, FileLock(study.outputs / ".publish.lock"):
        for folder in folders:
            fresh = Path(name) / f"fresh--{PUBLISHED}--{folder.name}"
            shutil.copytree(folder, fresh)
            made.append(make_folder(study.outputs / PUBLISHED) / folder.name)
            swap(fresh, made[-1], Path(name))
    if study.settings.alerts is not None:
        remember_alerts(study, jobs[0])
    return made


def remember_alerts(study: Study, job: Job) -> None:
    """Add what was alerted to the history of editions, ``outputs/internal/alerts``."""
    folder = make_folder(study.outputs / "internal" / "alerts")
    found = found_alerts(open_round(study, job.round))
    raised = found.raised()
    state = states(raised, read_triage(study.settings.triage, found))
    write_history(folder, add_edition(read_history(folder), raised, state, job.edition))


def quality_gates(study: Study, jobs: list[Job]) -> list[Finding]:
    """An error for every table of the reported rounds that scores below the study's minimum."""
    quality = load(study).quality
    return [one for round_ in dict.fromkeys(job.round for job in jobs) for one in quality.gates(round_)]


def untold(study: Study, job: Job) -> list[Finding]:
    """An error for every item of AAPOR's and STROBE's lists that study.yml leaves out."""
    return unfilled(open_round(study, job.round))


def unchecked(study: Study, jobs: list[Job]) -> list[Finding]:
    """An error for every fact of the built reports that nobody has checked and study.yml does not accept."""
    quoted = [name for job in jobs for name in (job.published() or {}).get("facts", [])]
    accepted = study.settings.unchecked_facts
    return study_facts(study).red_lines(quoted, accepted) if quoted or accepted else []


def unready_cutoffs(study: Study, jobs: list[Job]) -> list[Finding]:
    """An error for every table of cut-offs behind a reported figure that is invented, or that nobody has checked."""
    rounds = [open_round(study, name) for name in dict.fromkeys(job.round for job in jobs)]
    return list(dict.fromkeys(one for round_ in rounds for one in round_.findings if one.severity == "error"))


def leaks(study: Study, folder: Path) -> list[Finding]:
    """Identifiers on the pages of an edition: those that the vault knows, and what looks like one."""
    privacy = study.settings.privacy
    words = Vault.open(study.folder, privacy.vault).known_words() if privacy is not None else []
    allowed = privacy.allowed if privacy is not None else []
    return [
        Finding(
            "error",
            "identifier_published",
            f"{folder.name}/{leak.file}",
            f"{leak.count} place(s) hold what may tell who somebody is ({leak.kind})",
            "find out which question or label it comes from; a word that may stand there goes under privacy.allowed "
            "in study.yml",
            leak.count,
        )
        for leak in scan(folder, words, allowed=allowed)
    ]


def _refuse(why: str, findings: list[Finding]) -> None:
    if findings:
        raise InputError(f"{why}: {len(findings)} reason(s); nothing was published", findings)
