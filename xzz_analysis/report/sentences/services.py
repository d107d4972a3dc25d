"""Sentences about services: whom they do not reach, and who does not know of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from xzz_analysis.disclosure.protect import Protected
from xzz_analysis.language import REPORT_LANGUAGES, Label
from xzz_analysis.report.blocks import Paragraph
from xzz_analysis.report.sentences.levels import lower_first, statement
from xzz_analysis.report.tables import ESTIMATED, Naming, printed_figures, protected_frame

SAID: dict[str, dict[str, str]] = {
    "gap": {
        "zh": "符合条件而没有得到服务的比例{}：{}。",
        "en": "Did not have the service though eligible{}: {}.",
    },
    "awareness": {
        "zh": "符合条件者的知晓率{}：{}。",
        "en": "Know of the service, among those eligible{}: {}.",
    },
}
"""What is said of each measure, in the order of the paragraphs."""

ORDER: dict[str, dict[str, str]] = {
    "gap": {"zh": "，最高的依次是", "en": ", the highest shares first"},
    "awareness": {"zh": "，最低的依次是", "en": ", the lowest shares first"},
}
"""How several are ordered."""


def service_gaps(table: Protected, services: Naming, units: Mapping[str, Label], *, count: int = 3) -> list[Paragraph]:
    """Name the services with the widest gaps, and those that fewest of the eligible know of.

    Parameters
    ----------
    table : Protected
        Estimates of services for the whole; what is suppressed, or too unreliable to be quoted alone, is passed over.
    services : Naming
        Labels of the services.
    units : mapping of unit name to Label
        Whom the base counts.
    count : int
        How many to name of each.
    """
    frame = printed_figures(protected_frame(table, "service_gaps", (*ESTIMATED, "option", "unit")))
    frame = frame.assign(whom=table.frame["unit"])
    quotable = frame[frame["estimate"].notna() & ~frame["flags"].str.contains("suppress", na=False)]
    said = []
    for option in SAID:
        own = quotable[quotable["option"] == option]
        rows = own.sort_values("estimate", ascending=option == "awareness", kind="stable").head(count)
        said += [_paragraph(rows, services, units, option)] if len(rows) else []
    return said


def _paragraph(rows: pd.DataFrame, services: Naming, units: Mapping[str, Label], option: str) -> Paragraph:
    text = {}
    for language in REPORT_LANGUAGES:
        parts = [_statement(row, services, units, language) for row in rows.to_dict("records")]
        ordered = ORDER[option][language] if len(parts) > 1 else ""
        text[language] = SAID[option][language].format(ordered, ("；" if language == "zh" else "; ").join(parts))
    return Paragraph(text, list(rows["result_id"]))


def _statement(row: Mapping[Any, Any], services: Naming, units: Mapping[str, Label], language: str) -> str:
    said = statement(row, services.label(row["indicator"]), units.get(str(row["whom"]), {}), language)
    return said if language == "zh" else lower_first(said)
