"""Estimates: the one currency after ``survey/``, a tidy frame that keeps its influence matrix."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from xzz_analysis.errors import XzzError
from xzz_analysis.survey.engine.influence import Influence, join_influences

MISSING_COLUMNS = (
    "n_skipped",
    "n_blank",
    "n_dont_know",
    "n_refused",
    "n_not_asked",
    "n_removed",
    "n_invalid",
)
"""Counts of respondents in the group without a usable answer, by reason."""

COLUMNS = (
    "result_id",
    "round",
    "unit",
    "indicator",
    "version",
    "option",
    "statistic",
    "by",
    "estimate",
    "se",
    "low",
    "high",
    "level",
    "df",
    "n",
    "n_need",
    "n_eff",
    "weighted_n",
    "deff",
    "method",
    "kind",
    "flags",
    "reason",
    *MISSING_COLUMNS,
)
"""Columns of every estimates frame, in order."""

REASONS = (
    "nobody_answered",
    "no_weight",
    "denominator_zero",
    "no_degrees_of_freedom",
    "interval_undefined",
    "beyond_the_data",
    "no_sampling_error",
    "one_category",
    "empty_cells",
    "empty_stratum",
    "singular_covariance",
    "no_groups",
    "no_respondents",
    "not_in_both_rounds",
    "level_not_in_both_rounds",
    "not_comparable",
    "fewer_than_three_rounds",
    "few_complete",
    "few_items",
    "item_alike",
    "item_determined",
    "no_rasch_model",
    "unlike_the_standard",
    "not_known",
    "need_not_known",
)
"""Words for why a figure of a row is absent."""

FIRST = ("round", "unit", "question", "option", "statistic", "by", "estimate", "se", "low", "high", "df", "n")
"""Columns that a tabulation begins with; ``question`` is what an estimates frame calls ``indicator``."""

ASKED = ("study", "round", "unit", "indicator", "version", "option", "statistic", "by", "level", "method")
"""What was asked: the only things a result id is made of."""


def result_ids(
    labels: Mapping[str, str],
    items: Sequence[tuple[str, str, str, str]],
    groups: Sequence[str],
    level: float,
    method: str,
) -> list[str]:
    """Identify results by what was asked, never by the answer.

    Parameters
    ----------
    labels : mapping
        ``study``, ``round`` and ``unit``.
    items : sequence of (indicator, version, option, statistic)
    groups : sequence of str
        Values of ``by``.
    level : float
    method : str

    Returns
    -------
    list of str
        For each item, then each group: twelve hexadecimal digits of the SHA-256 of the JSON list of
        :data:`ASKED`; stable between runs.
    """
    first = _json([labels[name] for name in ("study", "round", "unit")])[:-1]
    last = _json([level, method])[1:]
    ends = [f",{_json(group)},{last}".encode() for group in groups]
    out = []
    for item in items:
        start = f"{first},{_json(list(item))[1:-1]}".encode()
        out += [hashlib.sha256(start + end).hexdigest()[:12] for end in ends]
    return out


_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def tabulation(estimates: pd.DataFrame) -> pd.DataFrame:
    """Lay estimates of questions out as a tidy table that begins with :data:`FIRST`."""
    table = pd.DataFrame(estimates).rename(columns={"indicator": "question"})
    return table[[*FIRST, *(name for name in table if name not in FIRST)]]


def group_key(pairs: Sequence[tuple[str, str]]) -> str:
    """Write ordered group=value pairs as one string, ``district=东;sex=f``; empty for the whole.

    ``%``, ``;`` and ``=`` inside a name or value are percent-encoded, so the string splits back.
    """
    return ";".join(f"{_escape(group)}={_escape(value)}" for group, value in pairs)


def group_pairs(by: str) -> list[tuple[str, str]]:
    """Split what :func:`group_key` wrote back into ordered pairs."""
    if not by:
        return []
    pairs = (part.split("=", 1) for part in by.split(";"))
    return [(_unescape(group), _unescape(value)) for group, value in pairs]


def _escape(text: str) -> str:
    return str(text).replace("%", "%25").replace(";", "%3B").replace("=", "%3D")


def _unescape(text: str) -> str:
    return text.replace("%3D", "=").replace("%3B", ";").replace("%25", "%")


class Estimates(pd.DataFrame):
    """Tidy frame of estimates, one row per result, with columns :data:`COLUMNS`.

    It is a pandas frame: filter, sort and join it as usual. ``influence`` keeps the matrix that
    contrasts are taken from, for the rows that were estimated together.
    """

    _metadata = ["influence"]
    influence: Influence | None = None

    @classmethod
    def none(cls) -> Estimates:
        """A frame with every column and no row."""
        return cls(columns=list(COLUMNS))

    @property
    def _constructor(self) -> type[Estimates]:
        return Estimates

    def covariance(self) -> np.ndarray:
        """Design covariance of the rows, in their present order, shape (rows, rows); NaN where there is no estimate.

        Raises
        ------
        XzzError
            The rows keep no influence matrix or no ``result_id``, or were estimated from different samples.
        """
        influence = self.known_influence()
        found = influence.covariance(self.known("result_id").to_list())
        absent = self.known("estimate").isna().to_numpy()
        found[absent | absent[:, None]] = np.nan
        return found

    def known(self, name: str) -> pd.Series:
        """One of the columns that every frame of estimates has; :class:`XzzError` where it was dropped."""
        if name not in self or self[name].ndim != 1:
            raise XzzError(
                f"these estimates have no column {name!r} any more, so it is not known what their rows are; keep "
                "the columns that estimates come with"
            )
        return self[name]

    def known_influence(self) -> Influence:
        """The influence matrix; :class:`XzzError` where none was kept."""
        if self.influence is None:
            raise XzzError(
                "these estimates keep no influence matrix, so they have no covariance; estimate them with "
                "share(), mean(), total(), ratio() or quantile(), and join() what was made from one sample"
            )
        return self.influence


def join(parts: Sequence[Estimates]) -> Estimates:
    """Put estimates of one sample into one frame that keeps their common influence matrix.

    Parameters
    ----------
    parts : sequence of Estimates
        Of one sample and its subpopulations.

    Returns
    -------
    Estimates
        The rows of all parts; contrasts may be taken between any of them.

    Raises
    ------
    XzzError
        A part that keeps no influence matrix, or parts of different samples; the same question about different
        respondents, which results cannot tell apart.
    """
    several = isinstance(parts, Sequence)
    for part in parts if several else [parts]:
        if not several or not isinstance(part, Estimates):
            kind = type(part).__name__
            raise XzzError(f"join() takes a list of Estimates, such as [share(…), mean(…)]; got one of type {kind}")
    made = [part for part in parts if len(part)]
    if not made:
        return Estimates.none()
    out = Estimates(pd.concat([pd.DataFrame(part) for part in made], ignore_index=True))
    out.influence = join_influences([part.known_influence() for part in made])
    return out


WHAT = ("unit", "indicator", "version", "statistic", "option")
"""Columns that say what an estimate is of, whatever round and group."""

REST = "without_level"
"""Attribute of a frame by groups: what was asked → people with an answer who are in no level, and those with the need.

The levels and a printed total would give them away by subtraction.
"""


def without_level(whole: pd.DataFrame, levels: pd.DataFrame) -> dict[tuple[str, ...], tuple[float, float]]:
    """People in the whole who are in no level of a grouping.

    Parameters
    ----------
    whole, levels : DataFrame
        Estimates of everybody, and by one grouping, with ``n`` and ``n_need``.

    Returns
    -------
    dict
        Values of :data:`WHAT` → their number, and how many have the need (NaN for other statistics than shares);
        only where there are some.
    """
    keys = list(WHAT)
    told = [frame.groupby(keys)[["n", "n_need"]].sum(min_count=1) for frame in (whole, levels)]
    rest = (told[0] - told[1]).dropna(subset=["n"])
    rest = rest[rest["n"] > 0]
    return {
        tuple(map(str, asked)): (float(n), float(need))
        for asked, n, need in zip(rest.index, rest["n"], rest["n_need"], strict=True)
    }
