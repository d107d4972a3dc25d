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
from xzz_analysis.intake.headers import find_column
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
from xzz_analysis.study import Study

D = TypeVar("D", bound=Declaration)


def declared(kind: type[D], given: Mapping[str, object], where: str) -> D | None:
    """A part of study.yml as its declaration, None where nothing is; :class:`StudyError` with every problem."""
    if not given:
        return None
    made, problems = check(kind, dict(given), where)
    if problems:
        raise StudyError(f"{where} has {len(problems)} problem(s) to correct", problems)
    return made


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
    """

    study: Study
    vault: Vault | None
    applied: dict[tuple[str, str], Applied] = field(default_factory=dict)
    _classes: Mapping[str, Mapping[str, ColumnClass]] = field(default_factory=dict)
    _found: dict[str, pd.DataFrame] = field(default_factory=dict)
    _logs: dict[str, Log] = field(default_factory=dict)

    @classmethod
    def of(cls, study: Study) -> Door:
        """The door of a study, its vault opened."""
        privacy = study.settings.privacy
        if privacy is None:
            return cls(study, None)
        return cls(study, Vault.open(study.folder, privacy.vault), _classes=read_classes(privacy.classes))

    def enter(self, unit: str, round_: str, export: Export) -> Export:
        """One round of a table as it may be read."""
        table = self.study.tables[unit]
        export = self._corrected(unit, round_, export)
        where = f"study.yml: tables.{unit}.guardian_consent"
        consent = declared(GuardianConsent, table.guardian_consent, where)
        if consent is not None:
            export = with_consent(export, consent, where)
        if self.vault is None:
            return export
        headers = list(export.frame.columns)
        key, parent = (find_column(headers, name) if name else "" for name in (table.key, table.parent_key))
        keys = [name for name in (key, parent) if name]
        export = _without_key_rules(export, keys)
        direct = self._direct(unit, export, keys)
        repeats = {}
        for name, repeat in export.repeats.items():
            own = self._direct(name, repeat, [])
            repeats[name] = replace(repeat, frame=_hidden(repeat.frame, own, repeat.words))
        entered = admit(replace(export, repeats=repeats), self.vault, unit, round_, direct, key, parent)
        return self._scrubbed(entered)

    def findings(self) -> list[Finding]:
        """What is wrong with the classes of columns, over all rounds."""
        privacy = self.study.settings.privacy
        return [] if privacy is None else check_classes(self._found, self._classes, privacy.classes.name)

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
        """Columns that are direct identifiers, the person's word before ours."""
        found = classify(export, keys)
        known = self._found.get(unit)
        every = found if known is None else pd.concat([known, found])
        every = every.sort_values("confidence", ascending=False, kind="stable").drop_duplicates("column")
        self._found[unit] = every.sort_index(kind="stable").reset_index(drop=True)
        return columns_of("direct", found, self._classes.get(unit, {}))

    def _scrubbed(self, export: Export) -> Export:
        """The export with nobody named in what was found about it."""
        assert self.vault is not None
        known = KnownWords(self.vault.known_words())
        said = scrub(pd.Series([finding.message for finding in export.findings], dtype="str"), known)
        findings = (replace(one, message=text) for one, text in zip(export.findings, said, strict=True))
        return replace(export, findings=tuple(findings))


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


def _hidden(frame: pd.DataFrame, direct: Collection[str], words: Collection[str]) -> pd.DataFrame:
    """A repeat's rows without what tells who somebody is."""
    empty = frame[list(direct)].isin({"", *words}) if direct else frame[[]]
    return frame.assign(**{name: frame[name].where(empty[name], "〔vault〕") for name in direct})
