"""Estimates: the one currency after ``survey/``, a tidy frame that keeps its influence matrix."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

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
    written = [_json(group) for group in groups]
    out = []
    for item in items:
        start = f"{first},{_json(list(item))[1:-1]}"
        out += [hashlib.sha256(f"{start},{group},{last}".encode()).hexdigest()[:12] for group in written]
    return out


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


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


@dataclass(frozen=True)
class Influence:
    """How much each first-stage unit moves each estimate.

    Attributes
    ----------
    z : sparse array of shape (clusters, estimates)
        Influence totals: the covariance of any two estimates is the design covariance of their
        columns.
    stratum : int array of shape (clusters,)
        Stratum code of each cluster, sorted.
    sampled : array of shape (strata,)
        First-stage units drawn in each stratum, those without members of a domain included.
    fraction : array of shape (strata,)
        Sampling fraction of first-stage units (0 without a finite population correction).
    result_ids : tuple of str, one per column of ``z``
    """

    z: sparse.csc_array
    stratum: np.ndarray
    sampled: np.ndarray
    fraction: np.ndarray
    result_ids: tuple[str, ...]

    def covariance(self, result_ids: Sequence[str]) -> np.ndarray:
        """Design covariance of some of the estimates, shape (len(result_ids), len(result_ids)).

        Σ over strata of (1−f) n/(n−1) Σ (z − z̄)(z − z̄)ᵀ, the units sampled counted in n.
        """
        position = {name: column for column, name in enumerate(self.result_ids)}
        z = self.z[:, [position[name] for name in result_ids]].toarray()
        strata = len(self.sampled)
        centre = np.zeros((strata, z.shape[1]))
        np.add.at(centre, self.stratum, z)
        deviation = z - (centre / self.sampled[:, None])[self.stratum]
        factor = (1 - self.fraction) * self.sampled / np.maximum(self.sampled - 1, 1)
        return np.asarray((deviation * factor[self.stratum][:, None]).T @ deviation)


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
