"""The ``quality`` part of study.yml: what a study expects of its data, and from where on a check speaks.

Every limit has a default; a study writes only those it changes. The limits of tests (``alpha``) hold for all
tests of one check together (Holm), so that honest data seldom raise an alarm.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from xzz_analysis.declaration import Declaration
from xzz_analysis.errors import suggest
from xzz_analysis.study import BothLanguages, Words

Severity = Literal["error", "warning", "note"]


def _limit(default: float, zh: str, en: str, **bounds: Any) -> Any:
    """A limit with its default, its meaning in both languages and what it may be."""
    return Field(default=default, json_schema_extra={"zh": zh, "en": en}, **bounds)


class Thresholds(Declaration):
    """From where on a check speaks."""

    short: float = _limit(1 / 3, "用时低于本轮中位数的比例", "part of the round's median duration", gt=0, lt=1)
    least_minutes: float = _limit(0, "一次访问最少分钟数", "fewest minutes of an interview", ge=0)
    pace: float = _limit(3.5, "每题秒数低于中位数的稳健标准差数", "robust deviations below the median pace", gt=0)
    seconds_per_question: float = _limit(1.0, "每题最少秒数", "fewest seconds per answered question", ge=0)
    hurried: float = _limit(
        0.05, "赶工日的错误发现率", "part of the hurried days that may be chance (false discovery rate)", gt=0, lt=1
    )
    days: int = _limit(1, "一次访问最多跨越的天数", "most calendar days of one interview", ge=1)
    clock_hours: float = _limit(24, "设备时钟可快的小时数", "hours that a device's clock may be ahead", ge=0)
    margin_days: int = _limit(0, "轮次起止日前后的宽限天数", "days of grace around the round", ge=0)
    block_items: int = _limit(5, "量表题组最少题数", "fewest questions of a block with one scale", ge=3)
    line_items: int = _limit(8, "直线作答最少题数", "fewest questions answered in straight lines", ge=3)
    line_share: float = _limit(0.5, "直线题数占量表题的比例", "part of scale questions in straight lines", gt=0, le=1)
    line_chance: float = _limit(
        0.001, "认真作答者如此作答的概率上限", "probability of such lines when reading", gt=0, lt=1
    )
    variation: float = _limit(3.5, "变化量低于中位数的稳健标准差数", "robust deviations below median variation", gt=0)
    duplicate_questions: int = _limit(15, "判断重复所需的已答题数", "answered questions needed to judge", ge=1)
    near: float = _limit(0.05, "近似重复的最大 Gower 距离", "largest Gower distance of near duplicates", gt=0, lt=0.5)
    together_minutes: float = _limit(5, "视为同时开始的分钟数", "minutes between interviews begun together", gt=0)
    together: float = _limit(
        3.5, "同时访问的距离低于中位数的稳健标准差数", "robust deviations below the distance of unrelated records", gt=0
    )
    per_device: int = _limit(3, "同一设备最多记录数", "most records from one device", ge=1)
    per_ip: int = _limit(10, "同一 IP 最多记录数", "most records from one address", ge=1)
    text_length: int = _limit(10, "判断文字重复的最少字数", "fewest characters of a text that is compared", ge=1)
    same_text: int = _limit(3, "相同文字的最少记录数", "fewest records with the same text", ge=2)
    outlier: float = _limit(3.5, "离群的稳健标准差数", "robust deviations of an outlier", gt=0)
    outlier_answers: int = _limit(20, "判断离群所需回答数", "answers needed to judge outliers", ge=5)
    missing: float = _limit(0.2, "缺失比例上限", "largest share without a usable answer", gt=0, lt=1)
    missing_asked: int = _limit(20, "判断缺失所需的被问人数", "records asked, needed to judge", ge=1)
    alpha: float = _limit(0.01, "整组检验的显著性水平（Holm）", "level of all tests of a check (Holm)", gt=0, lt=1)
    icc: float = _limit(0.1, "访员组内相关系数上限", "largest share of variance between interviewers", gt=0, lt=1)
    interviewer_records: int = _limit(10, "评价访员所需记录数", "records needed to judge an interviewer", ge=2)
    per_day: int = _limit(15, "访员每天最多访问数", "most interviews of an interviewer in a day", ge=1)
    kappa: float = _limit(0.6, "回访一致性 kappa 下限", "smallest kappa of a back-check", gt=-1, lt=1)
    agreement: float = _limit(0.9, "回访一致比例下限", "smallest share of equal answers in a back-check", gt=0, le=1)
    pairs: int = _limit(20, "评价回访所需对数", "pairs needed to judge a back-check", ge=2)
    version_days: float = _limit(1, "换用新版问卷的宽限天数", "days of grace to change to a new form", ge=0)
    plan: float = _limit(0.9, "完成计划样本的比例", "part of the planned sample", gt=0, le=1)
    surplus: float = _limit(1, "超过计划样本的倍数", "times the planned sample beyond which there are too many", ge=1)
    age_years: int = _limit(0, "年龄与出生日期允许相差的年数", "years that age and birth date may differ", ge=0)


class Contradiction(Declaration):
    """Answers that cannot be true together: the XLSForm expression ``when`` holds for them.

    Names mean the unit's questions, and its parent's where the unit does not ask them.
    """

    name: str
    unit: str
    when: str
    message: BothLanguages
    severity: Severity = "warning"


class Counted(Declaration):
    """How many linked records a parent has, compared with what it says: children of a family, say.

    ``unit`` is the linked unit, ``when`` says which of its records count (all, when it is empty), ``question`` is the
    parent's number question.
    """

    name: str
    unit: str
    question: str
    when: str = ""
    compare: Literal["equal", "at_most", "at_least"] = "equal"


class Birth(Declaration):
    """A stated age, and the birth date it must agree with on the day of the interview."""

    unit: str
    age: str
    born: str


class Plan(Declaration):
    """Interviews planned: round → value of the column or question ``by`` → how many."""

    unit: str
    by: str
    targets: dict[str, dict[str, Annotated[int, Field(ge=1)]]]


class Weights(Declaration):
    """Points that a table loses when every record is concerned by a finding, as a part of 100."""

    error: float = Field(default=2.0, ge=0)
    warning: float = Field(default=0.5, ge=0)
    note: float = Field(default=0.0, ge=0)


class QualityRules(Declaration):
    """What a study expects of its data.

    Attributes
    ----------
    minimum : float
        Fewest points (0–100) of a table that may be published.
    without : mapping of str to str
        Check → why this study does without it; the reason is printed.
    severity : mapping of str to "error", "warning" or "note"
        Check → its severity in this study.
    scales : mapping of str to list of str
        Blocks of questions with one answer scale, besides those found in the form.
    places : list of str
        Questions that say where: interviewers are compared with those who worked in the same place.
    """

    minimum: float = Field(default=0.0, ge=0, le=100)
    thresholds: Thresholds = Field(default_factory=Thresholds)
    weights: Weights = Field(default_factory=Weights)
    without: dict[str, Annotated[str, Field(min_length=1)]] = Field(default_factory=dict)
    severity: dict[str, Severity] = Field(default_factory=dict)
    scales: dict[str, Words] = Field(default_factory=dict)
    logic: list[Contradiction] = Field(default_factory=list)
    counts: list[Counted] = Field(default_factory=list)
    ages: list[Birth] = Field(default_factory=list)
    plans: list[Plan] = Field(default_factory=list)
    places: Words = Field(default_factory=list)

    @field_validator("without", "severity")
    @classmethod
    def _known_checks(cls, named: dict[str, str]) -> dict[str, str]:
        from xzz_analysis.intake.quality.rules import CHECK_RULES

        for name in named:
            if name not in CHECK_RULES:
                raise ValueError(f"no check {name!r}{suggest(name, CHECK_RULES)}")
        return named

    def meaning(self, name: str, language: str) -> str:
        """A limit in words with its value, such as ``part of the round's median duration: 0.333``."""
        said = Thresholds.model_fields[name].json_schema_extra
        words = said[language] if isinstance(said, dict) else name
        return f"{words}: {getattr(self.thresholds, name):.4g}"
