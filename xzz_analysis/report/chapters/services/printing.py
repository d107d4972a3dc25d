"""Money with its currency, tables that say a note once, and tables that open on demand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from xzz_analysis.language import REPORT_LANGUAGES, Label
from xzz_analysis.report.blocks import Table
from xzz_analysis.report.chapters.services.naming import Bilingual, filled
from xzz_analysis.services.opening import Ledgers

CURRENCIES: dict[str, Label] = {"CNY": {"zh": "元", "en": "yuan"}}
"""What currencies are called; others go by their code."""

AMOUNT: Label = {"zh": "{amount}{currency}", "en": "{amount} {currency}"}
FOREIGN: Label = {"zh": "{amount} {currency}", "en": "{amount} {currency}"}


def currency_name(ledgers: Ledgers) -> Bilingual:
    """What the currency of the study is called: ``元``, ``yuan``, or its code."""
    code = ledgers.declared.currency
    return dict(CURRENCIES.get(code, dict.fromkeys(REPORT_LANGUAGES, code)))


def money_text(ledgers: Ledgers, amount: str) -> Bilingual:
    """An amount with its currency, as it stands in a sentence."""
    known = ledgers.declared.currency in CURRENCIES
    return filled(AMOUNT if known else FOREIGN, amount=amount, currency=currency_name(ledgers))


def noted_once(tables: Sequence[Table], notes: Sequence[Label]) -> list[Table]:
    """The tables with each of these notes under the first that carries it, and not again under those after it."""
    told: list[dict[str, str]] = []
    out = []
    for table in tables:
        out.append(replace(table, notes=[note for note in table.notes if note not in told]))
        told += [note for note in table.notes if note in notes]
    return out


def opened_on_demand(table: Table) -> Table:
    """The table with its rows shown when a reader opens it."""
    return replace(table, folded=True)
