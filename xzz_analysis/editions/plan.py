"""reports.yml → what to run: notebooks, parameters checked against them, and what is stale."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from papermill import inspect_notebook
from pydantic import Field

import xzz_analysis
from xzz_analysis.declaration import Declaration, read_list, refuse
from xzz_analysis.editions.provenance import code_hash, file_hash, fingerprint, notebook_hash, versions
from xzz_analysis.editions.serviced import PERIOD, database_hash, wrong_period
from xzz_analysis.errors import Finding, StudyError, suggest
from xzz_analysis.intake.store import input_hash
from xzz_analysis.language import Label, choose
from xzz_analysis.needs.monitoring import MonitoringRound, open_round
from xzz_analysis.needs.place import levels_with_people, read_place, require_level
from xzz_analysis.study import BothLanguages, Name, Study, Words
from xzz_analysis.survey.estimates import group_key
from xzz_analysis.survey.sampling import find_groups

_TYPES: dict[str, tuple[type, ...]] = {"str": (str,), "int": (int,), "float": (int, float), "bool": (bool,)}
GIVEN = "study_path"
"""The parameter that the runner fills in itself."""
PLACE = "place"
"""The parameter that says which level of a group a report is about."""

HOUSE = "house"
"""The parameter that adds what is for the organisation alone."""


class ReportSpec(Declaration):
    """One entry of reports.yml: a notebook with its parameters, languages and audience."""

    report: Name
    notebook: str
    title: BothLanguages
    parameters: dict[str, bool | int | float | str] = Field(default_factory=dict)
    each: str = ""
    """A declared group: one report for each of its levels, named ``<report>-<level>``."""
    only: Words = Field(default_factory=list)
    """Levels that a report is made for; every level with people when empty."""
    languages: list[Literal["zh", "en"]] = Field(default=["zh", "en"], min_length=1)
    audience: Literal["release", "internal"] = "internal"


@dataclass(frozen=True)
class Job:
    """One report ready to run.

    Attributes
    ----------
    spec : ReportSpec
    notebook : Path
    edition : str
        ``<study>-<round>``.
    round : str
    folder : Path
        Where its files are published: ``outputs/<audience>/<edition>``.
    key : str
        Hash of everything the report depends on.
    parts : dict of str to str
        The parts of the key, to say why a report is stale.
    """

    spec: ReportSpec
    notebook: Path
    edition: str
    round: str
    folder: Path
    key: str
    parts: dict[str, str]

    @property
    def place(self) -> str:
        """The level of a group that the report is about; ``""`` for the whole study."""
        return str(self.spec.parameters.get(PLACE, ""))

    def published(self) -> dict[str, Any] | None:
        """The report's entry in the published manifest, None when it was never published."""
        manifest = read_manifest(self.folder)
        entry = manifest["reports"].get(self.spec.report) if manifest else None
        return dict(entry) if entry else None

    def stale(self) -> str:
        """Why the report has to be run, ``""`` when what is published is current and whole."""
        entry = self.published()
        if entry is None:
            return "never built"
        changed = [name for name, value in self.parts.items() if entry.get("parts", {}).get(name) != value]
        if changed:
            return f"changed: {', '.join(changed)}"
        files = {name: self.folder / name for name in entry.get("files", {})}
        gone = [name for name, path in files.items() if not path.is_file()]
        if gone:
            return f"file gone: {', '.join(gone)}"
        edited = [name for name, path in files.items() if file_hash(path) != entry["files"][name]]
        return f"file edited: {', '.join(edited)}" if edited else ""


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a published edition; None when there is none that can be read."""
    path = folder / "manifest.json"
    if not path.is_file():
        return None
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return None  # damaged: the edition counts as never built, and is made again
    return manifest if isinstance(manifest, dict) and isinstance(manifest.get("reports"), dict) else None


def read_reports(study: Study) -> list[ReportSpec]:
    """Read reports.yml; :class:`StudyError` with every problem."""
    path = study.settings.reports
    if path is None:
        raise StudyError(f"{study.path.name} names no reports file; write `reports: reports.yml`")
    specs, findings = read_list(ReportSpec, path, "report")
    refuse(path, findings)
    return specs


Rounds = dict[str, MonitoringRound]
"""Rounds that were opened to plan reports about places, by their name."""


def planned(study: Study, specs: list[ReportSpec]) -> tuple[list[tuple[str, ReportSpec]], list[Finding]]:
    """The reports that entries make: one each, or one for each level of the group that ``each`` names.

    Parameters
    ----------
    study : Study
    specs : list of ReportSpec

    Returns
    -------
    reports : list of (str, ReportSpec)
        Name of the entry, and the report without ``each`` and ``only``; that of a level has the parameter ``place`` and
        the level in its name and title.
    findings : list of Finding
        Groups and levels that cannot be reported on, and names that two reports would share.
    """
    made: list[tuple[str, ReportSpec]] = []
    findings: list[Finding] = []
    rounds: Rounds = {}
    for spec in specs:
        try:
            made += [(spec.report, one) for one in _reports_of(study, spec, rounds)]
        except StudyError as error:
            where = f"reports.yml: {spec.report}"
            remedy = "correct the entry: `each` is a group, `only` lists its levels, `place` is one of them"
            findings.append(Finding("error", "unknown_name", where, str(error), remedy))
    names = [spec.report for _, spec in made]
    for name in sorted({name for name in names if names.count(name) > 1}):
        message = f"{names.count(name)} reports would be called {name!r}"
        findings.append(
            Finding("error", "duplicate_name", f"reports.yml: {name}", message, "rename one of the entries")
        )
    return made, findings


def _reports_of(study: Study, spec: ReportSpec, rounds: Rounds) -> list[ReportSpec]:
    """The reports of one entry; :class:`StudyError` with the nearest name."""
    place, round_name = str(spec.parameters.get(PLACE, "")), str(spec.parameters.get("round", ""))
    if not (place or spec.each or spec.only) or (round_name and round_name not in study.rounds):
        return [spec]  # an unknown round is told with the other parameters
    if (place and spec.each) or (spec.only and not spec.each):
        raise StudyError(
            f"`each` fills in the parameter {PLACE!r}, and `only` chooses among its levels; write `each: community` "
            f"without `{PLACE}`, or `{PLACE}: community=heyan` without `only`"
        )
    find_groups(study, [spec.each or read_place(place)[0]])
    survey = rounds.setdefault(round_name, open_round(study, round_name))
    if place:
        require_level(survey, *read_place(place))
        return [spec]
    for level in spec.only:
        require_level(survey, spec.each, level)
    found = levels_with_people(survey, spec.each)
    if not found:
        raise StudyError(f"nobody of round {survey.name} is in any level of group {spec.each!r}")
    return [_of_level(spec, level, found[level]) for level in found if not spec.only or level in spec.only]


def _of_level(spec: ReportSpec, level: str, label: Label) -> ReportSpec:
    names = {language: choose(label, language).text for language in ("zh", "en")}
    title = {"zh": f"{spec.title['zh']}：{names['zh']}", "en": f"{spec.title['en']}: {names['en']}"}
    told = spec.model_dump() | {
        "report": f"{spec.report}-{re.sub(r'[^A-Za-z0-9_.-]+', '_', level)}",
        "title": title,
        "parameters": {**spec.parameters, PLACE: group_key([(spec.each, level)])},
        "each": "",
        "only": [],
    }
    return ReportSpec.model_validate(told)


def plan(study: Study, only: list[str] | None = None) -> list[Job]:
    """Check every report of a study and say what each depends on, before anything runs.

    Parameters
    ----------
    study : Study
    only : list of str, optional
        Reports to plan; all by default. An entry with ``each`` stands for all its reports.

    Raises
    ------
    StudyError
        Unknown reports, groups, levels, notebooks or parameters, values of the wrong type; all at once.
    """
    specs = read_reports(study)
    reports, findings = planned(study, specs)
    names = list(dict.fromkeys([*(spec.report for spec in specs), *(spec.report for _, spec in reports)]))
    for name in only or []:
        if name not in names:
            raise StudyError(f"report {name!r} is not in reports.yml{suggest(name, names)}; it has {', '.join(names)}")
    wanted = [spec for entry, spec in reports if not only or {entry, spec.report} & set(only)]
    jobs = []
    common = {
        "data": input_hash(study.input_files()),
        "library": code_hash(),
        "versions": fingerprint(versions()),
    }
    if databases := database_hash(study):
        common["databases"] = databases
    for spec in wanted:
        notebook = find_notebook(spec.notebook, study)
        findings += check_parameters(spec, notebook, study)
        if not findings:
            jobs.append(_job(spec, notebook, study, common))
    if findings:
        raise StudyError(f"reports.yml has {len(findings)} problem(s) to correct; nothing was run", findings)
    return jobs


def _job(spec: ReportSpec, notebook: Path, study: Study, common: dict[str, str]) -> Job:
    round_name = study.round(str(spec.parameters.get("round", "")))
    edition = f"{study.id}-{round_name}"
    parts = {
        **common,
        "notebook": notebook_hash(notebook),
        "parameters": fingerprint(spec.parameters),
        "output": fingerprint([spec.title, spec.languages, spec.audience]),
    }
    return Job(
        spec,
        notebook,
        edition,
        round_name,
        study.outputs / spec.audience / edition,
        fingerprint(parts),
        parts,
    )


def notebook_folders(study: Study) -> list[Path]:
    """Where notebooks are looked for: the study's own folder first, then the library's."""
    package = Path(xzz_analysis.__file__).parent
    return [study.folder / "notebooks", package.parent / "notebooks", package / "notebooks"]


def find_notebook(name: str, study: Study) -> Path:
    """Find a notebook by its name without ``.ipynb``; :class:`StudyError` with the nearest name."""
    folders = notebook_folders(study)
    for folder in folders:
        path = folder / f"{name.removesuffix('.ipynb')}.ipynb"
        if path.is_file() and path.parent == folder:
            return path
    known = sorted({path.stem for folder in folders for path in folder.glob("*.ipynb")})
    raise StudyError(f"notebook {name!r} does not exist{suggest(name, known)}; known are {', '.join(known)}")


def check_parameters(spec: ReportSpec, notebook: Path, study: Study) -> list[Finding]:
    """Compare a report's parameters with the notebook's: unknown names, wrong types, unknown rounds."""
    try:
        declared = inspect_notebook(str(notebook))
    except ValueError as error:
        where = f"reports.yml: {spec.report}.notebook"
        message = f"{notebook.name} cannot be inspected ({error})"
        return [Finding("error", "notebook", where, message, "open it in JupyterLab, choose a kernel, save it")]
    known = [name for name in declared if name != GIVEN]
    findings = []
    for name, value in spec.parameters.items():
        where = f"reports.yml: {spec.report}.parameters.{name}"
        if name not in known:
            message = f"{notebook.name} has no parameter {name!r}{suggest(name, known)}"
            findings.append(Finding("error", "unknown_parameter", where, message, f"it has {', '.join(known)}"))
            continue
        wanted = declared[name]["inferred_type_name"]
        types = _TYPES.get(wanted, (object,))
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            message = f"{value!r} is {type(value).__name__}, but {notebook.name} takes {wanted}"
            findings.append(Finding("error", "parameter_type", where, message, "correct the value"))
        elif name == HOUSE and value is True and spec.audience == "release":
            message = "house: true adds what is for the organisation alone, and the report is for release"
            findings.append(Finding("error", "unknown_name", where, message, "write audience: internal"))
        elif name == PERIOD and isinstance(value, str):
            findings += wrong_period(where, value, study)
        elif name == "round" and value and value not in study.rounds:
            message = f"round {value!r} is not declared{suggest(str(value), study.rounds)}"
            findings.append(Finding("error", "unknown_name", where, message, f"rounds are {', '.join(study.rounds)}"))
    return findings
