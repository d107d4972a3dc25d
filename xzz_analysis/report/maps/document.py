"""A map as one file: a page that asks no host for anything and opens on any computer or telephone."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xzz_analysis.errors import ReportError, suggest
from xzz_analysis.language import REPORT_LANGUAGES
from xzz_analysis.report.html import page_style, replace_file, tag
from xzz_analysis.report.maps.coding import coded
from xzz_analysis.report.maps.content import MapContent
from xzz_analysis.report.maps.fragment import _template, markup, script, script_hash, stylesheet
from xzz_analysis.report.theme import check_glyphs

HEAVY = 650_000
"""Bytes of a page beyond which names of places are shown in the reader's own fonts: telephones receive it."""


def write_map(content: MapContent, path: Path, *, language: str, title: Mapping[str, str]) -> Path:
    """Write a map as one HTML file in one language.

    Parameters
    ----------
    content : MapContent
    path : Path
        Replaced as a whole, or left as it was.
    language : "zh" or "en"
    title : bilingual text

    Returns
    -------
    Path
        ``path``; the same content gives the same bytes.

    Raises
    ------
    ReportError
        A character has no glyph, Leaflet is not installed, or the file cannot be written.
    """
    return replace_file(path, document(coded(content), language, title=title, where=path.name).encode())


def document(
    data: Mapping[str, Any], language: str, *, title: Mapping[str, str], where: str = "map", glyphs: bool = True
) -> str:
    """The page of a map as text.

    Parameters
    ----------
    data : mapping
        Made by :func:`~xzz_analysis.report.maps.coding.coded`.
    language : "zh" or "en"
    title : bilingual text
    where : str
        What an error calls the page.
    glyphs : bool
        Whether the page carries glyphs for a machine without Chinese fonts; a preview leaves them to the reader's own.
    """
    if language not in REPORT_LANGUAGES:
        raise ReportError(f"no map is written in {language!r}{suggest(language, REPORT_LANGUAGES)}")
    context = {
        "lang": tag(language),
        "title": title[language],
        "notice": data["credits"]["notice"].get(language, ""),
        "markup": markup(data, language, caption=title[language]),
        "script": script(),
        "script_hash": script_hash(),
    }
    page = _template("document.html.j2")
    printed = html.unescape(page.render(context, style="", style_hash=""))
    style = page_style(frozenset(), []) + stylesheet()
    if glyphs:
        check_glyphs([printed], where)
        style = _style(printed, [context["notice"] or context["title"]])
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return page.render(context, style=style, style_hash=digest)


def _style(printed: str, header: list[str]) -> str:
    """The style with the glyphs of the page's text; without those of the data where they make it :data:`HEAVY`."""
    whole = page_style(frozenset(printed), header) + stylesheet()
    if len(printed.encode()) + len(whole.encode()) <= HEAVY:
        return whole
    around = re.sub(r'<script type="application/json">.*?</script>', _words, printed, flags=re.DOTALL)
    return page_style(frozenset(around), header) + stylesheet()


def _words(data: re.Match[str]) -> str:
    """What is said by the script itself."""
    return "".join(text for _, text in re.findall(r'"(words|facts|vouchers|verified)":([{\[].*?[}\]])', data[0]))
