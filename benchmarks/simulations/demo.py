"""The demonstration study drawn again and again from its population: what is known of every level and every change.

The population of data/demo stays as it is; grids, families and children are drawn anew, interviewed again with other
non-response, and asked through the study's own indicators, groups and design. Only the exports are left out: answers
go from the interview straight into the library's table of answers. What make_demo.py spoils on purpose is not spoiled.
"""

from __future__ import annotations

import dataclasses
import importlib
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from surveys import generator

from xzz_analysis.intake.answers import Answers, Question, Reason
from xzz_analysis.intake.store import Dataset, read_study
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.study import Study, open_study

DEMO = Path(__file__).parents[2] / "data" / "demo"
TESTED_AT = 0.05
UNCHANGED = 0.0005
"""A share of the population that moved by less was left as it is."""

NUMBERS = ("integer", "decimal", "calculate")
UNKNOWN = {
    "": Reason.SKIPPED,
    **dict.fromkeys(("dont_know", "-98"), Reason.DONT_KNOW),
    **dict.fromkeys(("refused", "-99"), Reason.REFUSED),
}
"""How an interview writes that there is no answer."""


class Demonstration:
    """The study, its population and its truth; each draw is another sample of the same people."""

    def __init__(self) -> None:
        sys.path.insert(0, str(DEMO))
        try:
            self.maker = importlib.import_module("make_demo")
        finally:
            sys.path.remove(str(DEMO))
        self.study: Study = open_study(DEMO)
        self.population = self.maker.make_population(np.random.default_rng(self.maker.SEED))
        self.truth: dict[str, Any] = self.maker.truth(self.population)
        self.planted: tuple[str, ...] = self.maker.CHANGED

    @cached_property
    def template(self) -> Dataset:
        """The study as it was interviewed once: its questions."""
        return read_study(self.study)

    def rounds(self, number: int) -> list[MonitoringRound]:
        """Both rounds of one draw."""
        rng = generator("demo", number)
        drawn = self.maker.interview(self.population, self.maker.draw(self.population, rng), rng)
        names = list(self.study.rounds)
        family = pd.concat([drawn[name, "family"].assign(round=name) for name in names], ignore_index=True)
        child = pd.concat([drawn[name, "child"].assign(round=name) for name in names], ignore_index=True)
        place = pd.Series(range(len(family)), index=pd.MultiIndex.from_frame(family[["round", "family_id"]]))
        parent = pd.Series(place.loc[list(zip(child["round"], child["family_id"], strict=True))].to_numpy())
        answers = {
            "family": answered(self.template.unit("family"), family, None),
            "child": answered(self.template.unit("child"), child, parent),
        }
        data = dataclasses.replace(self.template, answers=answers, parents={"child": "family"})
        return [MonitoringRound(self.study, data, name) for name in names]

    def outcomes(self, number: int) -> pd.DataFrame:
        """Every level and every change of one draw that has a truth, one row each."""
        before, after = self.rounds(number)
        parts = []
        for group in (None, *(group.name for group in self.study.groups)):
            for one in (before, after):
                known = self.truth[one.name]
                parts.append(_beside(one.needs(group), known).assign(panel="level", group=group or ""))
            change = _beside(after.change(before, group), *(self.truth[one.name] for one in (before, after)))
            parts.append(change.assign(panel="change", group=group or ""))
        found = pd.concat(parts, ignore_index=True)
        return found.assign(draw=number, planted=found["indicator"].isin(self.planted))


def _beside(found: pd.DataFrame, *known: dict[str, dict[str, float]]) -> pd.DataFrame:
    """Estimates with an interval and the population's value: of one round, or the later minus the earlier one."""
    frame = pd.DataFrame(found)
    values = [
        [one.get(name, {}).get(by, np.nan) for one in known]
        for name, by in zip(frame["indicator"], frame["by"], strict=True)
    ]
    frame["truth"] = [pair[-1] - (pair[0] if len(pair) > 1 else 0.0) for pair in values]
    kept = frame["truth"].notna() & frame["low"].notna() & frame["high"].notna()
    columns = ["indicator", "by", "estimate", "low", "high", "truth"]
    return frame.loc[kept, [*columns, *(name for name in ("p", "p_adjusted") if name in frame)]]


def answered(template: Answers, table: pd.DataFrame, parent: pd.Series | None) -> Answers:
    """A table of texts as answers to the questions of a template."""
    values: dict[str, Any] = {}
    reasons: dict[str, np.ndarray] = {}
    for question in template.questions.values():
        told = table[question.name] if question.name in table else pd.Series("", table.index)
        why = told.map(UNKNOWN).fillna(Reason.ANSWERED).to_numpy(np.int8)
        for column, given in _columns(question, told.where(why == Reason.ANSWERED)):
            values[column], reasons[column] = given, why
    return dataclasses.replace(
        template,
        values=pd.DataFrame(values),
        reasons=pd.DataFrame(reasons),
        rounds=table["round"].astype("str"),
        parent=parent,
    )


def _columns(question: Question, told: pd.Series) -> Iterator[tuple[str, pd.Series]]:
    """Columns of one question, missing where there is no answer."""
    if question.kind == "select_multiple":
        chosen = told.str.split()
        for option in question.options:
            marked = chosen.map(lambda names, name=option.name: float(name in names), "ignore")
            yield f"{question.name}/{option.name}", marked
    else:
        yield question.name, pd.to_numeric(told) if question.kind in NUMBERS else told.astype("str")


def summary(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Rates over draws, one row for each grouping of levels and changes, and for each change of the whole.

    Parameters
    ----------
    outcomes : DataFrame
        As :meth:`Demonstration.outcomes` makes them, of several draws.

    Returns
    -------
    DataFrame
        ``part`` is level, change, planted or unchanged; ``name`` the group (empty for the whole) or the indicator.
        ``rate`` of the intervals that hold the truth, with a standard error from draw to draw, ``above`` and ``below``
        of those that miss it; ``rejected`` at p below 0.05, ``holm`` after adjustment.
    """
    told = outcomes.assign(
        inside=(outcomes["low"] <= outcomes["truth"]) & (outcomes["truth"] <= outcomes["high"]),
        above=outcomes["low"] > outcomes["truth"],
        below=outcomes["high"] < outcomes["truth"],
        width=outcomes["high"] - outcomes["low"],
        rejected=outcomes["p"] < TESTED_AT,
        holm=outcomes["p_adjusted"] < TESTED_AT,
    )
    rows = [_rates(part, kind, group) for (kind, group), part in told.groupby(["panel", "group"], sort=False)]
    whole = told[(told["panel"] == "change") & (told["group"] == "")]
    for name, part in whole.groupby("indicator", sort=False):
        if bool(part["planted"].any()):
            rows.append(_rates(part, "planted", str(name)))
    same = whole[~whole["planted"] & (whole["truth"].abs() < UNCHANGED)]
    rows += [_rates(part, "unchanged", str(name)) for name, part in same.groupby("indicator", sort=False)]
    return pd.DataFrame([*rows, _rates(same, "unchanged", "")])


def _rates(part: pd.DataFrame, kind: str, name: str) -> dict[str, Any]:
    """One row of the summary; ``any_holm`` is the share of draws in which at least one is called a change."""
    draws = part.groupby("draw")
    by_draw = draws["inside"].mean()
    error = float(by_draw.std(ddof=1) / np.sqrt(len(by_draw))) if len(by_draw) > 1 else np.nan
    means = {one: float(part[one].mean()) for one in ("above", "below", "width", "truth", "estimate")}
    row = {"part": kind, "name": name, "draws": len(by_draw), "intervals": len(part), "rate": part["inside"].mean()}
    row |= {"error": error, **means}
    if kind == "level":
        return row
    return row | {**part[["rejected", "holm"]].mean(), "any_holm": draws["holm"].any().mean()}


def simulate(draws: range) -> pd.DataFrame:
    """Draw the demonstration study so many times, and sum up."""
    demonstration = Demonstration()
    return summary(pd.concat([demonstration.outcomes(number) for number in draws], ignore_index=True))
