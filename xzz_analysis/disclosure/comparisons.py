"""Comparisons may leave only where both sides of them may."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from xzz_analysis.disclosure.protect import FIGURES, SUPPRESSED, Policy, Protected, hidden_rows
from xzz_analysis.errors import DisclosureError
from xzz_analysis.survey.estimates import MISSING_COLUMNS
from xzz_analysis.survey.part import without_place

ARROW = "→"
"""What stands between the rounds of a change."""

COMPARED = ("null", "t", "p", "p_adjusted", "before", "after", "overlap", "n_before", "n_after")
"""Figures that a comparison has beside those of an estimate; they disappear with them."""

_KEY = ["round", "unit", "indicator", "option", "statistic", "by"]


def protect_changes(changes: pd.DataFrame, levels: Iterable[Protected]) -> Protected:
    """Suppress every change of which one side is suppressed: the other and the change would give it away.

    Parameters
    ----------
    changes : Comparisons
        Of :func:`xzz_analysis.survey.change.change`: ``round`` is ``A→B``, ``statistic`` ends in ``_change``.
    levels : iterable of Protected
        The estimates of both rounds, by the same groups, as they are published.

    Returns
    -------
    Protected
        Same rows; a suppressed one loses every figure, one without an estimate keeps its reason and loses its counts.

    Raises
    ------
    DisclosureError
        A change whose level is in none of the tables.
    """
    tables = list(levels)
    if not tables:
        raise DisclosureError("changes are protected by the estimates they are made from; give those of both rounds")
    hidden = pd.concat([table.frame.set_index(_KEY)["suppressed"] for table in tables])
    hidden = hidden[~hidden.index.duplicated()]
    frame = pd.DataFrame(changes).reset_index(drop=True).copy()
    frame["by"] = without_place(frame["by"], tables[0].policy.place)
    estimated = frame["estimate"].notna().to_numpy()
    small = np.zeros(len(frame), bool)
    for side in (0, -1):
        keys = frame[_KEY].copy()
        keys["round"] = frame["round"].str.split(ARROW).str[side]
        keys["statistic"] = frame["statistic"].str.split("_change").str[0]
        found = hidden.reindex(pd.MultiIndex.from_frame(keys))
        if (found.isna().to_numpy() & estimated).any():
            raise DisclosureError(
                f"{int((found.isna().to_numpy() & estimated).sum())} changes have no estimate of round "
                f"{keys['round'].iloc[0]} among the protected tables; give the levels they are made from"
            )
        small |= found.fillna(False).to_numpy(bool)
    return _withheld(frame, small, tables[0].policy)


SIDES = ("of_level", "of_reference")
"""Both figures of a difference between two levels of a group."""


def protect_differences(differences: pd.DataFrame, levels: Protected) -> Protected:
    """Suppress every difference between two levels of which one is suppressed.

    Parameters
    ----------
    differences : DataFrame
        With ``result_id_level`` and ``result_id_reference``, the results of both sides, and :data:`SIDES`.
    levels : Protected
        The estimates by the same group, as they are published.

    Raises
    ------
    DisclosureError
        A side that is not in the table of levels.
    """
    hidden = levels.frame.set_index("result_id")["suppressed"]
    frame = pd.DataFrame(differences).reset_index(drop=True).copy()
    frame.attrs = {}
    estimated = frame["estimate"].notna().to_numpy()
    small = np.zeros(len(frame), bool)
    for side in ("result_id_level", "result_id_reference"):
        found = hidden.reindex(frame[side])
        if (found.isna().to_numpy() & estimated).any():
            raise DisclosureError(
                f"{int((found.isna().to_numpy() & estimated).sum())} differences have a side that is not among the "
                "protected levels; give the estimates they are made from"
            )
        small |= found.fillna(False).to_numpy(bool)
    return _withheld(frame, small, levels.policy)


SOURCES, FEWEST = "sources", "fewest"
"""Columns of what is made of several estimates: their result ids, joined by a semicolon; and, where other figures are
behind a row too, the fewest people with or without the need behind any of them."""


def protect_made(made: pd.DataFrame, levels: Iterable[Protected]) -> Protected:
    """Suppress every figure of which one of its sources is suppressed, or rests on too few people.

    What is made of several estimates (the parts of a change, a slope, a gap) is one more equation about all of them:
    printed beside the others it would give a hidden one away.

    Parameters
    ----------
    made : DataFrame
        With :data:`SOURCES`, and :data:`FEWEST` where figures are behind it that are no estimate of a table.
    levels : iterable of Protected
        Tables that hold every source, as they are published.

    Returns
    -------
    Protected
        Same rows without :data:`SOURCES` and :data:`FEWEST`; a suppressed one loses every number but its level.

    Raises
    ------
    DisclosureError
        A source of a figure that is in none of the tables.
    """
    tables = list(levels)
    if not tables:
        raise DisclosureError("what is made of estimates is protected by them; give the tables that hold them")
    hidden = pd.concat([table.frame.set_index("result_id")["suppressed"] for table in tables])
    known = dict(zip(hidden.index, hidden.astype(bool), strict=True))
    frame = pd.DataFrame(made).reset_index(drop=True).copy()
    frame.attrs = {}
    sources = [[name for name in str(text).split(";") if name] for text in frame[SOURCES]]
    strange = np.array([bool(set(names) - set(known)) for names in sources], bool)
    lost = strange & frame["estimate"].notna().to_numpy()
    if lost.any():
        raise DisclosureError(
            f"{int(lost.sum())} figures are made of estimates that are not among the protected tables; give every "
            "table that they are made from"
        )
    small = np.array([any(known.get(name, False) for name in names) for names in sources], bool)
    if FEWEST in frame:
        small |= frame[FEWEST].to_numpy(float) < tables[0].policy.threshold
    else:
        small |= np.array([not names for names in sources], bool) & frame["estimate"].notna().to_numpy()
    return _withheld(frame.drop(columns=[SOURCES, FEWEST], errors="ignore"), small, tables[0].policy)


def _withheld(frame: pd.DataFrame, small: np.ndarray, policy: Policy) -> Protected:
    """The comparisons without the figures of hidden rows and of those that have no estimate, and without any count of
    missing answers: those of the levels would follow from them."""
    if "by" in frame:
        frame["by"] = without_place(frame["by"], policy.place)
    without = small | frame["estimate"].isna().to_numpy()
    listed = [name for name in (*FIGURES, *COMPARED, *SIDES) if name in frame]
    other = [str(name) for name in frame.select_dtypes("number") if name not in (*listed, "level", "tests")]
    figures = [*listed, *other]
    frame[figures] = frame[figures].astype(float)
    frame.loc[without, figures] = np.nan
    frame[[name for name in MISSING_COLUMNS if name in frame]] = np.nan  # they stand beside the levels, protected
    frame.loc[small, "reason"] = SUPPRESSED
    frame.loc[without, "flags"] = ""
    frame["suppressed"] = small
    return hidden_rows(frame, policy)
