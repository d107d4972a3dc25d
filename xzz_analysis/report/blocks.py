"""The document model: small typed blocks, bilingual, that a notebook emits and a writer turns into a file.

A block travels inside the executed notebook as one MIME bundle (:data:`MIME`); HTML is never scraped.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import html
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from xzz_analysis.disclosure.protect import MARK
from xzz_analysis.errors import ReportError, suggest
from xzz_analysis.language import REPORT_LANGUAGES, Label, Wording, choose
from xzz_analysis.report.theme import ABSENT, CAUTION, NOTHING, figure_text, interval_text, level_unit

MIME = "application/vnd.xzz.block+json"
"""MIME type under which a block is carried in an executed notebook."""


def bilingual(label: Label, what: str) -> dict[str, str]:
    """Check that a text exists in every report language.

    Raises
    ------
    ReportError
        When a language is missing; the message names which, and the text.
    """
    missing = [language for language in REPORT_LANGUAGES if not (label.get(language) or "").strip()]
    if missing:
        raise ReportError(f"{what} {dict(label)!r} has no {' or '.join(missing)} text; write both languages")
    return {str(language): str(text) for language, text in label.items()}


@dataclass(frozen=True)
class PageMeta:
    """What every page of an edition says about itself, whatever its format.

    Attributes
    ----------
    title, publisher : bilingual text
    subtitle : bilingual text, or empty
        Printed under the title: the study the report belongs to.
    notice : bilingual text, or empty
        Printed on every page (合成演示数据 / Synthetic demonstration data).
    edition : str
        Name of the edition, or of the round.
    as_of : str
        ISO date the data stand at; never "today".
    data_hash, code_version : str
    audience : "release" or "internal"
        Internal pages say so on top.
    """

    title: dict[str, str]
    publisher: dict[str, str]
    edition: str
    as_of: str
    data_hash: str
    code_version: str
    subtitle: dict[str, str] = field(default_factory=dict)
    notice: dict[str, str] = field(default_factory=dict)
    audience: str = "release"

    INTERNAL: ClassVar[Label] = {"zh": "内部资料，不得对外发布", "en": "Internal: not for release"}
    FACTS: ClassVar[dict[str, Label]] = {
        "publisher": {"zh": "发布机构", "en": "Publisher"},
        "edition": {"zh": "版次", "en": "Edition"},
        "as_of": {"zh": "数据截至", "en": "Data as of"},
        "data_hash": {"zh": "数据指纹", "en": "Data fingerprint"},
        "code_version": {"zh": "程序版本", "en": "Code version"},
    }

    def __post_init__(self) -> None:
        for what in ("title", "publisher", "subtitle", "notice"):
            if what in ("title", "publisher") or any(getattr(self, what).values()):
                bilingual(getattr(self, what), what)
        if self.audience not in ("release", "internal"):
            raise ReportError(f"audience is {self.audience!r}; use 'release' or 'internal'")
        try:
            dt.date.fromisoformat(self.as_of)
        except ValueError:
            raise ReportError(f"as_of is {self.as_of!r}; write a date as 2025-11-28") from None

    def banners(self, language: str) -> list[str]:
        """What must stand on top of every page, most severe first."""
        warnings = [self.INTERNAL] if self.audience == "internal" else []
        return [text for label in (*warnings, self.notice) if (text := label.get(language, ""))]

    def facts(self, language: str) -> dict[str, tuple[str, str]]:
        """Name and value, as printed, of each of :attr:`FACTS`."""
        values = {name: getattr(self, name) for name in self.FACTS} | {"publisher": self.publisher[language]}
        return {name: (label[language], values[name]) for name, label in self.FACTS.items()}


@dataclass(frozen=True)
class Block:
    """Base of the blocks; ``kind`` names one in its JSON form, ``printed_texts`` its bilingual fields."""

    kind: ClassVar[str] = "block"
    printed_texts: ClassVar[tuple[str, ...]] = ("text",)
    registry: ClassVar[dict[str, type[Block]]] = {}

    def __init_subclass__(cls) -> None:
        Block.registry[cls.kind] = cls

    def to_json(self) -> dict[str, Any]:
        """The block as JSON-ready data, ``{"kind": …, …fields}``."""
        return {"kind": self.kind, **self.__dict__}

    def texts(self) -> Iterable[Label]:
        """Every text that is printed, as labels (for the glyph check)."""
        return [getattr(self, name) for name in self.printed_texts]

    def preview(self, language: str) -> str:
        """A short HTML preview for JupyterLab."""
        return "".join(f"<p>{html.escape(choose(text, language).text)}</p>" for text in self.texts())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        both = "".join(self.preview(language) for language in REPORT_LANGUAGES)
        return {MIME: self.to_json(), "text/html": both, "text/plain": f"<{self.kind}>"}


@dataclass(frozen=True)
class Heading(Block):
    """A heading; ``level`` 1 is the report's title, 2 a chapter, 3 a section."""

    kind: ClassVar[str] = "heading"
    text: dict[str, str]
    level: int = 2

    def __post_init__(self) -> None:
        bilingual(self.text, "heading")
        if self.level not in (1, 2, 3, 4):
            raise ReportError(f"heading level is {self.level}; use 1 to 4")


@dataclass(frozen=True)
class Paragraph(Block):
    """Prose in both languages, or code; ``results`` are the ids of the numbers it states."""

    kind: ClassVar[str] = "paragraph"
    text: dict[str, str]
    results: list[str] = field(default_factory=list)
    code: bool = False

    def __post_init__(self) -> None:
        bilingual(self.text, "paragraph")


@dataclass(frozen=True)
class Note(Block):
    """A remark set apart from the prose: a limit, a caution, a fallback; ``tone`` is its colour."""

    kind: ClassVar[str] = "note"
    text: dict[str, str]
    tone: str = "note"

    def __post_init__(self) -> None:
        bilingual(self.text, "note")
        if self.tone not in ("note", "warning", "quotation"):
            raise ReportError(f"note tone is {self.tone!r}; use 'note', 'warning' or 'quotation'")


@dataclass(frozen=True)
class Column:
    """One column of a printed table.

    Attributes
    ----------
    name : str
        Key of the cell in each row.
    label : bilingual text
    format : "text", "count", "percent", "number", "figure", "interval", "level"
        ``text`` cells are labels, or plain strings that mean the same in every language;
        ``percent`` is a share 0–1 with one decimal; ``figure`` is a percent or a number and ``interval`` a
        ``[low, high]`` pair, as the row's ``unit`` says; ``level`` is what the row's figure is a change of.
    unit : "percent", "ratio" or "number"
        What a figure or an interval holds in rows that do not say.
    decimals : int
        Decimals of numbers; a percentage always has one.
    """

    name: str
    label: dict[str, str]
    format: str = "text"
    unit: str = "percent"
    decimals: int = 1

    FORMATS: ClassVar[tuple[str, ...]] = ("text", "count", "percent", "number", "figure", "interval", "level")

    def __post_init__(self) -> None:
        bilingual(self.label, "column label")
        if self.format not in self.FORMATS:
            raise ReportError(f"column format {self.format!r} is not one of {', '.join(self.FORMATS)}")

    def unit_of(self, row: Mapping[str, Any]) -> str:
        """What the row's cell holds: "text", "count", "percent", "ratio", "number", or a change of one of them."""
        if self.format == "level":
            return level_unit(str(row.get("unit") or self.unit))
        return str(row.get("unit") or self.unit) if self.format in ("figure", "interval") else self.format

    def fits(self, cell: Any) -> bool:
        """Whether a cell is what the column's format promises."""
        if cell is None:
            return True
        if self.format == "text":
            return isinstance(cell, str | Mapping)
        ends = cell if self.format == "interval" else [cell]
        whole = isinstance(ends, list | tuple) and len(ends) == (2 if self.format == "interval" else 1)
        return whole and all(isinstance(end, int | float) and math.isfinite(end) for end in ends)

    def mark(self, row: Mapping[str, Any]) -> str:
        """The mark behind the row's figure that says to be cautious; ``""`` for other columns."""
        return CAUTION[row["caution"]] if self.format == "figure" and row.get("caution") else ""

    def printed(self, cell: Any, unit: str, language: str) -> Wording:
        """A cell that is there, as it is printed, and the language of the words."""
        if self.format == "text":
            return choose(cell, language) if isinstance(cell, Mapping) else Wording(cell, language)
        if self.format == "interval":
            low, high = cell
            return Wording(interval_text(low, high, language, unit=unit, decimals=self.decimals), language)
        return Wording(figure_text(cell, unit, self.decimals), language)


@dataclass(frozen=True)
class Table(Block):
    """A table as data; a cell is a label, a number, a ``[low, high]`` pair, or None when absent.

    Attributes
    ----------
    caption : bilingual text
    columns : list of Column
    rows : list of dict
        Column name → cell. Beside the columns may stand ``result_id``, ``results`` (column → id), ``fact``, ``absent``
        (a word of ``theme.ABSENT``), ``hidden`` (columns whose count alone is suppressed), ``caution``
        (a word of ``theme.CAUTION``), ``unit`` ("percent" or "number", of this row's figures) and ``section``
        (a label; its rows stand together under it).
    notes : list of bilingual texts
        Printed under the table.
    folded : bool
        Whether a page shows the caption alone until a reader opens it; print and files always hold it all.
    """

    kind: ClassVar[str] = "table"
    BESIDE: ClassVar[set[str]] = {"result_id", "results", "fact", "absent", "hidden", "caution", "unit", "section"}
    caption: dict[str, str]
    columns: list[Column]
    rows: list[dict[str, Any]]
    notes: list[dict[str, str]] = field(default_factory=list)
    folded: bool = False

    def __post_init__(self) -> None:
        bilingual(self.caption, "table caption")
        for note in self.notes:
            bilingual(note, "note of a table")
        known = {column.name: column for column in self.columns}
        for row in self.rows:
            self._check(row, known)

    def _check(self, row: Mapping[str, Any], known: Mapping[str, Column]) -> None:
        where = f"table {self.caption['en']!r}"
        for name, cell in row.items():
            if name not in known and name not in self.BESIDE:
                raise ReportError(f"{where} has a cell {name!r} but no such column{suggest(name, known)}")
            if name in known and not known[name].fits(cell):
                raise ReportError(f"{where}: column {name!r} is {known[name].format}, a cell is {cell!r}")
        reason = row.get("absent")
        if reason and reason not in ABSENT:
            raise ReportError(f"{where}: no words for the reason {reason!r}{suggest(reason, ABSENT)}; add it to ABSENT")

    def printed(self, row: Mapping[str, Any], language: str) -> list[Wording]:
        """The cells of a row as printed: a suppressed figure is the mark, the first absent one its reason."""
        words = [ABSENT[row["absent"]][language]] if row.get("absent") else []
        printed = []
        for column in self.columns:
            cell = row.get(column.name)
            if cell is not None:
                wording = column.printed(cell, column.unit_of(row), language)
                printed.append(Wording(wording.text + column.mark(row), wording.language))
            elif column.name in row.get("hidden", ()):
                printed.append(Wording(MARK, language))
            elif words and column.format != "text":
                printed.append(Wording(words[0], language))
                words = words if words[0] == MARK else []
            else:
                printed.append(Wording("" if column.format == "text" else NOTHING, language))
        return printed

    def to_json(self) -> dict[str, Any]:
        """The table as JSON-ready data, columns included."""
        return {**super().to_json(), "columns": [dict(column.__dict__) for column in self.columns]}

    def texts(self) -> Iterable[Label]:
        """The caption, column labels, notes and every cell that is words."""
        yield self.caption
        yield from (column.label for column in self.columns)
        yield from self.notes
        for row in self.rows:
            for cell in row.values():
                if isinstance(cell, Mapping | str):
                    yield cell if isinstance(cell, Mapping) else {"": cell}

    def preview(self, language: str) -> str:
        """The table as plain HTML."""

        def line(tag: str, texts: Iterable[str]) -> str:
            return "<tr>" + "".join(f"<{tag}>{html.escape(text)}</{tag}>" for text in texts) + "</tr>"

        head = line("th", (choose(column.label, language).text for column in self.columns))
        body = "".join(line("td", (cell.text for cell in self.printed(row, language))) for row in self.rows)
        notes = "".join(f"<p>{html.escape(note[language])}</p>" for note in self.notes)
        return f"<table><caption>{html.escape(self.caption[language])}</caption>{head}{body}</table>{notes}"


@dataclass(frozen=True)
class Figure(Block):
    """A figure: one PNG per language, with a caption and an alternative text, both mandatory."""

    kind: ClassVar[str] = "figure"
    printed_texts: ClassVar[tuple[str, ...]] = ("caption", "alt")
    caption: dict[str, str]
    alt: dict[str, str]
    png: dict[str, str]
    results: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        bilingual(self.caption, "figure caption")
        bilingual(self.alt, "alternative text of a figure")
        for language in bilingual(self.png, "picture of a figure"):
            if not self.image(language).startswith(b"\x89PNG\r\n\x1a\n"):
                raise ReportError(f"the {language} picture of figure {self.caption['en']!r} is not a PNG")

    def image(self, language: str) -> bytes:
        """The PNG's bytes in one language."""
        try:
            return base64.b64decode(self.png[language], validate=True)
        except binascii.Error:
            raise ReportError(f"the {language} picture of figure {self.caption['en']!r} is not base64") from None

    def preview(self, language: str) -> str:
        """The picture as plain HTML."""
        alt = html.escape(self.alt[language], quote=True)
        return f'<img alt="{alt}" src="data:image/png;base64,{self.png[language]}">'


CAPTIONS: dict[str, Label] = {
    "table": {"zh": "表 {number}　{text}", "en": "Table {number}. {text}"},
    "figure": {"zh": "图 {number}　{text}", "en": "Figure {number}. {text}"},
    "map": {"zh": "地图 {number}　{text}", "en": "Map {number}. {text}"},
}


def captions(blocks: Iterable[Block], language: str) -> list[str]:
    """The numbered caption of each block, the same in every format; ``""`` for blocks without."""
    counts = dict.fromkeys(CAPTIONS, 0)
    printed = []
    for block in blocks:
        if isinstance(block, Table | Figure):
            counts[block.kind] += 1
            words = CAPTIONS[block.kind][language]
            printed.append(words.format(number=counts[block.kind], text=block.caption[language]))
        else:
            printed.append("")
    return printed


def from_json(data: Mapping[str, Any]) -> Block:
    """Rebuild a block from its JSON form; :class:`ReportError` when the kind is unknown."""
    values = dict(data)
    kind = values.pop("kind", "")
    if kind not in Block.registry:
        raise ReportError(f"block kind {kind!r} is unknown; known are {', '.join(sorted(Block.registry))}")
    names = [item.name for item in fields(Block.registry[kind])]
    for name in (name for name in values if name not in names):
        raise ReportError(f"a {kind} block has no field {name!r}{suggest(name, names)}")
    if kind == "table":
        values["columns"] = [Column(**column) for column in values["columns"]]
    return Block.registry[kind](**values)


def collect(notebook: Mapping[str, Any]) -> list[Block]:
    """Read the blocks of an executed notebook, in order.

    Parameters
    ----------
    notebook : mapping
        The notebook's JSON (an nbformat node works).
    """
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", ())]
    found = [output.get("data", {}).get(MIME) for output in outputs]
    return [from_json(json.loads(data) if isinstance(data, str) else data) for data in found if data is not None]
