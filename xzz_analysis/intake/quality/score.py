"""A table's quality in one number, with what it is made of, and whether it is enough to publish."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from xzz_analysis.errors import Finding, InputError
from xzz_analysis.intake.quality.check import Findings
from xzz_analysis.intake.quality.rules import RULES
from xzz_analysis.intake.quality.thresholds import Weights

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
