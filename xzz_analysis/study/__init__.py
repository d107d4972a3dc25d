"""study.yml → Study: the one place where paths and choices live."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from xzz_analysis.declaration import Declaration, check, expand, read_yaml, without_unknown
from xzz_analysis.errors import Finding, StudyError, suggest
from xzz_analysis.study.services import Services, ledger_files
from xzz_analysis.study.settings import (
    EVERY_ROUND,
    DesignColumns,
    Group,
    Overlapping,
    PublicPolicy,
    PublicService,
    Round,
    Settings,
    Table,
)
from xzz_analysis.study.themes import CodedQuestion, Quotation, Themes, read_themes
from xzz_analysis.study.words import BothLanguages, Name, Words

__all__ = [
    "EVERY_ROUND",
    "BothLanguages",
    "CodedQuestion",
    "DesignColumns",
    "Group",
    "Name",
    "Overlapping",
    "PublicPolicy",
    "PublicService",
    "Quotation",
    "Round",
    "Settings",
    "Study",
    "Table",
    "Themes",
    "Words",
    "open_study",
]


class Study:
    """A checked study: settings with every path absolute and existing.

    Parameters
    ----------
    path : Path
        The study.yml.
    settings : Settings
        Validated; paths already resolved.
    themes : Themes, optional
        What themes.yml says of coded free text.
    """

    def __init__(self, path: Path, settings: Settings, themes: Themes | None = None) -> None:
        self.path = path
        self.themes = themes or Themes()
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

    def with_answers(self) -> Study:
        """This study; :class:`StudyError` where it is of places alone and nobody answered anything."""
        if not self.tables:
            raise StudyError(
                f"{self.path.name} declares no tables, so nobody answered anything in {self.id!r}; declare them, or "
                "open its places: open_atlas(study)"
            )
        return self

    def kept_columns(self, unit: str) -> tuple[str, ...]:
        """Export columns that the design and the groups may need even when the form lacks them."""
        groups = [group.name for group in self.groups if not group.classes and group.unit in ("", unit)]
        return tuple(dict.fromkeys([*self.design.columns(), *groups]))

    def input_files(self) -> dict[str, Path]:
        """Every file the study reads, by its place in study.yml."""
        files = {"study.yml": self.path, **dict(_paths(self.settings))}
        files.pop("reports", None)  # which reports are made changes no answer
        kept = {"crosswalk": self.settings.crosswalk, "triage": self.settings.triage}
        if self.settings.facts is not None:
            kept |= {f"facts.{path.name}": path for path in sorted(self.settings.facts.glob("*.yml"))}
        if self.settings.privacy is not None:
            kept["privacy.classes"] = self.settings.privacy.classes
            kept["privacy.forgotten"] = self.settings.privacy.vault / "forgotten.txt"
        for coded in self.themes.questions:
            kept |= {f"themes.{coded.unit}.{coded.id}.{role}.{name}": path for role, name, path in coded.files()}
        return files | {name: path for name, path in kept.items() if path.is_file()}


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
    themes = Themes()
    if settings is not None:
        settings, problems = _resolve(settings, file)
        findings += problems + _contradictions(settings, file.name)
        themes, problems = read_themes(settings)
        findings += problems
    if findings or settings is None:
        raise StudyError(f"{file.name} has {len(findings)} problem(s) to correct", findings)
    return Study(file, settings, themes)


def _resolve(settings: Settings, file: Path) -> tuple[Settings, list[Finding]]:
    """Make every path absolute and name those that do not exist."""
    folder = file.parent
    data_folder = (folder / expand(settings.data_folder)).resolve() if settings.data_folder else folder
    tables = {
        unit: _resolve_table(table, data_folder, _key_of(settings, table.parent))
        for unit, table in settings.tables.items()
    }
    update: dict[str, Any] = {"tables": tables, "outputs": (folder / settings.outputs).resolve()}
    update["crosswalk"] = folder / settings.crosswalk
    update["triage"] = folder / settings.triage
    for name in ("indicators", "reports", "facts", "alerts", "themes", "catalogue", "community_facts"):
        if getattr(settings, name) is not None:
            update[name] = folder / getattr(settings, name)
    if settings.privacy is not None:
        places = {name: folder / getattr(settings.privacy, name) for name in ("vault", "classes")}
        update["privacy"] = settings.privacy.model_copy(update=places)
    if settings.policy is not None and settings.policy.items is not None:
        update["policy"] = settings.policy.model_copy(update={"items": folder / settings.policy.items})
    tables_of_growth = {name: folder / path for name, path in settings.growth.files().items()}
    update["growth"] = settings.growth.model_copy(update=tables_of_growth)
    update |= {
        name: _placed(getattr(settings, name), folder) for name in ("communities", "resources", "network", "homes")
    }
    if settings.design.rake is not None:
        update["design"] = settings.design.model_copy(update={"rake": folder / settings.design.rake})
    update["services"] = _with_ledgers(settings.services, folder)
    resolved = settings.model_copy(update=update)
    missing = [
        Finding("error", "missing_file", f"{file.name}: {place}", f"{path} does not exist", "correct the path")
        for place, path in _paths(resolved)
        if not path.is_file()
    ]
    return resolved, missing


def _resolve_table(table: Table, folder: Path, parent_key: str) -> Table:
    """A table with every path absolute, and the parent's key where none is named."""
    update = {
        "form": folder / table.form,
        "forms": {name: folder / form for name, form in table.forms.items()},
        "corrections": folder / table.corrections if table.corrections else None,
        "mapping": folder / table.mapping if table.mapping else None,
        "codebook": {name: folder / codes for name, codes in table.codebook.items()},
        "versions": {
            name: {version: folder / form for version, form in forms.items()} for name, forms in table.versions.items()
        },
        "raw": {name: [folder / expand(str(one)) for one in _with_audit(table, name)] for name in table.raw},
        "back_check": {name: [folder / one for one in files] for name, files in table.back_check.items()},
        "repeats": {
            repeat: {name: folder / raw for name, raw in files.items()} for repeat, files in table.repeats.items()
        },
        "parent_key": table.parent_key or parent_key,
    }
    return table.model_copy(update=update)


_LAYERS = ("communities", "resources", "network", "homes")
"""Parts of study.yml that name files of places."""


def _placed(declared: Declaration | None, folder: Path) -> Declaration | None:
    """What is said of a layer, with every path absolute."""
    files = {key: folder / expand(str(path)) for key, path in _named_files(declared)}
    return None if declared is None else declared.model_copy(update=files)


def _with_ledgers(services: Services, folder: Path) -> Services:
    """What is said of services, with every path absolute."""
    update = {
        name: ledger.model_copy(update={"file": folder / expand(str(ledger.file))})
        for name, ledger in services.ledgers().items()
        if ledger.file is not None
    }
    return services.model_copy(update=update)


def _named_files(declared: Declaration | None) -> Iterator[tuple[str, Path]]:
    """Paths that a declaration names."""
    yield from ((key, path) for key, path in (declared or ()) if isinstance(path, Path))


def _with_audit(table: Table, name: str) -> list[Path]:
    """Raw files of a round, its audit logs last."""
    return [*table.raw[name], *([table.audit[name]] if name in table.audit else [])]


def _key_of(settings: Settings, unit: str) -> str:
    return settings.tables[unit].key if unit in settings.tables else ""


def _paths(settings: Settings) -> Iterator[tuple[str, Path]]:
    for unit, table in settings.tables.items():
        yield f"tables.{unit}.form", table.form
        yield from ((f"tables.{unit}.forms.{name}", path) for name, path in table.forms.items())
        for name, forms in table.versions.items():
            yield from ((f"tables.{unit}.versions.{name}.{version}", path) for version, path in forms.items())
        for name in ("corrections", "mapping"):
            if (named := getattr(table, name)) is not None:
                yield f"tables.{unit}.{name}", named
        for name, path in table.codebook.items():
            yield f"tables.{unit}.codebook{f'.{name}' if name else ''}", path
        for kind in ("raw", "back_check"):
            for name, given in getattr(table, kind).items():
                where = f"tables.{unit}.{kind}.{name}"
                yield where, given[0]
                more = [path for one in given[1:] for path in _files(one)]
                yield from ((f"{where}.{place}", path) for place, path in enumerate(more, start=2))
        for repeat, files in table.repeats.items():
            yield from ((f"tables.{unit}.repeats.{repeat}.{name}", path) for name, path in files.items())
    for name in ("indicators", "reports", "alerts", "themes", "catalogue", "community_facts"):
        if (named := getattr(settings, name)) is not None:
            yield name, named
    if settings.policy is not None and settings.policy.items is not None:
        yield "policy.items", settings.policy.items
    for name in _LAYERS:
        yield from ((f"{name}.{key}", path) for key, path in _named_files(getattr(settings, name)))
    yield from ((f"growth.{name}", path) for name, path in settings.growth.files().items())
    for name, ledger in settings.services.ledgers().items():
        if ledger.file is not None:
            first, *others = ledger_files(ledger.file) or [ledger.file]
            yield f"services.{name}", first
            yield from ((f"services.{name}.{place}", path) for place, path in enumerate(others, start=2))
    if settings.design.rake is not None:
        yield "design.rake", settings.design.rake


def _files(path: Path) -> list[Path]:
    """A file, or the audit logs of a folder; the one that should be there when there is none."""
    return (sorted(path.rglob("audit.csv")) or [path / "audit.csv"]) if path.is_dir() else [path]


def _contradictions(settings: Settings, where: str) -> list[Finding]:
    """Names that point nowhere, names used twice, rounds that end before they begin."""
    findings = []

    def problem(rule: str, place: str, message: str, remedy: str) -> None:
        findings.append(Finding("error", rule, f"{where}: {place}", message, remedy))

    if not settings.tables and settings.communities is None and not settings.services.ledgers():
        problem("no_tables", "tables", "no table of answers, no communities and no ledgers", "declare one of them")
    for name, spec in settings.rounds.items():
        if spec.collected[0] > spec.collected[1]:
            problem("dates", f"rounds.{name}.collected", "the last day is before the first", "swap the days")
    for unit, table in settings.tables.items():
        if table.parent and table.parent not in settings.tables:
            hint = suggest(table.parent, settings.tables)
            problem("unknown_name", f"tables.{unit}.parent", f"no table {table.parent!r}{hint}", "name a table")
        by_round: list[Iterable[str]] = [table.raw, table.forms, table.versions, table.audit, table.back_check]
        declared = {name for names in (*by_round, *table.repeats.values(), table.codebook) for name in names if name}
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
