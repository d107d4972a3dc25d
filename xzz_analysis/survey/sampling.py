"""A study's answers → the Sample of one unit and round, with its groups."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from xzz_analysis.errors import DesignError, StudyError, suggest
from xzz_analysis.intake.answers import Reason
from xzz_analysis.intake.expression import evaluate
from xzz_analysis.intake.store import Dataset
from xzz_analysis.language import Label
from xzz_analysis.study import Group, Study
from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.weighting import rake


def sample_of(study: Study, dataset: Dataset, unit: str, round_name: str) -> Sample:
    """The sample of one unit in one round.

    Parameters
    ----------
    study : Study
    dataset : Dataset
    unit : str
        A table or repeat of the study.
    round_name : str

    Returns
    -------
    Sample
        Frame of the unit's answers of that round, every declared group that the unit can be split by,
        and the design columns (the unit's own, else its parent's). Rows whose design is their missing
        parent's are left out.

    Raises
    ------
    DesignError
        The round has no rows, or the design cannot be used.
    """
    answers = dataset.unit(unit)
    rows = rows_of(study, dataset, unit, round_name)
    if not rows.any():
        raise DesignError(
            f"unit {unit!r} has no answers in round {round_name!r}; its rounds are "
            f"{', '.join(sorted(answers.rounds.unique()))}"
        )
    today = study.rounds[round_name].collected[1]
    extra: dict[str, pd.Series] = {}
    for group in groups_of(study, dataset, unit):
        if group.classes and group.name in answers.questions:
            raise StudyError(
                f"group {group.name!r} has classes and the name of a question of unit {unit!r}; "
                "give the group a name of its own in study.yml"
            )
        extra[group.name] = classify(dataset, unit, group, today=today)
    design = study.design
    for name in design.columns():
        extra[f"{DESIGN}{name}"], _ = dataset.values(unit, name)
    own = answers.values.drop(columns=extra.keys() & set(answers.values))
    frame = pd.concat([own, pd.DataFrame(extra)], axis=1)
    sample = Sample(
        frame[rows],
        weight=_named(design.weight),
        strata=[_named(name) for name in design.stages("strata")],
        cluster=[f"{DESIGN}{name}" for name in design.stages("cluster")],
        fpc=[f"{DESIGN}{name}" for name in design.stages("fpc")],
        kind=design.kind,
        lonely=design.lonely,
    ).described(reasons=answers.reasons[rows], labels={"study": study.id, "round": round_name, "unit": unit})
    margins = None if design.rake is None else margins_of(design.rake, unit, round_name)
    return sample if margins is None else rake(sample, margins)


def margins_of(path: Path, unit: str, round_name: str) -> pd.DataFrame | None:
    """Known population totals of one unit and round, from the file that ``design.rake`` names.

    Parameters
    ----------
    path : Path
        CSV with columns ``variable``, ``level`` and ``total``; ``unit`` and ``round`` choose rows, empty for all.
    unit, round_name : str

    Returns
    -------
    DataFrame or None
        None when the file has no total for this unit and round: its weights stay as they are.

    Raises
    ------
    StudyError
        Columns that are not there, or a file that is no CSV in UTF-8.
    """
    try:
        table = pd.read_csv(path, dtype="str", encoding="utf-8-sig", keep_default_na=False)
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise StudyError(f"{path.name} is no CSV in UTF-8 ({type(error).__name__}); save it again") from None
    for name in ("variable", "level", "total"):
        if name not in table:
            raise StudyError(f"{path.name} has no column {name!r}{suggest(name, table.columns)}; give it one")
    for name, wanted in (("unit", unit), ("round", round_name)):
        if name in table:
            table = table[table[name].isin(["", wanted])]
    totals = pd.to_numeric(table["total"], errors="coerce")
    return table[["variable", "level"]].assign(total=totals) if len(table) else None


def rows_of(study: Study, dataset: Dataset, unit: str, round_name: str) -> np.ndarray:
    """Rows of a unit that are in a round's sample, as a bool array of shape (respondents,).

    Left out are rows that declined (see :func:`consented`), and rows whose design columns belong to an
    ancestor that is not there: they have no design.
    """
    rows = (dataset.unit(unit).rounds == round_name).to_numpy() & consented(study, dataset, unit)
    for name in study.design.columns():
        rows = rows & dataset.linked(unit, dataset.owner(unit, name))
    return np.asarray(rows)


def consented(study: Study, dataset: Dataset, unit: str) -> np.ndarray:
    """Rows for which the table's ``consent`` expression is true; all without one."""
    length = len(dataset.unit(unit))
    consent = study.tables[unit].consent if unit in study.tables else ""
    if not consent:
        return np.ones(length, bool)
    return np.asarray(evaluate(consent, dataset.bindings(unit), length).truth() == 1)


MOST_LEVELS = 60
"""Levels a group may have when no list of options says what they are."""

DESIGN = "design:"
"""Prefix of the design columns in a sample's frame, where a question may have the same name."""


def _named(column: str) -> str | None:
    return f"{DESIGN}{column}" if column else None


def groups_of(study: Study, dataset: Dataset, unit: str) -> list[Group]:
    """Declared groups that can be computed for a unit: its own, or its ancestors'."""
    lineage = dataset.lineage(unit)
    return [
        group
        for group in study.groups
        if (group.unit in lineage if group.unit else bool(group.classes) or dataset.asks(unit, group.name))
    ]


def find_groups(study: Study, names: Sequence[str]) -> list[Group]:
    """Declared groups by name; :class:`StudyError` with the nearest name when one is unknown."""
    known = {group.name: group for group in study.groups}
    for name in names:
        if name not in known:
            raise StudyError(
                f"group {name!r} is not declared in {study.path.name}{suggest(name, known)}; "
                f"groups are {', '.join(known)}"
            )
    return [known[name] for name in names]


def classify(dataset: Dataset, unit: str, group: Group, *, today: dt.date) -> pd.Series:
    """Level of each row in a group, as an ordered categorical; missing where it cannot be told.

    Declared classes are tried in order: a row belongs to the first whose expression is true, and to
    none once an expression is unknown; ``today`` is what ``today()`` means. A question's levels keep
    the form's order.
    """
    if not group.classes:
        return _question_levels(dataset, unit, group.name)
    level = np.full(len(dataset.unit(unit)), -1, np.int64)
    open_rows = np.ones(len(level), bool)
    bindings = dataset.bindings(unit)
    for position, option in enumerate(group.classes):
        truth = evaluate(option.when, bindings, len(level), today=today).truth()
        level[open_rows & (truth == 1)] = position
        open_rows &= truth == 0
    names = pd.Index([option.name for option in group.classes])
    return pd.Series(pd.Categorical.from_codes(level, names, ordered=True))


def _question_levels(dataset: Dataset, unit: str, name: str) -> pd.Series:
    question = dataset.question(unit, name)
    if question.kind not in ("select_one", "column", "calculate"):
        raise StudyError(f"group {name!r} is a question of kind {question.kind}; declare classes for it in study.yml")
    values, reasons = dataset.values(unit, name)
    values = values.where(reasons == Reason.ANSWERED)
    levels = [option.name for option in question.options]
    if question.kind == "column" and len(levels) > MOST_LEVELS:
        raise StudyError(
            f"group {name!r} has {len(levels)} levels, which may name people; at most {MOST_LEVELS} are taken from "
            "a column that the form does not list: declare classes for it in study.yml"
        )
    if question.kind == "calculate" or not levels:
        levels = sorted(str(value) for value in values.dropna().unique())
        values = values.astype("object").where(values.notna(), None)
    return pd.Series(pd.Categorical(values, categories=levels, ordered=True))


def level_label(dataset: Dataset, unit: str, group: Group, level: str) -> Label:
    """Labels of one level of a group: declared ones first; ``{}`` when the form has none."""
    if level in group.levels:
        return group.levels[level]
    for option in group.classes:
        if option.name == level:
            return option.label
    return dataset.question(unit, group.name).option_label(level) if not group.classes else {}


def group_label(dataset: Dataset, unit: str, group: Group) -> Label:
    """Labels of a group: the declared ones, else the question's wording."""
    return group.label or (dataset.question(unit, group.name).label if not group.classes else {})
