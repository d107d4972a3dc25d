"""Days of attendance, where the sheet leaves them to the ledger of activities."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xzz_analysis.services.ledgers.problems import Problem, as_findings, noticed
from xzz_analysis.services.ledgers.reading import ReadLedger

_ONE = ["activity", "person", "date"]


def with_activity_days(attendance: ReadLedger, activities: ReadLedger) -> ReadLedger:
    """Give attendance without a day the day of its activity, and count what is there twice then once.

    Parameters
    ----------
    attendance, activities : ReadLedger

    Returns
    -------
    ReadLedger
        Attendance of an activity that is unknown, or has several days, stays without a day and is a finding: it is in
        no period.
    """
    table = attendance.table
    if table["date"].notna().all():
        return attendance
    known = activities.table.loc[activities.table["activity"] != "", ["activity", "date"]].drop_duplicates()
    days = known.drop_duplicates("activity", keep=False).set_index("activity")["date"]
    filled = table.assign(date=table["date"].fillna(table["activity"].map(days)))
    filled = filled.sort_values([*_ONE, "entered", "line"], ignore_index=True)
    filled["date"] = filled["date"].astype(table["date"].dtype)
    again = (filled.duplicated(_ONE) & filled["date"].notna()).to_numpy()
    undated = (filled["date"].isna()).to_numpy()
    lines = filled["line"].to_numpy(dtype=np.int64)
    problems: list[Problem] = noticed("ledger_attendance_twice", "attendance", again, lines)
    problems += noticed("ledger_attendance_undated", "attendance", undated, lines)
    kept: pd.DataFrame = filled[~again].reset_index(drop=True)
    return ReadLedger(kept, (*attendance.findings, *as_findings(problems)), attendance.rows)
