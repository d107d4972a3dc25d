"""Growth in one round: why children have no usable measurement, and what looks wrong with the measurements."""

from __future__ import annotations

import pandas as pd

from xzz_analysis.errors import Finding
from xzz_analysis.needs.growth import FLAGS, STANDARDS, grown, growth_findings, not_supplied
from xzz_analysis.needs.indicator import Indicator
from xzz_analysis.needs.instruments.figures import today_of
from xzz_analysis.needs.measure import growth_parts
from xzz_analysis.needs.monitoring import MonitoringRound


def grown_indicators(survey: MonitoringRound) -> list[Indicator]:
    """The round's indicators of growth, in the order of the declarations."""
    return [one for one in survey.indicators if one.growth is not None and one.unit in survey.units]


def waiting_for_cutoffs(survey: MonitoringRound) -> list[Indicator]:
    """The study's indicators by a national standard whose cut-offs it does not supply."""
    return [one for one in survey.declared if one.growth is not None and not_supplied(one.growth)]


def growth_flags(survey: MonitoringRound) -> pd.DataFrame:
    """Count the children of each indicator of growth by why they have no usable value.

    Parameters
    ----------
    survey : MonitoringRound
        Of one place: the counts are those of the whole study.

    Returns
    -------
    DataFrame
        Column ``flag`` with the words of ``growth.FLAGS``, except those that occur nowhere, and a column of counts
        for each indicator: children in its base, not weighted. Not protected.
    """
    survey = survey.whole
    counts: dict[str, pd.Series] = {}
    for one in grown_indicators(survey):
        assert one.growth is not None
        parts = growth_parts(one, survey.dataset, survey.rows(one.unit), today=today_of(survey))
        flags = grown(one.growth, parts)["flag"]
        counts[one.id] = flags.value_counts().reindex(list(FLAGS), fill_value=0)
    table = pd.DataFrame(counts, index=pd.Index(list(FLAGS), dtype="str", name="flag"))
    return table[(table > 0).any(axis=1) | (table.index == "")].reset_index()


def growth_checks(survey: MonitoringRound) -> list[Finding]:
    """Look at the measurements behind every indicator of growth for wrong units, wrong ages and impossible values.

    Parameters
    ----------
    survey : MonitoringRound

    Returns
    -------
    list of Finding
        As :func:`~xzz_analysis.needs.growth.growth_findings` makes them: counts, never a child. Indicators of one
        measurement are looked at once.
    """
    findings, seen = [], set()
    for one in grown_indicators(survey.whole):
        growth = one.growth
        assert growth is not None
        reference = "who" if growth.reference in STANDARDS else growth.reference
        measured = (one.unit, one.base, growth.measure, growth.value, growth.age, growth.sex, reference)
        if measured in seen:
            continue
        seen.add(measured)
        parts = growth_parts(one, survey.dataset, survey.rows(one.unit), today=today_of(survey))
        place = f"indicators: {one.id}, round {survey.name}"
        value, age, sex = parts["value"], parts["age"], list(parts["sex"])
        findings += growth_findings(growth.measure, value, age, sex, reference, place)
    return findings
