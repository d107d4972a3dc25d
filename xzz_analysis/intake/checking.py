"""The checks of quality over a whole study: records of every unit and round, what was found, and the scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding, StudyError, suggest
from xzz_analysis.intake.answers import Answers
from xzz_analysis.intake.expression import evaluate
from xzz_analysis.intake.links import Arrival, Keyed
from xzz_analysis.intake.quality import (
    INTERVIEWER_COLUMNS,
    Quality,
    QualityRules,
    Records,
    check_records,
    interviewer_table,
    joined,
    records_of,
)
from xzz_analysis.study import Study

Place = tuple[str, str]
"""A unit and a round."""


def check_study(
    study: Study, keyed: Mapping[str, Keyed], parents: Mapping[str, str], rules: QualityRules, *, secret: bool
) -> Quality:
    """Run every check on every unit in every round.

    Parameters
    ----------
    study : Study
    keyed : mapping of unit to Keyed
        Parents before children.
    parents : mapping of unit to unit
    rules : QualityRules
    secret : bool
        Whether keys are pseudonyms already; otherwise a record is called by its place in the round (``#12``).

    Returns
    -------
    Quality

    Raises
    ------
    StudyError
        ``quality`` of study.yml names a unit that the study lacks.
    InputError
        It names a question that neither the unit nor its parent is asked.
    """
    _refuse_unknown(rules, keyed)
    records: dict[Place, Records] = {}
    places: dict[Place, np.ndarray] = {}
    for unit, table in keyed.items():
        for round_ in study.rounds:
            rows = _agreed(study, unit, table.answers, round_)
            if rows.any():
                above = (parents.get(unit, ""), round_)
                linked = _linked(table.answers, rows, records.get(above), places.get(above))
                places[unit, round_] = rows
                records[unit, round_] = _records(study, unit, table, round_, rows, secret=secret, **linked)
    found = joined(check_records(one, rules) for one in records.values())
    return Quality(found, {place: len(one) for place, one in records.items()}, rules, _interviewers(records, rules))


def _refuse_unknown(rules: QualityRules, units: Mapping[str, Keyed]) -> None:
    """Units that declared rules name and the study lacks; nothing would be checked, and nobody told."""
    named = [(part, one.unit) for part in ("logic", "counts", "ages", "plans") for one in getattr(rules, part)]
    problems = [
        Finding(
            "error",
            "unknown_name",
            f"study.yml: quality.{part}",
            f"no unit {unit!r}{suggest(unit, units)}",
            "name a table",
        )
        for part, unit in dict.fromkeys(named)
        if unit not in units
    ]
    if problems:
        raise StudyError(f"study.yml: quality has {len(problems)} problem(s) to correct", problems)


def _agreed(study: Study, unit: str, answers: Answers, round_: str) -> np.ndarray:
    """Rows of the round whose people agreed to be interviewed; the others' answers are no answers."""
    rows = (answers.rounds == round_).to_numpy(copy=True)
    consent = study.tables[unit].consent if unit in study.tables else ""
    if consent and rows.any():
        here = records_of(answers, round_, pd.Series("", answers.values.index, dtype="str"), rows)
        rows[rows] = evaluate(consent, here.bindings, len(here)).truth() == 1
    return rows


def _linked(
    answers: Answers, rows: np.ndarray, parent: Records | None, parent_rows: np.ndarray | None
) -> dict[str, Any]:
    """The parent's records, and the row there of each record here; -1 where it has none or that one is not checked."""
    if parent is None or parent_rows is None or answers.parent is None:
        return {}
    place = np.where(parent_rows, np.cumsum(parent_rows) - 1, -1)
    above = answers.parent.to_numpy()[rows]
    return {"parent": parent, "parent_rows": np.where(above >= 0, place[above], -1)}


def _records(
    study: Study, unit: str, table: Keyed, round_: str, rows: np.ndarray, *, secret: bool, **linked: Any
) -> Records:
    """The records of one unit in one round with all that is known of them."""
    arrival = table.arrivals.get(round_, Arrival())
    names = _names(table, secret=secret and unit in study.tables)
    inside = rows[(table.answers.rounds == round_).to_numpy()]
    frames = {
        name: getattr(arrival, name)[inside].reset_index(drop=True)
        for name in ("submission", "broken", "other_repeats", "texts")
        if getattr(arrival, name).shape[1]
    }
    sent = _with_stratum(study, table.answers, rows, frames.pop("submission", None))
    received = sent["submitted"].max() if "submitted" in sent else pd.NaT
    return records_of(
        table.answers,
        round_,
        names,
        rows,
        submission=sent,
        collected=study.rounds[round_].collected,
        read_on=None if pd.isna(received) else received,
        exclusive=_exclusive(study, unit, table.answers),
        again=_again(arrival.again, round_, table, names),
        **frames,
        **linked,
    )


def _names(table: Keyed, *, secret: bool) -> pd.Series:
    """What a record is called in internal lists: its pseudonym, or its place in the round."""
    rounds = table.answers.rounds
    places = "#" + (rounds.groupby(rounds, sort=False).cumcount() + 1).astype("str")
    keys = pd.Series([str(key) for _, key in table.keys], places.index, dtype="str")
    return keys.where(keys != "", places) if secret else places


def _with_stratum(study: Study, answers: Answers, rows: np.ndarray, sent: pd.DataFrame | None) -> pd.DataFrame:
    frame = pd.DataFrame(index=pd.RangeIndex(int(rows.sum()))) if sent is None else sent
    strata = study.design.stages("strata")
    if strata and strata[0] in answers.values:
        frame = frame.assign(stratum=answers.values.loc[rows, strata[0]].astype("str").fillna("").to_numpy())
    return frame


def _exclusive(study: Study, unit: str, answers: Answers) -> dict[str, tuple[str, ...]]:
    """Options that cannot be chosen with others: those that study.yml names, and the form's."""
    spec = study.tables.get(unit)
    found = {name: tuple(options) for name, options in spec.exclusive.items()} if spec else {}
    for name, question in answers.questions.items():
        alone = [option.name for option in question.options if option.exclusive]
        if question.kind == "select_multiple" and alone:
            found[name] = tuple(dict.fromkeys((*found.get(name, ()), *alone)))
    return found


def _again(again: Keyed | None, round_: str, table: Keyed, names: pd.Series) -> Records | None:
    """The interviews made a second time, called as those of the first time are."""
    if again is None:
        return None
    called = {key: name for (made, key), name in zip(table.keys, names, strict=True) if made == round_ and key}
    keys = [called.get(key, f"#again{place}") for place, (_, key) in enumerate(again.keys)]
    return records_of(again.answers, round_, pd.Series(keys, again.answers.values.index, dtype="str"))


def _interviewers(records: Mapping[Place, Records], rules: QualityRules) -> pd.DataFrame:
    tables = [
        interviewer_table(one, rules).assign(unit=unit, round=round_)
        for (unit, round_), one in records.items()
        if one.has("interviewer")
    ]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(INTERVIEWER_COLUMNS))
