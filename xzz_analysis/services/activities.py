"""The ledger of activities: person-times by domain and community."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from xzz_analysis.errors import InputError, suggest
from xzz_analysis.study import Study

REQUIRED = ("date", "type", "domain", "community", "person_times")


def read_activities(study: Study) -> pd.DataFrame:
    """Read the study's ledger of activities.

    Returns
    -------
    DataFrame
        Columns ``date`` (datetime64), ``type``, ``domain``, ``community`` (str), ``person_times`` (int),
        one row per activity; empty when the study names no ledger. People who came several times count
        several times: the ledger holds person-times, not persons.

    Raises
    ------
    InputError
        A column is missing, a date cannot be read, or person-times are not whole numbers ≥ 0.
    """
    path = study.settings.services.activities
    if path is None:
        return pd.DataFrame(columns=list(REQUIRED))
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (UnicodeDecodeError, pd.errors.ParserError) as error:
        raise InputError(f"{path.name} is not a UTF-8 CSV ({type(error).__name__}); save it as CSV UTF-8") from None
    for name in REQUIRED:
        if name not in table:
            raise InputError(f"{path.name} has no column {name!r}{suggest(name, table.columns)}")
    date = pd.to_datetime(table["date"], format="%Y-%m-%d", errors="coerce")
    times = pd.to_numeric(table["person_times"], errors="coerce")
    wrong = (("date", date.isna()), ("person_times", times.isna() | (times < 0) | (times % 1 != 0)))
    for name, rows in wrong:
        if rows.any():
            raise InputError(
                f"{path.name}: {name} cannot be read in {int(rows.sum())} of {len(table)} lines, "
                f"first in line {int(rows.argmax()) + 2}; correct the ledger"
            )
    return table[["type", "domain", "community"]].assign(date=date, person_times=times.astype(int))


def person_times(ledger: pd.DataFrame, first: dt.date, last: dt.date, by: str = "domain") -> pd.DataFrame:
    """Add up activities and person-times between two days, both included.

    Parameters
    ----------
    ledger : DataFrame
        From :func:`read_activities`.
    first, last : date
    by : str
        Column to group by.

    Returns
    -------
    DataFrame
        Columns ``by``, ``activities`` and ``person_times``, one row per group, sorted by name.
    """
    days = ledger["date"].dt.date
    chosen = ledger[(days >= first) & (days <= last)]
    counted = chosen.groupby(by, sort=True)["person_times"]
    return pd.DataFrame({"activities": counted.size(), "person_times": counted.sum()}).reset_index()
