"""How often do 95 % intervals hold the truth? Shares, shares of a group, changes between two rounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from surveys import Rounds, draw_design, draw_needs, generator, sample_of, spread

import xzz_analysis as xzz
from xzz_analysis.survey.engine.interval import DEFAULT, METHODS, share_interval

CLUSTERS = (15, 30, 60)
SHARES = (0.02, 0.10, 0.50)
CHANGES = ((0.02, 0.02), (0.10, 0.10), (0.50, 0.50), (0.02, 0.04), (0.10, 0.15), (0.50, 0.60))
TESTED_AT = 0.05


@dataclass(frozen=True)
class Cell:
    """One population and design; everything in it is asked of the same surveys.

    Attributes
    ----------
    panel : "share", "group" or "change"
        A share of everybody; of a group that half of the clusters miss; its change between two rounds.
    clusters : int
    icc : float
    revisited : float
        Share of the clusters visited in both rounds, for changes.
    """

    panel: str
    clusters: int
    icc: float = 0.15
    revisited: float = 1.0

    def run(self, surveys: int, repeats: int) -> pd.DataFrame:
        """Draw surveys with so many repeats each; what came out, summed up by question and method."""
        rng = generator(*vars(self).values())
        draw = {"share": self._share, "group": self._group, "change": self._change}[self.panel]
        outcomes = pd.concat([draw(rng, repeats).assign(survey=place) for place in range(surveys)])
        return summary(outcomes).assign(**vars(self))

    def _share(self, rng: np.random.Generator, repeats: int) -> pd.DataFrame:
        design = draw_design(rng, self.clusters)
        return self._of_methods(design, self._needs(rng, design, repeats))

    def _group(self, rng: np.random.Generator, repeats: int) -> pd.DataFrame:
        """Half of the clusters hold members of the group, and half of their respondents are members."""
        design = draw_design(rng, self.clusters)
        holds = rng.permuted(np.arange(self.clusters) % 2 == 0)
        member = holds[design["cluster"]] & (rng.random(len(design)) < 0.5)
        design["group"] = np.where(member, "member", "other")
        return self._of_methods(design, self._needs(rng, design, repeats))

    def _needs(self, rng: np.random.Generator, design: pd.DataFrame, repeats: int) -> dict[str, np.ndarray]:
        drawn = {share: draw_needs(rng, design, share, self.icc, repeats) for share in SHARES}
        return {name: column for share, values in drawn.items() for name, column in spread(f"{share}", values).items()}

    def _of_methods(self, design: pd.DataFrame, needs: dict[str, np.ndarray]) -> pd.DataFrame:
        """Every interval of the library; those that need no more than the columns of an estimate are made from one."""
        by = "group" if self.panel == "group" else None
        found = xzz.share(sample_of(design, needs), list(needs), by, method=DEFAULT)
        found = pd.DataFrame(found[found["by"].isin(["", "group=member"])])
        question = found["indicator"].str.partition(":")[0]
        out = []
        for method in METHODS:
            if method != DEFAULT:
                figures = (found[name].to_numpy(float) for name in ("estimate", "se", "df", "n"))
                found["low"], found["high"] = share_interval(*figures, level=0.95, method=method)
            out.append(_outcomes(found, question, question.astype(float)).assign(method=method))
        return pd.concat(out)

    def _change(self, rng: np.random.Generator, repeats: int) -> pd.DataFrame:
        rounds = Rounds(rng, self.clusters, self.revisited)
        columns: list[dict[str, np.ndarray]] = [{}, {}]
        for before, after in CHANGES:
            for place, values in enumerate(rounds.needs(before, after, self.icc, repeats)):
                columns[place] |= spread(f"{before} to {after}", values)
        found = xzz.change(*rounds.samples(columns), list(columns[0]), adjust="none")
        question = found["indicator"].str.partition(":")[0]
        sides = question.str.split(" to ", expand=True).astype(float)
        return _outcomes(found, question, sides[1] - sides[0]).assign(method="change", rejected=found["p"] < TESTED_AT)


def cells() -> Iterator[Cell]:
    """Every cell of the page, in its order."""
    yield from (Cell("share", clusters, icc) for icc in (0.15, 0.05) for clusters in CLUSTERS)
    yield from (Cell("group", clusters) for clusters in CLUSTERS)
    yield from (Cell("change", clusters, revisited=part) for part in (1.0, 2 / 3) for clusters in CLUSTERS)


def _outcomes(found: pd.DataFrame, question: pd.Series, truth: pd.Series) -> pd.DataFrame:
    """What came out for each column: where the interval lies, and how wide it is."""
    found = pd.DataFrame(found)
    none = found["n_need"] == 0 if found["n_need"].notna().any() else found["estimate"].isna()
    return pd.DataFrame(
        {
            "question": question,
            "has": found["low"].notna() & found["high"].notna() & ~found["reason"].eq("no_sampling_error"),
            "above": found["low"] > truth,
            "below": found["high"] < truth,
            "width": found["high"] - found["low"],
            "none": none,
            "df": found["df"],
            "withheld": found["flags"].str.contains("suppress"),
        }
    )


def summary(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Rates by question and method, one row each.

    Returns
    -------
    DataFrame
        ``rate`` is the share of the intervals that hold the truth, ``error`` its Monte Carlo standard error (from the
        spread between surveys, so that columns of one survey need not be independent); ``above`` and ``below`` are the
        shares of intervals that lie wholly above or below it, ``without`` of repeats without an interval, ``none`` of
        repeats in which nobody has the need, ``withheld`` of estimates flagged to be suppressed; ``df`` is a mean.
    """
    rows = []
    for (question, method), part in outcomes.groupby(["question", "method"], sort=False):
        known = part[part["has"]]
        held = ~(known["above"] | known["below"])
        row = {"question": question, "method": method, "repeats": len(part), "rate": held.mean()}
        row["error"] = between(held, known["survey"])
        row |= {name: known[name].mean() for name in ("above", "below", "width")}
        row |= {name: part[name].mean() for name in ("none", "withheld", "df")}
        row["without"] = 1 - len(known) / len(part)
        if "rejected" in part:
            row["rejected"] = known["rejected"].mean()
            row["rejected_error"] = between(known["rejected"], known["survey"])
        rows.append(row)
    return pd.DataFrame(rows)


def between(values: pd.Series, survey: pd.Series) -> float:
    """Standard error of a rate from the spread between surveys; of independent repeats where that is larger."""
    by_survey = values.astype(float).groupby(survey).mean()
    independent = np.sqrt(values.mean() * (1 - values.mean()) / len(values))
    return float(max(by_survey.std() / np.sqrt(len(by_survey)), independent))
