"""A synthetic study of any size, as each platform would export it.

python benchmarks/intake/data.py FOLDER FORMAT ROWS QUESTIONS

The questions are choices, numbers, dates and texts by turns; one in five is asked only of some, and 2 answers in 100
are left blank. ``FOLDER`` receives the export, the questionnaire (form.xlsx) and study.yml; everything is invented.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import sheets
import yaml

KINDS = (
    *("select_one", "integer", "select_one", "select_multiple", "select_one"),
    *("decimal", "select_one", "integer", "date", "text"),
)
"""Kinds of ten questions in a row."""

OPTIONS = 5
"""Of a select-multiple question."""

SKIPPED, BLANK = -1, -2
STEP = 2000
WORDS = (
    *("学校", "作业", "社区", "医院", "就业", "租房", "户口", "老人", "孩子", "交通"),
    *("费用", "时间", "课程", "照顾", "活动", "志愿", "邻居", "语言", "培训", "信息"),
)
GB, CSV = "gb18030", "utf-8"


class Question(NamedTuple):
    """One question: its name, kind, number of answers that are possible, and the question on which it depends."""

    name: str
    kind: str
    size: int
    relevant: str = ""


@dataclass(frozen=True)
class Answers:
    """Everybody's answers as positions among the possible ones, or SKIPPED, or BLANK."""

    questions: list[Question]
    codes: np.ndarray

    def __len__(self) -> int:
        return self.codes.shape[1]


class Column(NamedTuple):
    """A column of an export: header, the texts that may stand in it, and which one does; the last two are SKIPPED,
    BLANK in this order from the end."""

    header: str
    texts: list[str]
    codes: np.ndarray
    number: bool = False


def questions(count: int) -> list[Question]:
    """Questions; the first ones are asked of everybody."""
    made: list[Question] = []
    for place in range(count):
        kind = KINDS[place % len(KINDS)]
        choices = 2 if place < len(KINDS) else 3 + place % 6
        size = {"select_one": choices, "select_multiple": 2**OPTIONS - 1, "integer": 100}.get(kind, 0)
        size = size or {"decimal": 10_000, "date": 2_000, "text": len(WORDS) ** 4}[kind]
        depends = f"q{place // 10 % 4 * 2:03d}" if place >= len(KINDS) and place % 5 == 3 else ""
        made.append(Question(f"q{place:03d}", kind, size, depends))
    return made


def answers(rows: int, count: int) -> Answers:
    draw = np.random.default_rng(20261122)
    asked = questions(count)
    place = {question.name: at for at, question in enumerate(asked)}
    codes = np.empty((count, rows), dtype=np.int32)
    for at, question in enumerate(asked):
        codes[at] = draw.integers(0, question.size, rows, dtype=np.int32)
        codes[at][draw.random(rows, dtype=np.float32) < 0.02] = BLANK
        if question.relevant:
            codes[at][codes[place[question.relevant]] != 0] = SKIPPED
    return Answers(asked, codes)


def label(question: Question) -> str:
    return f"关于{WORDS[int(question.name[1:]) % len(WORDS)]}的第{int(question.name[1:]) + 1}个问题"


def option_labels(question: Question) -> list[str]:
    count = {"select_multiple": OPTIONS, "select_one": question.size}.get(question.kind, 0)
    return [f"{WORDS[(count * 7 + at * 3) % len(WORDS)]}{'甲乙丙丁戊己庚辛壬癸'[at]}" for at in range(count)]


def possible(question: Question, written: list[str], joint: str) -> list[str]:
    """Every possible answer as text; ``written`` are the texts of the options."""
    if question.kind == "select_one":
        return written
    if question.kind == "select_multiple":
        return [joint.join(text for at, text in enumerate(written) if mask >> at & 1) for mask in range(1, 2**OPTIONS)]
    if question.kind == "integer":
        return list(map(str, range(question.size)))
    if question.kind == "decimal":
        return [f"{value / 10:g}" for value in range(question.size)]
    if question.kind == "date":
        return [str(dt.date(2018, 1, 1) + dt.timedelta(days=day)) for day in range(question.size)]
    return phrases()


@functools.cache
def phrases() -> list[str]:
    pairs = [first + second for first in WORDS for second in WORDS]
    return [first + second for first in pairs for second in pairs]


def names(question: Question) -> list[str]:
    return [f"o{at + 1}" for at in range(len(option_labels(question)))]


def marks(question: Question, code: np.ndarray, nothing: list[str]) -> Iterator[tuple[int, list[str], np.ndarray]]:
    """For each option: its place, the texts, and whether it was chosen."""
    for at in range(OPTIONS):
        chosen = (code + 1) >> at & 1
        yield at, ["0", "1", *nothing], np.where(code < 0, code, chosen).astype(np.int32)


# --- the columns of each export -----------------------------------------------------------------------------------


def wjx(made: Answers, flavour: str) -> Iterator[Column]:
    """问卷星: by text, or by number with a column of 0 and 1 for each option of a select-multiple."""
    nothing = ["(空)", "(跳过)"] if flavour == "text" else ["-2", "-3"]
    every = np.arange(len(made), dtype=np.int32)
    yield Column("序号", [str(row + 1) for row in every], every, number=True)
    yield Column("提交答卷时间", *moments(len(made), "{:%Y/%-m/%-d %H:%M:%S}"))
    yield Column("所用时间", [f"{seconds}秒" for seconds in range(300, 900)], every % 600)
    yield from (Column(name, [text], every * 0) for name, text in (("来源", "链接"), ("来源详情", "直接访问")))
    yield Column("来自IP", [f"203.0.113.{at}(北京-北京)" for at in range(250)], every % 250)
    for number, (question, code) in enumerate(zip(made.questions, made.codes, strict=True), start=1):
        labels, coded = option_labels(question), flavour == "number"
        if coded and question.kind == "select_multiple":
            for at, texts, chosen in marks(question, code, nothing):
                yield Column(f"第{number}题({labels[at]})", texts, chosen, number=True)
            continue
        written = [str(at + 1) for at in range(len(labels))] if coded and question.kind == "select_one" else labels
        texts = possible(question, written, "┋")
        numeric = question.kind in ("integer", "decimal") or (coded and question.kind == "select_one")
        yield Column(f"{number}、{label(question)}", [*texts, *nothing], code, numeric)


def kobo(made: Answers) -> Iterator[Column]:
    """Kobo, XML values and headers: a select-multiple is its own column and one of 0 and 1 for each option."""
    every = np.arange(len(made), dtype=np.int32)
    yield Column("start", *moments(len(made), "{:%Y-%m-%dT%H:%M:%S.000+08:00}"))
    yield Column("end", *moments(len(made), "{:%Y-%m-%dT%H:%M:%S.500+08:00}"))
    for question, code in zip(made.questions, made.codes, strict=True):
        numeric = question.kind in ("integer", "decimal")
        yield Column(question.name, [*possible(question, names(question), " "), "", ""], code, numeric)
        if question.kind == "select_multiple":
            for at, texts, chosen in marks(question, code, ["", ""]):
                yield Column(f"{question.name}/{names(question)[at]}", texts, chosen, number=True)
    yield Column("_id", [str(400 + 3 * row) for row in every], every, number=True)
    yield Column("_uuid", [uuid(row) for row in every], every)
    yield Column("_submission_time", *moments(len(made), "{:%Y-%m-%dT%H:%M:%S}"))
    yield Column("_index", [str(row + 1) for row in every], every, number=True)


def plain(made: Answers) -> Iterator[Column]:
    """A spreadsheet of another platform: labels, several choices joined by a wide semicolon, empty cells."""
    every = np.arange(len(made), dtype=np.int32)
    yield Column("编号", [f"R{row:07d}" for row in every], every)
    yield Column("提交时间", *moments(len(made), "{:%Y-%m-%d %H:%M:%S}"))
    for question, code in zip(made.questions, made.codes, strict=True):
        yield Column(label(question), [*possible(question, option_labels(question), "；"), "", ""], code)


def moments(rows: int, written: str) -> tuple[list[str], np.ndarray]:
    start = dt.datetime(2025, 11, 1, 8)
    count = min(rows, 20_000)
    texts = [written.format(start + dt.timedelta(seconds=117 * at)) for at in range(count)]
    return texts, np.arange(rows, dtype=np.int32) % count


def uuid(row: int) -> str:
    digits = f"{(int(row) + 1) * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


# --- files --------------------------------------------------------------------------------------------------------


def write_csv(path: Path, columns: list[Column], rows: int, *, encoding: str, mark: str, quote: str) -> None:
    with path.open("w", encoding=encoding, newline="") as out:
        out.write(mark.join(f"{quote}{column.header}{quote}" for column in columns) + "\r\n")
        quoted = [np.array([f"{quote}{text}{quote}" for text in column.texts], dtype=object) for column in columns]
        for first in range(0, rows, STEP):
            cells = [texts[one.codes[first : first + STEP]] for texts, one in zip(quoted, columns, strict=True)]
            out.writelines(mark.join(row) + "\r\n" for row in zip(*cells, strict=True))


def write_json(path: Path, made: Answers) -> None:
    """Kobo's API: texts, and no key where nothing was answered."""
    keys = {question.name: json.dumps(question.name) for question in made.questions}
    columns = []
    for question, code in zip(made.questions, made.codes, strict=True):
        texts = possible(question, names(question), " ")
        cells = [f", {keys[question.name]}: {json.dumps(text, ensure_ascii=False)}" for text in texts]
        columns.append((np.array([*cells, "", ""], dtype=object), code))
    times, order = moments(len(made), "{:%Y-%m-%dT%H:%M:%S}")
    with path.open("w", encoding="utf-8") as out:
        out.write(f'{{"count": {len(made)}, "next": null, "previous": null, "results": [')
        for first in range(0, len(made), STEP):
            cells = [texts[code[first : first + STEP]] for texts, code in columns]
            for at, row in enumerate(zip(*cells, strict=True), start=first):
                time, mine = times[order[at]], uuid(at)
                head = f'{{"_id": {400 + 3 * at}, "start": "{time}.000+08:00", "end": "{time}.500+08:00"'
                tail = f', "__version__": "v1", "meta/instanceID": "uuid:{mine}", "_uuid": "{mine}", '
                tail += f'"_submission_time": "{time}", "_attachments": [], "_geolocation": [null, null], "_tags": []}}'
                out.write(("" if at == 0 else ",\n") + head + "".join(row) + tail)
        out.write("]}")


def write_form(path: Path, asked: list[Question], *, numbered: bool) -> None:
    """The questionnaire; ``numbered`` with 问卷星's number of each question and of each option."""
    survey = [("type", "name", "label::中文 (zh)", "relevant", "source")]
    choices = [("list_name", "name", "label::中文 (zh)", "code")]
    for number, question in enumerate(asked, start=1):
        listed = question.kind.startswith("select")
        relevant = f"${{{question.relevant}}} = 'o1'" if question.relevant else ""
        kind = f"{question.kind} {question.name}" if listed else question.kind
        source = f"{number}、{label(question)}" if numbered else ""
        survey.append((kind, question.name, label(question), relevant, source))
        for at, text in enumerate(option_labels(question)):
            choices.append((question.name, names(question)[at], text, str(at + 1) if numbered else ""))
    settings = [("form_title", "form_id", "version"), ("合成测试问卷", "synthetic", "1")]
    sheets.write_small(path, {"survey": survey, "choices": choices, "settings": settings})


def write_mapping(path: Path, made: Answers, file: str) -> None:
    columns: dict[str, dict[str, object]] = {"编号": {"role": "key"}, "提交时间": {"role": "submitted"}}
    for question in made.questions:
        column: dict[str, object] = {"question": question.name, "kind": question.kind}
        if question.kind.startswith("select"):
            column["options"] = dict(zip(option_labels(question), names(question), strict=True))
        if question.kind == "select_multiple":
            column["separator"] = "；"
        if question.kind == "date":
            column["order"] = "ymd"
        columns[label(question)] = column
    for column in columns.values():
        column |= {"confidence": "high", "confirmed": True}
    text = yaml.safe_dump({"file": file, "columns": columns}, allow_unicode=True, sort_keys=False)
    path.write_text(text, encoding="utf-8")


def write_study(folder: Path, file: str, key: str, reader: str) -> None:
    words = {"zh": "合成", "en": "synthetic"}
    table = {"key": key, "form": "form.xlsx", "raw": {"2025Q4": file}, "reader": reader}
    if reader == "plain":
        table["mapping"] = "mapping.yml"
    study = {
        "id": "benchmark",
        **dict.fromkeys(("title", "publisher", "population"), words),
        "rounds": {"2025Q4": {"collected": ["2025-11-01", "2025-11-28"]}},
        "tables": {"person": {**table, "label": words, "counted": words}},
        "design": {"kind": "census"},
    }
    text = yaml.dump(study, Dumper=_Plain, allow_unicode=True, sort_keys=False)
    (folder / "study.yml").write_text(text, encoding="utf-8")


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        return True


class Format(NamedTuple):
    """A format: its file, the column that rows are keyed by, the reader, and what writes it."""

    file: str
    key: str
    reader: str
    write: Callable[[Path, Answers], None]


def _sheet(columns: Callable[[Answers], Iterator[Column]]) -> Callable[[Path, Answers], None]:
    return lambda path, made: sheets.write_large(path, list(columns(made)), len(made))


FORMATS = {
    "wjx-text": Format("1_按文本_合成.xlsx", "序号", "wjx", _sheet(lambda made: wjx(made, "text"))),
    "wjx-number": Format("1_按序号_合成.xlsx", "序号", "wjx", _sheet(lambda made: wjx(made, "number"))),
    "kobo-xlsx": Format("kobo.xlsx", "_uuid", "kobo", _sheet(kobo)),
    "kobo-csv": Format(
        *("kobo.csv", "_uuid", "kobo"),
        lambda path, made: write_csv(path, list(kobo(made)), len(made), encoding=CSV, mark=";", quote='"'),
    ),
    "kobo-json": Format("kobo.json", "_uuid", "kobo", write_json),
    "csv-gb18030": Format(
        *("plain.csv", "编号", "plain"),
        lambda path, made: write_csv(path, list(plain(made)), len(made), encoding=GB, mark=",", quote=""),
    ),
    "sav": Format("labelled.sav", "record", "spss", lambda path, made: _labelled(path, made)),
    "dta": Format("labelled.dta", "record", "stata", lambda path, made: _labelled(path, made)),
}


def _labelled(path: Path, made: Answers) -> None:
    import labelled

    labelled.write(path, made)


def make(folder: Path, kind: str, rows: int, count: int) -> Path:
    """Write the study into a folder, unless it is there."""
    form = FORMATS[kind]
    if (folder / "study.yml").is_file():
        return folder / form.file
    folder.mkdir(parents=True, exist_ok=True)
    made = answers(rows, count)
    write_form(folder / "form.xlsx", made.questions, numbered=form.reader == "wjx")
    form.write(folder / form.file, made)
    if form.reader == "plain":
        write_mapping(folder / "mapping.yml", made, form.file)
    write_study(folder, form.file, form.key, form.reader)
    return folder / form.file


if __name__ == "__main__":
    make(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
