"""An indicator is a declaration: the methods annex prints the same object that computes the number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr, model_validator

from xzz_analysis.declaration import Declaration, check, read_yaml, refuse
from xzz_analysis.errors import ExpressionError, Finding, InputError, StudyError, suggest
from xzz_analysis.intake.expression import parse
from xzz_analysis.language import REPORT_LANGUAGES, Label
from xzz_analysis.needs.answerable import computable
from xzz_analysis.needs.growth import Cutoffs, read_national
from xzz_analysis.needs.measure import item, require_rules
from xzz_analysis.study import BothLanguages, Name, Study

__all__ = ["DOMAINS", "KINDS", "Growth", "Indicator", "Scoring", "computable", "item", "read_indicators"]

DOMAINS: dict[str, Label] = {
    "education": {"zh": "教育公平", "en": "Education"},
    "health": {"zh": "身心健康", "en": "Health"},
    "livelihood": {"zh": "生计发展", "en": "Livelihood"},
    "support": {"zh": "社会支持", "en": "Social support"},
}
"""The four domains of needs monitoring, in the order reports follow."""

KINDS: dict[str, Label] = {
    "felt": {"zh": "感觉性需求", "en": "felt need"},
    "expressed": {"zh": "表达性需求", "en": "expressed need"},
    "normative": {"zh": "规范性需求", "en": "normative need"},
    "comparative": {"zh": "比较性需求", "en": "comparative need"},
}
"""Bradshaw's four kinds of need (Bradshaw 1972, New Society 30, 640–643)."""

ReasonName = Literal["SKIPPED", "BLANK", "DONT_KNOW", "REFUSED", "NOT_ASKED", "REMOVED", "INVALID"]

MEASURES = ("need", "value", "over", "scale", "growth", "rank")
"""What an indicator can be computed by; each declares exactly one."""


def _in_both(text: Any) -> Any:
    """A citation reads the same in every language."""
    return dict.fromkeys(REPORT_LANGUAGES, text) if isinstance(text, str) and text else text or {}


def _both_or_none(label: dict[str, str]) -> dict[str, str]:
    missing = [language for language in REPORT_LANGUAGES if not label.get(language, "").strip()]
    if label and missing:
        raise ValueError(f"no text in {' or '.join(missing)}; a report is written in both languages")
    return label


Told = Annotated[dict[str, str], BeforeValidator(lambda text: text or {}), AfterValidator(_both_or_none)]
"""A text in both languages, or none."""

Cited = Annotated[dict[str, str], BeforeValidator(_in_both), AfterValidator(_both_or_none)]
"""A text in both languages, one citation for both, or none."""


class Scoring(Declaration):
    """How a score is made of several questions.

    Attributes
    ----------
    rule : str
        A scale of :data:`xzz_analysis.needs.scales.SCALES`.
    part : str
        One of its subscales; the whole scale when empty.
    items : list of str
        An expression for every item of the scale, in its order: the item's answer code as a number; what is
        true counts 1, what is false 0.
    """

    rule: Name
    part: str = ""
    items: list[str] = Field(min_length=1)


class Growth(Declaration):
    """A child's growth beside a reference.

    Attributes
    ----------
    measure : str
        ``height`` or ``bmi`` for age, as :func:`xzz_analysis.needs.growth.growth_z` knows them.
    value, age, sex : str
        Expressions of the value (cm, kg/m²), the age in months and the texts ``male`` and ``female``.
    reference : str
        ``who2006``, ``who2007``, ``who`` (the one for the age); or a national standard, ``wst456`` or ``wst586``, whose
        cut-offs the study supplies under ``growth``.
    within : str
        A class (``thin``, ``overweight``): the share of children in it. A national standard has no z-scores, so it
        needs one.
    """

    measure: str
    value: str
    age: str
    sex: str
    reference: str = "who2007"
    within: str = ""
    _cutoffs: Cutoffs | None = PrivateAttr(default=None)

    @property
    def cutoffs(self) -> Cutoffs | None:
        """Cut-offs of the national standard, None where there are none."""
        return self._cutoffs

    def supplied(self, tables: Mapping[str, Cutoffs]) -> Growth:
        """The same declaration with the cut-offs of its standard, if the study supplies them."""
        out = self.model_copy()
        out._cutoffs = tables.get(self.reference)
        return out


def _names_need(data: Mapping[str, Any]) -> bool:
    """Whether a declaration says who has the need: by a condition, a cut-off or a class of growth."""
    growth = data.get("growth")
    within = growth.get("within") if isinstance(growth, dict) else getattr(growth, "within", "")
    return bool(data.get("need") or data.get("cut") or within)


class Indicator(Declaration):
    """One indicator.

    Attributes
    ----------
    id, version : str, int
        A word that is stable for ever; a changed definition gets a new version.
    base : str
        Expression of those the indicator is about; everybody of the unit when empty.
    need : str
        Expression of those with the need: a share.
    value : str
        Expression of a number: a mean.
    over : pair of str
        Expressions of numerator and denominator: a ratio of totals.
    scale : Scoring
        A score of several questions: a mean, or a share with ``cut``.
    growth : Growth
        A z-score: a mean, or a share with ``cut``.
    cut : str
        What the score or z-score of those with the need is, ``<= 50``; every item has to be answered for it.
    rank : list of str
        Questions of the first choice, the second …: ranked options, no column of its own.
    missing : dict
        Reason → ``exclude`` (default: out of the base, and counted) or ``need`` (counted as having
        the need). No reason can be declared "no need".
    direction : "need", "good" or "none"
        What more of it means: worse (shares, unless declared), better, or neither.
    ages : pair of int
        Lowest and highest age in completed years.
    recall, respondent : both languages
        Period that is asked about; who answers.
    cutoff_source, licence, evidence : both languages
        Where the cut-off is written down; who may use the wording; what is known of it in China, and from where.
    policy : list of str
        What it bears on: ``sdg:4.1``, ``crc:28``, items of a national list.
    to_check : list of str
        Fields that were written from memory; a person compares them with the source before publication.
    """

    id: Name
    version: int = 1
    domain: Literal["education", "health", "livelihood", "support"]
    kind: Literal["felt", "expressed", "normative", "comparative"]
    unit: str
    label: BothLanguages
    definition: BothLanguages
    base: str = ""
    need: str = ""
    value: str = ""
    over: Annotated[list[str], Field(max_length=2)] = Field(default_factory=list)
    scale: Scoring | None = None
    growth: Growth | None = None
    rank: list[str] = Field(default_factory=list)
    cut: str = ""
    missing: dict[ReasonName, Literal["exclude", "need"]] = Field(default_factory=dict)
    direction: Literal["need", "good", "none"] = "none"
    ages: Annotated[list[int], Field(max_length=2)] = Field(default_factory=list)
    recall: Told = Field(default_factory=dict)
    respondent: Told = Field(default_factory=dict)
    cutoff_source: Cited = Field(default_factory=dict)
    licence: Cited = Field(default_factory=dict)
    evidence: Told = Field(default_factory=dict)
    policy: list[str] = Field(default_factory=list)
    to_check: list[Literal["ages", "cutoff_source", "licence", "evidence", "policy"]] = Field(default_factory=list)

    @model_validator(mode="before")
    @classmethod
    def _more_is_worse(cls, data: Any) -> Any:
        """A share is of those with a need, unless it says otherwise."""
        if isinstance(data, dict) and "direction" not in data and _names_need(data):
            return {**data, "direction": "need"}
        return data

    @model_validator(mode="after")
    def _one_measure(self) -> Self:
        measures = [name for name in MEASURES if getattr(self, name)]
        if len(measures) != 1:
            given = measures or "none"
            raise ValueError(f"write exactly one of need, value and over (or scale, growth, rank); found {given}")
        if self.cut and not (self.scale or self.growth):
            raise ValueError("cut belongs to scale and growth; write the condition as `need` instead")
        if self.cut and self.growth and self.growth.within:
            raise ValueError("cut is a z-score and within is a class; write one of them")
        if "need" in self.missing.values() and self.statistic != "share":
            raise ValueError("a missing answer can only be counted as a need where `need` or `cut` is declared")
        if self.over and len(self.over) != 2:
            raise ValueError("over is a pair: [numerator, denominator]")
        if self.ages and (len(self.ages) != 2 or not 0 <= self.ages[0] <= self.ages[1]):
            raise ValueError("ages is a pair of completed years: [lowest, highest]")
        return self

    @property
    def statistic(self) -> str:
        """``share``, ``mean``, ``ratio`` or ``rank``."""
        if self.rank:
            return "rank"
        classed = self.growth is not None and self.growth.within
        return "share" if self.need or self.cut or classed else "ratio" if self.over else "mean"

    def measured(self) -> list[str]:
        """Expressions of what is measured, without the base."""
        parts = [] if self.growth is None else [self.growth.value, self.growth.age, self.growth.sex]
        items = [] if self.scale is None else self.scale.items
        return [text for text in (self.need, self.value, *self.over, *items, *parts) if text]

    def expressions(self) -> list[str]:
        """Every expression of the declaration."""
        return [text for text in (self.base, *self.measured()) if text]

    def questions(self) -> list[str]:
        """Names of the questions the indicator is computed from, in order of use."""
        names = [name for text in self.expressions() for name in parse(text).names]
        return list(dict.fromkeys([*names, *self.rank]))

    def computation(self) -> str:
        """What is computed, as one line: an expression, a ratio, or a rule with what it is applied to."""
        if self.rank:
            return " > ".join(f"${{{name}}}" for name in self.rank)
        if self.over:
            return f"({self.over[0]}) ÷ ({self.over[1]})"
        if self.scale is not None:
            rule = ".".join(part for part in (self.scale.rule, self.scale.part) if part)
            return f"{rule}({', '.join(self.scale.items)}) {self.cut}".rstrip()
        if self.growth is not None:
            growth = self.growth
            found = f"{growth.reference}.{growth.measure}({growth.value}, {growth.age}, {growth.sex})"
            return " = ".join(one for one in (f"{found} {self.cut}".rstrip(), growth.within) if one)
        return self.need or self.value


def read_indicators(study: Study) -> list[Indicator]:
    """Read the study's indicators, those it takes over from the registry (``use``) included.

    Raises
    ------
    StudyError
        One error with every problem: unknown keys, ids used twice, expressions that do not parse,
        unknown units, scales and registry indicators.
    """
    from xzz_analysis.needs.registry import take  # it reads the indicators that come with the library

    path: Path | None = study.settings.indicators
    if path is None:
        return []
    data, findings = read_yaml(path)
    if not isinstance(data, list):
        raise StudyError(f"{path.name} holds {type(data).__name__}, not a list", findings)
    indicators: list[Indicator] = []
    for position, entry in enumerate(data):
        taken = isinstance(entry, dict) and "use" in entry
        name = entry.get("use" if taken else "id", position) if isinstance(entry, dict) else position
        where = f"{path.name}: {name}"
        made, problems = take(entry, where) if taken else check(Indicator, entry, where)
        findings += problems
        indicators += [] if made is None else [made]
    tables, problems = read_national(study.settings.growth.files())
    indicators, findings = [_supplied(one, tables) for one in indicators], findings + problems
    findings += declared_twice(indicators, path.name)
    findings += [problem for one in indicators for problem in _unit_problems(one, study, path.name)]
    findings += [problem for one in indicators for problem in problems_of(one, path.name)]
    refuse(path, findings)
    return indicators


def _supplied(indicator: Indicator, tables: Mapping[str, Cutoffs]) -> Indicator:
    growth = indicator.growth
    return indicator if growth is None else indicator.model_copy(update={"growth": growth.supplied(tables)})


def declared_twice(indicators: Sequence[Indicator], where: str) -> list[Finding]:
    """A finding for every id that several indicators have."""
    counts = Counter(one.id for one in indicators)
    return [
        Finding("error", "duplicate_id", where, f"id {name!r} is declared {count} times", "keep one, or rename one")
        for name, count in sorted(counts.items())
        if count > 1
    ]


def problems_of(indicator: Indicator, where: str) -> list[Finding]:
    """What of a declaration cannot be read or computed, whatever the answers are.

    Parameters
    ----------
    indicator : Indicator
    where : str
        The file to name.

    Returns
    -------
    list of Finding
        Expressions that do not parse; a scale or a growth reference that there is none of; items that are not the
        scale's.
    """
    findings = []
    place = f"{where}: {indicator.id}"
    for text in [*indicator.expressions(), *([f". {indicator.cut}"] if indicator.cut else [])]:
        try:
            parse(text)
        except ExpressionError as error:
            findings.append(Finding("error", "expression", place, str(error), "correct it"))
    try:
        require_rules(indicator)
    except InputError as error:
        findings.append(Finding("error", "unknown_name", place, str(error), "correct `scale` or `growth`"))
    return findings


def _unit_problems(indicator: Indicator, study: Study, where: str) -> list[Finding]:
    units = study.tables.keys() | {name for table in study.tables.values() for name in table.repeats}
    if indicator.unit in units:
        return []
    message = f"unit {indicator.unit!r} is not a table of the study{suggest(indicator.unit, units)}"
    return [Finding("error", "unknown_name", f"{where}: {indicator.id}", message, "name a table")]
