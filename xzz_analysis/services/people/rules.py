"""Which rule of study.yml a volunteer's hour earns points by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from xzz_analysis.errors import ExpressionError, StudyError, suggest
from xzz_analysis.intake.expression import Vector, evaluate, number_vector, text_vector
from xzz_analysis.services.opening import Ledgers

TEXTS = ("sex", "hardship", "community")
"""Columns of people that a rule may name as texts; hardship is ``yes`` or ``no``."""

NAMES = (*TEXTS, "age", "born", "consent", "withdrawn")
"""Everything that a rule may name; days are ``YYYY-MM-DD``."""


class RuleOfEntry(NamedTuple):
    """The rule of each entry.

    Attributes
    ----------
    times : array of float, shape (entries,)
        Points an hour are multiplied by.
    rule : array of str, shape (entries,)
        Id of the rule with the highest ``times`` that holds; empty for none. Of two alike the first declared.
    open : array of bool, shape (entries,)
        Whether a rule that would earn more could not be judged, as the people ledger does not say enough.
    """

    times: np.ndarray
    rule: np.ndarray
    open: np.ndarray


def ages(born: pd.Series, day: pd.Series) -> pd.Series:
    """Whole years of age on a day, from the month of birth: a birthday is on the first of its month."""
    months = (day.dt.year - born.dt.year) * 12 + day.dt.month - born.dt.month
    years: pd.Series = (months // 12).astype(float)
    return years


def rules_of(ledgers: Ledgers, entries: pd.DataFrame) -> RuleOfEntry:
    """Find the rule of every entry.

    Parameters
    ----------
    ledgers : Ledgers
    entries : DataFrame
        ``person`` and ``date``; a row for each entry that earns.

    Returns
    -------
    RuleOfEntry

    Raises
    ------
    StudyError
        A rule that cannot be read, or names no column of people.
    """
    columns = _columns(ledgers, entries)

    def bound(name: str) -> Vector:
        if name not in columns:
            raise ExpressionError(f"there is no column {name!r} of people{suggest(name, NAMES)}")
        return columns[name]

    size = len(entries)
    times, rule, better = np.ones(size), np.full(size, "", dtype=object), np.zeros(size)
    for one in ledgers.declared.point_rules.rules:
        try:
            truth = evaluate(one.when, bound, size).truth()
        except ExpressionError as error:
            where = f"services.point_rules: {one.id}"
            raise StudyError(f"{where}: {error}; a rule may name {', '.join(NAMES)}") from None
        better = np.where(truth == -1, np.maximum(better, one.times), better)
        wins = (truth == 1) & ((one.times > times) | (rule == ""))
        times, rule = np.where(wins, one.times, times), np.where(wins, one.id, rule)
    return RuleOfEntry(times, rule, better > times)


def _columns(ledgers: Ledgers, entries: pd.DataFrame) -> Mapping[str, Vector]:
    """Columns of people as an expression sees them; what the ledger leaves empty is not known."""
    people = ledgers.table("people").drop_duplicates("person").set_index("person")
    told = people.reindex(entries["person"])
    hardship = told["hardship"].map({True: "yes", False: "no"}).astype(object)
    texts = {"sex": told["sex"], "community": told["community"], "hardship": hardship}
    made = {}
    for name, cells in texts.items():
        plain = cells.fillna("").astype(object)
        made[name] = text_vector(plain.to_numpy(), (plain != "").to_numpy())
    age = ages(told["born"].reset_index(drop=True), entries["date"].reset_index(drop=True))
    made["age"] = number_vector(age, age.notna().to_numpy())
    for name in ("born", "consent", "withdrawn"):
        days = told[name].dt.strftime("%Y-%m-%d").astype(object)
        made[name] = text_vector(days.fillna("").to_numpy(), days.notna().to_numpy())
    return made
