"""What an audit of a datum found, and how it is said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from xzz_analysis.errors import Finding, InputError
from xzz_analysis.places.datum.hypotheses import AS_GIVEN, EXCHANGED
from xzz_analysis.places.datum.mixture import Mixture

Verdict = Literal["agrees", "mislabelled", "undeclared", "mixed", "cannot tell"]
VERDICTS = {
    "agrees": {"zh": "与声明一致", "en": "as declared"},
    "mislabelled": {"zh": "坐标系标注有误", "en": "mislabelled"},
    "undeclared": {"zh": "未声明坐标系", "en": "not declared"},
    "mixed": {"zh": "混有两种坐标系", "en": "mixed"},
    "cannot tell": {"zh": "无法判断", "en": "cannot tell"},
}
"""What an audit can say, for readers."""
STRONG = 1e-6
"""p below which an audit's confidence is called strong."""
MOST_TOLD = 5
"""Parts that a message names."""


@dataclass(frozen=True)
class DatumAudit:
    """What an audit found; printing it shows no coordinate and no place.

    Parameters
    ----------
    verdict : str
        A key of ``VERDICTS``.
    declared, found : str
        Datum of the points as declared ("" when it is not) and as found ("" when it cannot be told).
    polygons : str
        Datum of the polygons or landmarks as found: as declared, unless they are what is mislabelled.
    axes : str
        ``"lon, lat"``, or ``"lat, lon"`` when longitude and latitude are exchanged.
    p : float
        Chance of evidence as clear as this, were the next best explanation as good (for a mixture: were there none).
    table : DataFrame
        One row per hypothesis; the first is as declared. ``points``, ``axes``, ``polygons`` (what is supposed),
        ``n``, ``inside`` and ``share`` (points in their own place), ``median_m`` and ``outside_m`` (median distance
        to the own place, of all points and of those outside), ``nearer`` and ``farther`` (places that are nearer, or
        farther, under the best), ``p``, ``best``.
    counts : dict
        ``points``, ``matched``, ``places`` (that the matched points belong to), ``no_place`` (empty, or at 0°, 0°),
        ``unknown_name`` and ``ambiguous_name``.
    parts : DataFrame
        By level of ``by``: ``n``, ``verdict``, ``found``, ``axes``, ``p``, ``share_declared`` (in their own place as
        declared), ``best`` (hypothesis that most lie in their own place under) and ``share_best``; empty without it.
    mixture : Mixture or None
        The second datum among the points.
    told_apart_by : str
        Column whose values tell the points of the two datums apart, or "".
    """

    verdict: Verdict
    declared: str
    found: str
    polygons: str
    axes: str
    p: float
    table: pd.DataFrame = field(repr=False)
    counts: dict[str, int] = field(default_factory=dict)
    parts: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    mixture: Mixture | None = field(default=None, repr=False)
    told_apart_by: str = ""

    @property
    def confidence(self) -> Literal["strong", "clear", "none"]:
        """How sure the verdict is: p below 1e-6, below 0.001, or not at all."""
        if self.verdict == "cannot tell":
            return "none"
        return "strong" if self.p < STRONG else "clear"

    @property
    def refused(self) -> bool:
        """Whether the points must not be used as they are."""
        return self.verdict in ("mislabelled", "undeclared", "mixed")

    def evidence(self) -> str:
        """Say how many points lie in their own place under each hypothesis about them."""
        own = self.table[self.table["polygons"] == self.table["polygons"].iloc[0]]
        shown = own[(own["axes"] == AS_GIVEN) | own["best"]]
        shares = [
            f"{row.share:.1%} as {row.points}{' with the axes exchanged' if row.axes == EXCHANGED else ''}"
            for row in shown.itertuples()
        ]
        if not self.table["best"][own.index].any():
            best = self.table[self.table["best"]].iloc[0]
            shares.append(f"{best['share']:.1%} as {best['points']} with the polygons in {best['polygons']}")
        return (
            f"of {self.counts['matched']} points of {self.counts['places']} places, those in the place of their own "
            f"name are {', '.join(shares)} (p {f'= {self.p:.1g}' if self.p > 1e-16 else 'below 1e-16'})"
        )

    def message(self) -> str:
        """What is right or wrong, with the evidence."""
        return f"{_SAY[self.verdict](self)}; {self.evidence()}"

    def finding(self, where: str) -> Finding:
        """The audit as one line of the quality report.

        Parameters
        ----------
        where : str
            File that the points come from.

        Returns
        -------
        Finding
            An error when the points are refused, else a note; its rule is ``datum_`` and the verdict.
        """
        severity: Literal["error", "note"] = "error" if self.refused else "note"
        rule = f"datum_{self.verdict.replace(' ', '_')}"
        return Finding(severity, rule, where, self.message(), _REMEDY[self.verdict](self), self.counts["matched"])

    def require(self, where: str = "points") -> None:
        """Refuse points that are mislabelled, undeclared or mixed; let pass what agrees or cannot be told.

        Parameters
        ----------
        where : str
            File that the points come from, for the error.

        Raises
        ------
        InputError
            With the evidence and what to do.
        """
        if self.refused:
            raise InputError(str(self.finding(where)))


def _exchanged(audit: DatumAudit) -> bool:
    return audit.axes == EXCHANGED


def _say_agrees(audit: DatumAudit) -> str:
    return f"the points lie as declared, in {audit.declared}"


def _say_wrong(audit: DatumAudit) -> str:
    """What a mislabelled or undeclared layer really is."""
    target = audit.table["polygons"].iloc[0]
    declared = (
        f"the points are declared {audit.declared}" if audit.declared else "the datum of the points is not declared"
    )
    if _exchanged(audit):
        return "longitude and latitude are exchanged in all points"
    if not audit.found:
        return f"{declared}, which is wrong, but what they are in cannot be told"
    if audit.polygons != target:
        return (
            f"{declared}, the polygons {target}, and one is wrong: they fit as if the polygons were in {audit.polygons}"
        )
    also = f" (or both layers are in {audit.declared})" if audit.declared and audit.found == target else ""
    return f"{declared}, and they lie as if in {audit.found}{also}"


def _say_mixed(audit: DatumAudit) -> str:
    if len(audit.parts) and audit.parts["best"].nunique() > 1:
        told = [f"{row.Index!r} as {row.best} ({row.share_best:.0%} of {row.n})" for row in audit.parts.itertuples()]
        return f"the parts of the points are of different datums; they fit best: {', '.join(told[:MOST_TOLD])}"
    mixture = audit.mixture
    if mixture is None:
        return "the parts of the points are of different datums"
    if mixture.second.axes == EXCHANGED:
        return f"longitude and latitude are exchanged in {mixture.only_second} points and not in the others"
    return (
        f"the points are of two datums, {audit.found} and about {mixture.share:.0%} {mixture.second.points}: "
        f"{mixture.only_first} lie in their own place only as the first, {mixture.only_second} only as the second, "
        f"where accident would explain {mixture.by_accident:.0f}"
    )


def _say_cannot_tell(audit: DatumAudit) -> str:
    if audit.table["share"].max() < 0.5:
        return "under no datum do half of the points lie in the place of their own name, so that nothing can be told"
    return "the points are too few, or the polygons too large, for the difference between the datums to show"


_SAY: dict[str, Callable[[DatumAudit], str]] = {
    "agrees": _say_agrees,
    "mislabelled": _say_wrong,
    "undeclared": _say_wrong,
    "mixed": _say_mixed,
    "cannot tell": _say_cannot_tell,
}


def _remedy_label(audit: DatumAudit) -> str:
    if _exchanged(audit):
        return "give the longitude first"
    if audit.polygons != audit.table["polygons"].iloc[0]:
        return (
            f"declare the polygons {audit.polygons} if their source says so (datum: in study.yml), "
            "or correct the datum of the points"
        )
    if not audit.found:
        return "ask where the points come from and declare their datum (datum: in study.yml)"
    return f"declare the points {audit.found} (datum: in study.yml, or declare()) and convert them"


def _remedy_mixed(audit: DatumAudit) -> str:
    if audit.mixture is not None and audit.mixture.second.axes == EXCHANGED:
        return "exchange them back in the file"
    column = f" by the column {audit.told_apart_by!r}" if audit.told_apart_by else ", by source or batch"
    return f"split the file{column}, declare the datum of each part, and convert the parts before they are put together"


def _remedy_none(audit: DatumAudit) -> str:
    return "" if audit.verdict == "agrees" else "declare the datum that the source of the points names"


_REMEDY: dict[str, Callable[[DatumAudit], str]] = {
    "agrees": _remedy_none,
    "mislabelled": _remedy_label,
    "undeclared": _remedy_label,
    "mixed": _remedy_mixed,
    "cannot tell": _remedy_none,
}
