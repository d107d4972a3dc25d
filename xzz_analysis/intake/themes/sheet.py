"""An empty coding sheet: the texts of one question, for the eyes of coders only."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd
import xlsxwriter

from xzz_analysis.errors import InputError, StudyError, make_folder, suggest
from xzz_analysis.intake.door import Door
from xzz_analysis.intake.headers import need_column
from xzz_analysis.intake.privacy import KnownWords, scrub
from xzz_analysis.intake.privacy.vault import IN_VAULT
from xzz_analysis.intake.table import read_sheets
from xzz_analysis.intake.themes.reading import TEXT
from xzz_analysis.study import CodedQuestion, Study

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_sheet(study: Study, name: str, round_: str, *, second: bool = False) -> tuple[Path, int]:
    """Write the sheet that a person codes in, where themes.yml expects the coded file.

    It lies in the study's folder beside the raw data and never under ``outputs``: it holds what people said, and
    :func:`~xzz_analysis.intake.privacy.forgetting.forget` finds it there. Keys are pseudonyms where the study has a
    vault; numbers, addresses and words that the vault knows are taken out of the texts.

    Parameters
    ----------
    study : Study
    name : str
        Id of the coded question.
    round_ : str
    second : bool
        Write the file of the second coder.

    Returns
    -------
    tuple
        The file, and how many answers it holds: key, text and an empty cell for each theme.

    Raises
    ------
    StudyError
        No such coded question, or no file is named for the round.
    InputError
        The file is there already, or the text is a direct identifier that only the vault holds.
    """
    coded = _coded(study, name)
    path = (coded.second_coder if second else coded.file).get(round_)
    if path is None:
        role = "second_coder" if second else "file"
        raise StudyError(f"themes.yml: {name} names no {role} for round {round_}; write `{role}: {{{round_}: …}}`")
    if path.exists():
        raise InputError(f"{path} is there already, and nothing is overwritten; move it away first")
    texts = _texts(study, coded, round_)
    header = [study.tables[coded.unit].key, TEXT, *coded.codes]
    rows = [[key, text, *[""] * len(coded.codes)] for key, text in texts.items()]
    make_folder(path.parent)
    _write(path, [header, *rows], coded)
    return path, len(rows)


def _coded(study: Study, name: str) -> CodedQuestion:
    known = {one.id: one for one in study.themes.questions}
    if name not in known:
        raise StudyError(
            f"themes.yml has no question {name!r}{suggest(name, known)}; it has {', '.join(known) or 'none'}"
            if study.settings.themes is not None
            else f"{study.path.name} names no `themes` file; write `themes: themes.yml`, and the themes there"
        )
    return known[name]


def _texts(study: Study, coded: CodedQuestion, round_: str) -> pd.Series:
    """Answered texts of one round by key, what tells who somebody is taken out."""
    door = Door.of(study)
    table = study.tables[coded.unit]
    sheet = next(one for one in read_sheets(study, coded.unit, door) if one.round == round_)
    headers = list(sheet.frame.columns)
    column = need_column(headers, coded.question, file=sheet.name, why="its answers are to be coded")
    texts = sheet.frame[column].str.strip().set_axis(sheet.keys)
    missing = {*table.blank, *sheet.export.words, *(code for codes in table.missing.values() for code in codes)}
    texts = texts[~texts.isin(missing) & (texts.index != "")]
    if (texts == IN_VAULT).any():
        raise InputError(
            f"question {coded.question!r} is a direct identifier in privacy.yml, so its {len(texts):,} texts are in "
            "the vault and nowhere else; change its class there if it holds what people said"
        )
    known = KnownWords([] if door.vault is None else door.vault.known_words())
    return scrub(texts, known)


def _write(path: Path, rows: list[list[str]], coded: CodedQuestion) -> None:
    """A workbook with the meaning of the themes on its second sheet, or a CSV; no text of it becomes a formula."""
    if path.suffix == ".csv":
        text = io.StringIO(newline="")
        safe = [[f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row] for row in rows]
        csv.writer(text, lineterminator="\n").writerows(safe)
        data = text.getvalue().encode("utf-8-sig")
    elif path.suffix == ".xlsx":
        data = _workbook(rows, coded)
    else:
        raise StudyError(f"themes.yml: {path.name} ends in {path.suffix or 'nothing'}; name a .xlsx or .csv file")
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_bytes(data)
    temporary.replace(path)


def _workbook(rows: list[list[str]], coded: CodedQuestion) -> bytes:
    out = io.BytesIO()
    meanings = [["theme", "中文", "English", "定义", "definition"]]
    meanings += [
        [code, one.label["zh"], one.label["en"], one.definition["zh"], one.definition["en"]]
        for code, one in coded.codes.items()
    ]
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        wrap = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
        for title, cells, widths in (("coding", rows, (24, 60)), ("themes", meanings, (16, 20, 20, 50, 50))):
            sheet = book.add_worksheet(title)
            for number, width in enumerate(widths):
                sheet.set_column(number, number, width, wrap)
            for number, row in enumerate(cells):
                for place, cell in enumerate(row):
                    sheet.write_string(number, place, cell, wrap)
            sheet.freeze_panes(1, 1)
    return out.getvalue()
