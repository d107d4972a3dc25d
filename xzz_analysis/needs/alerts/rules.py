"""Alert rules as data (``alerts.yml``): what a person wants to be told of, and how sure it must be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from xzz_analysis.declaration import Declaration, check, read_yaml, refuse
from xzz_analysis.errors import Finding, StudyError, suggest
from xzz_analysis.language import Label
from xzz_analysis.needs.indicator import Indicator
from xzz_analysis.needs.monitoring import NOT_COMPUTED, MonitoringRound
from xzz_analysis.study import BothLanguages, Name, Words
from xzz_analysis.survey.sampling import groups_of

Kind = Literal["threshold", "worsening", "gap", "cluster"]
Severity = Literal["high", "medium", "low"]
Worse = Literal["higher", "lower"]
Domain = Literal["education", "health", "livelihood", "support"]

KINDS: dict[str, Label] = {
    "threshold": {"zh": "越过警戒线", "en": "beyond a limit"},
    "worsening": {"zh": "比上一轮更差", "en": "worse than in the earlier round"},
    "gap": {"zh": "组间差距扩大", "en": "a gap between two groups widens"},
    "cluster": {"zh": "某一组明显差于其他各组", "en": "one group stands out from the others"},
}
"""The kinds of rules."""

SEVERITIES: dict[str, Label] = {
    "high": {"zh": "高", "en": "high"},
    "medium": {"zh": "中", "en": "medium"},
    "low": {"zh": "低", "en": "low"},
}
"""How much an alert matters, as the rule's author sees it; most first."""

STATISTICS = ("share", "mean", "ratio")
"""What a rule can watch; ranked options have no single figure."""

WHOLE = "all"
"""Word of ``by`` that stands for everybody, not split."""

_OWN: dict[str, tuple[str, ...]] = {
    "threshold": ("limit",),
    "worsening": (),
    "gap": ("level", "against"),
    "cluster": (),
}
_OPTIONAL: dict[str, tuple[str, ...]] = {
    "threshold": ("side",),
    "worsening": ("margin",),
    "gap": ("margin",),
    "cluster": ("margin", "standing"),
}
_OF_A_KIND = ("limit", "side", "margin", "level", "against", "standing")


class Control(Declaration):
    """How false discoveries are held down among all tests of a run.

    Attributes
    ----------
    method : "benjamini-hochberg" or "benjamini-yekutieli"
        The second holds whatever the dependence of the tests, and finds less.
    q : float
        Largest expected share of false alerts among those raised.
    """

    method: Literal["benjamini-hochberg", "benjamini-yekutieli"] = "benjamini-hochberg"
    q: float = Field(default=0.05, gt=0, lt=0.5)


class AlertRule(Declaration):
    """One rule.

    Attributes
    ----------
    id : str
        A word that is stable for ever; alerts are known by it.
    kind : "threshold", "worsening", "gap" or "cluster"
    label : bilingual text
        What the rule is there for.
    severity : "high", "medium" or "low"
    indicators, domains : list of str
        What is watched: these indicators and those of these domains; all indicators without either. Those of a domain
        that are neither worse nor better when higher are passed over.
    by : list of str
        Declared groups, each on its own; ``all`` is everybody. A gap and a cluster need a group.
    limit : float
        Of a threshold, in the indicator's unit: 0.3 for 30 %.
    side : "above" or "below"
        Of the limit, where the alert lies; by default the side that is worse.
    margin : float
        What a change, the widening of a gap, or the distance to the others must exceed; 0.03 for three points.
    level, against : str
        Of a gap: the group watched, and the one it is compared with.
    standing : bool
        Whether a cluster that stood out in the earlier round too is told again.
    """

    id: Name
    kind: Kind
    label: BothLanguages
    severity: Severity = "medium"
    indicators: Words = Field(default_factory=list)
    domains: Annotated[list[Domain], BeforeValidator(lambda given: [given] if isinstance(given, str) else given)] = (
        Field(default_factory=list)
    )
    by: Words = Field(default_factory=lambda: [WHOLE], min_length=1)
    limit: float | None = None
    side: Literal["above", "below"] | None = None
    margin: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    level: str = ""
    against: str = ""
    standing: bool = False

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        absent = [name for name in _OWN[self.kind] if getattr(self, name) in (None, "")]
        if absent:
            raise ValueError(f"a rule of kind {self.kind} needs {' and '.join(absent)}")
        own = (*_OWN[self.kind], *_OPTIONAL[self.kind])
        odd = [name for name in _OF_A_KIND if name not in own and name in self.model_fields_set]
        if odd:
            raise ValueError(f"{', '.join(odd)} says nothing to a rule of kind {self.kind}; it knows {', '.join(own)}")
        if self.kind in ("gap", "cluster") and WHOLE in self.by:
            raise ValueError(f"a rule of kind {self.kind} compares groups; name them in by")
        if self.kind == "gap" and (len(self.by) > 1 or self.level == self.against):
            raise ValueError("a gap lies between two levels of one group; write one group in by, and two levels")
        return self

    def asks_for(self, indicators: Sequence[Indicator]) -> list[Indicator]:
        """Those of the indicators that the rule names, by themselves or by their domain, in their order."""
        if not self.indicators and not self.domains:
            return list(indicators)
        return [one for one in indicators if one.id in self.indicators or one.domain in self.domains]

    def groupings(self) -> list[str]:
        """What results are split by: names of groups, ``""`` for everybody."""
        return ["" if name == WHOLE else name for name in self.by]


class AlertRules(Declaration):
    """The whole of alerts.yml.

    Attributes
    ----------
    rules : list of AlertRule
    control : Control
    worse : dict
        Indicator → ``higher`` or ``lower``: the direction that is worse, where it is not the declared one.
    """

    rules: list[AlertRule]
    control: Control = Field(default_factory=Control)
    worse: dict[str, Worse] = Field(default_factory=dict)

    @field_validator("rules")
    @classmethod
    def _named_once(cls, rules: list[AlertRule]) -> list[AlertRule]:
        names = [rule.id for rule in rules]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"rule {twice[0]!r} is written {names.count(twice[0])} times; rename one")
        return rules

    def sign(self, indicator: Indicator) -> int:
        """1 where higher is worse, -1 where lower is, 0 where neither is or nobody has said."""
        if indicator.id in self.worse:
            return 1 if self.worse[indicator.id] == "higher" else -1
        return {"need": 1, "good": -1}.get(indicator.direction, 0)

    def watched(self, rule: AlertRule, indicators: Sequence[Indicator]) -> list[Indicator]:
        """Indicators that a rule watches, in their order: those with a figure, and a direction that is worse."""
        with_figure = [one for one in rule.asks_for(indicators) if one.statistic in STATISTICS]
        return [one for one in with_figure if self.sign(one)]


def read_rules(path: Path) -> AlertRules:
    """Read alerts.yml.

    Parameters
    ----------
    path : Path

    Returns
    -------
    AlertRules

    Raises
    ------
    StudyError
        One error with every problem: unknown keys with the nearest name, a rule without what its kind needs.
    """
    data, findings = read_yaml(path)
    if not isinstance(data, dict):
        raise StudyError(f"{path.name} holds {type(data).__name__}, not `rules:` with a list of rules", findings)
    rules, problems = check(AlertRules, data, path.name)
    refuse(path, findings + problems)
    assert rules is not None
    return rules


def check_rules(rules: AlertRules, survey: MonitoringRound, where: str = "alerts.yml") -> list[Finding]:
    """Compare rules with a study.

    Parameters
    ----------
    rules : AlertRules
    survey : MonitoringRound
    where : str
        File to name.

    Returns
    -------
    list of Finding
        Errors: indicators, groups and levels that the study does not have, with the nearest name; a limit or margin of
        a share that is written in percent; one limit for shares and numbers; an indicator named by a rule whose worse
        direction nobody has said. Warnings: rules that watch no indicator of this round, and groups that apply to none
        of a rule's indicators.
    """
    known = {one.id: one for one in survey.indicators}
    declared = [*known, *_not_computed(survey)]
    findings = [
        _error("unknown_name", f"{where}: worse", f"indicator {name!r} does not exist{suggest(name, declared)}")
        for name in rules.worse
        if name not in declared
    ]
    for rule in rules.rules:
        findings += _of_rule(rule, rules, survey, f"{where}: {rule.id}", declared)
    return findings


def _of_rule(
    rule: AlertRule, rules: AlertRules, survey: MonitoringRound, where: str, declared: Sequence[str]
) -> Iterator[Finding]:
    for name in rule.indicators:
        if name not in declared:
            message = f"indicator {name!r} does not exist{suggest(name, declared)}"
            yield _error("unknown_name", where, message)
    watched = rules.watched(rule, survey.indicators)
    for one in survey.indicators:
        if one.id in rule.indicators and one not in watched:
            message = f"nobody has said whether a higher or a lower {one.id} is worse, or it has no single figure"
            yield _error("alert_direction_unknown", where, message, f"write `worse: {{{one.id}: higher}}` or lower")
    if not watched:
        message = "the rule watches no indicator that can be computed in this round, so it can raise nothing"
        yield Finding("warning", "alert_watches_nothing", where, message, "name an indicator or a domain")
    for one in watched:
        limits = {"limit": rule.limit or 0.0, "margin": rule.margin}
        for name, value in limits.items() if one.statistic == "share" else ():
            if not 0 <= value <= 1:
                message = f"{name} {value:g} lies outside 0 to 1, but {one.id} is a share"
                yield _error("alert_limit_outside", where, message, f"write {value / 100:g} for {value:g} %")
    if rule.kind == "threshold" and len({one.statistic == "share" for one in watched}) > 1:
        message = f"one limit, {rule.limit:g}, is set for shares and for numbers, which have no unit in common"
        yield _error("alert_limit_mixed", where, message, "write one rule for each")
    yield from _of_groups(rule, survey, where, watched)


def _of_groups(rule: AlertRule, survey: MonitoringRound, where: str, watched: Sequence[Indicator]) -> Iterator[Finding]:
    """Groups and levels that are not there."""
    groups = [group.name for group in survey.study.groups]
    for name in filter(None, rule.groupings()):
        if name not in groups:
            yield _error("unknown_name", where, f"group {name!r} is not declared{suggest(name, groups)}")
            continue
        units = [unit for unit in dict.fromkeys(one.unit for one in watched) if name in _groups(survey, unit)]
        if watched and not units:
            message = f"group {name!r} applies to none of the indicators watched"
            yield Finding("warning", "alert_watches_nothing", where, message, "split by another group")
        levels = [str(level) for unit in units[:1] for level in survey.sample(unit).frame[name].cat.categories]
        for level in (rule.level, rule.against) if rule.kind == "gap" and levels else ():
            if level not in levels:
                message = f"{level!r} is not a level of group {name!r}{suggest(level, levels)}"
                yield _error("unknown_name", where, message, f"levels are {', '.join(levels)}")


def _groups(survey: MonitoringRound, unit: str) -> list[str]:
    return [group.name for group in groups_of(survey.study, survey.dataset, unit)]


def _not_computed(survey: MonitoringRound) -> list[str]:
    """Indicators that are declared and cannot be computed in this round."""
    return [one.where.rpartition(": ")[2] for one in survey.findings if one.rule == NOT_COMPUTED]


def _error(rule: str, where: str, message: str, remedy: str = "correct the name") -> Finding:
    return Finding("error", rule, where, message, remedy)


def refuse_rules(findings: Sequence[Finding]) -> None:
    """Raise one :class:`StudyError` with the errors among findings, if there are any."""
    errors = [one for one in findings if one.severity == "error"]
    if errors:
        raise StudyError(f"the alert rules have {len(errors)} problem(s) to correct", errors)
