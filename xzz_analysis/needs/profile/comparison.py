"""Two kinds of families side by side, such as hardship and ordinary.

References
----------
Newcombe, R. G. (1998). Interval estimation for the difference between independent proportions. Statistics in
Medicine 17, 873-890.
Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian J. of Statistics 6, 65-70.
"""

from __future__ import annotations

import pandas as pd

from xzz_analysis.needs.profile.figures import ABOUT, Round, measured, one_family, told
from xzz_analysis.survey.estimates import group_key, group_pairs
from xzz_analysis.survey.testing import differences
from xzz_analysis.survey.testing.comparisons import COMPARISON_COLUMNS
from xzz_analysis.survey.testing.contrast import MINUS

SIDES = ("of_level", "of_reference", "result_id_level", "result_id_reference")
"""What a comparison of two levels says beside their difference: both figures, and their results."""


def compare_groups(survey: Round, group: str, reference: str) -> pd.DataFrame:
    """Every indicator of each level of a group against one level.

    Parameters
    ----------
    survey : MonitoringRound or Measured
    group : str
        A declared group, for example ``hardship``.
    reference : str
        Level that is subtracted, for example ``ordinary``.

    Returns
    -------
    DataFrame
        Columns of comparisons, ``ABOUT`` and :data:`SIDES`, in the order of the declarations: level minus reference
        with interval, p, and Holm's p of all indicators together.

    Raises
    ------
    StudyError, DesignError
        An unknown group or reference, with the nearest name.

    References
    ----------
    Holm, S. (1979). Scandinavian Journal of Statistics 6, 65-70.
    """
    ready = measured(survey)
    parts = []
    for unit in ready.split_by([group]):
        figures = unit.figures([group])
        if not len(figures):
            continue
        parts.append(_with_sides(differences(figures, group, reference=reference), figures, group))
    if not parts:
        return pd.DataFrame(columns=[*COMPARISON_COLUMNS, *ABOUT, *SIDES])
    return told(one_family(parts, list(ready.indicators)), ready.indicators)[[*COMPARISON_COLUMNS, *ABOUT, *SIDES]]


def _with_sides(made: pd.DataFrame, figures: pd.DataFrame, group: str) -> pd.DataFrame:
    known = pd.DataFrame(figures).set_index(["indicator", "by"])
    out = pd.DataFrame(made)
    for place, side in enumerate(("level", "reference")):
        levels = [dict(group_pairs(by))[group].split(MINUS)[place] for by in out["by"]]
        others = [[pair for pair in group_pairs(by) if pair[0] != group] for by in out["by"]]
        sides = [group_key([*rest, (group, level)]) for rest, level in zip(others, levels, strict=True)]
        keys = pd.MultiIndex.from_arrays([out["indicator"], sides])
        rows = known.reindex(keys)
        out[f"of_{side}"], out[f"result_id_{side}"] = rows["estimate"].to_numpy(), rows["result_id"].to_numpy()
    return out
