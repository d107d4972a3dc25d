"""Respondents who are followed: their own change, who was lost, and weights for those who stayed.

References
----------
Lepkowski, J. M. (1989). Treatment of wave nonresponse in panel surveys. In Kasprzyk, D. et al. (eds), Panel Surveys,
348–374. Wiley.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from xzz_analysis.survey.change.change import Terms, changes, items_of, stack_for
from xzz_analysis.survey.change.rounds import number_persons, round_names, stack
from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.engine.interval import DEFAULT
from xzz_analysis.survey.estimate import By, Item, estimate_shares
from xzz_analysis.survey.estimate.items import groups_of
from xzz_analysis.survey.estimates import COLUMNS, Estimates
from xzz_analysis.survey.testing import Comparisons, test
from xzz_analysis.survey.testing.comparisons import check_family
from xzz_analysis.survey.weighting import adjust_nonresponse

TESTED = {
    "method": "test",
    "statistic": "test_statistic",
    "df1": "test_df1",
    "df2": "test_df2",
    "p": "test_p",
    "reason": "test_reason",
}
"""Columns of a test, and what an attrition table calls them."""

ATTRITION_COLUMNS = (*COLUMNS, "followed", "lost", *TESTED.values())
"""Columns of an attrition table, in order."""

_LOST = "joint:lost"


def matched_change(
    before: Sample,
    after: Sample,
    what: str | Sequence[str],
    by: By = None,
    *,
    key: str,
    statistic: str = "share",
    adjust: str = "holm",
    level: float = 0.95,
    method: str = DEFAULT,
) -> Comparisons:
    """Estimate change among the respondents of both rounds only, as a check beside :func:`change`.

    Parameters
    ----------
    before, after, what, by, statistic, adjust, level, method
        As in :func:`~xzz_analysis.survey.change.change.change`.
    key : str
        Column that identifies a respondent.

    Returns
    -------
    Comparisons
        As there; ``statistic`` is for example ``matched_share_change``. Respondents count who have a weight in both
        rounds, each with the weight of its round. Where the figure differs much from the change of all respondents,
        those who left or came differ from those who stayed.

    Raises
    ------
    DesignError
        A key that is missing or repeated in a round, nobody in both, and what :func:`change` refuses.

    References
    ----------
    Lepkowski, J. M. (1989). Treatment of wave nonresponse in panel surveys. In Panel Surveys, 348–374. Wiley.
    """
    terms = Terms(statistic, "panel", key, None, adjust, level, method)
    rounds = stack_for([before, after], what, by, terms)
    matched = rounds.of(rounds.followed())
    return changes(matched, items_of(matched.sample, what, statistic), by, terms, prefix="matched_")


def attrition(before: Sample, after: Sample, key: str, by: By = None, *, level: float = 0.95) -> Estimates:
    """Show who of one round was not interviewed in the next.

    Parameters
    ----------
    before, after : Sample
    key : str
        Column that identifies a respondent.
    by : str or sequence of str, optional
        Grouping columns of ``before``, crossed.
    level : float

    Returns
    -------
    Estimates
        One row per group, columns :data:`ATTRITION_COLUMNS`: the estimate is the weighted share lost of those with a
        weight in ``before``, ``followed`` and ``lost`` count respondents. Split by groups, every row repeats one test
        of whether all groups lost the same share (Rao and Scott, second order); else ``test_reason`` is ``no_groups``.

    Raises
    ------
    DesignError
        A key that is absent, missing, repeated within a round, or without a value in common.

    References
    ----------
    Rao, J. N. K. and Scott, A. J. (1984). On chi-squared tests for multiway contingency tables with cell proportions
    estimated from survey data. Annals of Statistics 12, 46–60.
    """
    check_family("none", level)
    groups = groups_of(by)
    names = round_names([before, after])
    lost = ~_interviewed_again(before, after, key)
    joint = stack([before], "none", columns=groups).sample
    joint.frame[_LOST] = lost.astype(np.int8)
    label = "→".join(names) if before.labels["round"] else ""
    joint = joint.described(labels={"round": label})
    found = estimate_shares(joint, [Item("lost", joint.frame[_LOST].to_numpy())], groups, level=level)
    table = Estimates(found.assign(lost=found["n_need"], followed=found["n"] - found["n_need"]))
    tested = test(joint, _LOST, groups, adjust="none").iloc[0] if groups else pd.Series({"reason": "no_groups"})
    for column, name in TESTED.items():
        text = column in ("method", "reason")
        table[name] = pd.array([tested.get(column, "" if text else np.nan)] * len(table), "str" if text else "float64")
    out = Estimates(table[list(ATTRITION_COLUMNS)])
    out.influence = found.influence
    return out


def attrition_weights(before: Sample, after: Sample, key: str, classes: str | Sequence[str]) -> Sample:
    """Let those who stayed carry the weight of those of their class who were lost.

    Parameters
    ----------
    before, after : Sample
    key : str
        Column that identifies a respondent.
    classes : str or sequence of str
        Columns of ``before``, known for everybody there; their crossed levels are the weighting classes.

    Returns
    -------
    Sample
        ``after`` with weight × (Σ of the class's weights in ``before`` ÷ Σ of those of it who stayed). Respondents who
        were not in ``before`` get the weight zero, because they follow nobody: the sample stands for the population of
        ``before`` as it is later. Standard errors take the shares who stayed as given.

    Raises
    ------
    DesignError
        A class of which nobody stayed, a class that is missing, a key that is absent, missing or repeated.

    References
    ----------
    Lepkowski, J. M. (1989). Treatment of wave nonresponse in panel surveys. In Kasprzyk, D. et al. (eds), Panel
    Surveys, 348–374. Wiley.
    """
    person = number_persons([before, after], key, round_names([before, after]))
    earlier, later = person[: len(before)], person[len(before) :]
    adjusted = adjust_nonresponse(before, _interviewed_again(before, after, key), classes).design.weight
    factor = np.zeros(int(person.max()) + 1)
    weight = before.design.weight
    factor[earlier] = np.divide(adjusted, weight, out=np.zeros(len(before)), where=weight > 0)
    return after.reweighted(after.design.weight * factor[later])


def _interviewed_again(before: Sample, after: Sample, key: str) -> np.ndarray:
    """Who of ``before`` has a weight in ``after``, bool array of shape (respondents,)."""
    person = number_persons([before, after], key, round_names([before, after]))
    return np.isin(person[: len(before)], person[len(before) :][after.design.weight > 0])
