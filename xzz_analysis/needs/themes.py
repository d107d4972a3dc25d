"""What people said in their own words, as themes: how many named each, and how far two coders agree.

References
----------
Cohen, J. (1960). A coefficient of agreement for nominal scales. Educational and Psychological Measurement 20, 37-46.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from xzz_analysis.intake.answers import Reason
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.study import CodedQuestion
from xzz_analysis.survey.estimates import COLUMNS, MISSING_COLUMNS, Estimates, result_ids
from xzz_analysis.survey.measures.multiple import multiple

AGREEMENT, KAPPA = "agreement", "kappa"
"""Statistics of two coders: the share of answers to which both gave, or did not give, a theme; and Cohen's kappa."""


def coded_questions(survey: MonitoringRound, domain: str = "") -> list[CodedQuestion]:
    """The coded questions of a round, or those with a theme of one domain; rounds that nobody coded have none."""
    found = []
    for coded in survey.study.themes.questions:
        known = coded.unit in survey.units and coded.id in survey.dataset.unit(coded.unit).questions
        wanted = not domain or domain in map(coded.domain_of, coded.codes)
        if known and wanted and _asked(survey, coded):
            found.append(coded)
    return found


def _asked(survey: MonitoringRound, coded: CodedQuestion) -> bool:
    answers = survey.dataset.unit(coded.unit)
    here = (answers.rounds == survey.name).to_numpy()
    return bool((answers.reasons_of(coded.id)[here] != Reason.NOT_ASKED).any())


def theme_shares(survey: MonitoringRound, coded: CodedQuestion, domain: str = "") -> Estimates:
    """Estimate how many named each theme, among those whose answer was read.

    Parameters
    ----------
    survey : MonitoringRound
    coded : CodedQuestion
        One of :func:`coded_questions`.
    domain : str
        Themes of one domain; all when empty.

    Returns
    -------
    Estimates
        Shares, one row a theme, of those who answered in their own words and whose answer was coded. Blank, refused
        and uncoded answers are counted as missing; that somebody did not name a theme is not to say that it is
        no need of theirs.
    """
    made = survey.split(
        lambda whole, groups: multiple(whole.sample(coded.unit), coded.id, groups or None, combinations=0)
    )
    kept = made["statistic"] == "share"
    if domain:
        kept &= made["option"].map(coded.domain_of) == domain
    return made[kept].reset_index(drop=True)


def agreement(survey: MonitoringRound) -> Estimates:
    """How far two coders agree on every theme of the round.

    Parameters
    ----------
    survey : MonitoringRound
        Of a whole study: coders read all its answers, and nothing is said of one place.

    Returns
    -------
    Estimates
        For every theme that two coders looked for, ``agreement`` (a share) and ``kappa``; ``n`` are the answers that
        both have read, ``n_need`` those with the theme by the coder who is nearer to none or to all, so that protection
        holds for both. Without errors: these answers are no sample of anything. Kappa is NaN with the
        reason ``one_category`` where neither coder told any two answers apart.

    References
    ----------
    Cohen, J. (1960). Educational and Psychological Measurement 20, 37-46.
    """
    rows = [] if survey.place else list(_compared(survey))
    if not rows:
        return Estimates.none()
    frame = pd.DataFrame(rows).assign(round=survey.name, version="", by="", level=np.nan, flags="")
    frame = frame.assign(kind=survey.study.design.kind, **dict.fromkeys(MISSING_COLUMNS, 0))
    for name in ("se", "low", "high", "df", "n_eff", "weighted_n", "deff"):
        frame[name] = np.nan
    labels = {"study": survey.study.id, "round": survey.name}
    asked = frame[["unit", "indicator", "option", "statistic"]].itertuples(index=False)
    frame["result_id"] = [
        result_ids({**labels, "unit": unit}, [(question, "", option, statistic)], [""], 0.0, METHOD)[0]
        for unit, question, option, statistic in asked
    ]
    return Estimates(frame[list(COLUMNS)])


METHOD = "two coders; Cohen (1960)"


def _compared(survey: MonitoringRound) -> Iterator[dict[str, object]]:
    known = {coded.id for coded in coded_questions(survey)}
    for row in survey.dataset.coders.to_dict("records"):
        if row["round"] != survey.name or row["question"] not in known:
            continue
        counts = np.array([[row["both"], row["first"]], [row["second"], row["neither"]]], float)
        n = counts.sum()
        if not n:
            continue
        named = [float(counts[0].sum()), float(counts[:, 0].sum())]
        asked = {"unit": row["unit"], "indicator": row["question"], "option": row["option"], "method": METHOD}
        base = {**asked, "n": n, "n_need": min(named, key=lambda one: min(one, n - one))}
        kappa = cohen_kappa(counts)
        yield {**base, "statistic": AGREEMENT, "estimate": float(np.trace(counts) / n), "reason": ""}
        yield {**base, "statistic": KAPPA, "estimate": kappa, "reason": "one_category" if np.isnan(kappa) else ""}


def cohen_kappa(counts: np.ndarray) -> float:
    """Agreement of two coders beyond what their habits alone would give.

    Parameters
    ----------
    counts : array, shape (categories, categories)
        Answers by what the first coder said (rows) and the second (columns).

    Returns
    -------
    float
        1 for full agreement, 0 for that of chance; NaN where both used a single category.

    References
    ----------
    Cohen, J. (1960). Educational and Psychological Measurement 20, 37-46.
    """
    p = np.asarray(counts, float) / np.sum(counts)
    expected = float(p.sum(axis=1) @ p.sum(axis=0))
    return float((np.trace(p) - expected) / (1 - expected)) if expected < 1 else float("nan")
