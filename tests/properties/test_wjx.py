"""问卷星: whatever is asked and answered, both flavours say the same, with a form and without."""

import re
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.wjx_export import EMPTY, META, SKIP, Asked, Given, expected, form_of, write_number, write_text
from xzz_analysis.intake.codebook import write_codebook
from xzz_analysis.intake.form import read_form
from xzz_analysis.intake.wjx import WjxCoding, read_wjx, reconcile
from xzz_analysis.intake.wjx.files import open_all
from xzz_analysis.intake.wjx.headings import plain, stem

OPTIONS = (
    "运动",
    "运动会",
    "ACG文化(动漫、游戏等)",
    "动漫",
    "动漫、游戏",
    "游戏（手机（含平板））",
    "其他【请注明】",
    "其他（请补充）",
    "其他",
    "同意",
    "不同意",
    "非常不同意",
    "5公里以内（含5公里）",
    "甲：乙；丙，丁。",
    "以上都没有",
    "不知道",
    "A|B/C",
    "(早上)",
    "早上)晚上(",
    "一——二",
)
"""Options that are parts of each other, with brackets that nest and do not close, and full-width marks."""
KINDS = ("one", "multiple", "ranking", "matrix", "integer", "text")
NUMBERS = (("0", "1", "2", "3"), ("1", "2", "3个及以上"))
"""Options that are numbers: ``2`` is how many, or the code of ``1``."""
FEW = "（几）"
"""In questions whose numbers or texts recur."""
wordings = st.sampled_from(OPTIONS) | st.text("甲乙丙丁(（)）、，:：| /—-?？ab", min_size=1, max_size=8).map(
    lambda text: " ".join(text.split())
)
stems = st.text("您的孩子最近一周—(（)）、，:：? ？\t　ab", max_size=10)
words = st.text("育儿唱歌┋→【】(（)、x \n", max_size=6)


def proper(labels: list[str]) -> bool:
    """Whether the labels stay apart when width, spaces, dashes and hints are not looked at."""
    return all(label == label.strip() and plain(label).strip("-?:.。!,;*、'") for label in labels)


def several(least: int, most: int) -> st.SearchStrategy[tuple[str, ...]]:
    labels = st.lists(wordings, min_size=least, max_size=most, unique_by=plain)
    return labels.filter(proper).map(tuple)


@st.composite
def questionnaires(draw: st.DrawFn) -> list[Asked]:
    """Questions of every kind, answers that recur and options that are numbers among them."""
    asked = []
    for place, kind in enumerate(draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=6))):
        stem = " ".join(f"题{'甲乙丙丁戊己'[place]}{draw(stems)}{draw(st.sampled_from(['', FEW]))}".split())
        options = draw(several(2, 5) | st.sampled_from(NUMBERS)) if kind not in ("integer", "text") else ()
        rows = (
            tuple(f"{row}行{'一二三四'[at]}" for at, row in enumerate(draw(several(2, 4)))) if kind == "matrix" else ()
        )
        asked.append(Asked(kind, stem, options, rows))
    return asked


@st.composite
def answers(draw: st.DrawFn, one: Asked, row: int) -> Given:
    """An answer; the first rows name every option once, so that a codebook can be derived from them."""
    size = len(one.options)
    if row >= max(size, 2) and draw(st.integers(0, 5)) == 0:
        return draw(st.sampled_from([SKIP, EMPTY]))
    few = one.stem.endswith(FEW)
    if one.kind == "integer":
        return Given(1 + row % 4 if few else row % 40)
    if one.kind == "text" and few:
        return Given("没有意见" if row % 3 else "务工")
    if one.kind == "text":
        return Given(f"意见{row}{draw(st.sampled_from(['', '┋', '→', '，好']))}x{row * 7919}")
    if one.kind == "matrix":
        blank = st.none() if row >= size else st.nothing()
        return Given(tuple(row if row < size else draw(st.integers(0, size - 1) | blank) for _ in one.rows))
    if one.kind == "one":
        chosen = (row if row < size else draw(st.integers(0, size - 1)),)
    elif row == 0:
        chosen = tuple(range(size))
    else:
        chosen = tuple(draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=size, unique=True)))
    chosen = chosen if one.kind == "ranking" else tuple(sorted(chosen))
    beside = {at: draw(words).strip() for at in chosen if one.options[at].startswith("其他") and draw(st.booleans())}
    return Given(chosen if one.kind != "one" else chosen[0], {at: text for at, text in beside.items() if text} or None)


@st.composite
def surveys(draw: st.DrawFn) -> tuple[list[Asked], list[list[Given]]]:
    asked = draw(questionnaires())
    return asked, [[draw(answers(one, row)) for one in asked] for row in range(draw(st.integers(12, 16)))]


def others_of(records: list[list[Given]]) -> list[int]:
    """Numbers of the questions with words beside an option."""
    return [place + 1 for place in range(len(records[0])) if any(record[place].words for record in records)]


def chooses(asked: list[Asked]) -> bool:
    """Whether any question has options in words, so that a form or the cells tell the flavour."""
    return any(set(one.options) - {*"0123"} for one in asked)


def tells(asked: list[Asked], records: list[list[Given]]) -> bool:
    """Whether the flavour can be told at all: without options in words, a single -3 among texts may be an answer."""
    skips = [sum(record[place] == SKIP for record in records) for place in range(len(asked))]
    return chooses(asked) or not any(one.kind == "text" and count == 1 for one, count in zip(asked, skips, strict=True))


def told_apart(asked: list[Asked]) -> bool:
    """Whether columns of options and rows can be told apart without the number of their question."""
    lists = [frozenset(map(plain, one.options)) for one in asked if one.kind in ("multiple", "ranking")]
    rows = [stem(row) for one in asked for row in one.rows]
    return len(set(lists)) == len(lists) and len(set(rows)) == len(rows)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("wjx")


def columns(export, names) -> dict[str, list[str]]:
    return in_any_order({name: export.frame[name].tolist() for name in names if name in export.frame})


def in_any_order(columns: dict[str, list[str]]) -> dict[str, list[str]]:
    """Words beside several options come in the order of the cell or of the columns; they are free text, never kept."""
    return {
        name: ["；".join(sorted(text.split("；"))) for text in texts] if name.endswith("_other") else texts
        for name, texts in columns.items()
    }


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(surveys(), st.sampled_from(["cell", "column"]), st.sampled_from(["item", "whole"]), st.booleans(), st.booleans())
def test_both_flavours_say_the_same(folder, survey, beside, matrix, source, text_first):
    asked, records = survey
    assume((source or told_apart(asked)) and tells(asked, records))
    others = others_of(records)
    text = write_text(folder / "a.xlsx", asked, records)
    number = write_number(folder / "b.xlsx", asked, records, words=beside, matrix=matrix)
    form = form_of(asked, source=source, others=others)
    want = in_any_order(expected(asked, records, others=others))
    for paths in ([text], [number], [text, number] if text_first else [number, text]):
        export = read_wjx(paths, form)
        assert columns(export, want) == want
        assert export.form.questions == form.questions
        assert [finding for finding in export.findings if chooses(asked) or finding.rule != "flavour_unclear"] == []
        assert set(export.frame) == {*META, *want}
    assert reconcile([text, number], form)["mismatches"].sum() == 0


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(surveys(), st.sampled_from(["item", "whole"]))
def test_the_codebook_of_both_flavours_is_the_form(folder, survey, matrix):
    asked, records = survey
    assume(tells(asked, records))
    assume(not any(row.startswith(("—", "-")) for one in asked for row in one.rows))
    assume(matrix == "item" or not any("—" in row or one.stem.endswith("—") for one in asked for row in one.rows))
    text = write_text(folder / "a.xlsx", asked, records)
    number = write_number(folder / "b.xlsx", asked, records, matrix=matrix)
    export = read_wjx([text, number])
    others = others_of(records)
    form = form_of(asked, others=others)
    want = in_any_order(expected(asked, records, others=others))
    assert columns(export, export.frame) | want == columns(export, export.frame)
    assert {name: plainly(question) for name, question in export.form.questions.items()} == {
        name: plainly(question) for name, question in form.questions.items()
    }
    with tempfile.TemporaryDirectory() as made:
        write_codebook(export.form, Path(made) / "codebook.xlsx")
        again = read_form(Path(made) / "codebook.xlsx")
    assert again.questions == export.form.questions
    for paths in ([text], [number], [text, number]):
        assert columns(read_wjx(paths, again), export.form.questions) == columns(export, export.form.questions)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(surveys(), st.sampled_from(["cell", "column"]), st.sampled_from(["item", "whole"]))
def test_the_flavour_is_told_without_a_form(folder, survey, beside, matrix):
    """What is sure is right; a guess is right where options in words are more than answers that recur."""
    asked, records = survey
    text = write_text(folder / "a.xlsx", asked, records)
    number = write_number(folder / "b.xlsx", asked, records, words=beside, matrix=matrix)
    recurring = sum(one.stem.endswith(FEW) and not one.options for one in asked)
    worded = sum(bool(set(one.options) - {*"0123"}) for one in asked)
    for path, flavour in ((text, "text"), (number, "number")):
        (file,) = open_all([path], WjxCoding())
        if file.sure or worded > 2 * recurring:
            assert file.flavour == flavour
    if worded > 2 * recurring:
        assert [file.flavour for file in open_all([text, number], WjxCoding())] == ["text", "number"]
        assert [file.flavour for file in open_all([number, text], WjxCoding())] == ["number", "text"]


def plainly(question):
    """Without guesses about exclusive options."""
    return replace(question, options=tuple(replace(option, exclusive=False) for option in question.options))


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(surveys(), st.data())
def test_one_flavour_alone_gives_the_same_groups(folder, survey, data):
    """Without a form, one flavour tells which records gave the same answer, if not what it is called."""
    asked, records = survey
    assume(tells(asked, records))
    want = expected(asked, records)
    for path in (
        write_text(folder / "a.xlsx", asked, records),
        write_number(folder / "b.xlsx", asked, records, matrix=data.draw(st.sampled_from(["item", "whole"]))),
    ):
        export = read_wjx([path])
        for number, one in enumerate(asked, 1):
            if one.kind in ("integer", "text") and not one.stem.endswith(FEW):
                assert export.frame[f"q{number}"].tolist() == want[f"q{number}"]
        if path.name == "b.xlsx":
            singles = [f"q{number}" for number, one in enumerate(asked, 1) if one.kind == "one"]
            assert columns(export, singles) == {name: want[name] for name in singles}


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(surveys(), st.data())
def test_planted_mismatches_are_all_found(folder, survey, data):
    asked, records = survey
    choices = [place for place, one in enumerate(asked) if one.kind in ("one", "multiple")]
    assume(choices)
    places = data.draw(
        st.sets(st.tuples(st.sampled_from(choices), st.integers(0, len(records) - 1)), min_size=1, max_size=4)
    )
    changed = [list(record) for record in records]
    for place, row in places:
        changed[row][place] = _other_answer(asked[place], records[row][place])
    text = write_text(folder / "a.xlsx", asked, records)
    number = write_number(folder / "b.xlsx", asked, changed)
    form = form_of(asked, others=others_of(records))
    table = reconcile([text, number], form).set_index("question")["mismatches"]
    planted = {f"q{place + 1}": sum(at == place for at, _ in places) for place in choices}
    assert {name: int(count) for name, count in table.items() if count} == {
        name: count for name, count in planted.items() if count
    }
    export = read_wjx([text, number], form)
    found = {finding.where.rpartition(": ")[2]: finding.count for finding in export.findings}
    assert {name: found[name] for name, count in planted.items() if count} == {k: v for k, v in planted.items() if v}
    assert columns(export, expected(asked, records)) == expected(asked, records)


def _other_answer(one: Asked, given_: Given) -> Given:
    """Another answer to the same question."""
    if given_ in (SKIP, EMPTY):
        return Given((0,) if one.kind == "multiple" else 0)
    if one.kind == "one":
        return Given((given_.value + 1) % len(one.options))
    chosen = set(given_.value) ^ {0}
    return Given(tuple(sorted(chosen))) if chosen else Given((1,))


def test_the_generated_options_are_traps():
    """The fixed options hold parts of each other, nested and unbalanced brackets, and full-width marks."""
    assert sum(first != second and first in second for first in OPTIONS for second in OPTIONS) >= 8
    assert any(re.search(r"[(（][^)）]*[(（]", option) for option in OPTIONS)
