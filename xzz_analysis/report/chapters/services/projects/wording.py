"""What projects, targets and lights are called, and results in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from xzz_analysis.atlas.services.projects import HIDDEN_LIGHT
from xzz_analysis.disclosure.protect import MARK
from xzz_analysis.disclosure.wide import HIDDEN
from xzz_analysis.language import REPORT_LANGUAGES, Label
from xzz_analysis.report.chapters.services.naming import Bilingual, choice_naming, filled
from xzz_analysis.report.chapters.services.printing import currency_name, money_text
from xzz_analysis.report.tables import Naming
from xzz_analysis.report.theme import figure_text
from xzz_analysis.services.linkage import AMBER, GREEN, NOT_BY_PROJECT, NOT_COUNTED, NOT_KNOWN, RED
from xzz_analysis.services.opening import Ledgers

Row = Mapping[Any, Any]

LIGHT: dict[str, Bilingual] = {
    GREEN: {"zh": "绿：按进度", "en": "Green: on course"},
    AMBER: {"zh": "黄：略慢于进度", "en": "Amber: a little behind"},
    RED: {"zh": "红：明显慢于进度", "en": "Red: well behind"},
    NOT_KNOWN: {"zh": "不详", "en": "Not known"},
    HIDDEN_LIGHT: {"zh": MARK, "en": MARK},
}
"""Lights in words: a colour alone says nothing in grey."""

INDICATORS = choice_naming("projects", "indicator", {"zh": "指标", "en": "Indicator"})

WHY: dict[str, Bilingual] = {
    NOT_BY_PROJECT: {"zh": "台账没有按项目记录", "en": "the ledgers do not tell it by project"},
    NOT_COUNTED: {"zh": "台账没有填数目", "en": "no entry states a number"},
    "no_activities": {"zh": "没有活动台账", "en": "there is no ledger of activities"},
    "no_points": {"zh": "没有志愿积分台账", "en": "there is no ledger of volunteer points"},
    "no_vouchers_redeemed": {"zh": "没有核销台账", "en": "there is no ledger of vouchers redeemed"},
}
MONEY_TARGETS = ("vouchers_redeemed",)
"""Targets that are amounts of money."""

IN_MONEY: Label = {"zh": "{name}（{currency}）", "en": "{name} ({currency})"}
FINE_BELOW = 100
"""Expected figures below it keep a decimal."""

UNKNOWN: Label = {"zh": "不详（{why}）", "en": "not known ({why})"}
AT_LEAST: Label = {"zh": "至少{value}", "en": "at least {value}"}


def project_names(ledgers: Ledgers) -> dict[str, Label]:
    """Projects and their public names; the key where there is none."""
    table = ledgers.table("projects").drop_duplicates("project")
    return {str(key): {"zh": str(name or key)} for key, name in zip(table["project"], table["name"], strict=True)}


def indicator_name(measure: str) -> Bilingual:
    """What a target counts."""
    return {str(code): text for code, text in INDICATORS.label(measure).items()}


def indicator_naming(ledgers: Ledgers) -> Naming:
    """Rows named by what a target counts; money with its currency."""
    heads = {
        name: filled(IN_MONEY, name=indicator_name(name), currency=currency_name(ledgers)) for name in MONEY_TARGETS
    }
    return Naming("measure", {**INDICATORS.labels, **heads}, INDICATORS.heading)


def amount(measure: str, value: float) -> str:
    """A target, or what was done of it, as printed: money without its cents."""
    return figure_text(value, decimals=0 if measure in MONEY_TARGETS or float(value).is_integer() else 1)


def amount_text(ledgers: Ledgers, measure: str, value: float) -> Bilingual:
    """A target, or what was done of it, in a sentence: money with its currency."""
    number = amount(measure, value)
    return money_text(ledgers, number) if measure in MONEY_TARGETS else dict.fromkeys(REPORT_LANGUAGES, number)


def expected_amount(measure: str, value: float) -> str:
    """What was to be expected by a day, as printed: with a decimal where it is small and not whole."""
    return amount(measure, round(value, 1) if value < FINE_BELOW else round(value))


def result_text(row: Row) -> Bilingual | None:
    """What was done, in words: a number, at least a number, or not known and why; None where it is suppressed.

    Parameters
    ----------
    row : mapping
        A row of ``atlas.services.projects.protected_targets``.
    """
    if "result" in row[HIDDEN]:
        return None
    if pd.isna(row["result"]):
        return filled(UNKNOWN, why=WHY[row["why"]])
    value = amount(row["measure"], row["result"])
    return filled(AT_LEAST, value=value) if row["bound"] else dict.fromkeys(REPORT_LANGUAGES, value)


def explanation_text(row: Row) -> Bilingual:
    """The explanation as the ledger has it: in Chinese, and in English where it is given."""
    given = {"zh": str(row["explanation"]).strip(), "en": str(row["explanation_en"]).strip()}
    return {code: text for code, text in given.items() if text}


def in_a_sentence(text: Label, code: str) -> str:
    """A name as it stands inside a sentence."""
    return text[code] if code == "zh" else text[code][0].lower() + text[code][1:]
