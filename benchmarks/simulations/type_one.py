"""How often do tests find a difference where there is none? Nominal: 5 %."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from intervals import CLUSTERS, TESTED_AT, between
from surveys import STRATA, draw_amounts, draw_answers, draw_design, generator, sample_of, spread

import xzz_analysis as xzz
from xzz_analysis.survey.testing.equality import Outcome
from xzz_analysis.survey.testing.hypotheses import table_of
from xzz_analysis.survey.testing.independence import Table, rao_scott, table_wald

QUESTIONS: dict[str, tuple[float, ...]] = {
    "50 %": (0.5, 0.5),
    "10 %": (0.9, 0.1),
    "2 %": (0.98, 0.02),
    "three answers": (0.5, 0.3, 0.2),
}
AMOUNT = "amount"
ASKED = {
    "sex": (*QUESTIONS, AMOUNT),
    "area": ("10 %", "three answers"),
    "age": ("three answers", AMOUNT),
}
"""Questions that are compared between two groups inside every cluster, two groups of whole strata, and four groups
inside every cluster."""

TABLE_TESTS: dict[str, Callable[[Table], Outcome]] = {
    "rao-scott-f": lambda table: rao_scott(table, order=2),
    "rao-scott-chisq": lambda table: rao_scott(table, order=1),
    "wald": lambda table: table_wald(table, adjusted=False),
    "adjusted-wald": lambda table: table_wald(table, adjusted=True),
}
"""What ``xzz.test`` computes by these names; here from one table, because making it takes longest."""


@dataclass(frozen=True)
class Cell:
    """One question asked of the surveys of one design, compared between the groups of one kind."""

    question: str
    group: str
    clusters: int
    icc: float = 0.15

    def run(self, surveys: int, repeats: int) -> pd.DataFrame:
        """Draw surveys with so many repeats each; one row per method."""
        rng = generator(*vars(self).values())
        found = pd.concat([self._survey(rng, repeats).assign(survey=place) for place in range(surveys)])
        rows = []
        for method in found.columns.drop("survey"):
            known = found[found[method].notna()]
            rejected = known[method] < TESTED_AT
            row = {"method": method, "repeats": len(found), "rate": rejected.mean()}
            row["error"] = between(rejected, known["survey"])
            rows.append({**row, "without": 1 - len(known) / len(found)})
        return pd.DataFrame(rows).assign(panel="test", **vars(self))

    def _survey(self, rng: np.random.Generator, repeats: int) -> pd.DataFrame:
        """p of every method in one survey, shape (repeats, methods)."""
        design = draw_design(rng, self.clusters)
        design["sex"] = rng.integers(0, 2, len(design))
        design["age"] = rng.integers(0, 4, len(design))
        design["area"] = (design["stratum"] >= STRATA // 2).astype(int)
        columns = spread("need", self._answers(rng, design, repeats))
        sample, names = sample_of(design, columns), list(columns)
        out = {} if self.question == AMOUNT else self._of_tables(sample, names)
        return pd.DataFrame(out | self._of_means(sample, names))

    def _answers(self, rng: np.random.Generator, design: pd.DataFrame, repeats: int) -> np.ndarray:
        if self.question == AMOUNT:
            return draw_amounts(rng, design, self.icc, repeats)
        return draw_answers(rng, design, QUESTIONS[self.question], self.icc, repeats)

    def _of_tables(self, sample: xzz.Sample, names: list[str]) -> dict[str, np.ndarray]:
        tables = [table_of(sample, name, [self.group]) for name in names]
        return {method: np.array([test(table).p for table in tables]) for method, test in TABLE_TESTS.items()}

    def _of_means(self, sample: xzz.Sample, names: list[str]) -> dict[str, np.ndarray]:
        """Tests of means; ``t`` of a share is nearly its difference, and left out."""
        out = {}
        if self.question == AMOUNT:
            for method in ("mean-wald", "adjusted-mean-wald") if self.group == "age" else ("t",):
                out[method] = xzz.test(sample, names, self.group, method=method, adjust="none")["p"].to_numpy()
        if self.group != "age" and self.question != "three answers":
            estimates = (xzz.mean if self.question == AMOUNT else xzz.share)(sample, names, self.group)
            out["differences"] = xzz.differences(estimates, self.group, adjust="none")["p"].to_numpy()
        return out


def cells() -> Iterator[Cell]:
    """Every cell of the page, in its order."""
    for group, questions in ASKED.items():
        yield from (Cell(question, group, clusters) for question in questions for clusters in CLUSTERS)
