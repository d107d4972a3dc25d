"""A map as a block of a report: interactive on a page, a picture on paper and in every other format."""

from __future__ import annotations

import html
import struct
from dataclasses import dataclass, field
from typing import Any, ClassVar

from xzz_analysis.errors import DisclosureError
from xzz_analysis.language import REPORT_LANGUAGES, Label
from xzz_analysis.report.blocks import Figure
from xzz_analysis.report.maps.coding import coded, shades_of, written_numbers
from xzz_analysis.report.maps.content import MapContent
from xzz_analysis.report.maps.fragment import markup

ALT_AREAS = 12
"""Communities whose figures the alternative text reads out."""

WORDS: dict[str, Label] = {
    "areas": {"zh": "{count} 个社区", "en": "communities: {count}"},
    "shading": {"zh": "按“{title}”着色：{rows}", "en": "shaded by {title}: {rows}"},
    "row": {"zh": "{name} {text}", "en": "{name} {text}"},
    "places": {"zh": "{count} 处资源（{rows}）", "en": "places: {count} ({rows})"},
    "kind": {"zh": "{name} {count} 处", "en": "{name} {count}"},
    "more": {"zh": "其余 {count} 个见表", "en": "{count} more in the table"},
    "item": {"zh": "，", "en": ", "},
    "part": {"zh": "；", "en": "; "},
    "alt": {"zh": "地图，{caption}：{parts}。", "en": "Map, {caption}: {parts}."},
}


@dataclass(frozen=True)
class MapBlock(Figure):
    """A map: what a :class:`Figure` is, and the data that make it interactive on a page.

    Attributes
    ----------
    data : dict
        Made by :func:`~xzz_analysis.report.maps.coding.coded`.
    """

    kind: ClassVar[str] = "map"
    data: dict[str, Any] = field(default_factory=dict)

    def require_audience(self, audience: str) -> None:
        """Refuse a map made for a report of the house in one that leaves it.

        Raises
        ------
        DisclosureError
        """
        if audience == "release" and self.data["audience"] != "release":
            raise DisclosureError(
                f"map {self.caption['en']!r} was made for an internal report and stands in one for release; make it "
                "with audience='release', which checks its boundaries"
            )

    def markup(self, language: str, caption: str) -> str:
        """The map for a page, with its picture for paper."""
        width, height = struct.unpack(">II", self.image(language)[16:24])
        picture = {"alt": self.alt[language], "png": self.png[language], "size": (width, height)}
        return markup(self.data, language, caption=caption, picture=picture)

    def preview(self, language: str) -> str:
        """The map as a page in a frame of its own, which cannot reach the notebook around it."""
        from xzz_analysis.report.maps.document import document

        page = html.escape(document(self.data, language, title=self.caption, glyphs=False), quote=True)
        title = html.escape(self.caption[language], quote=True)
        return (
            f'<iframe title="{title}" sandbox="allow-scripts allow-modals" width="100%" height="680" '
            f'style="border:0" srcdoc="{page}"></iframe>'
        )


def map_block(content: MapContent, *, caption: dict[str, str], alt: dict[str, str] | None = None) -> MapBlock:
    """Make the block of a map.

    Parameters
    ----------
    content : MapContent
        Made by ``resource_map`` or ``tile_map``.
    caption : bilingual text
    alt : bilingual text, optional
        Alternative text; by default it reads out the figures and how many places there are of each category.

    Returns
    -------
    MapBlock
        With the same map for paper as its picture.

    Raises
    ------
    ReportError
        A caption lacks a language, or a character has no glyph.
    """
    from xzz_analysis.report.maps.paper.sheet import pictures

    data = coded(content)
    results = [] if content.shading is None else list(content.shading.results)
    return MapBlock(caption, alt or described(data, caption), pictures(content), results, data)


def described(data: dict[str, Any], caption: dict[str, str]) -> dict[str, str]:
    """What a map shows, in words."""
    return {
        language: WORDS["alt"][language].format(caption=caption[language], parts=_parts(data, language))
        for language in REPORT_LANGUAGES
    }


def _parts(data: dict[str, Any], language: str) -> str:
    """Communities with their figures, then places by category."""
    say = {name: label[language] for name, label in WORDS.items()}
    parts = []
    if areas := data["areas"]:
        parts.append(say["areas"].format(count=len(areas["names"])))
        if data["shading"] and shades_of(data):
            told = zip(areas["names"], areas["texts"], strict=True)
            rows = [say["row"].format(name=name[language], text=text[language]) for name, text in told]
            if len(rows) > ALT_AREAS:
                rows = [*rows[:ALT_AREAS], say["more"].format(count=len(rows) - ALT_AREAS)]
            title = data["shading"]["title"][language]
            parts.append(say["shading"].format(title=title, rows=say["item"].join(rows)))
    if places := data["places"]:
        of = written_numbers(places["category"], len(places["names"]))
        rows = [
            say["kind"].format(name=one["label"][language], count=of.count(at))
            for at, one in enumerate(places["categories"])
        ]
        parts.append(say["places"].format(count=len(of), rows=say["item"].join(rows)))
    return say["part"].join(parts)
