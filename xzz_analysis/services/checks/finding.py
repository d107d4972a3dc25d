"""A finding about rows of a ledger."""

from __future__ import annotations

import pandas as pd

from xzz_analysis.errors import Finding, Severity
from xzz_analysis.services.checks.rules import remedy_of
from xzz_analysis.services.opening import Ledgers


def source_of(ledgers: Ledgers, kind: str) -> str:
    """A ledger and where it is, as messages name them."""
    named = ledgers.declared.ledgers()[kind]
    return f"{kind} ({named.file.name if named.file is not None else f'table {named.table}'})"


def found(
    ledgers: Ledgers,
    kind: str,
    rule: str,
    rows: pd.DataFrame,
    message: str,
    *,
    count: int | None = None,
    severity: Severity = "warning",
) -> list[Finding]:
    """A finding about some rows of a ledger, if there are any.

    Parameters
    ----------
    ledgers : Ledgers
    kind : str
        The ledger.
    rule : str
    rows : DataFrame
        The rows, with ``line``.
    message : str
        ``{count}`` stands for how many.
    count : int, optional
        How many, where that is not the number of rows.
    severity : str

    Returns
    -------
    list of Finding
        One or none; it names the first line.
    """
    if not len(rows):
        return []
    number = len(rows) if count is None else count
    where = f"{source_of(ledgers, kind)}, line {int(rows['line'].min())}"
    return [Finding(severity, rule, where, message.format(count=number), remedy_of(rule), number)]
