"""Which platform wrote a file, and the file in the library's terms."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import Field

from xzz_analysis.declaration import Declaration
from xzz_analysis.errors import Finding, InputError
from xzz_analysis.intake.answers import machine_names
from xzz_analysis.intake.codebook import derive
from xzz_analysis.intake.export import Export
from xzz_analysis.intake.form import Form
from xzz_analysis.intake.headers import match_columns, restore
from xzz_analysis.intake.kobo import (
    is_audit_log,
    mark_not_asked,
    read_json,
    read_submissions,
    roles_of,
    with_durations,
)
from xzz_analysis.intake.labelled import read_coded, read_labelled
from xzz_analysis.intake.plain import read_mapping, read_plain
from xzz_analysis.intake.wjx import Flavour, WjxCoding, is_wjx, read_wjx
from xzz_analysis.intake.workbook import Opened, RawTable
from xzz_analysis.study import Words

KNOWN = 0.2
"""Part of the form's questions that must have a column before a sheet is taken for an export of that form."""


class WjxWords(Declaration):
    """What exports of 问卷星 write instead of an answer (``tables.*.wjx``), where it is not what the platform does.

    ``skipped`` and ``blank`` are codes of an export by number (-3 and -2 are the platform's), or words of both
    flavours beside (跳过) and (空). ``kept`` are texts that stay as written, besides the table's missing codes.
    ``flavours`` gives the flavour, text or number, of a file by its name.
    """

    skipped: Words = Field(default_factory=lambda: ["-3"])
    blank: Words = Field(default_factory=lambda: ["-2"])
    kept: Words = Field(default_factory=list)
    flavours: dict[str, Flavour] = Field(default_factory=dict)

    def coding(self, missing: Iterable[str] = ()) -> WjxCoding:
        """As the reader takes it; of the table's missing codes those stay as written that are no code of an option."""
        kept = (*self.kept, *(code for code in missing if not code.isdigit()))
        return WjxCoding(self.skipped, self.blank, kept, self.flavours)


@dataclass(frozen=True)
class Given:
    """What study.yml gives for one round of a table.

    Attributes
    ----------
    paths : sequence of Path
        One file, or the two flavours of one 问卷星 export; behind a Kobo export its audit logs.
    form : Form
    repeats : mapping of str to Path
        Files that hold the rows of a repeat.
    mapping : Path, optional
        What each column of a plain spreadsheet is, confirmed by a person.
    encoding : str
        Of an SPSS or Stata file that declares none or a wrong one.
    codebook : Path, optional
        What the codes of a CSV mean, as the platform exported it with the data.
    wjx : WjxCoding
        How 问卷星 writes what is no answer.
    opened : Opened
        Its files, as far as they were read to tell the platform.
    """

    paths: Sequence[Path]
    form: Form
    repeats: Mapping[str, Path] = field(default_factory=dict)
    mapping: Path | None = None
    encoding: str = ""
    codebook: Path | None = None
    wjx: WjxCoding = field(default_factory=WjxCoding)
    opened: Opened = field(default_factory=Opened)

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
        One file, both flavours of one 问卷星 export, or a CSV of codes and its codebook.

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
    opened = Opened()
    if is_wjx(list(opened.look(path).frame.columns)):
        return read_wjx(paths, read=opened.read)
    if len(paths) > 1:
        return read_coded(path, paths[1], read=opened.read)
    export = _sheet(path.name, opened.read(path), Form(path.stem, "", ("zh",), {}, (), ()))
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
    headers = list(given.opened.look(path).frame.columns)
    if is_wjx(headers):
        return "wjx"
    if given.codebook is not None:
        return "coded"
    if given.mapping is not None:
        return "plain"
    questions = {name: one for name, one in given.form.questions.items() if not one.repeat and one.kind != "other"}
    names = restore(headers, questions)
    columns = match_columns([names.get(header, header) for header in headers], questions)
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
    """Kobo and ODK: an export, and audit logs that tell how long its interviews took."""
    logs = [path for path in given.paths[1:] if is_audit_log(path)]
    exports = replace(given, paths=[path for path in given.paths if path not in logs])
    return with_durations(mark_not_asked(_read_kobo_export(exports)), logs)


def _read_kobo_export(given: Given) -> Export:
    """JSON, or a sheet or CSV whose columns are named as in the form."""
    if _head(given.paths[0]).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return read_submissions(given.paths, given.form, given.repeats)
    path = given.one()
    raw = given.opened.read(path)
    found = {}
    for repeat in given.form.repeats:
        source = given.repeats.get(repeat, path)
        sheets = raw.sheets if source == path else given.opened.look(source).sheets
        sheet = next((name for name in sheets if name.strip().lower() == repeat[:31].lower()), None)
        if sheet is not None or source != path:
            rows = given.opened.read(source, sheet)
            found[repeat] = _sheet(f"{source.name}, sheet {sheet!r}" if sheet else source.name, rows, given.form)
    return _sheet(path.name, raw, given.form, found)


def _sheet(name: str, raw: RawTable, form: Form, repeats: Mapping[str, Export] | None = None) -> Export:
    names = restore(list(raw.frame.columns), form.questions)
    findings = (*((_open_end(name),) if raw.open_end else ()), *_renamed(name, names), *raw.findings)
    frame = raw.frame.rename(columns=names).reset_index(drop=True)
    return Export(name, frame, form, roles=roles_of(frame), repeats=repeats or {}, findings=findings)


def _renamed(file: str, names: Mapping[str, str]) -> list[Finding]:
    """Columns that another program wrote otherwise, by the names of the form and the platform."""
    if not names:
        return []
    said = [name for name in names.values() if machine_names(name.split("/"), 2) == name.split("/")][:20]
    message = (
        f"{len(names)} column name(s) were written otherwise by another program, such as R, and are read as "
        f"{', '.join(said)}{' and others' if len(said) < len(names) else ''}"
    )
    remedy = "compare them with the form, or export the file from the platform itself"
    return [Finding("note", "column_renamed", file, message, remedy, len(names))]


def _open_end(name: str) -> Finding:
    """A CSV whose last line does not end: nothing tells whether its last value is whole."""
    message = "the last line has no line end, so the file may be cut off and its last value wrong"
    remedy = "compare the last row with the platform, or export again"
    return Finding("warning", "line_end_missing", name, message, remedy)


def _read_wjx(given: Given) -> Export:
    return read_wjx(given.paths, given.form, given.wjx, read=given.opened.read)


def _read_labelled(given: Given) -> Export:
    return read_labelled(given.one(), given.form, encoding=given.encoding)


def _read_coded(given: Given) -> Export:
    path = given.one()
    if given.codebook is None:
        raise InputError(
            f"{path.name}: a CSV of codes is read with the file that explains them; export the SPSS syntax or the "
            "codebook together with the data, and name it under `codebook` in study.yml"
        )
    return read_coded(path, given.codebook, given.form, read=given.opened.read)


def _read_plain(given: Given) -> Export:
    path = given.one()
    if given.mapping is None:
        raise InputError(
            f"{path.name}: a plain spreadsheet needs a file that says what each column is; run `xzz columns`, look it "
            "through, and name it under `mapping` in study.yml"
        )
    return read_plain(path, read_mapping(given.mapping), given.form, read=given.opened.read)


READERS: dict[str, Callable[[Given], Export]] = {
    "kobo": _read_kobo,
    "wjx": _read_wjx,
    "spss": _read_labelled,
    "stata": _read_labelled,
    "coded": _read_coded,
    "plain": _read_plain,
}
"""Readers by the name that study.yml gives them."""
