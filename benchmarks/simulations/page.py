"""results.csv and demo.csv as a page: docs/methods/simulations.md."""

from __future__ import annotations

import inspect
from pathlib import Path

import pandas as pd
import surveys

import xzz_analysis as xzz

DEFAULTS = {
    "share": inspect.signature(xzz.share).parameters["method"].default,
    "test": inspect.signature(xzz.test).parameters["method"].default,
}
COVERAGE = (0.93, 0.98)
ERRORS = (0.04, 0.06)
ALLOWANCE = 2  # Monte Carlo standard errors outside a band that may be chance

WHY = {
    "coverage, everybody": "a rare need in few clusters: how alike answers are inside clusters is estimated badly.",
    "coverage, a group": "three or four degrees of freedom: Student's critical value makes intervals hold too often.",
    "test, change": "few clusters: the errors of both rounds and their correlation rest on ten degrees of freedom: p "
    "is a little too small at 10 %; where a third of the clusters is new, rare needs are on the safe side.",
    "rao-scott-f": "a rare answer: its design effect is estimated at the shares found, and is too small where a group "
    "happens to hold little of it, so p is too small; `adjusted-wald` and `differences` are not misled.",
    "adjusted-wald": "a rare answer in few clusters: difference and standard error grow together, so p is on the safe "
    "side.",
    "differences": "a rare answer in few clusters: on the safe side, less so than the table test.",
}
"""Why a default leaves its band, by how the place begins."""

GROUPS = {
    "sex": "two groups in every cluster",
    "area": "two groups of whole strata",
    "age": "four groups in every cluster",
}


def read(path: Path) -> pd.DataFrame:
    """Results, of the full run and of the check."""
    return pd.read_csv(path, dtype={"question": str, "method": str})


def read_demo(path: Path) -> pd.DataFrame:
    """Results of the demonstration study; the whole has no name."""
    found = pd.read_csv(path)
    return found.assign(name=found["name"].fillna(""))


def outside(rate: float, error: float, band: tuple[float, float]) -> bool:
    """Whether a rate is outside its band by more than chance allows."""
    return rate < band[0] - ALLOWANCE * error or rate > band[1] + ALLOWANCE * error


def misses(results: pd.DataFrame) -> list[tuple[str, str, int, float]]:
    """Where a default is outside its band: panel, question, clusters and rate."""
    full = results[results["run"] == "full"]
    out = []
    for row in full.itertuples():
        place = _place(row)
        if row.method in (DEFAULTS["share"], "change") and outside(row.rate, row.error, COVERAGE):
            out.append((f"coverage, {place}", row.question, row.clusters, row.rate))
        if row.panel == "change" and _unchanged(row.question) and outside(row.rejected, row.rejected_error, ERRORS):
            out.append((f"test, {place}", row.question, row.clusters, row.rejected))
        if row.panel == "test" and row.method in tested(row.question) and outside(row.rate, row.error, ERRORS):
            out.append((f"{row.method}, {place}", row.question, row.clusters, row.rate))
    return out


def tested(question: str) -> tuple[str, ...]:
    """Tests of a question that are no mere alternative: the default and, for two groups, the difference."""
    return ("t", "adjusted-mean-wald", "differences") if question == "amount" else (DEFAULTS["test"], "differences")


def _place(row: pd.Series) -> str:
    if row.panel == "test":
        return GROUPS[row.group]
    if row.panel == "change":
        return "change, all clusters again" if row.revisited == 1 else "change, two thirds of the clusters again"
    return f"{'everybody' if row.panel == 'share' else 'a group'}, ICC {row.icc:g}"


def _unchanged(question: str) -> bool:
    before, after = question.split(" to ")
    return before == after


def text(results: pd.DataFrame, demo: pd.DataFrame) -> str:
    """The page."""
    full = results[results["run"] == "full"]
    parts = [_opening(full), _drawn()]
    for panel, icc in (("share", 0.15), ("share", 0.05), ("group", 0.15)):
        parts.append(_shares(full[(full["panel"] == panel) & (full["icc"] == icc)], panel, icc))
    parts += [
        _changes(full[full["panel"] == "change"]),
        _tests(full[full["panel"] == "test"]),
        _missed(results),
        _demonstration(demo[demo["run"] == "full"]),
        _again(),
    ]
    return "\n\n".join(parts) + "\n"


def _opening(full: pd.DataFrame) -> str:
    least, most = (int(full["repeats"].agg(which)) for which in ("min", "max"))
    worst = {panel: 100 * full.loc[full["panel"] == panel, "error"].max() for panel in ("share", "change", "test")}
    coverage, errors = (f"{_percent(low, 0)}–{_percent(high, 0)} %" for low, high in (COVERAGE, ERRORS))
    return f"""# How often intervals hold the truth, and tests find what is not there

Written by `python benchmarks/simulations/run.py` from `results.csv` and `demo.csv` beside it; a test compares them,
and draws a part again. Surveys are drawn from a population whose figures are known, the library estimates, and the
answers are compared. A 95 % interval should hold the truth 95 times in 100; a test at 5 % should find a difference
where there is none 5 times in 100.

{least:,} to {most:,} repeats of every cell, seed {surveys.SEED}. Monte Carlo errors (one standard error) are at most
{worst["share"]:.1f} percentage points for shares, {worst["change"]:.1f} for changes and {worst["test"]:.1f} for tests.
Wanted are {coverage} for intervals and {errors} for tests; ✗ marks a figure that is outside by more than
{ALLOWANCE} of its Monte Carlo errors."""


def _drawn() -> str:
    factors = ", ".join(f"{factor:g}" for factor in surveys.STRATUM_FACTORS)
    cluster, respondent = (f"{cv:g}" for cv in surveys.WEIGHT_CV.values())
    return f"""## What is drawn

- {surveys.STRATA} strata with the same number of clusters; 15, 30 or 60 clusters in all, drawn with replacement.
- {surveys.MEAN_SIZE} respondents in a cluster on average: 1 + a negative binomial number with mean
  {surveys.MEAN_SIZE - 1} and shape {surveys.SIZE_SHAPE} (standard deviation 9).
- Weights: a lognormal factor of the cluster (coefficient of variation {cluster}) times one of the respondent
  ({respondent}), 0.4 together. They have nothing to do with the answers.
- Needs: the share of a stratum is {factors} times the share of the population; the shares of its clusters are
  beta distributed with the stated intraclass correlation (ICC). At 2 % and ICC 0.15 most clusters hold no need at all.
- Change: the second round has new respondents, sizes and weights; where a cluster is visited again, the normal scores
  of its shares in the two rounds are correlated by {surveys.STANDING:g}.
- Tests: answers have the same shares in all strata and groups; cluster shares are Dirichlet distributed with ICC 0.15;
  amounts are lognormal (σ {surveys.LOG_SPREAD:g}), with ICC 0.15 of the logarithm."""


def _shares(part: pd.DataFrame, panel: str, icc: float) -> str:
    methods = list(dict.fromkeys(part["method"]))
    head = ["share", "clusters", *(_named(method, DEFAULTS["share"]) for method in methods)]
    head += ["default: wholly above", "wholly below", "mean width", "nobody has it", "flagged to suppress"]
    rows = []
    for (question, clusters), cell in part.groupby(["question", "clusters"]):
        by_method = cell.set_index("method")
        default = by_method.loc[DEFAULTS["share"]]
        row = [f"{_percent(float(question), 0)} %", clusters]
        row += [_marked(by_method.loc[method, "rate"], by_method.loc[method, "error"], COVERAGE) for method in methods]
        row += [_percent(default[name]) for name in ("above", "below", "width", "none", "withheld")]
        rows.append(row)
    title = "Shares of everybody" if panel == "share" else "Shares of a group that half of the clusters miss"
    return f"## {title}, ICC {icc:g}\n\n{_about_shares(part, panel)}\n\n{_table(head, rows)}"


def _about_shares(part: pd.DataFrame, panel: str) -> str:
    said = ["Intervals that hold the share, in %."]
    if panel == "group":
        df = part.groupby("clusters")["df"].mean().items()
        mean = ", ".join(f"{degrees:.1f} with {clusters} clusters" for clusters, degrees in df)
        said.append(f"Half of the respondents of its clusters belong to it; mean degrees of freedom: {mean}.")
    without = part[part["without"] > 0].groupby("method")["without"].max()
    if len(without):
        most = ", ".join(f"{method} in up to {_percent(share)} % of the repeats" for method, share in without.items())
        said.append(f"No interval, and not counted: {most}.")
    said.append("Where nobody asked has the need, an interval from 0 is counted like any other.")
    return "\n".join(said)


def _changes(part: pd.DataFrame) -> str:
    head = ["from → to", "clusters", "all again", "p < 0.05", "two thirds again", "p < 0.05"]
    rows = []
    part = part.sort_values(
        "question", key=lambda names: names.map(list(part["question"].unique()).index), kind="stable"
    )
    for (question, clusters), cell in part.groupby(["question", "clusters"], sort=False):
        row = [_question(question), clusters]
        for one in cell.sort_values("revisited", ascending=False).itertuples():
            found = _percent(one.rejected)
            if _unchanged(question):
                found = _marked(one.rejected, one.rejected_error, ERRORS)
            row += [_marked(one.rate, one.error, COVERAGE), found]
        rows.append(row)
    return f"""## Change between two rounds, ICC 0.15

`xzz.change` with revisited clusters: intervals that hold the true change, in %, and how often p is below 0.05 (where
nothing changed, the type-I error; else the power). Up to {_percent(part["without"].max())} % of the repeats have no
interval, because nobody had the need in either round; they are not counted. Where only a part of the clusters is
visited again, how many of the others lie in a stratum is treated as a matter of chance, as in R's stacked design: the
interval is on the safe side where strata differ.

{_table(head, rows)}"""


def _tests(part: pd.DataFrame) -> str:
    methods = list(dict.fromkeys(part["method"]))
    head = ["question", "clusters", *(_named(method, DEFAULTS["test"]) for method in methods)]
    said = f"""## Tests where there is no difference, ICC 0.15

p below 0.05, in %. The default of `xzz.test` is in bold; `differences` is `xzz.differences` of shares or means.
The first-order chi-square and the unadjusted Wald tests ignore how uncertain design effects from few clusters are;
they are there for comparison. Up to {_percent(part["without"].max())} % of the repeats have no test,
because nobody had the need; they are not counted."""
    tables = [said]
    for group, cells in part.groupby("group", sort=False):
        rows = []
        for (question, clusters), cell in cells.groupby(["question", "clusters"], sort=False):
            rates = cell.set_index("method")[["rate", "error"]]
            found = [_marked(*rates.loc[method], ERRORS) if method in rates.index else "" for method in methods]
            rows.append([question, clusters, *found])
        tables += [f"### {GROUPS[str(group)].capitalize()}", _table(head, rows)]
    return "\n\n".join(tables)


def _missed(results: pd.DataFrame) -> str:
    rows = [[what, _question(question), clusters, _percent(rate)] for what, question, clusters, rate in misses(results)]
    if not rows:
        return "## Where a default is outside its band\n\nNowhere."
    table = _table(["what", "question", "clusters", "%"], rows)
    said = [f"- {name}: {why}" for name, why in WHY.items() if any(str(row[0]).startswith(name) for row in rows)]
    return "\n\n".join(["## Where a default is outside its band", table, "\n".join(said)])


def _demonstration(full: pd.DataFrame) -> str:
    """Levels, changes, planted changes and what was left as it is, in draws of the demonstration study."""
    part = {name: one.set_index("name") for name, one in full.groupby("part")}
    same = part["unchanged"].loc[""]
    head = ["by", "levels", "they hold the truth", "changes", "they hold the truth", "wholly above", "wholly below"]
    rows = []
    for name, level in part["level"].iterrows():
        change = part["change"].loc[name]
        held = [_marked(one["rate"], one["error"], COVERAGE) for one in (level, change)]
        missed = [_percent(change[side]) for side in ("above", "below")]
        rows.append([name or "whole", f"{level['intervals']:,}", held[0], f"{change['intervals']:,}", held[1], *missed])
    planted = [
        [name, _points(one["truth"]), _points(one["estimate"]), *(_percent(one[how]) for how in ("rejected", "holm"))]
        for name, one in part["planted"].iterrows()
    ]
    called, after, any_called = (_percent(same[name]) for name in ("rejected", "holm", "any_holm"))
    return f"""## The demonstration study drawn again

{same["draws"]:,} further samples of the population of `data/demo`, each with its own grids, families, children and
non-response, through the study's own indicators, groups and design (`benchmarks/simulations/demo.py`); only the dirty
records are not planted. Intervals that hold the value of the population, in %:

{_table(head, rows)}

Intervals of levels hold it a little too often: 12 to 15 of 60 grids are a good part of all, which the design leaves out
of account because families are drawn inside them.

Changes that were built in, with Holm's adjustment over all indicators; the last two columns say how often they are
found, in %:

{_table(["indicator", "true change, points", "mean estimate", "p < 0.05", "after Holm"], planted)}

{len(part["unchanged"]) - 1} shares were left as they are: p is below 0.05 in {called} % of their changes, and in
{after} % after Holm; in {any_called} % of the samples at least one of them is called a change."""


def _points(change: float) -> str:
    return f"{100 * change:+.1f}"


def _question(question: str) -> str:
    """``0.02 to 0.04`` as ``2 % → 4 %``; other names as they are."""
    sides = question.split(" to ")
    if not sides[0].replace(".", "").isdigit():
        return question
    return " → ".join(f"{_percent(float(side), 0)} %" for side in sides)


def _again() -> str:
    return """## Again

```
python benchmarks/simulations/run.py
```

draws everything again (about a quarter of an hour on one core) and writes the results and this page."""


def _named(method: str, default: str) -> str:
    return f"**{method}**" if method == default else method


def _percent(share: float, digits: int = 1) -> str:
    return f"{100 * share:.{digits}f}"


def _marked(rate: float, error: float, band: tuple[float, float]) -> str:
    return f"{_percent(rate)} ✗" if outside(rate, error, band) else _percent(rate)


def _table(head: list[str], rows: list[list[object]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return "\n".join(lines)
