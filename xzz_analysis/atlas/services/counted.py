"""Activities, person-times and persons as they may be shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np
import pandas as pd

from xzz_analysis.atlas.services.periods import Reports, linked, people_behind, year_of
from xzz_analysis.disclosure.periods import NOWHERE
from xzz_analysis.disclosure.protect import Policy, Protected, protect
from xzz_analysis.language import Label
from xzz_analysis.services.counting import (
    GROUPS,
    annual_figures,
    comers,
    count,
    counted_in,
    in_order,
    late_entries,
    probable_repeats,
)
from xzz_analysis.services.opening import Ledgers
from xzz_analysis.services.results import results

MEASURES = ("activities", "person_times", "persons")
"""Indicators of counts, with statistic ``total``."""

NOT_KNOWN = "not_known"
"""Reason of a figure that the ledgers do not tell."""

UNSTATED = "not_stated"
"""What ``by`` says of rows with an empty cell: it would be taken for the whole otherwise."""

METHOD = "counted"

DEFINITIONS: dict[str, Label] = {
    "activities": {"zh": "活动场次；汇总行按所填场次计。", "en": "Activities; a total counts as many as it states."},
    "person_times": {
        "zh": "到场人次：有签到表的按签到计，其余按台账所填。",
        "en": "Attendances: by the attendance sheet where there is one, else as the ledger states them.",
    },
    "persons": {
        "zh": "不同的人：签到表按编号去重；没有签到表的只能给出上下限。",
        "en": "Different persons: told apart by key on attendance sheets; between bounds where there is no sheet.",
    },
    "comers": {
        "zh": "签到表上首次出现的人与以前来过的人。",
        "en": "Persons on the attendance sheets for the first time, and those who had come before.",
    },
    "late_entries": {"zh": "超过期限才登记的行。", "en": "Rows that were written down later than agreed."},
    "entry_rows": {"zh": "本期台账行数。", "en": "Rows of a ledger in the period."},
    "entry_delay": {"zh": "从发生到登记的天数中位数。", "en": "Median days from the day to the entry."},
    "without_person_times": {"zh": "不知道人次的活动。", "en": "Activities whose person-times are not known."},
    "totals_left_out": {
        "zh": "只有一部分落在本期、因而未计入的汇总行。",
        "en": "Totals that lie partly outside the period, and are not counted.",
    },
    "sheets_differ": {
        "zh": "台账所填人次与签到表不同的活动。",
        "en": "Activities whose stated person-times differ from the attendance sheet.",
    },
    "probable_repeats": {"zh": "疑似重复登记的活动。", "en": "Activities that were probably entered twice."},
    "annual": {"zh": "年报所需数字。", "en": "Figures that reporting forms ask for."},
}
"""What each indicator of this room counts."""

_KEPT = ("split", *GROUPS, "at_least")
_STEPS = ("month", "week")


def splits(ledgers: Ledgers) -> tuple[tuple[str, ...], ...]:
    """What the counts of a period are split by: by months where it has several, else by weeks."""
    step = "month" if ledgers.period.months > 1 else "week"
    plain = ((), ("domain",), ("community",), ("community", "domain"), ("type",), ("project",), ("sheet",))
    return (*plain, (step,), (step, "domain"))


@lru_cache(maxsize=8)
def counts(ledgers: Ledgers) -> pd.DataFrame:
    """Results of activities, person-times and persons, in all and by every split.

    Parameters
    ----------
    ledgers : Ledgers

    Returns
    -------
    DataFrame
        As :func:`~xzz_analysis.services.results.results` makes it, with the columns ``split`` (``community;domain``),
        ``community``, ``domain``, ``type``, ``project``, ``month``, ``week``, ``sheet`` and ``at_least`` (``yes`` where
        some activities state no person-times). Persons that cannot be told apart have no estimate, but ``low`` and
        ``high``.
    """
    chosen = counted_in(ledgers)
    groups = [*_STEPS, *(name for name in GROUPS if name not in _STEPS)]
    parts = [
        in_order(ledgers, count(chosen, by), by).assign(split=";".join(by), place=place)
        for place, by in enumerate(splits(ledgers))
    ]
    table = pd.concat(parts, ignore_index=True)
    table = table.reindex(columns=[*table, *(name for name in groups if name not in table)])
    table[groups] = table[groups].astype("str").replace("", UNSTATED).fillna("")
    if not ledgers.has("activities"):
        table[[*MEASURES, "persons_low", "persons_high"]] = np.nan  # no ledger says so is not nought
    made = [results(ledgers, name, "total", _measured(table, name), groups, METHOD) for name in MEASURES]
    together = pd.concat(made, ignore_index=True).sort_values("place", kind="stable", ignore_index=True)
    together[groups] = together[groups].replace(UNSTATED, "")
    return together.drop(columns="place")


def _measured(table: pd.DataFrame, measure: str) -> pd.DataFrame:
    """One measure of every row."""
    frame = table[["split", *GROUPS, "place"]].assign(estimate=table[measure].astype(float), at_least="")
    if measure != "activities":
        frame["n"] = table["people"].mask(table["people"] == 0)
        frame["reason"] = np.where(frame["estimate"].isna(), NOT_KNOWN, "")
    if measure == "persons":
        frame = frame.assign(low=table["persons_low"], high=table["persons_high"])
    if measure == "person_times":
        partly = table["at_least"]
        frame["at_least"] = np.where(partly, "yes", "")
        frame = frame.assign(low=frame["estimate"], high=frame["estimate"].mask(partly))
    return frame


def protected_counts(ledgers: Ledgers) -> Protected:
    """Counts as they may be shown: no hidden one follows from others and their totals, in any split or period."""
    return year_of(ledgers, "counts", _reports).table(ledgers.period.name)


def _reports(ledgers: Ledgers) -> Reports[float]:
    sums = people_behind(ledgers, dict.fromkeys(MEASURES[1:], "person_times"), frozenset(["person_times"]))
    return Reports(counts, linked(ledgers), sums)


def measured(ledgers: Ledgers, measure: str, *by: str) -> Protected:
    """Protected rows of one measure by one split.

    Parameters
    ----------
    ledgers : Ledgers
    measure : str
        Word of :data:`MEASURES`.
    *by : str
        One of :func:`splits`.
    """
    safe = protected_counts(ledgers)
    return safe.rows((safe.frame["indicator"] == measure) & (safe.frame["split"] == ";".join(by)))


def protected_by_community_and_domain(ledgers: Ledgers) -> Protected:
    """Persons served by community and domain as they may be shown: ``estimate`` where exact, and their bounds."""
    return measured(ledgers, "persons", "community", "domain")


@lru_cache(maxsize=8)
def earlier(ledgers: Ledgers) -> Ledgers | None:
    """The same ledgers for the period before; None where they do not reach back that far, or this one is not over."""
    before = ledgers.period.before()
    days = ledgers.table("activities")["date"].dropna()
    if not len(days) or days.min().date() > before.first or ledgers.period.last > ledgers.until:
        return None
    return ledgers.at(before)


def newcomers(ledgers: Ledgers) -> pd.DataFrame:
    """Results of persons on attendance sheets: all, new and returning (``standing``)."""
    chosen = ledgers.period
    found = comers(ledgers.table("activities"), ledgers.table("attendance"), chosen.first, chosen.last)
    frame = pd.DataFrame(
        {"standing": ["", "new", "returning"], "estimate": [found.new + found.returning, found.new, found.returning]}
    )
    frame = frame.astype({"estimate": float}).assign(n=lambda table: table["estimate"].replace(0.0, np.nan))
    return results(ledgers, "comers", "total", frame, ["standing"], METHOD)


def protected_newcomers(ledgers: Ledgers) -> Protected:
    """New and returning persons, as they may be shown."""
    return linked(ledgers)(newcomers(ledgers), NOWHERE)


def entries(ledgers: Ledgers) -> pd.DataFrame:
    """Results of how the ledgers were kept: late entries, and what could not be counted.

    Returns
    -------
    DataFrame
        With a column ``ledger``; indicators ``entry_rows``, ``late_entries`` and ``entry_delay`` by ledger, and
        ``without_person_times``, ``totals_left_out``, ``sheets_differ`` and ``probable_repeats`` of activities.
    """
    chosen = counted_in(ledgers)
    told = {
        "without_person_times": float(count(chosen)["without_times"].iloc[0]),
        "totals_left_out": float(len(chosen.left_out)),
        "sheets_differ": float(chosen.differing),
        "probable_repeats": float(probable_repeats(ledgers)),
    }
    parts = [
        results(ledgers, name, "total", pd.DataFrame({"ledger": ["activities"], "estimate": [value]}), ["ledger"])
        for name, value in told.items()
    ]
    late = late_entries(ledgers)
    late = late[late["dated"] > 0]
    if len(late):
        for name, column in (("entry_rows", "rows"), ("late_entries", "late"), ("entry_delay", "median_days")):
            frame = late[["ledger"]].assign(estimate=late[column].astype(float))
            parts.append(results(ledgers, name, "median" if name == "entry_delay" else "total", frame, ["ledger"]))
    return pd.concat(parts, ignore_index=True)


def protected_entries(ledgers: Ledgers) -> Protected:
    """How the ledgers were kept, as it may be shown: rows and days, which rest on no person."""
    return protect(entries(ledgers), Policy.of(ledgers.study))


def annual(ledgers: Ledgers) -> pd.DataFrame:
    """Results of the figures of reporting forms that are no counts of activities; ``option`` is the code."""
    table = annual_figures(ledgers)
    counted_already = _places(counts(ledgers))
    own = table[[key not in counted_already for key in _asked(table)]]
    frame = pd.DataFrame({"option": own["code"], "estimate": own["value"], "n": own["n"].replace(0.0, np.nan)})
    frame["reason"] = np.where(frame["estimate"].isna(), NOT_KNOWN, "")
    return results(ledgers, "annual", "total", frame, (), METHOD)


def protected_annual(ledgers: Ledgers) -> Protected:
    """The figures of reporting forms as they may be shown, in their order.

    Returns
    -------
    Protected
        With the columns ``code``, ``zh``, ``en``, ``unit_zh`` and ``unit_en``. Counts of activities, person-times and
        persons are the very results of :func:`protected_counts`.
    """
    table = annual_figures(ledgers)
    own = protect(annual(ledgers), Policy.of(ledgers.study))
    both = protected_counts(ledgers).without(_KEPT).joined(own)
    places = _places(both.frame)
    wanted = zip(_asked(table), table["code"], strict=True)
    chosen = both.ordered([places.get(key, places.get(("annual", "", code), -1)) for key, code in wanted])
    for name, column in (("code", "code"), ("zh", "zh"), ("en", "en"), ("unit_zh", "unit"), ("unit_en", "unit_en")):
        chosen = chosen.with_column(name, list(table[column]))
    return chosen


def _asked(table: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Which result a figure of reporting forms is: indicator, ``by`` and option."""
    told = table[["indicator", "by", "code"]].to_dict("records")
    return [(one["indicator"], one["by"], "") if one["indicator"] else ("annual", "", one["code"]) for one in told]


def _places(frame: pd.DataFrame) -> dict[tuple[str, str, str], int]:
    """Indicator, ``by`` and option of each row → its place."""
    keys = zip(frame["indicator"], frame["by"], frame["option"], strict=True)
    return {(str(one), str(by), str(option)): place for place, (one, by, option) in enumerate(keys)}


def figures(ledgers: Ledgers) -> Iterator[tuple[pd.DataFrame, Callable[[], Protected]]]:
    """Every figure of this room with an id, and how it is protected.

    Parameters
    ----------
    ledgers : Ledgers

    Yields
    ------
    tuple of DataFrame and callable
    """
    yield counts(ledgers), lambda: protected_counts(ledgers)  # not known without a ledger, and asked for all the same
    if ledgers.has("activities"):
        before = earlier(ledgers)
        if before is not None:
            yield counts(before), lambda: protected_counts(before)
        yield newcomers(ledgers), lambda: protected_newcomers(ledgers)
        yield entries(ledgers), lambda: protected_entries(ledgers)
    yield annual(ledgers), lambda: protect(annual(ledgers), Policy.of(ledgers.study))
