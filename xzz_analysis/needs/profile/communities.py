"""Small communities: their own figures, and those that borrow strength from the others, side by side.

References
----------
Fay, R. E. and Herriot, R. A. (1979). Journal of the American Statistical Association 74, 269-277.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from xzz_analysis.errors import DesignError, Finding
from xzz_analysis.needs.profile.figures import ABOUT, Round, measured, told
from xzz_analysis.survey.estimates import COLUMNS
from xzz_analysis.survey.small_areas import small_area
from xzz_analysis.survey.small_areas.areas import ADDED


def small_communities(
    survey: Round,
    group: str,
    *,
    auxiliary: pd.DataFrame | None = None,
    indicators: Sequence[str] = (),
) -> tuple[pd.DataFrame, list[Finding]]:
    """Estimate every community directly and by the area-level model.

    Parameters
    ----------
    survey : MonitoringRound or Measured
    group : str
        The declared group whose levels are communities.
    auxiliary : DataFrame of numbers, indexed by community, optional
        What is known of every community (see :func:`~xzz_analysis.survey.small_areas.small_area`).
    indicators : sequence of str
        All when empty.

    Returns
    -------
    frame : DataFrame
        One row per indicator and community: ``estimate``, ``low`` and ``high`` are the shrunken ones, ``direct`` and
        ``direct_se`` the community's own, ``shrinkage`` the weight of the direct figure; then ``ABOUT``. ``n``,
        ``n_need`` and ``flags`` describe the direct estimate.
    findings : list of Finding
        Indicators for which there is no model, and why.

    Raises
    ------
    StudyError
        An unknown group, with the nearest name.

    References
    ----------
    Fay, R. E. and Herriot, R. A. (1979). Journal of the American Statistical Association 74, 269-277.
    """
    ready = measured(survey)
    parts: list[pd.DataFrame] = []
    findings: list[Finding] = []
    for unit in ready.split_by([group]):
        figures = unit.figures([group])
        for name in unit.indicators:
            if indicators and name not in indicators:
                continue
            try:
                own = figures[figures["indicator"] == name]
                parts.append(pd.DataFrame(small_area(own, auxiliary, group=group)))
            except DesignError as error:
                place = f"indicators: {name}"
                remedy = "print the direct figures, or group the communities"
                findings.append(Finding("note", "community_without_model", place, str(error), remedy))
    columns = [*COLUMNS, *ADDED, *ABOUT]
    if not parts:
        return pd.DataFrame(columns=columns), findings
    return told(pd.concat(parts, ignore_index=True), ready.indicators)[columns], findings
