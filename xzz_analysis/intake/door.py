"""The door: what every export passes before its answers are read.

Corrections, then guardians' consent, then privacy: identifiers go into the vault, keys become pseudonyms, and whoever
asked to be forgotten stays out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
import pandas as pd

from xzz_analysis.declaration import Declaration, check
from xzz_analysis.errors import ExpressionError, Finding, StudyError
from xzz_analysis.intake.corrections import Applied, Log, apply, read_log
from xzz_analysis.intake.export import Export
from xzz_analysis.intake.expression import Vector, evaluate, parse, text_vector
from xzz_analysis.intake.forms import crosswalks_of
from xzz_analysis.intake.headers import find_column
from xzz_analysis.intake.links import Sheet, repeat_rows
from xzz_analysis.intake.privacy import (
    GuardianConsent,
    KnownWords,
    Vault,
    admit,
    check_classes,
    classify,
    columns_of,
    read_classes,
    scrub,
    with_consent,
)
from xzz_analysis.intake.privacy.classification import ColumnClass
from xzz_analysis.intake.privacy.retention import check_retention
from xzz_analysis.intake.privacy.vault import Holder, keep_rows, remember_repeat, without_direct
from xzz_analysis.intake.quality import QualityRules
from xzz_analysis.intake.rounds import Crosswalk
from xzz_analysis.intake.rounds import apply as apply_crosswalk
from xzz_analysis.intake.sources import source_codes, with_sources
from xzz_analysis.intake.workbook.damage import require_whole_key
from xzz_analysis.study import Study, Table

D = TypeVar("D", bound=Declaration)

_ROW = "\x00row"
"""Column of the place of every row, while an export passes the door."""


def declared(kind: type[D], given: Mapping[str, object], where: str) -> D | None:
    """A part of study.yml as its declaration, None where nothing is; :class:`StudyError` with every problem."""
    if not given:
        return None
    made, problems = check(kind, dict(given), where)
    if problems:
        raise StudyError(f"{where} has {len(problems)} problem(s) to correct", problems)
    return made


def quality_rules(study: Study) -> QualityRules:
    """What the study expects of its data: ``quality`` of study.yml, or the defaults."""
    return declared(QualityRules, study.settings.quality, "study.yml: quality") or QualityRules()


@dataclass
class Door:
    """Lets the exports of a study in, one after the other.

    Attributes
    ----------
    study : Study
    vault : Vault or None
        Where study.yml declares ``privacy``.
    applied : dict of (unit, round) to Applied
        What corrections did.
    crosswalks : mapping of unit to mapping of round to Crosswalk
        Where an earlier round had another questionnaire.
    """

    study: Study
    vault: Vault | None
    applied: dict[tuple[str, str], Applied] = field(default_factory=dict)
    crosswalks: Mapping[str, Mapping[str, Crosswalk]] = field(default_factory=dict)
    _classes: Mapping[str, Mapping[str, ColumnClass]] = field(default_factory=dict)
    _found: dict[str, pd.DataFrame] = field(default_factory=dict)
    _logs: dict[str, Log] = field(default_factory=dict)
    _arrived: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, study: Study) -> Door:
        """The door of a study, its vault opened."""
        privacy, crosswalks = study.settings.privacy, crosswalks_of(study)
        if privacy is None:
            return cls(study, None, crosswalks=crosswalks)
        vault, classes = Vault.open(study.folder, privacy.vault), read_classes(privacy.classes)
        return cls(study, vault, crosswalks=crosswalks, _classes=classes)

    def enter(self, unit: str, round_: str, export: Export) -> Export:
        """One round of a table as it may be read."""
        table = self.study.tables[unit]
        for name in (table.key, table.parent_key):
            if header := find_column(list(export.frame.columns), name) if name else "":
                require_whole_key(export.frame[header], export.file)
        crosswalk = self.crosswalks.get(unit, {}).get(round_)
        if crosswalk is not None:
            codes = {*table.blank, *(code for codes in table.missing.values() for code in codes)}
            export = apply_crosswalk(export, crosswalk, round_, codes)
        entering = _numbered(replace(export, findings=tuple(_softened(one) for one in export.findings)))
        self._note_who(unit, round_, entering)
        entering = self._corrected(unit, round_, entering)
        self._note_who(unit, round_, entering)
        consent = declared(GuardianConsent, table.guardian_consent, f"study.yml: tables.{unit}.guardian_consent")
        if consent is not None:
            entering = with_consent(entering, consent)
        return _with_repeats(self._told_apart(unit, round_, entering), export, table.key)

    def enter_again(self, unit: str, export: Export) -> Export:
        """Interviews made a second time as they may be read: without identifiers, their keys as pseudonyms."""
        return (
            export
            if self.vault is None
            else self._private_repeat(unit, export, self.study.tables[unit].key, self.vault)
        )

    def found(self, keys: pd.Series, rows: Mapping[str, int], unit: str, round_: str) -> tuple[np.ndarray, np.ndarray]:
        """Records that keys in another file belong to.

        Parameters
        ----------
        keys : Series of str
            As the raw export writes them, or pseudonyms.
        rows : mapping of key to row
            Of the records that entered, as they are known inside.
        unit, round_ : str
            Of a unit with coded questions: of others nobody remembers who stayed out.

        Returns
        -------
        int array and bool array
            Row of each key, -1 where there is none; whether its record stood at the door and was left out, or its owner
            asked to be forgotten.
        """
        names = [keys] if self.vault is None else [keys, self.vault.pseudonyms(keys)]
        row, out = np.full(len(keys), -1), np.zeros(len(keys), bool)
        for one in names:
            row = np.where(row < 0, one.map(rows).fillna(-1).to_numpy(np.int64), row)
            out |= one.isin(self._arrived.get((unit, round_), set())).to_numpy()
            out |= self.vault.forgotten(one) if self.vault is not None else out
        return row, out & (row < 0)

    def _note_who(self, unit: str, round_: str, export: Export) -> None:
        """Remember who stood at the door, where a coded file will ask for people who then stayed out."""
        header = find_column(list(export.frame.columns), self.study.tables[unit].key)
        if header and self.study.themes.coded(unit):
            keys = export.frame[header].str.strip()
            names = keys if self.vault is None else self.vault.pseudonyms(keys)
            self._arrived.setdefault((unit, round_), set()).update(set(names) - {""})

    def _told_apart(self, unit: str, round_: str, export: Export) -> Export:
        """Who asked and from where as codes, and nothing that tells who somebody is."""
        table = self.study.tables[unit]
        direct = self._direct(unit, export, _key_columns(table, export)) if self.vault is not None else []
        codes = source_codes(export, table, direct)
        entered = export if self.vault is None else self._private(unit, round_, export, self.vault, direct)
        places = pd.Index(export.frame[_ROW]).get_indexer(pd.Index(entered.frame[_ROW]))
        return with_sources(entered, codes, places, self.study.kept_columns(unit))

    def _private(self, unit: str, round_: str, export: Export, vault: Vault, direct: list[str]) -> Export:
        """Identifiers into the vault, keys as pseudonyms, in the table and in its repeats."""
        table = self.study.tables[unit]
        headers = list(export.frame.columns)
        key, parent = (find_column(headers, name) if name else "" for name in (table.key, table.parent_key))
        export = _without_key_rules(export, _key_columns(table, export))
        holder = Holder(export, unit, round_, table.key, table.parent_key)
        repeats = {
            name: self._private_repeat(name, one, table.key, vault, holder) for name, one in export.repeats.items()
        }
        entered = admit(replace(export, repeats=repeats), vault, unit, round_, direct, key, parent)
        known = KnownWords(vault.known_words())
        said = scrub(pd.Series([finding.message for finding in entered.findings], dtype="str"), known)
        findings = (replace(one, message=text) for one, text in zip(entered.findings, said, strict=True))
        return replace(entered, findings=tuple(findings))

    def _private_repeat(
        self, name: str, export: Export, key: str, vault: Vault, holder: Holder | None = None
    ) -> Export:
        """A repeat without what tells who somebody is, its link to the table as a pseudonym."""
        link = find_column(list(export.frame.columns), key)
        direct = self._direct(name, export, [link] if link else [])
        if holder is not None:
            remember_repeat(export, name, direct, holder, vault)
        export = without_direct(export, direct)
        return (
            replace(export, frame=export.frame.assign(**{link: vault.pseudonyms(export.frame[link])}))
            if link
            else export
        )

    def findings(self) -> list[Finding]:
        """What is wrong with the classes of columns, over all rounds, and what is kept too long."""
        privacy = self.study.settings.privacy
        classes = [] if privacy is None else check_classes(self._found, self._classes, privacy.classes.name)
        return [*classes, *check_retention(self.study, self.vault)]

    @property
    def classes(self) -> dict[str, pd.DataFrame]:
        """Unit → proposed classes of its columns, as :func:`~xzz_analysis.intake.privacy.classify` gives them."""
        return self._found

    def _corrected(self, unit: str, round_: str, export: Export) -> Export:
        table = self.study.tables[unit]
        if table.corrections is None:
            return export
        if unit not in self._logs:
            self._logs[unit] = read_log(table.corrections)
        log = self._logs[unit].of_round(round_, list(self.study.rounds))
        export, applied = apply(export, log, table.key)
        self.applied[unit, round_] = applied
        return replace(export, findings=(*export.findings, *applied.findings))

    def _direct(self, unit: str, export: Export, keys: Collection[str]) -> list[str]:
        """Columns that are direct identifiers, keys not among them; a person's word goes before ours."""
        found = classify(replace(export, frame=export.frame.drop(columns=_ROW, errors="ignore")), keys)
        known = self._found.get(unit)
        every = found if known is None else pd.concat([known, found])
        every = every.sort_values("confidence", ascending=False, kind="stable").drop_duplicates("column")
        self._found[unit] = every.sort_index(kind="stable").reset_index(drop=True)
        return [name for name in columns_of("direct", found, self._classes.get(unit, {})) if name not in keys]


def _key_columns(table: Table, export: Export) -> list[str]:
    headers = list(export.frame.columns)
    return [found for name in (table.key, table.parent_key) if name and (found := find_column(headers, name))]


def _softened(finding: Finding) -> Finding:
    """Damage to numbers that rows are not keyed by stops nothing: such a column is kept apart, or not at all."""
    return replace(finding, severity="warning") if finding.rule in ("id_rounded", "id_merged") else finding


def _numbered(export: Export) -> Export:
    """The export with the place of every row, to know later which rows stayed out."""
    return replace(export, frame=export.frame.assign(**{_ROW: np.arange(len(export.frame)).astype(str)}))


def _with_repeats(entered: Export, export: Export, key: str) -> Export:
    """What entered, without the repeats of records that stayed out."""
    inside = entered.frame[_ROW].astype(int).to_numpy()
    entered = replace(entered, frame=entered.frame.drop(columns=_ROW))
    lost = np.setdiff1d(np.arange(len(export.frame)), inside)
    if not len(lost):
        return entered
    nobody = pd.Series([""] * len(lost), dtype="str")
    main = Sheet("", export, export.frame.iloc[lost].reset_index(drop=True), nobody)
    kept = Sheet("", export, export.frame.iloc[inside].reset_index(drop=True), nobody)
    repeats = {}
    for name, repeat in export.repeats.items():
        sheet = Sheet("", repeat, repeat.frame, nobody)
        own = find_column(list(export.frame.columns), key)
        main, kept = (replace(one, keys=one.frame[own].str.strip()) for one in (main, kept))
        stays = (repeat_rows(sheet, main, key) < 0) | (repeat_rows(sheet, kept, key) >= 0)
        repeats[name] = keep_rows(entered.repeats[name], stays)
    return replace(entered, repeats=repeats)


def _without_key_rules(export: Export, keys: Collection[str]) -> Export:
    """Check the form's constraint of a key while it is still one, and drop it: a pseudonym breaks every such rule."""
    questions, findings = dict(export.form.questions), list(export.findings)
    for name in keys:
        question = questions.get(name.rpartition("/")[2])
        if question is None or not question.constraint:
            continue
        cells = export.frame[name].str.strip().to_numpy(object)
        here = text_vector(cells, np.ones(len(cells), dtype=bool))
        truth = evaluate(parse(question.constraint), _nothing_else, len(cells), here=here).truth()
        broken = int(((truth == 0) & (cells != "")).sum())
        if broken:
            message = f"{broken} key(s) break the form's constraint ({' '.join(question.constraint.split())})"
            where = f"{export.file}: {question.name}"
            findings.append(Finding("warning", "constraint_broken", where, message, "correct the keys", broken))
        questions[question.name] = replace(question, constraint="")
    return replace(export, form=replace(export.form, questions=questions), findings=tuple(findings))


def _nothing_else(name: str) -> Vector:
    """What a key's constraint may not ask for: other answers are read later."""
    raise ExpressionError(f"the constraint of a key reads ${{{name}}}; write it with '.' alone")
