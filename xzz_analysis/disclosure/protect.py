"""Protected tables: the only thing ``report/`` accepts.

The rule of this module is a threshold on the number of people behind a figure: a count, and every
figure computed from it, is shown only when the count ``n`` and, for a share, both the people with the
need ``k`` and the people without it ``n − k`` reach the threshold. All figures of a suppressed row
disappear together (a percentage goes with its counts), behind one single mark.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import InitVar, dataclass, replace

import numpy as np
import pandas as pd

from xzz_analysis.disclosure.complement import alone, reasons_to_hide, too_few, with_complements
from xzz_analysis.disclosure.crossed import hidden_rows_of, mask_reasons_of
from xzz_analysis.errors import DisclosureError
from xzz_analysis.study import Study
from xzz_analysis.survey.estimates import COLUMNS, MISSING_COLUMNS
from xzz_analysis.survey.part import PART, without_place

MARK = "※"
"""The one mark of a suppressed figure, in every table, chart and sentence."""

SUPPRESSED = "suppressed"
FIGURES: tuple[str, ...] = (
    "estimate",
    "se",
    "low",
    "high",
    "df",
    "n",
    "n_need",
    "n_eff",
    "weighted_n",
    "deff",
    *MISSING_COLUMNS,
)
"""Columns that disappear together when a row is suppressed."""


@dataclass(frozen=True)
class Policy:
    """How small a group may be shown.

    Attributes
    ----------
    threshold : int
        Fewest people behind a published count and behind its complement.
    place : str
        The level of a group that the report is about, ``community=heyan``; empty for the whole study. Tables that do
        not know what they are a part of are refused then.
    """

    threshold: int = 5
    place: str = ""

    def __post_init__(self) -> None:
        if self.threshold < 1:
            raise DisclosureError(
                f"disclosure.threshold is {self.threshold}, which would protect nobody; "
                "set it to 5 or more in study.yml"
            )

    @classmethod
    def of(cls, study: Study, place: str = "") -> Policy:
        """The policy that a study declares, for a report on the whole or on one place."""
        return cls(study.settings.disclosure.threshold, place)

    @property
    def whole(self) -> Policy:
        """The same policy for tables of the whole study."""
        return Policy(self.threshold)

    def require_whole(self, what: str) -> None:
        """Refuse a table of the whole study, whose neighbours are not known, in a report on one place."""
        if self.place:
            raise DisclosureError(
                f"{what} of {self.place!r} come without the tables of the whole study that they are a part of; take "
                "them from MonitoringRound.split(), or protect the whole table and keep the rows of the place"
            )


_KEY = object()


@dataclass(frozen=True, eq=False)
class Protected:
    """A table that may leave; only :func:`protect` and :func:`protect_counts` make one.

    Attributes
    ----------
    frame : DataFrame
        Suppressed figures are NaN and their row's ``suppressed`` is True.
    policy : Policy
    """

    frame: pd.DataFrame
    policy: Policy
    key: InitVar[object] = None

    def __post_init__(self, key: object) -> None:
        if key is not _KEY:
            raise DisclosureError("a Protected table is made by disclosure.protect(), never by hand")

    def rows(self, mask: pd.Series | np.ndarray) -> Protected:
        """The rows where the boolean mask holds, still protected."""
        return Protected(self.frame[mask].reset_index(drop=True), self.policy, _KEY)

    def ordered(self, places: Sequence[int]) -> Protected:
        """The rows in another order."""
        return Protected(self.frame.loc[list(places)].reset_index(drop=True), self.policy, _KEY)

    def joined(self, other: Protected) -> Protected:
        """The rows of both tables below each other."""
        return Protected(pd.concat([self.frame, other.frame], ignore_index=True), self.policy, _KEY)

    def without(self, names: Sequence[str]) -> Protected:
        """The same table without some columns."""
        return Protected(self.frame.drop(columns=list(names)), self.policy, _KEY)

    def with_texts(self, name: str, texts: Sequence[Mapping[str, str]]) -> Protected:
        """The same table with one more column of texts by language, made of figures that it holds."""
        return Protected(self.frame.assign(**{name: pd.Series(list(texts), dtype=object)}), self.policy, _KEY)

    def with_column(self, name: str, values: Sequence[str]) -> Protected:
        """The same table with one more column of names (never of figures)."""
        return Protected(self.frame.assign(**{name: pd.Series(list(values), dtype="str")}), self.policy, _KEY)


def hidden_rows(frame: pd.DataFrame, policy: Policy) -> Protected:
    """A table whose rows the rules of this room have suppressed; for the modules of this room alone."""
    return Protected(frame, policy, _KEY)


def protect(estimates: pd.DataFrame, policy: Policy) -> Protected:
    """Suppress every row of estimates with too few people behind it.

    Parameters
    ----------
    estimates : Estimates
        Columns of ``survey.estimates.COLUMNS``.
    policy : Policy

    Returns
    -------
    Protected
        Same rows; suppressed ones keep what was asked, lose every figure and get
        ``reason = "suppressed"``. A row that nobody answered loses its figures and keeps its reason.
        Where a count of missing answers is below the threshold, every count of that row that is not
        zero is suppressed, and so are those of other levels until none follows from the total. Rows of one place
        (:func:`~xzz_analysis.survey.part.rows_of_place`) are protected inside the tables that they are a part of, and
        ``by`` says what they are split by beside the place.

    Raises
    ------
    DisclosureError
        Columns of figures that no rule covers; a report on one place without the tables it is a part of.
    """
    frame = pd.DataFrame(estimates).reset_index(drop=True).copy()
    frame.attrs = dict(estimates.attrs)  # who is in no level of a group
    _refuse_unknown(frame)
    small, nobody = too_few(frame, policy.threshold)
    part = frame.attrs.get(PART)
    if part is not None:
        small = hidden_rows_of(frame, part, policy.threshold)
        mask_reasons_of(frame, part, policy.threshold)
        frame["by"] = without_place(frame["by"], part.place)
    elif len(frame):
        policy.require_whole("estimates")
        small = with_complements(frame, small, policy.threshold)
    figures = [column for column in FIGURES if column in frame]
    told = frame[figures].to_numpy(float, copy=True)
    told[small | nobody] = np.nan
    frame[figures] = told
    if part is None:
        _mask_reasons(frame, policy.threshold)
    if small.any():
        frame.loc[small, "reason"] = SUPPRESSED
    if "flags" in frame:
        frame["flags"] = frame["flags"].where(frame["flags"].notna() & ~(small | nobody), "").astype("str")
    frame["suppressed"] = small
    frame.attrs = {}
    return Protected(frame, policy if part is None else replace(policy, place=part.place), _KEY)


def _refuse_unknown(frame: pd.DataFrame) -> None:
    """Refuse figures that no rule here covers: they would stay where their row is suppressed."""
    numeric = frame.select_dtypes("number").columns
    unknown = [str(name) for name in numeric if name not in COLUMNS]
    if unknown:
        raise DisclosureError(
            f"the table has {len(unknown)} columns of figures that protection knows no rule for "
            f"({', '.join(unknown[:5])}); publish the estimates they were made from instead"
        )


def _mask_reasons(frame: pd.DataFrame, threshold: int) -> None:
    """Suppress counts of missing answers: small ones, and those that would give them away."""
    columns = [column for column in MISSING_COLUMNS if column in frame]
    hidden = reasons_to_hide(frame, columns, threshold)
    if hidden.any():
        frame[columns] = frame[columns].mask(hidden)


def protect_counts(frame: pd.DataFrame, counts: Sequence[str], policy: Policy, *, total: bool = False) -> Protected:
    """Suppress small counts of records (response flow, missing answers, findings).

    Parameters
    ----------
    frame : DataFrame
    counts : sequence of str
        Columns of counts; a count of 1 … threshold − 1 is suppressed, a zero is shown (it is a
        statement about records, not about a person).
    policy : Policy
    total : bool
        Whether the rows of a column add up to a number that is printed elsewhere: a hidden count then
        hides the next smallest too.

    Raises
    ------
    DisclosureError
        A report on one place: protect the counts of all places with ``policy.whole``, and keep its rows.
    """
    policy.require_whole("counts")
    table = frame.reset_index(drop=True).copy()
    numbers = table[list(counts)].astype(float)
    small = (numbers > 0) & (numbers < policy.threshold)
    if total:
        small = small.apply(lambda column: alone(numbers[column.name], column, policy.threshold))
    table[list(counts)] = numbers.mask(small)
    table["suppressed"] = small.any(axis=1).to_numpy()
    return Protected(table, policy, _KEY)


def protect_register(frame: pd.DataFrame, people: str, within: str, policy: Policy) -> Protected:
    """Suppress rows of a register of people (homes, places in reach) in which somebody could be told.

    Parameters
    ----------
    frame : DataFrame
    people, within : str
        Columns of people in all (NaN where they are too few already), and of those among them for whom something holds.
    policy : Policy
        Nobody and everybody are shown, as they say something of the place and not of a person; fewer than the threshold
        in all, for whom it holds, or for whom it does not, are not.

    Returns
    -------
    Protected
        Same rows; a suppressed one loses every number.
    """
    table = frame.reset_index(drop=True).copy()
    everybody, some = (table[name].to_numpy(float) for name in (people, within))
    few = np.isnan(everybody) | ((everybody > 0) & (everybody < policy.threshold))
    for part in (some, everybody - some):
        few |= (part > 0) & (part < policy.threshold)
    numbers = [str(name) for name in table.select_dtypes("number") if name != "level"]
    table[numbers] = table[numbers].astype(float)
    table.loc[few, numbers] = np.nan
    if "reason" in table:
        table.loc[few, "reason"] = SUPPRESSED
    table["suppressed"] = few
    return Protected(table, policy, _KEY)
