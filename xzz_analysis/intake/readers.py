"""Which platform wrote a file, and the file in the library's terms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from xzz_analysis.errors import Finding, InputError
from xzz_analysis.intake.export import Export
from xzz_analysis.intake.form import Form
from xzz_analysis.intake.workbook import RawTable, read_raw

Reader = Callable[[Sequence[Path], Form, Mapping[str, Path]], Export]
"""Files of one round, the form, files of repeats by repeat → export."""


def read_export(paths: Sequence[Path], form: Form, repeats: Mapping[str, Path], reader: str) -> Export:
    """Read one round of a table.

    Parameters
    ----------
    paths : sequence of Path
        One file, or the two flavours of one 问卷星 export.
    form : Form
        The declared form.
    repeats : mapping of str to Path
        Files that hold the rows of a repeat.
    reader : str
        One of :data:`READERS`.

    Returns
    -------
    Export

    Raises
    ------
    InputError
        A file that cannot be read, or more files than the platform writes.
    """
    return READERS[reader](paths, form, repeats)


def read_sheets(paths: Sequence[Path], form: Form, repeats: Mapping[str, Path]) -> Export:
    """Kobo and ODK: a sheet or CSV whose columns are named as in the form; repeats in sheets or files of their own."""
    if len(paths) != 1:
        raise InputError(f"{paths[0].name} and {len(paths) - 1} more file(s) are given for one round; name one")
    path = paths[0]
    raw = read_raw(path)
    found = {}
    for repeat in form.repeats:
        source = repeats.get(repeat, path)
        sheets = raw.sheets if source == path else read_raw(source).sheets
        sheet = next((name for name in sheets if name.strip().lower() == repeat[:31].lower()), None)
        if sheet is not None or source != path:
            rows = read_raw(source, sheet)
            found[repeat] = _export(f"{source.name}, sheet {sheet!r}" if sheet else source.name, rows, form)
    return _export(path.name, raw, form, found)


def _export(name: str, raw: RawTable, form: Form, repeats: Mapping[str, Export] | None = None) -> Export:
    findings = (_open_end(name),) if raw.open_end else ()
    return Export(name, raw.frame.reset_index(drop=True), form, repeats=repeats or {}, findings=findings)


def _open_end(name: str) -> Finding:
    """A CSV whose last line does not end: nothing tells whether its last value is whole."""
    message = "the last line has no line end, so the file may be cut off and its last value wrong"
    remedy = "compare the last row with the platform, or export again"
    return Finding("warning", "line_end_missing", name, message, remedy)


READERS: dict[str, Reader] = {"kobo": read_sheets}
"""Readers by the name that study.yml gives them."""
