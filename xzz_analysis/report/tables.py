"""Protected tables → printed tables, and how their rows are named.

Figures are rounded here to what is printed, once, so that no file, page or chart holds finer data than
the table a reader sees.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from xzz_analysis.disclosure.protect import MARK, SUPPRESSED, Protected
from xzz_analysis.errors import DisclosureError, ReportError, suggest
from xzz_analysis.intake.answers import MISSING_REASONS, REASON_LABELS
from xzz_analysis.language import Label
from xzz_analysis.report.blocks import Column, Table
from xzz_analysis.report.theme import CAUTION, NOTHING
from xzz_analysis.survey.estimate.layout import SHARES
from xzz_analysis.survey.estimates import MISSING_COLUMNS

UNANSWERED = tuple(name for name in MISSING_COLUMNS if name not in ("n_skipped", "n_not_asked"))
"""Reasons of those who were asked and gave no usable answer."""

ESTIMATED = (
    "result_id",
    "statistic",
    "estimate",
    "low",
    "high",
    "level",
    "kind",
    "n",
    "flags",
    "reason",
    *MISSING_COLUMNS,
)
"""Columns that tables and charts of estimates need."""

WHOLE: Label = {"zh": "全体", "en": "All"}

COLUMN_LABELS: dict[str, dict[str, str]] = {
    "estimate": {"zh": "估计值", "en": "Estimate"},
    "interval": {"zh": "{level} 置信区间", "en": "{level} confidence interval"},
    "indicative": {
        "zh": "{level} 参考区间（非概率样本）",
        "en": "{level} indicative interval (not a random sample)",
    },
    "se": {"zh": "标准误", "en": "Standard error"},
    "n": {"zh": "有效回答", "en": "Answered"},
    "n_need": {"zh": "其中符合", "en": "Of which yes"},
    "n_eff": {"zh": "有效样本量", "en": "Effective sample"},
    "weighted_n": {"zh": "加权总数", "en": "Weighted total"},
    "deff": {"zh": "设计效应", "en": "Design effect"},
    "missing": {"zh": "缺失", "en": "Missing"},
    **{f"n_{reason.name.lower()}": dict(REASON_LABELS[reason]) for reason in MISSING_REASONS},
}

NOTES: dict[str, dict[str, str]] = {
    "suppressed": {
        "zh": f"{MARK} 为保护受访者不予公布：作出或未作出该回答的不足 {{threshold}} 个，或可据此推算出这样的数字。",
        "en": f"{MARK} Not published, to protect respondents: fewer than {{threshold}} of them gave, "
        "or did not give, this answer, or the figure would give such a one away.",
    },
    "suppressed_counts": {
        "zh": f"{MARK} 为保护受访者，不足 {{threshold}} 的计数以及会透露它的数字不予公布。",
        "en": f"{MARK} Not published, to protect respondents: a count below {{threshold}}, or a figure that "
        "would give it away.",
    },
    "review": {
        "zh": f"{CAUTION['review']} 须谨慎使用：回答或抽样点较少，或者所有人的回答都一样。",
        "en": f"{CAUTION['review']} Use with caution: few answers or few sampled areas, or everybody answered alike.",
    },
    "suppress": {
        "zh": f"{CAUTION['suppress']} 不够可靠，不宜单独引用：有效回答不足 30 个，或者区间太宽"
        "（美国国家卫生统计中心 2017 年比例数据发布标准）。",
        "en": f"{CAUTION['suppress']} Not reliable enough to be quoted alone: fewer than 30 effective answers, or "
        "too wide an interval (NCHS presentation standards for proportions, 2017).",
    },
    "nothing": {"zh": f"{NOTHING} 不适用。", "en": f"{NOTHING} Does not apply."},
    "missing": {
        "zh": "缺失：问到而没有可用回答（空白、不知道、拒绝、删除、无效），不计入百分比的基数。",
        "en": "Missing: asked, but left blank, don't know, refused, removed or invalid; "
        "not in the base of a percentage.",
    },
}


@dataclass(frozen=True)
class Naming:
    """How the rows of a protected table, or the series of a chart, are named.

    Attributes
    ----------
    column : str
        Column of the frame that tells them apart (``indicator``, ``by``, ``option``, ``round``).
    labels : mapping of str to Label
        Value of that column → label; a value that is not there is printed as it stands, an empty
        ``by`` as 全体 / All.
    heading : bilingual text
        Head of the column of names, or title of the legend.
    """

    column: str
    labels: Mapping[str, Label] = field(default_factory=dict)
    heading: dict[str, str] = field(default_factory=lambda: {"zh": "项目", "en": "Item"})

    def label(self, value: Any) -> dict[str, str]:
        """The label of one value; ``{"": value}`` when there is none in any language."""
        label = {key: text for key, text in self.labels.get(str(value), {}).items() if text.strip()}
        return label or (dict(WHOLE) if (self.column, value) == ("by", "") else {"": str(value)})

    def names(self, frame: pd.DataFrame) -> list[dict[str, str]]:
        """The labels of the frame's rows; :class:`ReportError` when the column is not there."""
        if self.column not in frame:
            hint = suggest(self.column, frame.columns)
            raise ReportError(f"rows are to be named by column {self.column!r}, which is not in the table{hint}")
        return [self.label(value) for value in frame[self.column]]


def protected_frame(table: Protected, what: str, columns: Iterable[str] = ()) -> pd.DataFrame:
    """The frame of a protected table; everything else is refused.

    Raises
    ------
    DisclosureError
        When the table is not :class:`Protected`.
    ReportError
        When a column is not in it.
    """
    if not isinstance(table, Protected):
        raise DisclosureError(
            f"{what} was given a {type(table).__name__}, which is not protected and may name a person; "
            "pass what disclosure.protect() returns"
        )
    for name in columns:
        if name not in table.frame:
            raise ReportError(f"{what}: the table has no column {name!r}{suggest(name, table.frame.columns)}")
    return table.frame


COMPARING = ("_trend", "_difference", "_against_all", "_against_others", "_between_gap", "_between_deviation")
"""What follows the statistic in the name of a difference of two of its figures."""


REACHED = "share_in_reach"
"""Statistic of the people with a service within a walk."""


COEFFICIENTS = ("alpha", "omega", "infit", "rasch_reliability", "effect", "p", "p_adjusted")
"""Statistics of a scale's items, effect sizes and probabilities: printed as indices are."""


def unit_of(statistic: str) -> str:
    """The unit of a statistic: shares and ratios of totals in percent, their changes in points, indices as they are."""
    stem = statistic.removeprefix("matched_").split("_change")[0]
    for ending in COMPARING:
        stem = stem.removesuffix(ending)
    moved = stem != statistic.removeprefix("matched_")
    if stem in (
        *SHARES,
        "standardised_share",
        "share_of_mentions",
        "ratio",
        "prevalence",
        "agreement",
        "reached",
        REACHED,
    ):
        return "points" if moved else "percent"
    kind = "ratio" if stem in COEFFICIENTS or stem.startswith(("gini", "concentration")) else "number"
    return f"{kind}_change" if moved else kind


def printed_figures(frame: pd.DataFrame, decimals: int = 1) -> pd.DataFrame:
    """Round an estimates frame to what is printed, with the unit of each row.

    Parameters
    ----------
    frame : DataFrame
        Of a protected table of estimates.
    decimals : int
        Decimals of numbers, and at least two of their changes; shares and ratios keep three (one of a percentage).

    Returns
    -------
    DataFrame
        Columns of ``frame`` with ``estimate``, ``se``, ``low``, ``high``, ``n_eff``, ``weighted_n`` and
        ``deff`` rounded, and both sides and tests of comparisons, plus ``unit`` (of
        :func:`unit_of`) and ``missing`` (the sum of :data:`UNANSWERED`).
    """
    out = frame.copy()
    out["unit"] = [unit_of(statistic) for statistic in frame["statistic"]]
    moved = (out["unit"] == "number_change").to_numpy()
    fine = ~((out["unit"] == "number").to_numpy() | moved)
    for name in ("estimate", "se", "low", "high", "before", "after", "of_level", "of_reference"):
        if name in out:
            value = out[name].to_numpy(float)
            out[name] = np.where(fine, np.round(value, 3), np.round(value, decimals))
            out.loc[moved, name] = np.round(value[moved], max(decimals, 2))
    for name in ("t", "p", "p_adjusted", "overlap"):
        if name in out:
            out[name] = out[name].astype(float).round(3)
    out["deff"] = out["deff"].astype(float).round(2)
    for name in ("n_eff", "weighted_n"):
        out[name] = out[name].astype(float).round(0)
    out["missing"] = out[list(UNANSWERED)].astype(float).sum(axis=1, min_count=len(UNANSWERED))
    return out


def estimates_table(
    table: Protected,
    *,
    caption: dict[str, str],
    rows: Naming,
    columns: Sequence[str | Column] = ("estimate", "interval", "n", "n_need", "missing"),
    section: Naming | None = None,
    notes: Sequence[dict[str, str]] = (),
    decimals: int = 1,
) -> Table:
    """Lay protected estimates out as a table, one row per estimate, in the frame's order.

    Parameters
    ----------
    table : Protected
        Made by ``disclosure.protect``.
    caption : bilingual text
    rows : Naming
        How rows are named, in the first column.
    columns : sequence of str or Column
        Keys of :data:`COLUMN_LABELS`; a :class:`Column` of that name brings another label.
    section : Naming, optional
        Rows of one section stand together under its label.
    notes : sequence of bilingual texts
        Printed before the notes that explain the marks.
    decimals : int
        Decimals of means, totals and quantiles.
    """
    frame = printed_figures(protected_frame(table, "estimates_table", ESTIMATED), decimals)
    printed = [Column("label", rows.heading), *(_column(item, frame, decimals) for item in columns)]
    body = _rows(frame, printed, _names(table.frame, rows, section))
    counts = [c.name for c in printed if c.name == "missing" or c.name in MISSING_COLUMNS]
    cautions = [caution_of(flags) for flags in frame["flags"]]
    for row, unit, counted, caution in zip(body, frame["unit"], frame["n"].notna(), cautions, strict=True):
        row["unit"] = unit
        if row.get("estimate") is not None and caution:
            row["caution"] = caution
        if counted and (hidden := [name for name in counts if row[name] is None]):
            row["hidden"] = hidden
    return _explained(Table(caption, printed, body, [*notes]), table.policy.threshold)


def caution_of(flags: str) -> str:
    """The gravest word of an estimate's flags: ``suppress``, ``review`` or ``""``."""
    words = {flag.split(":")[0] for flag in flags.split(";")}
    return next((word for word in ("suppress", "review") if word in words), "")


def counts_table(
    table: Protected,
    *,
    caption: dict[str, str],
    rows: Naming,
    columns: Sequence[Column],
    section: Naming | None = None,
    notes: Sequence[dict[str, str]] = (),
) -> Table:
    """Lay protected counts of records out as a table.

    Parameters
    ----------
    table : Protected
        Made by ``disclosure.protect_counts``.
    caption : bilingual text
    rows : Naming
    columns : sequence of Column
        Columns of the frame to print. In a row with a suppressed count no percentage or number is
        printed either: it would give the count away.
    section : Naming, optional
    notes : sequence of bilingual texts
    """
    wanted = [rows.column, *(column.name for column in columns if column.format != "interval")]
    frame = protected_frame(table, "counts_table", wanted).copy()
    suppressed = frame["suppressed"].to_numpy(bool)
    for column in columns:
        if column.format in ("percent", "number"):
            digits = 3 if column.format == "percent" else column.decimals
            frame[column.name] = frame[column.name].astype(float).round(digits).mask(suppressed)
    frame["reason"] = np.where(suppressed, SUPPRESSED, "")
    printed = [Column("label", rows.heading), *columns]
    body = _rows(frame, printed, _names(frame, rows, section))
    return _explained(Table(caption, printed, body, [*notes]), table.policy.threshold, "suppressed_counts")


def _column(item: str | Column, frame: pd.DataFrame, decimals: int) -> Column:
    """A column by its name; the interval's head says its level, and what it is worth."""
    if isinstance(item, Column):
        return item
    if item not in COLUMN_LABELS:
        raise ReportError(f"an estimates table has no column {item!r}{suggest(item, COLUMN_LABELS)}")
    label, shape = COLUMN_LABELS[item], "count"
    if item == "interval":
        label, shape = interval_label(frame), "interval"
    elif item in ("estimate", "se"):
        shape = "figure"
    elif item == "deff":
        return Column(item, label, "number", decimals=2)
    return Column(item, label, shape, decimals=decimals)


def interval_label(frame: pd.DataFrame) -> dict[str, str]:
    """What the intervals of the rows are called: their level, and "indicative" when not a random sample."""
    levels = [f"{level:.0%}" for level in sorted(frame["level"].dropna().unique())]
    if len(levels) > 1:
        raise ReportError(f"one table cannot hold intervals of several levels ({', '.join(levels)}); split it")
    level = "".join(levels)
    worth = "indicative" if (frame["kind"] == "nonprobability").any() else "interval"
    return {language: text.format(level=level).strip() for language, text in COLUMN_LABELS[worth].items()}


def _names(frame: pd.DataFrame, rows: Naming, section: Naming | None) -> dict[str, list[Any]]:
    named = {"label": rows.names(frame)}
    return named if section is None else {**named, "section": section.names(frame)}


def _rows(frame: pd.DataFrame, columns: Sequence[Column], names: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
    """The body of a table as JSON-ready cells."""
    cells = dict(names)
    for column in columns[1:]:
        if column.format == "interval":
            pairs = zip(frame["low"], frame["high"], strict=True)
            cells[column.name] = [_pair(low, high) for low, high in pairs]
        else:
            cells[column.name] = [_cell(value, column.format) for value in frame[column.name]]
    if "result_id" in frame:
        cells["result_id"] = list(frame["result_id"])
    cells["absent"] = list(frame["reason"].fillna(""))
    body = [dict(zip(cells, values, strict=True)) for values in zip(*cells.values(), strict=True)]
    return [{name: cell for name, cell in row.items() if name != "absent" or cell} for row in body]


def _cell(value: Any, shape: str) -> Any:
    if shape == "text":
        return dict(value) if isinstance(value, Mapping) else None if pd.isna(value) else str(value)
    if pd.isna(value):
        return None
    return round(value) if shape == "count" else float(value)


def _pair(low: float, high: float) -> list[float] | None:
    return None if pd.isna(low) or pd.isna(high) else [float(low), float(high)]


def _explained(table: Table, threshold: int, mark: str = "suppressed") -> Table:
    """The table with notes that explain the marks it really holds."""
    notes = list(table.notes)
    found = [mark] if any(row.get("absent") == SUPPRESSED for row in table.rows) else []
    found += [word for word in CAUTION if any(row.get("caution") == word for row in table.rows)]
    found += ["suppressed_counts"] if any(row.get("hidden") for row in table.rows) else []
    for name in found:
        notes.append({code: text.format(threshold=threshold) for code, text in NOTES[name].items()})
    if any(cell.text == NOTHING for row in table.rows for cell in table.printed(row, "en")):
        notes.append(NOTES["nothing"])
    if any(column.name == "missing" for column in table.columns):
        notes.append(NOTES["missing"])
    return replace(table, notes=notes)
