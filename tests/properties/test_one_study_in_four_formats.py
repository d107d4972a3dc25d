"""One study written as 问卷星, Kobo, SPSS and a GB18030 spreadsheet: the same values, reasons and codebook."""

import csv
import datetime as dt
import io
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyreadstat
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.kobo_export import Interviews, Item, write_workbook
from tests.wjx_export import EMPTY, SKIP, Asked, Given, write_number, write_text
from xzz_analysis.intake.answers import Answers, Option, Question, Reason
from xzz_analysis.intake.form import Form, read_form
from xzz_analysis.intake.labelled import read_labelled
from xzz_analysis.intake.quality import MINUTES
from xzz_analysis.intake.store import read_study
from xzz_analysis.intake.wjx import reconcile
from xzz_analysis.study import open_study

# --- the questionnaire --------------------------------------------------------------------------------------

DONT_KNOW, REFUSED = ("dont_know", "不知道"), ("refused", "拒绝回答")
MISSING = {"dont_know": Reason.DONT_KNOW, "refused": Reason.REFUSED, "998": Reason.DONT_KNOW, "999": Reason.REFUSED}
SHOWN: dict[str, Callable[[Mapping], bool]] = {
    "grade": lambda row: row["in_school"] == "yes",
    "commute": lambda row: row["age"] not in ("", None) and int(row["age"]) >= 6,
    "walks": lambda row: row["commute"] not in ("", None) and float(row["commute"]) < 2,
    "barriers": lambda row: row["in_school"] in ("no", "refused"),
    "needs_other": lambda row: "other" in (row["needs"] or ()),
    "wishes": lambda row: "none" not in (row["needs"] or ()),
}
"""What the form's skip logic means, said a second time."""


@dataclass(frozen=True)
class Asking:
    """One question: name, kind, wording, options (name, wording) and the form's skip logic."""

    name: str
    kind: str
    label: str
    options: tuple[tuple[str, str], ...] = ()
    relevant: str = ""

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.options]


NEEDS = (
    ("study", "课业辅导（含作业）"),
    ("health", "健康检查"),
    ("sport", "运动"),
    ("match", "运动会"),
    ("other", "其他【请注明】"),
    ("none", "以上都不需要"),
    DONT_KNOW,
)
QUESTIONS = (
    Asking("child_id", "text", "孩子编号"),
    Asking("sex", "select_one", "孩子的性别", (("female", "女"), ("male", "男"))),
    Asking("age", "integer", "孩子几岁？"),
    Asking("in_school", "select_one", "孩子现在上学吗", (("yes", "是"), ("no", "否"), DONT_KNOW, REFUSED)),
    Asking(
        "grade",
        "select_one",
        "上几年级",
        (("g1", "1"), ("g2", "2"), ("more", "3及以上"), DONT_KNOW),
        "${in_school} = 'yes'",
    ),
    Asking("commute", "decimal", "上学路上几公里", (), "${age} >= 6"),
    Asking("walks", "select_one", "走路上学吗", (("yes", "是"), ("no", "否")), "${commute} < 2"),
    Asking(
        "barriers",
        "select_multiple",
        "不上学的原因（可多选）",
        (("cost", "费用"), ("papers", "证件、手续"), ("far", "太远"), REFUSED),
        "${in_school} = 'no' or ${in_school} = 'refused'",
    ),
    Asking("needs", "select_multiple", "需要哪些服务（可多选）", NEEDS),
    Asking("needs_other", "text", "其他服务是什么", (), "selected(${needs}, 'other')"),
    Asking("moved", "date", "哪天来本市"),
    Asking("wishes", "text", "您还希望什么", (), "not(selected(${needs}, 'none'))"),
)
EXCLUSIVE = {"none", "dont_know", "refused"}
FORM = "\n".join(
    [
        "| survey |",
        "| | type | name | label::中文 (zh) | relevant |",
        *(
            f"| | {one.kind}{f' l_{one.name}' if one.options else ''} | {one.name} | {one.label} | {one.relevant} |"
            for one in QUESTIONS
        ),
        "| choices |",
        "| | list_name | name | label::中文 (zh) | code | exclusive |",
        *(
            f"| | l_{one.name} | {name} | {label} | {code} | {'yes' if name in EXCLUSIVE else ''} |"
            for one in QUESTIONS
            for code, (name, label) in enumerate(one.options, start=1)
        ),
        "",
    ]
)

# --- answers ------------------------------------------------------------------------------------------------

Row = dict[str, object]
"""Question → answer: a text, names of options, ``None`` where it was left blank, ``""`` where it was skipped."""

TEXTS = ("多些活动", "孩子说：“好”┋再说→", "第一行\n第二行", "=1+1", "a,b;c|d", "𠮷野家", " 前后有空格 ", "无", "007")


def answers_of(one: Asking) -> st.SearchStrategy:
    if one.kind == "select_one":
        return st.sampled_from(one.names)
    if one.kind == "select_multiple":
        alone = [[name] for name in one.names if name in EXCLUSIVE]
        joined = [name for name in one.names if name not in EXCLUSIVE]
        sets = st.lists(st.sampled_from(joined), min_size=1, unique=True).map(
            lambda set_: sorted(set_, key=joined.index)
        )
        return st.sampled_from(alone) | sets
    if one.kind == "integer":
        return st.sampled_from(["998", "999"]) | st.integers(0, 17).map(str)
    if one.kind == "decimal":
        return st.integers(0, 999).map(lambda number: str(number / 100))
    if one.kind == "date":
        return st.dates(dt.date(1999, 1, 1), dt.date(2025, 5, 1)).map(str)
    return st.sampled_from(TEXTS)


def with_logic(rows: Sequence[Row]) -> list[Row]:
    """The answers as a platform gathers them: numbered, and nothing where a question was not shown."""
    made = []
    for number, row in enumerate(rows, start=1):
        kept: Row = {"child_id": f"C{number:04d}"}
        for one in QUESTIONS[1:]:
            kept[one.name] = row[one.name] if SHOWN.get(one.name, lambda _: True)(kept) else ""
        made.append(kept)
    return made


rows = st.fixed_dictionaries({one.name: st.none() | answers_of(one) for one in QUESTIONS[1:]})
records = st.lists(rows, min_size=1, max_size=12).map(with_logic)


def many(size: int) -> list[Row]:
    """Answers of so many children, the same in every run."""
    drawn = random.Random(20)

    def answer(one: Asking) -> object:
        if drawn.random() < 0.1:
            return None
        if one.kind == "select_one":
            return drawn.choice(one.names)
        if one.kind == "select_multiple":
            joined = [name for name in one.names if name not in EXCLUSIVE]
            chosen = [name for name in joined if drawn.random() < 0.4]
            return chosen or [drawn.choice([name for name in one.names if name in EXCLUSIVE])]
        if one.kind == "integer":
            return drawn.choice(["998", "999", *map(str, range(18)), *map(str, range(18))])
        if one.kind == "decimal":
            return str(drawn.randrange(999) / 100)
        if one.kind == "date":
            return str(dt.date(1999, 1, 1) + dt.timedelta(days=drawn.randrange(9000)))
        return drawn.choice(TEXTS)

    return with_logic([{one.name: answer(one) for one in QUESTIONS[1:]} for _ in range(size)])


# --- what should be read ------------------------------------------------------------------------------------


def reason_of(answer: object) -> Reason:
    if answer is None or answer == "":
        return Reason.BLANK if answer is None else Reason.SKIPPED
    (word, *more) = answer if isinstance(answer, list) else [answer]
    return Reason.ANSWERED if more else MISSING.get(str(word), Reason.ANSWERED)


def expected(rows: Sequence[Row]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Values and reasons."""
    values: dict[str, pd.Series] = {}
    reasons: dict[str, np.ndarray] = {}
    for one in QUESTIONS:
        given_ = [row[one.name] for row in rows]
        why = np.array([reason_of(answer) for answer in given_], dtype=np.int8)
        told = [answer if not reason else None for answer, reason in zip(given_, why, strict=True)]
        if one.kind == "select_multiple":
            columns = {
                f"{one.name}/{name}": pd.Series(
                    [np.nan if chosen is None else float(name in chosen) for chosen in told]
                )
                for name in one.names
                if name not in MISSING
            }
        elif one.kind in ("integer", "decimal"):
            columns = {one.name: pd.Series([np.nan if text is None else float(str(text)) for text in told])}
        elif one.kind == "date":
            days = [np.datetime64("NaT") if day is None else np.datetime64(str(day)) for day in told]
            columns = {one.name: pd.Series(np.array(days, dtype="datetime64[us]"))}
        else:
            kept = told if one.kind == "select_one" else [None] * len(told)
            columns = {one.name: pd.Series(kept, dtype=pd.StringDtype(na_value=np.nan))}
        values |= columns
        reasons |= dict.fromkeys(columns, why)
    return pd.DataFrame(values), pd.DataFrame(reasons)


def described(question: Asking | Question) -> tuple:
    """What the codebook says of a question: codes for missing answers are no options, and a key is no question."""
    if isinstance(question, Question):
        options = [(option.name, option.label, option.exclusive) for option in question.options]
        return question.name, question.kind, question.label, options
    listed = [(name, {"zh": label}, name in EXCLUSIVE) for name, label in question.options if name not in MISSING]
    return question.name, "other" if question.name == "child_id" else question.kind, {"zh": question.label}, listed


# --- the formats --------------------------------------------------------------------------------------------

KINDS = {"select_one": "one", "select_multiple": "multiple", "integer": "integer", "decimal": "integer"}
ASKED = [one for one in QUESTIONS if one.name != "needs_other"]


def write_wjx(folder: Path, rows: Sequence[Row], words: str) -> list[Path]:
    """By text and by number; the file names do not tell which is which."""
    asked = [Asked(KINDS.get(one.kind, "text"), one.label, tuple(label for _, label in one.options)) for one in ASKED]
    answers = [[_given(one, row) for one in ASKED] for row in rows]
    return [
        write_text(folder / "a.xlsx", asked, answers),
        write_number(folder / "b.xlsx", asked, answers, words=words),
    ]


def _given(one: Asking, row: Row) -> Given:
    answer = row[one.name]
    if answer is None or answer == "":
        return EMPTY if answer is None else SKIP
    if one.kind == "select_one":
        return Given(one.names.index(str(answer)))
    if not isinstance(answer, list):
        return Given(str(answer).replace("-", "/") if one.kind == "date" else answer)
    places = tuple(one.names.index(name) for name in answer)
    other = row["needs_other"] if one.name == "needs" else None
    return Given(places, {one.names.index("other"): str(other)} if other else None)


def write_kobo(folder: Path, rows: Sequence[Row]) -> list[Path]:
    items = tuple(Item(one.kind, one.name, tuple(one.names)) for one in QUESTIONS)
    return [
        write_workbook(Interviews(items, [{k: v or None for k, v in row.items()} for row in rows]), folder / "k.xlsx")
    ]


ABSENT = {97.0: "不知道", 98.0: "拒绝回答", -3.0: "跳过"}
ABSENT_NUMBERS = {998.0: "不知道", 999.0: "拒绝回答", -3.0: "跳过"}
MARKS = {0.0: "未选中", 1.0: "选中"}


def write_sav(folder: Path, rows: Sequence[Row], skipped: float | None) -> list[Path]:
    """SPSS: codes with labels; don't know and refused are user-missing, and skipped in all but single choices."""
    frame: dict[str, pd.Series] = {}
    wordings: dict[str, str] = {}
    labels: dict[str, dict[float, str]] = {}
    for one in QUESTIONS:
        for name, wording, code, meaning in _variables(one):
            hidden = skipped if meaning and one.kind != "select_one" else None
            cells = [hidden if row[one.name] == "" else _coded(row[one.name], code) for row in rows]
            frame[name] = pd.Series(cells, dtype=float if meaning else object)
            wordings[name], labels[name] = wording, meaning
    path = folder / "s.sav"
    missing = {name: sorted({*ABSENT, *ABSENT_NUMBERS} & meaning.keys()) for name, meaning in labels.items() if meaning}
    pyreadstat.write_sav(
        pd.DataFrame(frame),
        path,
        column_labels=wordings,
        variable_value_labels={name: meaning for name, meaning in labels.items() if meaning},
        missing_ranges=missing,
    )
    return [path]


def _coded(answer: object, code: Callable[[object], object]) -> object:
    return None if answer is None else code(answer)


def _variables(one: Asking) -> Iterator[tuple[str, str, Callable[[object], object], dict[float, str]]]:
    """Name, wording, code of an answer, and labels of codes, of every variable of a question."""
    if one.kind == "select_multiple":
        for place, (name, label) in enumerate(one.options, start=1):
            yield f"{one.name}_{place}", f"{one.label}：{label}", _chosen(name), {**MARKS, -3.0: "跳过"}
    elif one.kind == "select_one":
        absent = {label: code for code, label in ABSENT.items()}
        codes = {label: absent.get(label, float(place)) for place, (_, label) in enumerate(one.options, start=1)}
        names = {name: codes[label] for name, label in one.options}
        yield one.name, one.label, names.get, {code: label for label, code in codes.items()} | {-3.0: "跳过"}
    elif one.kind in ("integer", "decimal"):
        yield one.name, one.label, float, ABSENT_NUMBERS
    else:
        yield one.name, one.label, dt.date.fromisoformat if one.kind == "date" else str, {}


def _chosen(name: str) -> Callable[[object], object]:
    return lambda answer: float(name in answer)


def write_csv(folder: Path, rows: Sequence[Row]) -> list[Path]:
    """A spreadsheet in GB18030 with wordings as headers and answers."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow([one.label for one in QUESTIONS])
    writer.writerows([[_worded(one, row[one.name]) for one in QUESTIONS] for row in rows])
    path = folder / "p.csv"
    path.write_bytes(stream.getvalue().encode("gb18030"))
    columns = {one.label: _mapped(one) for one in QUESTIONS}
    (folder / "columns.yml").write_text(yaml.safe_dump({"columns": columns}, allow_unicode=True), encoding="utf-8")
    return [path]


def _mapped(one: Asking) -> dict[str, object]:
    order = {"order": "ymd"} if one.kind == "date" else {}
    separator = {"separator": "┋"} if one.kind == "select_multiple" else {}
    return {"question": one.name, "kind": one.kind, "confidence": "high", "confirmed": True, **order, **separator}


def _worded(one: Asking, answer: object) -> str:
    if answer is None or answer == "":
        return ""
    if one.kind == "date":
        year, month, day = str(answer).split("-")
        return f"{year}年{int(month)}月{int(day)}日"
    labels = dict(one.options)
    return "┋".join(labels.get(name, name) for name in (answer if isinstance(answer, list) else [str(answer)]))


# --- the study ----------------------------------------------------------------------------------------------


def read(folder: Path, files: Sequence[Path], reader: str = "") -> Answers:
    """The answers of a study whose only table has these files; what 问卷星 adds, how long it took, is left out."""
    (folder / "form.md").write_text(FORM, encoding="utf-8")
    table: dict[str, object] = {
        "key": "child_id",
        "form": "form.md",
        "raw": {"2025Q2": [file.name for file in files]},
        "missing": {"DONT_KNOW": ["dont_know", "998"], "REFUSED": ["refused", "999"]},
    }
    table |= {"reader": reader} if reader else {}
    table |= {"mapping": "columns.yml"} if files[0].suffix == ".csv" else {}
    both = {"zh": "儿童", "en": "children"}
    declared = {
        "id": "four",
        "title": both,
        "publisher": both,
        "population": both,
        "rounds": {"2025Q2": {"collected": ["2025-05-10", "2025-06-05"]}},
        "tables": {"child": table},
        "design": {"kind": "nonprobability"},
    }
    (folder / "study.yml").write_text(yaml.safe_dump(declared, allow_unicode=True), encoding="utf-8")
    answers = read_study(open_study(folder)).unit("child")
    told = [
        answers.values.drop(columns=MINUTES, errors="ignore"),
        answers.reasons.drop(columns=MINUTES, errors="ignore"),
    ]
    questions = {name: question for name, question in answers.questions.items() if name != MINUTES}
    return replace(answers, values=told[0], reasons=told[1], questions=questions)


def assert_same_everywhere(rows: list[Row], *, words: str, skipped: float | None, named: bool) -> None:
    values, reasons = expected(rows)
    codebook = None
    with TemporaryDirectory() as name:
        folder = Path(name)
        wjx = write_wjx(folder, rows, words)
        formats = {
            "wjx": [wjx, wjx[:1], wjx[1:]],
            "kobo": [write_kobo(folder, rows)],
            "spss": [write_sav(folder, rows, skipped)],
            "plain": [write_csv(folder, rows)],
        }
        for reader, files in ((reader, files) for reader, tried in formats.items() for files in tried):
            answers = read(folder, files, reader if named else "")
            codebook = codebook or answers.questions
            untold = ["needs_other"] if files == wjx[1:] and not any(row["needs_other"] for row in rows) else []
            pd.testing.assert_frame_equal(answers.values, values.drop(columns=untold), obj=f"values of {files[0].name}")
            pd.testing.assert_frame_equal(answers.reasons, reasons.drop(columns=untold), obj=files[0].name)
            told = {question: what for question, what in codebook.items() if question not in untold}
            assert list(answers.questions.items()) == list(told.items()), files[0].name
            assert [*map(described, told.values())] == [described(one) for one in QUESTIONS if one.name not in untold]
        table = reconcile(wjx, read_form(folder / "form.md"))
        assert [*table["question"]] == [one.name for one in ASKED]
        assert table["mismatches"].sum() == 0


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(records, st.sampled_from(["cell", "column"]), st.sampled_from([None, -3.0]), st.booleans())
def test_a_study_reads_the_same_from_every_format(rows, words, skipped, named):
    assert_same_everywhere(rows, words=words, skipped=skipped, named=named)


@pytest.mark.parametrize(("words", "skipped", "named"), [("cell", None, False), ("column", -3.0, True)])
def test_a_larger_study_reads_the_same_from_every_format(words, skipped, named):
    assert_same_everywhere(many(400), words=words, skipped=skipped, named=named)


def test_the_larger_study_holds_every_reason():
    """An answer, a skip, a blank, don't know and refused, of choices and of numbers."""
    _, reasons = expected(many(400))
    assert set(np.unique(reasons)) == {0, 1, 2, 3, 4}
    assert {"in_school", "age"} <= set(
        reasons.columns[(reasons == Reason.DONT_KNOW).any() & (reasons == Reason.REFUSED).any()]
    )


def form_of(*asked: Question) -> Form:
    return Form("", "", ("zh",), {question.name: question for question in asked}, (), ())


def test_a_code_that_is_an_answer_elsewhere_stays_apart(tmp_path):
    """Of two numbers, 97 is don't know in one and a number in the other; of two choices likewise."""
    options = tuple(Option(name, {"zh": label}) for name, label in (("yes", "是"), DONT_KNOW))
    asked = [Question(name, "integer") for name in ("age", "height")]
    asked += [Question(name, "select_one", {}, options) for name in ("moved", "sure")]
    frame = pd.DataFrame({"age": [7.0, 97.0], "height": [97.0, 98.0], "moved": [1.0, 2.0], "sure": [2.0, 2.0]})
    labels = {
        "age": {97: "不知道"},
        "height": {98: "不知道"},
        "moved": {1: "是", 2: "不知道"},
        "sure": {1: "是", 2: "不知道"},
    }
    path = tmp_path / "s.sav"
    pyreadstat.write_sav(
        frame, path, variable_value_labels=labels, missing_ranges={"age": [97], "height": [98], "sure": [2]}
    )
    export = read_labelled(path, form_of(*asked))
    assert export.frame.to_dict("list") == {
        "age": ["7", "(不知道)"],
        "height": ["97", "98"],
        "moved": ["yes", "dont_know"],
        "sure": ["(不知道)", "(不知道)"],
    }
    assert export.words == {"(不知道)": Reason.DONT_KNOW, "98": Reason.DONT_KNOW}


def test_words_beside_an_option_that_nobody_wrote_are_blank_in_an_export_by_text(tmp_path):
    rows = [row for row in many(400) if not row["needs_other"]]
    text, number = write_wjx(tmp_path, rows, "cell")
    assert set(read(tmp_path, [text]).reasons["needs_other"]) == {Reason.BLANK, Reason.SKIPPED}
    assert "needs_other" not in read(tmp_path, [number]).reasons
