"""Several protected figures of the same thing in one row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from xzz_analysis.disclosure.protect import SUPPRESSED, Protected, hidden_rows
from xzz_analysis.errors import DisclosureError

RESULTS = "results"
"""Column of a wide table: measure → id of the result in its cell."""

HIDDEN = "hidden"
"""Column of a wide table: measures whose cell is suppressed."""


def side_by_side(parts: Mapping[str, Protected], keys: Sequence[str]) -> Protected:
    """Put protected figures of the same things beside each other.

    Parameters
    ----------
    parts : mapping of str to Protected
        Measure → its rows, with ``estimate``, ``result_id``, ``suppressed`` and ``reason``; no two rows of a part share
        their keys.
    keys : sequence of str
        Columns of texts that say what a row is about.

    Returns
    -------
    Protected
        ``keys`` and a column for each measure (NaN where it is suppressed, not known, or has no row), :data:`RESULTS`
        and :data:`HIDDEN`; rows in the order of the first part that has them.

    Raises
    ------
    DisclosureError
        Parts with different policies, or rows that cannot be told apart.
    """
    tables = [part.frame.set_index(list(keys)) for part in parts.values()]
    policies = {part.policy for part in parts.values()}
    if len(policies) != 1 or any(table.index.has_duplicates for table in tables):
        raise DisclosureError("tables that stand side by side need one policy, and one row for each thing they tell of")
    order = pd.Index(dict.fromkeys(key for table in tables for key in table.index))
    rows = []
    for key in order:
        found = {name: table.loc[key] for name, table in zip(parts, tables, strict=True) if key in table.index}
        row = dict(zip(keys, key if isinstance(key, tuple) else (key,), strict=True))
        row |= {name: found[name]["estimate"] if name in found else float("nan") for name in parts}
        row[RESULTS] = {name: one["result_id"] for name, one in found.items()}
        row[HIDDEN] = [name for name, one in found.items() if one["reason"] == SUPPRESSED]
        rows.append(row)
    made = pd.DataFrame(rows, columns=[*keys, *parts, RESULTS, HIDDEN])
    return hidden_rows(made.assign(suppressed=False, reason=""), policies.pop())
