"""Scores before and after, brought together person by person."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from xzz_analysis.errors import Finding
from xzz_analysis.services.opening import Ledgers

KEYS = ["course", "instrument"]
"""What is reported on its own: a course measured with an instrument."""

_PERSON = [*KEYS, "person"]
_CLASS = [*KEYS, "cluster"]
WHERE = "scores"


@dataclass(frozen=True, eq=False)
class Measured:
    """Who was measured before and after, of the courses measured afterwards in a period.

    Attributes
    ----------
    pairs : DataFrame
        One row per person, course and instrument: :data:`KEYS`, ``person``, ``cluster`` (class, empty when not stated),
        ``community``, ``before``, ``after``, ``highest`` and ``lowest`` (possible scores; highest NaN when not stated).
        Persons are for joining and never leave.
    lost : DataFrame
        The same without ``after``: measured before and not afterwards, though their class was.
    findings : tuple of Finding
    """

    pairs: pd.DataFrame
    lost: pd.DataFrame
    findings: tuple[Finding, ...] = ()


def measured(ledgers: Ledgers) -> Measured:
    """Pairs of the period of a study's ledgers.

    Parameters
    ----------
    ledgers : Ledgers

    Returns
    -------
    Measured
        Empty where there is no ledger of scores. Where a score does not state its community, that of the person in the
        ledger of people stands.
    """
    found = pair_scores(ledgers.up_to("scores"), ledgers.period.first)
    people = ledgers.table("people").drop_duplicates("person").set_index("person")["community"]
    parts = []
    for frame in (found.pairs, found.lost):
        known = frame["person"].map(people).astype(object).fillna("").astype("str")
        parts.append(frame.assign(community=frame["community"].where(frame["community"] != "", known)))
    return Measured(parts[0], parts[1], found.findings)


def pair_scores(scores: pd.DataFrame, first: dt.date) -> Measured:
    """Bring the first score before and the last one after together.

    Parameters
    ----------
    scores : DataFrame
        Rows of the ledger up to the last day of a period.
    first : date
        First day of the period. A pair belongs to the period in which its last score after was taken; somebody is lost
        when others of the same class (of the course, where classes are not stated) were measured afterwards in it.

    Returns
    -------
    Measured
    """
    rows, findings = _usable(scores)
    rows = rows.sort_values("date", kind="stable")
    before = rows[rows["wave"] == "before"]
    after = rows[rows["wave"] == "after"]
    start, end = before.drop_duplicates(_PERSON), after.drop_duplicates(_PERSON, keep="last")
    both = start.merge(end, on=_PERSON, how="left", suffixes=("", "_after"))
    backwards = both["date_after"] < both["date"]
    both = both[~backwards]
    taken = after[after["date"] >= pd.Timestamp(first)]
    classes = pd.MultiIndex.from_frame(taken[_CLASS].drop_duplicates())
    missed = both["date_after"].isna() & pd.MultiIndex.from_frame(both[_CLASS]).isin(classes)
    later = len(rows) - len(start) - len(end)
    alone = len(end) - int(end.set_index(_PERSON).index.isin(pd.MultiIndex.from_frame(start[_PERSON])).sum())
    told = [*findings, *_told(int(backwards.sum()), later, alone)]
    return Measured(_pairs(both[both["date_after"] >= pd.Timestamp(first)]), _lost(both[missed]), tuple(told))


def _usable(scores: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    """Rows with a score inside the instrument's range, and what is left out."""
    lowest = scores["lowest"].fillna(0.0)
    rows = scores.assign(lowest=lowest)
    given = rows["score"].notna() & (rows["wave"] != "")
    outside = given & ((rows["score"] < lowest) | (rows["score"] > rows["highest"]))
    findings = []
    if outside.any():
        count, line = int(outside.sum()), int(rows.loc[outside, "line"].min())
        findings.append(
            Finding(
                "warning",
                "score_out_of_range",
                WHERE,
                f"{count} scores lie outside the possible scores (first in line {line}) and are not used",
                "correct the score, or the columns highest and lowest, in the ledger of scores",
                count,
            )
        )
    return rows[given & ~outside], findings


def _told(backwards: int, later: int, alone: int) -> list[Finding]:
    said = (
        (
            "score_after_first",
            "warning",
            backwards,
            "{} persons were measured after a course on an earlier day than before it, and are left out",
            "correct the dates, or exchange before and after, in the ledger of scores",
        ),
        (
            "score_measured_again",
            "note",
            later,
            "{} scores lie between a person's first before and last after; they are not part of the comparison",
            "",
        ),
        (
            "score_only_after",
            "note",
            alone,
            "{} persons were measured after a course and not before it, so their change is not known",
            "measure everybody before the course begins",
        ),
    )
    return [
        Finding("warning" if severity == "warning" else "note", rule, WHERE, text.format(count), remedy, count)
        for rule, severity, count, text, remedy in said
        if count
    ]


def _pairs(both: pd.DataFrame) -> pd.DataFrame:
    """Pairs with the class and community of the last measurement, where it states them."""
    found = both.rename(columns={"score": "before", "score_after": "after"})
    for name in ("cluster", "community"):
        later = found[f"{name}_after"].astype(object).fillna("")
        found[name] = later.where(later != "", found[name]).astype("str")
    found["highest"] = found["highest"].fillna(found["highest_after"])
    columns = [*_PERSON, "cluster", "community", "before", "after", "highest", "lowest"]
    return found[columns].sort_values([*KEYS, "cluster"], kind="stable", ignore_index=True)


def _lost(both: pd.DataFrame) -> pd.DataFrame:
    columns = [*_PERSON, "cluster", "community", "before", "highest", "lowest"]
    found = both.rename(columns={"score": "before"})[columns]
    return found.sort_values([*KEYS, "cluster"], kind="stable", ignore_index=True)
