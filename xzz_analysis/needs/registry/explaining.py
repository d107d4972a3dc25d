"""An indicator in words, for a reader: every field of its declaration, and the questions it needs."""

from __future__ import annotations

from typing import Any

from xzz_analysis.intake.answers import REASON_LABELS, Reason
from xzz_analysis.language import Label, choose
from xzz_analysis.needs.indicator import DOMAINS, KINDS, Indicator
from xzz_analysis.needs.registry.catalogue import canonical_questions, find

FIELDS: dict[str, Label] = {
    "definition": {"zh": "定义", "en": "Definition"},
    "domain": {"zh": "领域", "en": "Domain"},
    "kind": {"zh": "需求类型", "en": "Kind of need"},
    "unit": {"zh": "单位", "en": "Unit"},
    "statistic": {"zh": "统计量", "en": "Statistic"},
    "base": {"zh": "基数", "en": "Base"},
    "computation": {"zh": "计算", "en": "Computation"},
    "missing": {"zh": "缺失答案的处理", "en": "Missing answers"},
    "direction": {"zh": "方向", "en": "Direction"},
    "ages": {"zh": "年龄（周岁）", "en": "Ages (completed years)"},
    "recall": {"zh": "回忆期", "en": "Recall period"},
    "respondent": {"zh": "回答者", "en": "Respondent"},
    "cutoff_source": {"zh": "切点及出处", "en": "Cut-off and its source"},
    "licence": {"zh": "题目授权", "en": "Licence of the wording"},
    "evidence": {"zh": "中国人群中的证据", "en": "Evidence in China"},
    "policy": {"zh": "对应政策", "en": "Policy"},
    "to_check": {"zh": "凭记忆写下、发布前须核对", "en": "Written from memory; check before publication"},
}
"""What an explanation tells, in this order."""

STATISTICS: dict[str, Label] = {
    "share": {"zh": "比例", "en": "share"},
    "mean": {"zh": "均值", "en": "mean"},
    "ratio": {"zh": "总额之比", "en": "ratio of totals"},
    "rank": {"zh": "优先次序", "en": "ranked priorities"},
}

DIRECTIONS: dict[str, Label] = {
    "need": {"zh": "越多越差", "en": "more is worse"},
    "good": {"zh": "越多越好", "en": "more is better"},
    "none": {"zh": "不分好坏", "en": "neither"},
}

MISSING_RULES: dict[str, Label] = {
    "need": {"zh": "按有需求计", "en": "counted as having the need"},
    "exclude": {"zh": "不计入基数，另行计数", "en": "left out of the base, and counted"},
}

_EVERYBODY: Label = {"zh": "该单位全部受访者", "en": "everybody of the unit"}
_OTHERS: Label = {"zh": "其他原因", "en": "every other reason"}


def explain(name: str, language: str = "zh") -> dict[str, Any]:
    """Tell what a ready indicator is, field by field, with the questions it needs.

    Parameters
    ----------
    name : str
        Its id.
    language : str
        ``zh`` or ``en``.

    Returns
    -------
    dict
        ``id, version, title, language``; ``rows``, a list of ``{"field", "name", "text"}`` in the order of
        :data:`FIELDS`, empty ones left out; ``questions``, a list of ``{"name", "kind", "wording", "note", "options"}``
        with options as ``{"name", "label"}``.

    Raises
    ------
    InputError
        There is no such indicator; the nearest id is named.
    """
    return describe(find(name), language)


def describe(indicator: Indicator, language: str = "zh") -> dict[str, Any]:
    """Tell what any indicator is, a study's own included: see :func:`explain`.

    Parameters
    ----------
    indicator : Indicator
    language : str

    Returns
    -------
    dict
    """
    texts = _texts(indicator, language)
    rows = [
        {"field": field, "name": choose(label, language).text, "text": texts[field]}
        for field, label in FIELDS.items()
        if texts[field]
    ]
    return {
        "id": indicator.id,
        "version": indicator.version,
        "title": choose(indicator.label, language).text,
        "language": language,
        "rows": rows,
        "questions": [_question(name, language) for name in indicator.questions()],
    }


def _texts(indicator: Indicator, language: str) -> dict[str, str]:
    """Text of every field, ``""`` where nothing is declared."""

    def said(label: Label) -> str:
        return choose(label, language).text

    told = ("definition", "recall", "respondent", "cutoff_source", "licence", "evidence")
    return {name: said(getattr(indicator, name)) for name in told} | {
        "domain": said(DOMAINS[indicator.domain]),
        "kind": said(KINDS[indicator.kind]),
        "unit": indicator.unit,
        "statistic": said(STATISTICS[indicator.statistic]),
        "base": indicator.base or said(_EVERYBODY),
        "computation": indicator.computation(),
        "missing": _missing(indicator, language),
        "direction": said(DIRECTIONS[indicator.direction]),
        "ages": "–".join(str(age) for age in indicator.ages),
        "policy": ", ".join(indicator.policy),
        "to_check": ", ".join(said(FIELDS[name]) for name in indicator.to_check),
    }


def _missing(indicator: Indicator, language: str) -> str:
    """What becomes of those without an answer."""
    counted = [name for name, rule in indicator.missing.items() if rule == "need"]
    rule = {name: choose(label, language).text for name, label in MISSING_RULES.items()}
    parts = [f"{choose(REASON_LABELS[Reason[name]], language).text}: {rule['need']}" for name in counted]
    others = f"{choose(_OTHERS, language).text}: {rule['exclude']}" if parts else rule["exclude"]
    return "; ".join([*parts, others])


def _question(name: str, language: str) -> dict[str, Any]:
    """A canonical question in one language; its name alone where it is the study's own."""
    asked = canonical_questions().get(name)
    if asked is None:
        return {"name": name, "kind": "", "wording": "", "note": "", "options": []}
    options = [{"name": option, "label": choose(label, language).text} for option, label in asked.options.items()]
    texts = {"wording": choose(asked.label, language).text, "note": choose(asked.note, language).text}
    return {"name": name, "kind": asked.kind, **texts, "options": options}
