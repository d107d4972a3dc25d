"""A table's quality in one number, with what it is made of, and whether it is enough to publish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from xzz_analysis.errors import Finding, InputError
from xzz_analysis.intake.quality.check import Findings, joined, made_findings
from xzz_analysis.intake.quality.rules import RULES
from xzz_analysis.intake.quality.thresholds import QualityRules, Weights

DEFINITION = {
    "zh": "数据质量得分 = 100 −（各项核查）权重 × 涉及的比例 × 100，最低为 0。"
    "涉及的比例是该项核查列出的不同记录占全部记录的比例；不涉及具体记录的核查，按回答、题目或样本部分的比例。"
    "权重：错误 {error:g}，警告 {warning:g}，提示 {note:g}。不能运行的核查不扣分，另列原因。",
    "en": "The quality score is 100 minus, for each check, weight × share concerned × 100, and never below 0. The "
    "share is that of the different records the check lists among all records; for checks about no single record, "
    "that of answers, questions or parts of the sample. Weights: error {error:g}, warning {warning:g}, note {note:g}. "
    "Checks that could not run cost nothing and are listed with the reason.",
}


@dataclass(frozen=True, eq=False)
class Score:
    """Quality of one table in one round.

    Attributes
    ----------
    value : float
        0–100.
    unit, round : str
    rows : int
        Records of the table.
    parts : DataFrame
        One row per check and severity that found something, the dearest first: ``rule``, ``severity``, ``share``
        (of the table, 0–1), ``weight``, ``points`` (lost).
    not_run : int
        Checks that could not run.
    weights : Weights
    """

    value: float
    unit: str
    round: str
    rows: int
    parts: pd.DataFrame
    not_run: int
    weights: Weights

    def __repr__(self) -> str:
        return f"Score({self.value:.1f}, {self.unit!r}, round={self.round!r}, {self.rows:,} records)"

    def definition(self, language: str = "en") -> str:
        """How the score is computed, in words and with its weights."""
        return DEFINITION[language].format(**self.weights.model_dump())


def quality_score(findings: Findings, rows: int, *, weights: Weights | None = None) -> Score:
    """Score the findings of one table in one round.

    Parameters
    ----------
    findings : Findings
        Of one unit and round.
    rows : int
        Records of the table.
    weights : Weights, optional

    Returns
    -------
    Score

    Raises
    ------
    InputError
        When the findings are of several tables, or the table is empty.
    """
    chosen = weights or Weights()
    tables = pd.concat([one[["unit", "round"]] for one in (findings.frame, findings.not_run)]).drop_duplicates()
    if len(tables) > 1:
        raise InputError(f"the findings are of {len(tables)} tables and rounds; score each by itself")
    if rows < 1:
        raise InputError("a table without records has no quality; leave the round out until there are some")
    unit, round_ = tables.iloc[0] if len(tables) else ("", "")
    parts = _parts(findings.frame, rows, chosen)
    value = max(0.0, 100 - float(parts["points"].sum()))
    return Score(value, str(unit), str(round_), rows, parts, findings.not_run["rule"].nunique(), chosen)


def _parts(frame: pd.DataFrame, rows: int, weights: Weights) -> pd.DataFrame:
    parts = []
    for (rule, severity), found in frame.groupby(["rule", "severity"], sort=True):
        concerned = {key for keys in found["keys"] for key in keys}
        loose = float(found.loc[found["keys"].map(len) == 0, "part"].sum())
        share = min(1.0, len(concerned) / rows + loose)
        weight = getattr(weights, str(severity))
        parts.append((rule, severity, share, weight, 100 * weight * share))
    table = pd.DataFrame(parts, columns=["rule", "severity", "share", "weight", "points"])
    return table.sort_values("points", ascending=False, kind="stable").reset_index(drop=True)


def gate(score: Score, minimum: float) -> list[Finding]:
    """What stops the publication of a table, if anything does.

    Parameters
    ----------
    score : Score
    minimum : float
        Fewest points, 0–100.

    Returns
    -------
    list of Finding
        Empty, or one error that names the checks that cost most.
    """
    if score.value >= minimum:
        return []
    dearest = score.parts.head(3)
    said = ", ".join(
        f"{RULES[rule]['en']} ({points:.1f})" for rule, points in zip(dearest["rule"], dearest["points"], strict=True)
    )
    message = (
        f"the data of round {score.round} reach {score.value:.1f} of 100 points of quality, and {minimum:g} are "
        f"needed; points lost: {said}"
    )
    remedy = "correct the records in the corrections file, or lower quality.minimum in study.yml and say why"
    return [Finding("error", "quality_below_minimum", score.unit, message, remedy)]


INTERVIEWER_COLUMNS = ("unit", "round", "interviewer", "records", "minutes", "missing", "unlike")

Place = tuple[str, str]
"""A unit and a round."""


def _nobody() -> pd.DataFrame:
    return pd.DataFrame(columns=list(INTERVIEWER_COLUMNS))


@dataclass(frozen=True, eq=False)
class Quality:
    """What the checks say about a study.

    Attributes
    ----------
    findings : Findings
        Of all units and rounds.
    rows : mapping of (unit, round) to int
        Records that were checked.
    rules : QualityRules
    interviewers : DataFrame
        Internal: :data:`INTERVIEWER_COLUMNS`, one row per interviewer, unit and round.
    """

    findings: Findings = field(default_factory=lambda: joined([]))
    rows: Mapping[Place, int] = field(default_factory=dict)
    rules: QualityRules = field(default_factory=QualityRules)
    interviewers: pd.DataFrame = field(default_factory=_nobody)

    def of(self, unit: str, round_: str) -> Findings:
        """The findings of one table in one round."""
        parts = (self.findings.frame, self.findings.not_run)
        frame, not_run = (one[(one["unit"] == unit) & (one["round"] == round_)] for one in parts)
        return Findings(frame.reset_index(drop=True), not_run.reset_index(drop=True))

    def score(self, unit: str, round_: str) -> Score:
        """The score of one table in one round that has records."""
        return quality_score(self.of(unit, round_), self.rows[unit, round_], weights=self.rules.weights)

    def gates(self, round_: str) -> list[Finding]:
        """What stops the publication of a round: an error for every table that scores below the minimum."""
        units = [unit for unit, made in self.rows if made == round_]
        return [one for unit in units for one in gate(self.score(unit, round_), self.rules.minimum)]

    def written(self) -> dict[str, Any]:
        """As JSON can hold it; :meth:`read` reads it back."""
        frames = {"findings": self.findings.frame, "not_run": self.findings.not_run, "interviewers": self.interviewers}
        return {
            **{name: frame.to_dict("records") for name, frame in frames.items()},
            "rows": [[*place, count] for place, count in self.rows.items()],
            "rules": self.rules.model_dump(mode="json"),
        }

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Quality:
        """From what :meth:`written` gave."""
        findings, absent, who = told["findings"], told["not_run"], told["interviewers"]
        lists = ("keys", "interviewers")
        rows = [row | {name: tuple(row[name]) for name in lists} for row in findings]
        rules = QualityRules.model_validate(told["rules"])
        counts = {(unit, round_): count for unit, round_, count in told["rows"]}
        people = pd.DataFrame(who, columns=list(INTERVIEWER_COLUMNS))
        return cls(made_findings(rows, absent), counts, rules, people)
