"""Small communities: their own figures, and those that borrow strength from the others, side by side.

References
----------
Fay, R. E. and Herriot, R. A. (1979). Journal of the American Statistical Association 74, 269-277.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pandas as pd

from xzz_analysis.errors import DesignError, Finding
from xzz_analysis.needs.profile.figures import ABOUT, Round, measured, require_whole, told
from xzz_analysis.survey.estimates import COLUMNS
from xzz_analysis.survey.small_areas import small_area
from xzz_analysis.survey.small_areas.areas import ADDED

FEWEST = 8
"""Communities that a report's model needs. With fewer, the variance between them is estimated as zero in up to half of
the samples, and all are told to be alike (docs/methods/profile.md)."""


def small_communities(
    survey: Round,
    group: str,
    *,
    auxiliary: pd.DataFrame | None = None,
    indicators: Sequence[str] = (),
    shown: Collection[str] | None = None,
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
    shown : collection of str, optional
        Result ids of the direct figures that take part; all by default. A model of published figures says nothing about
        those that are withheld.

    Returns
    -------
    frame : DataFrame
        One row per indicator and community: ``estimate``, ``low`` and ``high`` are the shrunken ones, ``direct`` and
        ``direct_se`` the community's own, ``shrinkage`` the weight of the direct figure; then ``ABOUT`` and
        ``sources``, the result ids of the direct figures that were modelled together. ``n``, ``n_need`` and ``flags``
        describe the direct estimate.
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
    require_whole(survey, "small communities")
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
                own = own if shown is None else own[own["result_id"].isin(list(shown))]
                made = pd.DataFrame(small_area(own, auxiliary, group=group))
                parts.append(made.assign(sources=";".join(own["result_id"])))
            except DesignError as error:
                place = f"indicators: {name}"
                remedy = "print the direct figures, or group the communities"
                findings.append(Finding("note", "community_without_model", place, str(error), remedy))
    columns = [*COLUMNS, *ADDED, *ABOUT, "sources"]
    if not parts:
        return pd.DataFrame(columns=columns), findings
    return told(pd.concat(parts, ignore_index=True), ready.indicators)[columns], findings
