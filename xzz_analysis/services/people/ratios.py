"""Volunteers for every social worker, beside ratios that others ask for."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from xzz_analysis.services.opening import Ledgers
from xzz_analysis.services.people.roles import headcount, held_on, in_order, last_day, role_spells

WORKERS = ("social_worker", "staff")
"""Roles that volunteers are counted per, each on its own: staff who are no social workers do not count as such."""


def volunteers_per_worker(ledgers: Ledgers, by: Sequence[str] = ()) -> pd.DataFrame:
    """Volunteers on the last day reported for every social worker, and for every member of staff.

    Parameters
    ----------
    ledgers : Ledgers
    by : sequence of str
        ``community``, or nothing.

    Returns
    -------
    DataFrame
        ``by``, ``volunteers`` (who hold the role of volunteer on that day), and for each role of :data:`WORKERS` its
        holders (``social_worker``, ``staff``: NaN where the ledger never names the role, as nothing is known of it
        then) and the ratio (``per_social_worker``, ``per_staff``: NaN where there is nobody to divide by).
    """
    spells = role_spells(ledgers)
    held = held_on(spells, last_day(ledgers))
    held = held[held["role"].isin(["volunteer", *WORKERS])]
    counted = headcount(held, ["role", *by])
    if by:
        wide = counted.pivot(index=list(by), columns="role", values="persons")
    else:
        wide = counted.set_index("role")["persons"].to_frame().T
    wide = wide.reindex(columns=["volunteer", *WORKERS]).fillna(0.0).rename(columns={"volunteer": "volunteers"})
    for role in WORKERS:
        if not (spells["role"] == role).any():
            wide[role] = float("nan")
        wide[f"per_{role}"] = wide["volunteers"] / wide[role].where(wide[role] > 0)
    table = wide.reset_index() if by else wide.reset_index(drop=True)
    return in_order(ledgers, table.rename_axis(None, axis=1), by) if by else table
