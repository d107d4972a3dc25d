"""Figures as annual returns ask for them, on a page and as a workbook."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import replace
from pathlib import Path

import xlsxwriter

from xzz_analysis.atlas.services.counted import protected_annual
from xzz_analysis.disclosure.protect import MARK, SUPPRESSED, Protected
from xzz_analysis.errors import ReportError
from xzz_analysis.language import Label
from xzz_analysis.report.blocks import Block, Column, Paragraph
from xzz_analysis.report.chapters.services.naming import UNKNOWN, filled, policy_of, suppressed_note
from xzz_analysis.report.tables import Naming, counts_table
from xzz_analysis.report.theme import figure_text
from xzz_analysis.services.opening import Ledgers

CAPTION: Label = {"zh": "{period}汇总数字", "en": "Figures of {period}"}
NOTE: Label = {
    "zh": "不详：台账没有记录，或不能从汇总数得知；不等于零。",
    "en": "Not known: no ledger says it, or totals do not tell; it is not nought.",
}
ABSENT: Label = {
    "zh": "不详：{names}。台账没有记录，或不能从汇总数得知；不等于零。",
    "en": "Not known: {names}. No ledger says it, or totals do not tell; it is not nought.",
}
SEPARATOR = {"zh": "、", "en": "; "}
HEADS: tuple[Label, ...] = (
    {"zh": "代码", "en": "Code"},
    {"zh": "项目", "en": "Figure"},
    {"zh": "数值", "en": "Value"},
    {"zh": "单位", "en": "Unit"},
    {"zh": "结果编号", "en": "Result id"},
)


def annual_table(ledgers: Ledgers) -> list[Block]:
    """The figures of a year; nothing for a month or a quarter."""
    if ledgers.period.months < 12:
        return []
    whole = protected_annual(ledgers)
    known = whole.frame["estimate"].notna() | (whole.frame["reason"] == SUPPRESSED)
    safe, unknown = _told(whole.rows(known)), whole.frame[~known]
    labels = {row["code"]: {"zh": row["zh"], "en": row["en"]} for row in safe.frame.to_dict("records")}
    columns = [Column("value", {"zh": "数值", "en": "Value"}), Column("unit", {"zh": "单位", "en": "Unit"})]
    rows = Naming("code", labels, {"zh": "项目", "en": "Figure"})
    caption = filled(CAPTION, period=ledgers.period.label)
    table = counts_table(safe, caption=caption, rows=rows, columns=columns)
    traced = [{**row, "result_id": "", "results": {"value": row["result_id"]}} for row in table.rows]
    table = replace(table, rows=traced)
    if not len(unknown):
        return [table]
    names = {language: SEPARATOR[language].join(unknown[language]) for language in SEPARATOR}
    return [table, Paragraph(filled(ABSENT, names=names))]


def _told(safe: Protected) -> Protected:
    """The figures as texts: what is not known is said, what is hidden is a mark."""
    values = [
        dict(UNKNOWN) if value != value and reason != SUPPRESSED else dict.fromkeys(UNKNOWN, _printed(value, reason))
        for value, reason in zip(safe.frame["estimate"], safe.frame["reason"], strict=True)
    ]
    units = [{"zh": row["unit_zh"], "en": row["unit_en"]} for row in safe.frame.to_dict("records")]
    return safe.with_texts("value", values).with_texts("unit", units)


def _printed(value: float, reason: str) -> str:
    if reason == SUPPRESSED:
        return MARK
    return figure_text(value, "count")


def write_annual(ledgers: Ledgers, path: Path) -> Path:
    """Write the figures of a period to a workbook: a sheet in Chinese and one in English, numbers as numbers.

    Parameters
    ----------
    ledgers : Ledgers
    path : Path
        ``.xlsx``; an existing file is replaced.

    Returns
    -------
    Path
        ``path``.

    Raises
    ------
    ReportError
        The file cannot be written.
    """
    safe = protected_annual(ledgers)
    memory = io.BytesIO()
    with xlsxwriter.Workbook(memory, {"in_memory": True, "strings_to_formulas": False}) as book:
        book.set_properties({"created": dt.datetime.combine(ledgers.period.last, dt.time())})
        for language, title in (("zh", "年报数字"), ("en", "Figures")):
            _sheet(book, title, _above(ledgers, language), safe, language)
    try:
        path.write_bytes(memory.getvalue())
    except OSError as error:
        raise ReportError(f"{path.name} cannot be written ({error.strerror}); close it in Excel") from None
    return path


def _sheet(book: xlsxwriter.Workbook, title: str, above: list[str], safe: Protected, language: str) -> None:
    """One language: the lines above, the heads, and a row for each figure."""
    sheet, look = book.add_worksheet(title), book.add_format({"bold": True, "bottom": 1})
    for first, last, width in ((0, 0, 28), (1, 1, 40), (2, 4, 16)):
        sheet.set_column(first, last, width)
    for place, text in enumerate(above):
        sheet.write_string(place, 0, text)
    for place, head in enumerate(HEADS):
        sheet.write_string(len(above), place, head[language], look)
    for line, row in enumerate(safe.frame.to_dict("records"), start=len(above) + 1):
        for place, name in enumerate(("code", language, "", f"unit_{language}", "result_id")):
            if name:
                sheet.write_string(line, place, row[name])
        if row["estimate"] == row["estimate"]:
            sheet.write_number(line, 2, row["estimate"])
        else:
            sheet.write_string(line, 2, MARK if row["reason"] == SUPPRESSED else UNKNOWN[language])


def _above(ledgers: Ledgers, language: str) -> list[str]:
    """What stands above the figures: who publishes them, the period, what marks mean, and the notice of the study."""
    settings = ledgers.study.settings
    lines = [settings.publisher[language], filled(CAPTION, period=ledgers.period.label)[language], NOTE[language]]
    lines += [suppressed_note(policy_of(ledgers))[language]]
    return [*([settings.notice[language]] if settings.notice else []), *lines]
