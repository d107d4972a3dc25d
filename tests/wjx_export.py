"""Writes 问卷星 exports by text and by number from a questionnaire and answers, as the platform does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import xlsxwriter

from xzz_analysis.intake.answers import Option, Question
from xzz_analysis.intake.form import Form

META = ("序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP")
SKIPPED, BLANK = "(跳过)", "(空)"


@dataclass(frozen=True)
class Asked:
    """One numbered question: ``one``, ``multiple``, ``ranking``, ``matrix``, ``integer`` or ``text``."""

    kind: str
    stem: str
    options: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()


@dataclass(frozen=True)
class Given:
    """One answer: positions of options from 0 (of a matrix one per row), or a number or text; and words beside."""

    value: object = ()
    words: Mapping[int, str] | None = None


SKIP, EMPTY = Given(SKIPPED), Given(BLANK)
Records = Sequence[Sequence[Given]]


def write_sheet(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    """One worksheet of text cells."""
    with xlsxwriter.Workbook(path, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        for line, cells in enumerate(rows):
            for place, text in enumerate(cells):
                sheet.write_string(line, place, text)
    return path


def write_text(path: Path, asked: Sequence[Asked], records: Records, extra: Mapping[str, Sequence[str]] = {}) -> Path:
    """The export by text; ``extra`` are columns that somebody appended."""
    header = [*META, *(header for number, one in enumerate(asked, 1) for header in text_headers(number, one)), *extra]
    lines = [
        [*_meta(row), *(cell for one, given in zip(asked, record, strict=True) for cell in text_cells(one, given))]
        for row, record in enumerate(records)
    ]
    return write_sheet(
        path, [header, *([*cells, *(extra[name][row] for name in extra)] for row, cells in enumerate(lines))]
    )


def write_number(
    path: Path, asked: Sequence[Asked], records: Records, *, words: str = "cell", matrix: str = "item"
) -> Path:
    """The export by number; words beside an option in the ``cell``, in a ``column``, or ``none``."""
    header = [*META]
    lines: list[list[str]] = [_meta(row) for row in range(len(records))]
    for place, one in enumerate(asked):
        headers = list(number_headers(place + 1, one, matrix))
        beside = sorted({at for record in records for at in record[place].words or {}}) if words == "column" else []
        header += [*headers, *(f"{place + 1}、({one.options[at]}:)" for at in beside)]
        for line, record in zip(lines, records, strict=True):
            given = record[place]
            line += number_cells(one, given, in_cell=words == "cell")
            line += [(given.words or {}).get(at, "") for at in beside]
    return write_sheet(path, [header, *lines])


def _meta(row: int) -> list[str]:
    time = f"2026/{row % 12 + 1}/{row % 28 + 1} 8:{row % 60:02d}:05"
    return [str(row + 1), time, f"{row + 60}秒", "微信", "N/A", f"10.0.0.{row % 250}(北京-北京)"]


def text_headers(number: int, one: Asked) -> Iterator[str]:
    if one.kind != "matrix":
        yield f"{number}、{one.stem}"
    for place, row in enumerate(one.rows):
        yield f"{number}、{one.stem}—{row}" if place == 0 else f"{number}、{row}"


def number_headers(number: int, one: Asked, matrix: str = "item") -> Iterator[str]:
    if one.kind in ("multiple", "ranking"):
        yield from (f"第{number}题({option})" for option in one.options)
    elif one.kind == "matrix" and matrix == "item":
        yield from (f"第{number}题({row})" for row in one.rows)
    else:
        yield from text_headers(number, one)


def text_cells(one: Asked, given: Given) -> list[str]:
    if given in (SKIP, EMPTY):
        return [str(given.value)] * max(1, len(one.rows))
    if one.kind in ("integer", "text"):
        return [str(given.value)]
    chosen = given.value if isinstance(given.value, tuple) else (given.value,)
    labels = [BLANK if at is None else one.options[at] + _words(given, at) for at in chosen]
    if one.kind == "matrix":
        return labels
    return [{"multiple": "┋", "ranking": "→"}.get(one.kind, "").join(labels)]


def number_cells(one: Asked, given: Given, *, in_cell: bool = True) -> list[str]:
    width = len(one.rows) or (len(one.options) if one.kind in ("multiple", "ranking") else 1)
    if given in (SKIP, EMPTY):
        text = one.kind == "text"
        return [(str(given.value) if text and given is EMPTY else "-3" if given == SKIP else "-2")] * width
    if one.kind in ("integer", "text"):
        return [str(given.value)]
    chosen = given.value if isinstance(given.value, tuple) else (given.value,)
    if one.kind in ("one", "matrix"):
        return ["-2" if at is None else str(at + 1) + (_words(given, at) if in_cell else "") for at in chosen]
    mark = (lambda at: str(chosen.index(at) + 1)) if one.kind == "ranking" else (lambda at: "1")
    none = "-2" if one.kind == "ranking" else "0"
    return [
        mark(at) + (_words(given, at) if in_cell else "") if at in chosen else none for at in range(len(one.options))
    ]


def _words(given: Given, at: int) -> str:
    words = (given.words or {}).get(at)
    return f"〖{words}〗" if words is not None else ""


def form_of(asked: Sequence[Asked], *, source: bool = True, others: Sequence[int] = ()) -> Form:
    """The codebook of the questionnaire; ``others`` are the numbers of questions with words beside an option."""
    questions: list[Question] = []
    for number, one in enumerate(asked, 1):
        name, written = f"q{number}", list(text_headers(number, one))
        options = tuple(Option(str(at), {"zh": label}, str(at)) for at, label in enumerate(one.options, 1))
        kinds = {"one": "select_one", "multiple": "select_multiple", "ranking": "select_one", "matrix": "select_one"}
        kind = kinds.get(one.kind, one.kind)
        if one.kind == "ranking":
            ends = range(1, len(options) + 1)
            places = [(f"{name}_choice{at}", f"{written[0]}→{at}", f"{one.stem}（第{at}位）") for at in ends]
        elif one.kind == "matrix":
            places = [
                (f"{name}_{at}", header, f"{one.stem}—{row}")
                for at, (header, row) in enumerate(zip(written, one.rows, strict=True), 1)
            ]
        else:
            places = [(name, written[0], one.stem)]
        questions += [
            Question(made, kind, {"zh": label}, options, source=header if source else "")  # type: ignore[arg-type]
            for made, header, label in places
        ]
        if number in others:
            label = {"zh": f"{one.stem}（补充文字）"}
            questions.append(Question(f"{name}_other", "text", label, source=f"{written[0]}〖〗" if source else ""))
    return Form("问卷", "", ("zh", "en"), {question.name: question for question in questions}, (), ())


def expected(asked: Sequence[Asked], records: Records, *, others: Sequence[int] = ()) -> dict[str, list[str]]:
    """Columns that the reader should find, options named by their position from 1."""
    columns: dict[str, list[str]] = {}
    for number, one in enumerate(asked, 1):
        for record in records:
            for name, cell in _cells(f"q{number}", one, record[number - 1]).items():
                columns.setdefault(name, []).append(cell)
        if number in others:
            columns[f"q{number}_other"] = ["；".join((record[number - 1].words or {}).values()) for record in records]
    return columns


def _cells(name: str, one: Asked, given: Given) -> dict[str, str]:
    missing = str(given.value) if given in (SKIP, EMPTY) else None
    chosen = given.value if isinstance(given.value, tuple) else (given.value,)
    size = len(one.options)
    if one.kind == "multiple":
        return {f"{name}/{at + 1}": missing or ("1" if at in chosen else "0") for at in range(size)}
    if one.kind == "ranking":
        return {
            f"{name}_choice{place + 1}": missing or (str(chosen[place] + 1) if place < len(chosen) else "")
            for place in range(size)
        }
    if one.kind == "matrix":
        return {
            f"{name}_{place + 1}": missing or (BLANK if chosen[place] is None else str(chosen[place] + 1))
            for place in range(len(one.rows))
        }
    return {name: missing or (str(chosen[0] + 1) if one.kind == "one" else str(given.value))}
