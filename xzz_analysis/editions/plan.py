"""reports.yml → what to run: notebooks, parameters checked against them, and what is stale."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from papermill import inspect_notebook
from pydantic import Field

import xzz_analysis
from xzz_analysis.declaration import Declaration, read_list, refuse
from xzz_analysis.editions.provenance import code_hash, file_hash, fingerprint, notebook_hash, versions
from xzz_analysis.errors import Finding, StudyError, suggest
from xzz_analysis.intake.store import input_hash
from xzz_analysis.study import BothLanguages, Name, Study

_TYPES: dict[str, tuple[type, ...]] = {"str": (str,), "int": (int,), "float": (int, float), "bool": (bool,)}
GIVEN = "study_path"
"""The parameter that the runner fills in itself."""


class ReportSpec(Declaration):
    """One entry of reports.yml: a notebook with its parameters, languages and audience."""

    report: Name
    notebook: str
    title: BothLanguages
    parameters: dict[str, bool | int | float | str] = Field(default_factory=dict)
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


def plan(study: Study, only: list[str] | None = None) -> list[Job]:
    """Check every report of a study and say what each depends on, before anything runs.

    Parameters
    ----------
    study : Study
    only : list of str, optional
        Reports to plan; all by default.

    Raises
    ------
    StudyError
        Unknown reports, notebooks or parameters, values of the wrong type; all at once.
    """
    specs = read_reports(study)
    names = [spec.report for spec in specs]
    for name in only or []:
        if name not in names:
            raise StudyError(f"report {name!r} is not in reports.yml{suggest(name, names)}; it has {', '.join(names)}")
    wanted = [spec for spec in specs if not only or spec.report in only]
    findings: list[Finding] = []
    jobs = []
    common = {
        "data": input_hash(study.input_files()),
        "library": code_hash(),
        "versions": fingerprint(versions()),
    }
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
        elif name == "round" and value and value not in study.rounds:
            message = f"round {value!r} is not declared{suggest(str(value), study.rounds)}"
            findings.append(Finding("error", "unknown_name", where, message, f"rounds are {', '.join(study.rounds)}"))
    return findings
