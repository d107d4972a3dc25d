"""Scales that a study makes itself, and answers that a form asks in two steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from xzz_analysis.declaration import check
from xzz_analysis.errors import InputError, StudyError
from xzz_analysis.language import Label
from xzz_analysis.needs.scales.scale import Scale


def likert(
    name: str,
    label: Label,
    items: Sequence[str],
    *,
    points: tuple[int, int] = (1, 5),
    reverse: Sequence[str] = (),
    fewest: int | None = None,
    higher: Literal["worse", "better"] = "better",
) -> Scale:
    """Declare a scale of statements with graded answers, scored by their mean.

    Parameters
    ----------
    name : str
        Id of the scale.
    label : mapping of language to text
        In zh and en.
    items : sequence of str
        Names of the questions.
    points : pair of int
        Lowest and highest answer code; all whole numbers between them are answers.
    reverse : sequence of str
        Questions worded the other way.
    fewest : int, optional
        Questions that have to be answered for a score; all of them without it.
    higher : "worse" or "better"
        What a higher score means.

    Returns
    -------
    Scale

    Raises
    ------
    StudyError
        Items listed twice, reversed items that are not listed, more answers asked for than there are items.

    References
    ----------
    Likert, R. (1932). A technique for the measurement of attitudes. Archives of Psychology 140, 1–55.
    """
    declared: dict[str, object] = {
        "responses": {code: code for code in range(points[0], points[1] + 1)},
        "reversed": list(reverse),
        "rule": "mean",
        "missing": "all" if fewest is None else {"prorate": fewest},
        "range": points,
        "higher": higher,
    }
    return _declare(name, label, items, declared)


def food_groups(name: str, label: Label, groups: Sequence[str], *, enough: int | None = None) -> Scale:
    """Declare a count of food groups eaten, with the number that counts as diverse if there is one.

    Parameters
    ----------
    name : str
        Id of the scale.
    label : mapping of language to text
        In zh and en.
    groups : sequence of str
        Names of the 0/1 questions, one per food group.
    enough : int, optional
        Groups from which a diet counts as diverse; give its source in the indicator.

    Returns
    -------
    Scale
        Scored by the number of groups; a group without an answer leaves the score open, it is not "not eaten".

    Raises
    ------
    StudyError
        Groups listed twice, or fewer than two.

    References
    ----------
    FAO (2011). Guidelines for measuring household and individual dietary diversity. Rome.
    """
    declared: dict[str, object] = {"responses": {0: 0, 1: 1}, "range": (0, len(groups)), "higher": "better"}
    if enough is not None:
        bands = [
            {
                "name": "fewer",
                "below": enough,
                "label": {"zh": f"不足 {enough} 类", "en": f"fewer than {enough} groups"},
            },
            {"name": "enough", "label": {"zh": f"{enough} 类及以上", "en": f"{enough} groups or more"}},
        ]
        declared["cutoffs"] = {"bands": bands, "source": "the study's own"}
    return _declare(name, label, groups, declared)


def how_often(happened: pd.Series, frequency: pd.Series) -> pd.Series:
    """Join "did it happen" and "how often", as HFIAS and the Household Hunger Scale ask, into one item.

    Parameters
    ----------
    happened : Series of float, length n
        1 yes, 0 no, NaN without an answer.
    frequency : Series of float, length n
        Codes of how often (1 rarely, 2 sometimes, 3 often), asked of those who said yes.

    Returns
    -------
    Series of float, length n
        0 for no, the frequency for yes; NaN without either answer, and where "no" comes with a frequency.

    Raises
    ------
    InputError
        Values of ``happened`` other than 0 and 1, or a frequency of 0.

    References
    ----------
    Coates, J., Swindale, A. and Bilinsky, P. (2007). HFIAS indicator guide, version 3, section 5. FANTA.
    """
    yes, often = happened.to_numpy(float, na_value=np.nan), frequency.to_numpy(float, na_value=np.nan)
    wrong = int((~np.isnan(yes) & (yes != 0) & (yes != 1)).sum() + (often == 0).sum())
    if wrong:
        raise InputError(
            f"{wrong} answers of {happened.name!r} are not 0 or 1, or of {frequency.name!r} are 0; recode yes to 1, no "
            "to 0, and leave the frequency of those who said no empty"
        )
    joined = np.where(yes == 1, often, np.where((yes == 0) & np.isnan(often), 0.0, np.nan))
    return pd.Series(joined, index=happened.index, name=happened.name)


def _declare(name: str, label: Label, items: Sequence[str], declared: dict[str, object]) -> Scale:
    about = {"id": name, "label": dict(label), "items": list(items), "source": "the study's own", "licence": "own"}
    scale, findings = check(Scale, about | declared, f"scale {name}")
    if scale is None:
        raise StudyError(f"scale {name!r} cannot be declared", findings)
    return scale
