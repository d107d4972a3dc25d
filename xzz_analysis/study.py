"""study.yml → Study: the one place where paths and choices live."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from xzz_analysis.declaration import Declaration, check, expand, read_yaml, without_unknown
from xzz_analysis.errors import Finding, StudyError, suggest

_SAFE = re.compile(r"^(?!(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$))[a-z0-9](?:[a-z0-9_.-]*[a-z0-9_-])?$", re.I)
"""Names that are file names everywhere; Windows keeps some words for devices and drops a final dot."""


def _safe_name(name: str) -> str:
    if not _SAFE.fullmatch(name):
        raise ValueError(
            "use letters a–z, digits, '_', '-' and '.' only, and no name that Windows keeps for itself: "
            "it becomes part of file names"
        )
    return name


def _bilingual(label: dict[str, str]) -> dict[str, str]:
    missing = [language for language in ("zh", "en") if not label.get(language, "").strip()]
    if missing:
        raise ValueError(f"no text in {' or '.join(missing)}; a report is written in both languages")
    return label


def _bilingual_or_none(label: dict[str, str]) -> dict[str, str]:
    return _bilingual(label) if label else label


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Name = Annotated[str, AfterValidator(_safe_name)]
BothLanguages = Annotated[dict[str, str], AfterValidator(_bilingual)]
Words = Annotated[list[str], BeforeValidator(_as_list)]


class Round(Declaration):
    """One round of data collection: first and last day, and how people were reached."""

    collected: tuple[dt.date, dt.date]
    mode: dict[str, str] = Field(default_factory=dict)


class Class(Declaration):
    """One class of a declared group: those for whom the expression ``when`` holds."""

    name: str
    label: BothLanguages
    when: str


class Group(Declaration):
    """What results may be split by: a question, an export column, or declared classes."""

    name: Name
    unit: str = ""
    label: dict[str, str] = Field(default_factory=dict)
    classes: list[Class] = Field(default_factory=list)


def _as_files(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


Files = Annotated[list[Path], BeforeValidator(_as_files), Field(min_length=1)]


def _as_group(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


class Table(Declaration):
    """One unit of the study (families, children) and the files that hold its answers.

    ``label`` names the unit, ``repeat_labels`` its repeats; ``counted`` is how a number of them is said
    (742 户家庭, 742 families). ``consent`` is true for those who agreed to be interviewed; the others are
    in no sample.
    """

    key: str
    form: Path
    raw: dict[str, Files]
    reader: Literal["kobo"] = "kobo"
    parent: str = ""
    parent_key: str = ""
    label: dict[str, str] = Field(default_factory=dict)
    counted: dict[str, str] = Field(default_factory=dict)
    repeats: dict[str, dict[str, Path]] = Field(default_factory=dict)
    repeat_labels: dict[str, BothLanguages] = Field(default_factory=dict)
    missing: dict[Literal["DONT_KNOW", "REFUSED", "INVALID"], Words] = Field(default_factory=dict)
    blank: list[str] = Field(default_factory=lambda: [""])
    added_options: dict[str, dict[str, dict[str, str]]] = Field(default_factory=dict)
    exclusive: dict[str, Words] = Field(default_factory=dict)
    start: str = ""
    end: str = ""
    consent: str = ""


class DesignColumns(Declaration):
    """Which columns hold the sample design, and what kind of sample it is.

    ``rake`` is a CSV of known population totals that the weights are raked to: columns ``variable``, ``level``,
    ``total``, and ``unit`` and ``round`` where there are several.

    ``strata``, ``cluster`` and ``fpc`` name one column, or a list with one column per stage of sampling.
    """

    kind: Literal["probability", "census", "nonprobability"]
    strata: str | list[str] = ""
    cluster: str | list[str] = ""
    weight: str = ""
    fpc: str | list[str] = ""
    lonely: Literal["fail", "remove", "certainty", "average", "adjust"] = "fail"
    rake: Path | None = None

    def stages(self, role: Literal["strata", "cluster", "fpc"]) -> list[str]:
        """Columns of one role, first stage first."""
        given: str | list[str] = getattr(self, role)
        return ([given] if given else []) if isinstance(given, str) else given

    def columns(self) -> tuple[str, ...]:
        """The named columns, each once, without the empty ones."""
        named = (*self.stages("strata"), *self.stages("cluster"), self.weight, *self.stages("fpc"))
        return tuple(dict.fromkeys(name for name in named if name))


class Population(Declaration):
    """Whom the study speaks about, and which official definition it follows."""

    zh: str
    en: str
    definition: str = ""


class Communities(Declaration):
    """A layer of communities and the column that identifies each."""

    file: Path
    key: str
    crs: str = "EPSG:4490"


class Services(Declaration):
    """Ledgers of what the organisation did."""

    activities: Path | None = None


class DisclosureRule(Declaration):
    """Fewest people behind a published figure."""

    threshold: int = Field(default=5, ge=5, strict=True)


class Settings(Declaration):
    """The whole of study.yml."""

    id: Name
    title: BothLanguages
    publisher: BothLanguages
    population: Population
    rounds: Annotated[dict[Name, Round], Field(min_length=1)]
    tables: Annotated[dict[Name, Table], Field(min_length=1)]
    design: DesignColumns
    notice: Annotated[dict[str, str], AfterValidator(_bilingual_or_none)] = Field(default_factory=dict)
    outputs: Path = Path("outputs")
    data_folder: str = ""
    groups: list[Annotated[Group, BeforeValidator(_as_group)]] = Field(default_factory=list)
    indicators: Path | None = None
    communities: Communities | None = None
    services: Services = Field(default_factory=Services)
    disclosure: DisclosureRule = Field(default_factory=DisclosureRule)
    reports: Path | None = None


class Study:
    """A checked study: settings with every path absolute and existing.

    Parameters
    ----------
    path : Path
        The study.yml.
    settings : Settings
        Validated; paths already resolved.
    """

    def __init__(self, path: Path, settings: Settings) -> None:
        self.path = path
        self.folder = path.parent
        self.settings = settings

    def __repr__(self) -> str:
        return f"Study({self.settings.id!r}, rounds={list(self.rounds)}, tables={list(self.tables)})"

    @property
    def id(self) -> str:
        """File-name safe name of the study."""
        return self.settings.id

    @property
    def rounds(self) -> dict[str, Round]:
        """Rounds in the order of study.yml."""
        return self.settings.rounds

    @property
    def tables(self) -> dict[str, Table]:
        """Units and their files."""
        return self.settings.tables

    @property
    def design(self) -> DesignColumns:
        """Columns of the sample design."""
        return self.settings.design

    @property
    def groups(self) -> list[Group]:
        """What results may be split by."""
        return self.settings.groups

    @property
    def outputs(self) -> Path:
        """Folder that everything is written under."""
        return self.settings.outputs

    def round(self, name: str = "") -> str:
        """The named round, or the one collected last; :class:`StudyError` when there is no such round."""
        if not name:
            return max(self.rounds, key=lambda one: self.rounds[one].collected[1])
        if name not in self.rounds:
            raise StudyError(
                f"round {name!r} is not in {self.path.name}{suggest(name, self.rounds)}; "
                f"rounds are {', '.join(self.rounds)}"
            )
        return name

    def kept_columns(self, unit: str) -> tuple[str, ...]:
        """Export columns that the design and the groups may need even when the form lacks them."""
        groups = [group.name for group in self.groups if not group.classes and group.unit in ("", unit)]
        return tuple(dict.fromkeys([*self.design.columns(), *groups]))

    def input_files(self) -> dict[str, Path]:
        """Every file the study reads, by its place in study.yml."""
        files = {"study.yml": self.path, **dict(_paths(self.settings))}
        files.pop("reports", None)  # which reports are made changes no answer
        return files


def open_study(path: str | Path = "data/demo") -> Study:
    """Open a study folder (or its study.yml) and check every declaration.

    Parameters
    ----------
    path : str or Path
        Folder that holds study.yml, or the file itself.

    Returns
    -------
    Study

    Raises
    ------
    StudyError
        One error that lists every problem: unknown keys with the nearest name, missing files, wrong
        types, keys written twice.
    """
    file = Path(path)
    if file.is_dir() or file.suffix not in (".yml", ".yaml"):
        file = file / "study.yml"
    file = file.resolve()
    data, findings = read_yaml(file)
    settings, problems = check(Settings, data, file.name)
    findings += problems
    if settings is None and all(problem.rule == "extra_forbidden" for problem in problems):
        settings, _ = check(Settings, without_unknown(Settings, data), file.name)  # to go on looking
    if settings is not None:
        settings, problems = _resolve(settings, file)
        findings += problems + _contradictions(settings, file.name)
    if findings or settings is None:
        raise StudyError(f"{file.name} has {len(findings)} problem(s) to correct", findings)
    return Study(file, settings)


def _resolve(settings: Settings, file: Path) -> tuple[Settings, list[Finding]]:
    """Make every path absolute and name those that do not exist."""
    folder = file.parent
    data_folder = (folder / expand(settings.data_folder)).resolve() if settings.data_folder else folder
    tables = {
        unit: table.model_copy(
            update={
                "form": data_folder / table.form,
                "raw": {name: [data_folder / one for one in files] for name, files in table.raw.items()},
                "repeats": {
                    repeat: {name: data_folder / raw for name, raw in files.items()}
                    for repeat, files in table.repeats.items()
                },
                "parent_key": table.parent_key or _key_of(settings, table.parent),
            }
        )
        for unit, table in settings.tables.items()
    }
    update: dict[str, Any] = {"tables": tables, "outputs": (folder / settings.outputs).resolve()}
    for name in ("indicators", "reports"):
        if getattr(settings, name) is not None:
            update[name] = folder / getattr(settings, name)
    if settings.communities is not None:
        communities = settings.communities
        update["communities"] = communities.model_copy(update={"file": folder / communities.file})
    if settings.design.rake is not None:
        update["design"] = settings.design.model_copy(update={"rake": folder / settings.design.rake})
    if settings.services.activities is not None:
        update["services"] = Services(activities=folder / settings.services.activities)
    resolved = settings.model_copy(update=update)
    missing = [
        Finding("error", "missing_file", f"{file.name}: {place}", f"{path} does not exist", "correct the path")
        for place, path in _paths(resolved)
        if not path.is_file()
    ]
    return resolved, missing


def _key_of(settings: Settings, unit: str) -> str:
    return settings.tables[unit].key if unit in settings.tables else ""


def _paths(settings: Settings) -> Iterator[tuple[str, Path]]:
    for unit, table in settings.tables.items():
        yield f"tables.{unit}.form", table.form
        for name, given in table.raw.items():
            yield f"tables.{unit}.raw.{name}", given[0]
            yield from ((f"tables.{unit}.raw.{name}.{place}", path) for place, path in enumerate(given[1:], start=2))
        for repeat, files in table.repeats.items():
            yield from ((f"tables.{unit}.repeats.{repeat}.{name}", path) for name, path in files.items())
    if settings.indicators is not None:
        yield "indicators", settings.indicators
    if settings.reports is not None:
        yield "reports", settings.reports
    if settings.communities is not None:
        yield "communities.file", settings.communities.file
    if settings.services.activities is not None:
        yield "services.activities", settings.services.activities
    if settings.design.rake is not None:
        yield "design.rake", settings.design.rake


def _contradictions(settings: Settings, where: str) -> list[Finding]:
    """Names that point nowhere, names used twice, rounds that end before they begin."""
    findings = []

    def problem(rule: str, place: str, message: str, remedy: str) -> None:
        findings.append(Finding("error", rule, f"{where}: {place}", message, remedy))

    for name, spec in settings.rounds.items():
        if spec.collected[0] > spec.collected[1]:
            problem("dates", f"rounds.{name}.collected", "the last day is before the first", "swap the days")
    for unit, table in settings.tables.items():
        if table.parent and table.parent not in settings.tables:
            hint = suggest(table.parent, settings.tables)
            problem("unknown_name", f"tables.{unit}.parent", f"no table {table.parent!r}{hint}", "name a table")
        declared = {*table.raw, *(name for files in table.repeats.values() for name in files)}
        for name in sorted(declared - settings.rounds.keys()):
            hint = suggest(name, settings.rounds)
            problem("unknown_name", f"tables.{unit}.raw", f"no round {name!r}{hint}", "declare it under rounds")
    units = {*settings.tables, *(repeat for table in settings.tables.values() for repeat in table.repeats)}
    for group in settings.groups:
        if group.unit and group.unit not in units:
            hint = suggest(group.unit, units)
            problem("unknown_name", f"groups.{group.name}.unit", f"no unit {group.unit!r}{hint}", "name a table")
        classes = [one.name for one in group.classes]
        for name in sorted({name for name in classes if classes.count(name) > 1}):
            problem("duplicate_id", f"groups.{group.name}", f"class {name!r} is declared twice", "rename one")
    names = [group.name for group in settings.groups]
    for name in sorted({name for name in names if names.count(name) > 1}):
        problem("duplicate_id", "groups", f"group {name!r} is declared {names.count(name)} times", "keep one")
    return findings
