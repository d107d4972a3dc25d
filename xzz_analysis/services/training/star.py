"""The health star: levels that people rise to, from a score before to a score after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding
from xzz_analysis.services.opening import Ledgers
from xzz_analysis.services.training.pairing import measured

DIRECTIONS = ("rose", "stayed", "fell")


@dataclass(frozen=True, eq=False)
class Stars:
    """Levels of the health star before and after.

    Attributes
    ----------
    steps : DataFrame
        One row per person, the first course and the last where there are several: ``community``, ``before`` and
        ``after`` (levels from 1), ``direction`` (of :data:`DIRECTIONS`).
    levels : int
        How many levels there are.
    below : int
        Persons left out because a score lies below the lowest level.
    """

    steps: pd.DataFrame
    levels: int
    below: int


def stars(ledgers: Ledgers) -> Stars | None:
    """Levels of the people measured with the star's instrument; None where study.yml declares no star.

    Parameters
    ----------
    ledgers : Ledgers

    Returns
    -------
    Stars or None
    """
    declared = ledgers.declared.star
    if declared is None or not ledgers.has("scores"):
        return None
    pairs = measured(ledgers).pairs
    return star_steps(pairs[pairs["instrument"] == declared.instrument], declared.levels)


def star_steps(pairs: pd.DataFrame, levels: Sequence[float]) -> Stars:
    """Turn pairs of scores into steps between levels.

    Parameters
    ----------
    pairs : DataFrame
        ``person``, ``community``, ``before`` and ``after``.
    levels : sequence of float
        Scores from which the levels begin, lowest first.

    Returns
    -------
    Stars
    """
    own = pairs.groupby("person", sort=False)
    one = own.agg(community=("community", "last"), before=("before", "first"), after=("after", "last"))
    found = one.reset_index(drop=True)
    ends = np.asarray(levels, float)
    for side in ("before", "after"):
        found[side] = np.searchsorted(ends, found[side].to_numpy(float), side="right")
    kept = found[(found["before"] > 0) & (found["after"] > 0)]
    moved = (kept["after"] - kept["before"]).to_numpy()
    direction = np.select([moved > 0, moved < 0], ["rose", "fell"], "stayed")
    return Stars(
        kept.assign(direction=pd.Series(direction, index=kept.index, dtype="str")).reset_index(drop=True),
        len(ends),
        len(found) - len(kept),
    )


def training_findings(ledgers: Ledgers) -> list[Finding]:
    """What was noticed about the scores of the period, with counts.

    Parameters
    ----------
    ledgers : Ledgers

    Returns
    -------
    list of Finding
        ``score_out_of_range``, ``score_after_first``, ``score_measured_again``, ``score_only_after`` and
        ``star_below_lowest``.
    """
    found = list(measured(ledgers).findings) if ledgers.has("scores") else []
    graded = stars(ledgers)
    if graded is not None and graded.below:
        found.append(
            Finding(
                "warning",
                "star_below_lowest",
                "scores",
                f"{graded.below} persons have a score below the lowest level of the health star and are left out of it",
                "let the first of services.star.levels in study.yml be the lowest possible score",
                graded.below,
            )
        )
    return found
