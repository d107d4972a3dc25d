"""Which platform wrote a file, and the file in the library's terms."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from xzz_analysis.errors import Finding, InputError
from xzz_analysis.intake.codebook import derive
from xzz_analysis.intake.export import Export
from xzz_analysis.intake.form import Form
from xzz_analysis.intake.headers import match_columns
from xzz_analysis.intake.kobo import read_json, read_submissions
from xzz_analysis.intake.labelled import read_labelled
from xzz_analysis.intake.plain import read_mapping, read_plain
from xzz_analysis.intake.wjx import is_wjx, read_wjx
from xzz_analysis.intake.workbook import RawTable, read_raw

KNOWN = 0.2
"""Part of the form's questions that must have a column before a sheet is taken for an export of that form."""


@dataclass(frozen=True)
class Given:
    """What study.yml gives for one round of a table.

    Attributes
    ----------
    paths : sequence of Path
        One file, or the two flavours of one 问卷星 export.
    form : Form
    repeats : mapping of str to Path
        Files that hold the rows of a repeat.
    mapping : Path, optional
        What each column of a plain spreadsheet is, confirmed by a person.
    encoding : str
        Of an SPSS or Stata file that declares none or a wrong one.
    """

    paths: Sequence[Path]
    form: Form
    repeats: Mapping[str, Path] = field(default_factory=dict)
    mapping: Path | None = None
    encoding: str = ""

    def one(self) -> Path:
        """The only file; :class:`InputError` when there are several."""
        if len(self.paths) != 1:
            names = ", ".join(path.name for path in self.paths)
            raise InputError(f"{names}: {len(self.paths)} files are given for one round and one is read; name one")
        return self.paths[0]


def read_export(given: Given, reader: str = "") -> Export:
    """Read one round of a table.

    Parameters
    ----------
    given : Given
    reader : str
        One of :data:`READERS`; ``""`` goes by the content (:func:`detect`).

    Returns
    -------
    Export

    Raises
    ------
    InputError
        A file that cannot be read, more files than the platform writes, or one that no reader knows.
    """
    return READERS[reader or detect(given)](given)


def read_without_form(paths: Sequence[Path]) -> Export:
    """Read files whose questionnaire is not known: the export's form is derived from them.

    Parameters
    ----------
    paths : sequence of Path
        One file, or both flavours of one 问卷星 export.

    Returns
    -------
    Export

    Raises
    ------
    InputError
        A file that cannot be read; repeats are read with a form only.
    """
    path, head = paths[0], _head(paths[0])
    if head.startswith((b"$FL2", b"$FL3")) or path.suffix.lower() == ".dta":
        return read_labelled(path)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return read_json(path)[""]
    raw = read_raw(path)
    if is_wjx(list(raw.frame.columns)):
        return read_wjx(paths)
    export = _sheet(path.name, raw, Form(path.stem, "", ("zh",), {}, (), ()))
    return replace(export, form=derive(export))


def detect(given: Given) -> str:
    """Name of the reader for a file, by its first bytes and then by its headers.

    Raises
    ------
    InputError
        Neither its headers nor its content is known; the message says what to do.
    """
    path = given.paths[0]
    head = _head(path)
    if head.startswith((b"$FL2", b"$FL3")):
        return "spss"
    if path.suffix.lower() == ".dta":
        return "stata"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return "kobo"
    headers = list(read_raw(path).frame.columns)
    if is_wjx(headers):
        return "wjx"
    if given.mapping is not None:
        return "plain"
    questions = {name: one for name, one in given.form.questions.items() if not one.repeat and one.kind != "other"}
    columns = match_columns(headers, questions)
    asked, found = len(questions), len({*columns.whole, *columns.options})
    if found >= KNOWN * asked:
        return "kobo"
    raise InputError(
        f"{path.name}: {found} of the form's {asked} questions have a column, and the headers are not those of 问卷星; "
        "name the reader in study.yml, or let `xzz columns` propose what each column is and name that file as mapping"
    )


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        head = stream.read(4096)
    if head[:2] != b"\x1f\x8b":
        return head
    return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, 4096)


def _read_kobo(given: Given) -> Export:
    """Kobo and ODK: JSON, or a sheet or CSV whose columns are named as in the form."""
    if _head(given.paths[0]).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return read_submissions(given.paths, given.form, given.repeats)
    path = given.one()
    raw = read_raw(path)
    found = {}
    for repeat in given.form.repeats:
        source = given.repeats.get(repeat, path)
        sheets = raw.sheets if source == path else read_raw(source).sheets
        sheet = next((name for name in sheets if name.strip().lower() == repeat[:31].lower()), None)
        if sheet is not None or source != path:
            rows = read_raw(source, sheet)
            found[repeat] = _sheet(f"{source.name}, sheet {sheet!r}" if sheet else source.name, rows, given.form)
    return _sheet(path.name, raw, given.form, found)


def _sheet(name: str, raw: RawTable, form: Form, repeats: Mapping[str, Export] | None = None) -> Export:
    findings = (*((_open_end(name),) if raw.open_end else ()), *raw.findings)
    return Export(name, raw.frame.reset_index(drop=True), form, repeats=repeats or {}, findings=findings)


def _open_end(name: str) -> Finding:
    """A CSV whose last line does not end: nothing tells whether its last value is whole."""
    message = "the last line has no line end, so the file may be cut off and its last value wrong"
    remedy = "compare the last row with the platform, or export again"
    return Finding("warning", "line_end_missing", name, message, remedy)


def _read_wjx(given: Given) -> Export:
    return read_wjx(given.paths, given.form)


def _read_labelled(given: Given) -> Export:
    return read_labelled(given.one(), given.form, encoding=given.encoding)


def _read_plain(given: Given) -> Export:
    path = given.one()
    if given.mapping is None:
        raise InputError(
            f"{path.name}: a plain spreadsheet needs a file that says what each column is; run `xzz columns`, look it "
            "through, and name it under `mapping` in study.yml"
        )
    return read_plain(path, read_mapping(given.mapping), given.form)


READERS: dict[str, Callable[[Given], Export]] = {
    "kobo": _read_kobo,
    "wjx": _read_wjx,
    "spss": _read_labelled,
    "stata": _read_labelled,
    "plain": _read_plain,
}
"""Readers by the name that study.yml gives them."""
