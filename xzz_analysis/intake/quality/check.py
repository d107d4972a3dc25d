"""A check as a declaration that can print itself, and the table of what checks found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding
from xzz_analysis.intake.quality.records import NEEDS, Records, blocks
from xzz_analysis.intake.quality.rules import RULES
from xzz_analysis.intake.quality.thresholds import QualityRules, Severity
from xzz_analysis.language import Label

PUBLIC = ("severity", "rule", "unit", "round", "question", "count", "base", "share", "threshold", "zh", "en")
INTERNAL = ("keys", "interviewers")
REMEDIES = ("remedy_zh", "remedy_en")
COLUMNS = (*PUBLIC, *REMEDIES, "part", *INTERNAL)


@dataclass(frozen=True)
class Found:
    """One thing that a check found.

    Attributes
    ----------
    base : int
        How many were looked at: what ``share`` is a share of.
    rows : bool array of shape (records,), optional
        Records concerned.
    count : int
        How many are concerned; those of ``rows`` by default.
    question : str
        Question, or the name of a declared rule; "" for whole records.
    threshold : float
        The limit that was passed.
    facts : mapping
        What else the message says.
    whole : int
        For findings about no single record: how many such things the whole table has (:mod:`.score`).
    severity : str
        Instead of the check's own.
    interviewers : tuple of str
        Codes of the interviewers concerned; internal.
    """

    base: int
    rows: np.ndarray | None = None
    count: int = -1
    question: str = ""
    threshold: float = np.nan
    facts: Mapping[str, Any] = field(default_factory=dict)
    whole: int = 0
    severity: str = ""
    interviewers: tuple[str, ...] = ()


Find = Callable[[Records, QualityRules], Iterator[Found]]


@dataclass(frozen=True)
class Check:
    """A check: what it needs, from where on it speaks, and how it says so.

    Attributes
    ----------
    rule : str
        Its name, a word of :data:`~xzz_analysis.intake.quality.rules.RULES`.
    severity : "error", "warning" or "note"
    needs : tuple of str
        Words of :data:`~xzz_analysis.intake.quality.records.NEEDS`.
    limits : tuple of str
        Fields of :class:`~xzz_analysis.intake.quality.thresholds.Thresholds`.
    find : callable
        The computation: records and rules → what was found. It has no state and changes nothing.
    message, remedy, example : mapping of language code to text
        The message is a template of ``{count}``, ``{base}``, ``{share}``, ``{threshold}`` and the facts found.
    reference : str
        Where the method is written down.
    """

    rule: str
    severity: Severity
    needs: tuple[str, ...]
    limits: tuple[str, ...]
    find: Find
    message: Label
    remedy: Label
    example: Label
    reference: str = ""

    @property
    def label(self) -> Label:
        """What it looks for, in words."""
        return RULES[self.rule]

    def why_not(self, records: Records, rules: QualityRules) -> Label | None:
        """Why the check cannot run or shall not, in words; None when it runs."""
        if self.rule in rules.without:
            reason = rules.without[self.rule]
            return {"zh": f"study.yml 关闭：{reason}", "en": f"switched off in study.yml: {reason}"}
        for need in self.needs:
            if need in ("logic", "counts", "ages", "plans"):
                if not any(one.unit == records.unit for one in getattr(rules, need)):
                    return NEEDS[need]
            elif need == "blocks":
                if not blocks(records.questions, rules.scales, rules.thresholds.block_items):
                    return NEEDS[need]
            elif not records.has(need):
                return NEEDS[need]
        return None

    def run(self, records: Records, rules: QualityRules) -> Findings:
        """Apply the check; what it cannot do is told with its reason.

        Parameters
        ----------
        records : Records
        rules : QualityRules

        Returns
        -------
        Findings
        """
        reason = self.why_not(records, rules)
        if reason is not None:
            place = {"rule": self.rule, "unit": records.unit, "round": records.round}
            return Findings(_frame([]), pd.DataFrame([{**place, **reason}]))
        rows = [self._row(found, records, rules) for found in self.find(records, rules)]
        return Findings(_frame([row for row in rows if row["count"]]))

    def _row(self, found: Found, records: Records, rules: QualityRules) -> dict[str, Any]:
        rows = np.zeros(len(records), bool) if found.rows is None else found.rows
        count = int(rows.sum()) if found.count < 0 else found.count
        share = count / found.base if found.base else np.nan
        facts = {"count": count, "base": found.base, "share": share, "threshold": found.threshold, **found.facts}
        return {
            "severity": found.severity or rules.severity.get(self.rule, self.severity),
            "rule": self.rule,
            "unit": records.unit,
            "round": records.round,
            "question": found.question,
            "count": count,
            "base": found.base,
            "share": share,
            "threshold": found.threshold,
            **{language: text.format(**facts) for language, text in self.message.items()},
            **{f"remedy_{language}": text for language, text in self.remedy.items()},
            "part": count / found.whole if found.whole else count / max(len(records), 1),
            "keys": tuple(sorted(records.keys[rows])),
            "interviewers": found.interviewers,
        }


def _frame(rows: Sequence[Mapping[Any, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(COLUMNS))


@dataclass(frozen=True, eq=False)
class Findings:
    """What checks found, and which of them could not run.

    Attributes
    ----------
    frame : DataFrame
        ``severity``, ``rule``, ``unit``, ``round``, ``question``, ``count`` (records or things concerned), ``base``
        (looked at), ``share`` (count over base), ``threshold``, ``zh`` and ``en`` (the message), ``remedy_zh``,
        ``remedy_en``, ``part`` (of the whole table, for the score), and the internal ``keys`` (pseudonyms) and
        ``interviewers``.
    not_run : DataFrame
        ``rule``, ``unit``, ``round``, ``zh``, ``en``: why.
    """

    frame: pd.DataFrame
    not_run: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["rule", "unit", "round", "zh", "en"]))

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        return f"Findings({len(self)} findings by {self.frame['rule'].nunique()} checks, {len(self.not_run)} not run)"

    def public(self) -> pd.DataFrame:
        """The table without pseudonyms and interviewers; small counts are the report's to protect."""
        return self.frame[[*PUBLIC, *REMEDIES]].copy()

    def of(self, rule: str) -> pd.DataFrame:
        """Rows of one check."""
        return self.frame[self.frame["rule"] == rule]

    def records(self) -> pd.DataFrame:
        """Which records are concerned, for those who look at them: internal, and never a key as written.

        Returns
        -------
        DataFrame
            ``severity``, ``rule``, ``unit``, ``round``, ``question``, ``record`` (its pseudonym, or ``#12`` for the
            twelfth of the round), ``zh`` and ``en``; one row per finding and record.
        """
        columns = ["severity", "rule", "unit", "round", "question", "keys", "zh", "en"]
        table = self.frame[columns].rename(columns={"keys": "record"})
        return table[table["record"].map(len) > 0].explode("record", ignore_index=True)

    def listed(self, language: str = "en") -> list[Finding]:
        """As findings of a study, for `xzz check` and the quality log; never a respondent."""
        return [
            Finding(
                severity=row["severity"],
                rule=row["rule"],
                where=": ".join(part for part in (row["unit"], row["question"]) if part) + f" ({row['round']})",
                message=row[language],
                remedy=row[f"remedy_{language}"],
                count=row["count"],
            )
            for row in self.frame.to_dict("records")
        ]


def joined(findings: Iterable[Findings]) -> Findings:
    """Put the findings of several checks or tables below each other.

    Parameters
    ----------
    findings : iterable of Findings

    Returns
    -------
    Findings
    """
    found = list(findings)
    rows = [row for one in found for row in one.frame.to_dict("records")]
    return made_findings(rows, [row for one in found for row in one.not_run.to_dict("records")])


def made_findings(rows: Sequence[Mapping[Any, Any]], not_run: Sequence[Mapping[Any, Any]]) -> Findings:
    """Findings from the rows of their two tables."""
    return Findings(_frame(rows), pd.DataFrame(not_run, columns=["rule", "unit", "round", "zh", "en"]))


def robust_z(values: np.ndarray) -> np.ndarray:
    """Deviations from the median in units of 1.4826 times the median absolute deviation.

    Parameters
    ----------
    values : array of float, shape (n,)
        NaN = unknown.

    Returns
    -------
    array of float, shape (n,)
        NaN where unknown, and everywhere when half of the values are equal: then the scale is zero and nothing can be
        called far.

    References
    ----------
    Iglewicz, B. and Hoaglin, D. C. (1993). How to Detect and Handle Outliers. ASQC Quality Press.
    """
    known = values[np.isfinite(values)]
    if not len(known):
        return np.full(len(values), np.nan)
    middle = np.median(known)
    scale = 1.4826 * np.median(np.abs(known - middle))
    return (values - middle) / scale if scale > 1e-12 else np.full(len(values), np.nan)
