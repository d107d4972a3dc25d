"""Blocks → one self-contained HTML file that asks no host for anything.

The page carries its style, its pictures and the glyphs of its own text, and its content security policy
allows nothing else. The template escapes every text; the style is ours, and what a study puts into it
(the header of printed pages) is written as CSS escapes.
"""

from __future__ import annotations

import base64
import hashlib
import html
import os
import re
import struct
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from xzz_analysis.errors import ReportError, suggest
from xzz_analysis.language import REPORT_LANGUAGES, Label, Wording, choose
from xzz_analysis.report.blocks import Block, Figure, Heading, Note, PageMeta, Paragraph, Table, captions
from xzz_analysis.report.maps import fragment as maps
from xzz_analysis.report.maps.block import MapBlock
from xzz_analysis.report.theme import check_glyphs, font_subsets

FOLDER = Path(__file__).parent
EMBEDDED_FAMILY = "Report embedded"

LANGUAGE_TAGS = {"zh": "zh-CN"}
"""Languages whose HTML tag is not our code."""

LANGUAGE_NAMES: dict[str, Label] = {
    "": {"zh": "变量名", "en": "variable names"},
    "ar": {"zh": "阿拉伯文", "en": "Arabic"},
    "en": {"zh": "英文", "en": "English"},
    "es": {"zh": "西班牙文", "en": "Spanish"},
    "fr": {"zh": "法文", "en": "French"},
    "ht": {"zh": "海地克里奥尔文", "en": "Haitian Creole"},
    "zh": {"zh": "中文", "en": "Chinese"},
}

WORDS: dict[str, Label] = {
    "skip": {"zh": "跳到正文", "en": "Skip to the report"},
    "contents": {"zh": "目录", "en": "Contents"},
    "note": {"zh": "说明", "en": "Note"},
    "warning": {"zh": "注意", "en": "Caution"},
    "scroll": {"zh": "{caption}（可左右滚动）", "en": "{caption} (scrolls sideways)"},
    "trace": {
        "zh": "每个估计值都有结果编号（见同名的 results.csv），用 xzz trace 加编号可查到它的来历。",
        "en": "Every estimate has a result id (in the results.csv of the same name); "
        "xzz trace with the id shows where it comes from.",
    },
    "fallback": {
        "zh": "没有中文措辞之处，按问卷原文印出（{names}）。",
        "en": "Where there is no English wording, the form's own is printed ({names}).",
    },
    "between": {"zh": "、", "en": ", "},
}


def write_html(blocks: Sequence[Block], path: Path, *, language: str, title: Mapping[str, str], meta: PageMeta) -> Path:
    """Write blocks as one HTML file in one language.

    Parameters
    ----------
    blocks : sequence of Block
    path : Path
        Replaced as a whole, or left as it was.
    language : "zh" or "en"
    title : bilingual text
    meta : PageMeta

    Returns
    -------
    Path
        ``path``.

    Raises
    ------
    ReportError
        When a character has no glyph (nothing is written), or the file cannot be written.
    """
    text = render_html(blocks, language=language, title=title, meta=meta, where=path.name)
    return replace_file(path, text.encode())


def render_html(
    blocks: Sequence[Block],
    *,
    language: str,
    title: Mapping[str, str],
    meta: PageMeta,
    where: str = "page",
) -> str:
    """The page as text; see :func:`write_html`."""
    if language not in REPORT_LANGUAGES:
        raise ReportError(f"no report is written in {language!r}{suggest(language, REPORT_LANGUAGES)}")
    for block in blocks:
        if isinstance(block, MapBlock):
            block.require_audience(meta.audience)
    context = _context(_Views(language).parts(blocks, title), language, title, meta)
    printed = html.unescape(_template().render(context, style="", style_hash=""))
    check_glyphs([printed], where)
    style = page_style(frozenset(printed), [*meta.banners(language), title[language]])
    style += maps.stylesheet() if context["script"] else ""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return _template().render(context, style=style, style_hash=digest)


def _context(parts: list[dict[str, Any]], language: str, title: Mapping[str, str], meta: PageMeta) -> dict[str, Any]:
    """What the template prints, but for its style."""
    subtitle = (meta.subtitle or meta.title)[language]
    facts = meta.facts(language)
    mapped = any(part["kind"] == "map" for part in parts)
    return {
        "lang": tag(language),
        "title": title[language],
        "subtitle": subtitle if subtitle != title[language] else "",
        "banners": meta.banners(language),
        "audience": meta.audience,
        "words": {name: words[language] for name, words in WORDS.items()},
        "cover": [facts[name] for name in ("publisher", "edition", "as_of")],
        "footer": [facts[name] for name in ("data_hash", "code_version")],
        "contents": contents(parts),
        "parts": parts,
        "script": maps.script() if mapped else "",
        "script_hash": maps.script_hash() if mapped else "",
    }


def replace_file(path: Path, data: bytes) -> Path:
    """Write a file beside its place and rename it there: whole, or as it was.

    Raises
    ------
    ReportError
        When the folder is not there or cannot be written.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        reason = error.strerror or error
        raise ReportError(f"{path} cannot be written: {reason}; what was there before is unchanged") from None
    return path


def tag(language: str) -> str:
    """The HTML language tag of a label's language."""
    return LANGUAGE_TAGS.get(language, language)


def page_style(characters: frozenset[str], header: Iterable[str]) -> str:
    """The style of a page: the stylesheet, the fonts with its glyphs, and the header of printed pages."""
    faces = (
        f'@font-face{{font-family:"{EMBEDDED_FAMILY}";src:url(data:font/woff;base64,'
        f'{base64.b64encode(font).decode()}) format("woff")}}'
        for font in reversed(font_subsets(characters))
    )
    texts = "  ·  ".join(header)
    running = f"@page{{@top-center{{content:{css_string(texts)}}}}}"
    return "\n".join([_stylesheet(), *faces, running])


def css_string(text: str) -> str:
    """A text as a CSS string; every character but letters, digits and spaces is escaped."""
    safe = (c if c.isascii() and (c.isalnum() or c == " ") else f"\\{ord(c):x} " for c in text)
    return '"' + "".join(safe) + '"'


def contents(parts: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Chapters with their sections, for the table of contents."""
    chapters: list[dict[str, Any]] = []
    for part in parts:
        if part["kind"] == "heading" and part["level"] == 2:
            chapters.append({**part, "sections": []})
        elif part["kind"] == "heading" and part["level"] == 3 and chapters:
            chapters[-1]["sections"].append(part)
    return chapters


@cache
def _stylesheet() -> str:
    return (FOLDER / "page.css").read_text(encoding="utf-8").replace("EMBEDDED", EMBEDDED_FAMILY)


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2")


class _Views:
    """What the template needs of each block, in one language; ids are used once in a page."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.used: set[str] = {"report", "contents"}

    def parts(self, blocks: Sequence[Block], title: Mapping[str, str]) -> list[dict[str, Any]]:
        """One view per block; a level-1 heading that repeats the page's title is left out."""
        views = []
        for block, caption in zip(blocks, captions(blocks, self.language), strict=True):
            if isinstance(block, Heading):
                if block.level > 1 or block.text[self.language] != title[self.language]:
                    views.append(self.heading(block))
            elif isinstance(block, Table):
                views.append(self.table(block, caption))
            elif isinstance(block, MapBlock):
                markup = block.markup(self.language, caption)
                views.append({"kind": "map", "caption": caption, "markup": markup, "results": " ".join(block.results)})
            elif isinstance(block, Figure):
                views.append(self.figure(block, caption))
            elif isinstance(block, Paragraph | Note):
                views.append(self.prose(block))
            else:
                raise ReportError(f"a page cannot hold a {block.kind!r} block")
        return views

    def heading(self, block: Heading) -> dict[str, Any]:
        """A heading below the page's own, with an anchor that is the same in both languages."""
        slug = re.sub(r"[^a-z0-9]+", "-", block.text["en"].lower()).strip("-") or "section"
        name = next(n for n in _numbered(slug) if n not in self.used)
        self.used.add(name)
        return {
            "kind": "heading",
            "level": max(2, block.level),
            "text": block.text[self.language],
            "id": name,
        }

    def prose(self, block: Paragraph | Note) -> dict[str, Any]:
        """A paragraph or a note; an empty line begins a new paragraph, but not in code."""
        if isinstance(block, Paragraph) and block.code:
            return {"kind": "code", "text": block.text[self.language]}
        texts = [text for text in re.split(r"\n\s*\n", block.text[self.language]) if text.strip()]
        view = {"kind": block.kind, "texts": texts, "results": " ".join(getattr(block, "results", []))}
        return view if isinstance(block, Paragraph) else {**view, "tone": block.tone}

    def figure(self, block: Figure, caption: str) -> dict[str, Any]:
        """A picture with its size, which is written in the PNG's first chunk."""
        width, height = struct.unpack(">II", block.image(self.language)[16:24])
        return {
            "kind": "figure",
            "caption": caption,
            "label": WORDS["scroll"][self.language].format(caption=caption),
            "alt": block.alt[self.language],
            "png": block.png[self.language],
            "size": (width, height),
            "results": " ".join(block.results),
        }

    def table(self, block: Table, caption: str) -> dict[str, Any]:
        """A table in sections, with a note when some of its wording is not in the page's language."""
        sections: list[dict[str, Any]] = []
        for row in block.rows:
            heading = choose(row["section"], self.language) if row.get("section") else None
            if not sections or sections[-1]["wording"] != heading:
                sections.append({"wording": heading, "heading": self.cell(heading), "rows": []})
            sections[-1]["rows"].append(self.row(block, row))
        cells = [cell for section in sections for row in section["rows"] for cell in row]
        cells += [section["heading"] for section in sections]
        notes = [note[self.language] for note in block.notes]
        meant = {self.language, *(column.name for column in block.columns)}  # a column of one language has its name
        other = sorted({cell["language"] for cell in cells} - meant, key=lambda code: (not code, code))
        if other:
            names = [LANGUAGE_NAMES.get(code, {}).get(self.language, code) for code in other]
            between = WORDS["between"][self.language]
            notes.append(WORDS["fallback"][self.language].format(names=between.join(names)))
        return {
            "kind": "table",
            "folded": block.folded,
            "caption": caption,
            "label": WORDS["scroll"][self.language].format(caption=caption),
            "columns": [{"text": c.label[self.language], "words": c.format == "text"} for c in block.columns],
            "sections": sections,
            "notes": notes,
        }

    def row(self, block: Table, row: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The cells of a row; its figures carry the result id, the first of them as its anchor."""
        cells = []
        for column, wording in zip(block.columns, block.printed(row, self.language), strict=True):
            words = column.format == "text"
            result = row.get("results", {}).get(column.name, "" if words else row.get("result_id", ""))
            anchor = result if result not in self.used else ""
            self.used.add(anchor)
            cells.append({**self.cell(wording), "words": words, "result": result, "id": anchor})
        return cells

    def cell(self, wording: Wording | None) -> dict[str, Any]:
        """A text and the tag of its language when it is not the page's."""
        text, language = wording or Wording("", self.language)
        return {
            "text": text,
            "language": language,
            "lang": None if language == self.language else tag(language),
        }


def _numbered(slug: str) -> Iterable[str]:
    yield slug
    yield from (f"{slug}-{number}" for number in range(2, 10_000))
