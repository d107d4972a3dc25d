"""问卷星: headers, flavours, cells and matching, against what real exports look like."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.wjx_export import EMPTY, META, SKIP, Asked, Given, form_of, write_number, write_sheet, write_text
from xzz_analysis.errors import InputError, StudyError
from xzz_analysis.intake.answers import Option, Question, Reason
from xzz_analysis.intake.form import Form
from xzz_analysis.intake.store import read_study
from xzz_analysis.intake.wjx import WORDS, WjxCoding, is_wjx, read_wjx, reconcile
from xzz_analysis.intake.wjx.cells import Wordings, read_choice
from xzz_analysis.intake.wjx.headings import Heading, cuts, parse_heading, shown, stem
from xzz_analysis.study import open_study

ONE = Asked("one", "您的性别是？", ("男", "女", "其他【请注明】"))
MANY = Asked("multiple", "孩子需要什么？（可多选）", ("运动", "ACG文化(动漫、游戏等)", "动漫", "其他", "以上都没有"))
RANK = Asked("ranking", "请按需要排序", ("看病", "上学", "上学路上"))
GRID = Asked("matrix", "您是否同意", ("同意", "不同意"), ("孩子喜欢学校", "孩子喜欢老师"))
AGE = Asked("integer", "孩子几岁？")
WORDS_ASKED = Asked("text", "您的建议")
ALL = (ONE, MANY, RANK, GRID, AGE, WORDS_ASKED)
FIRST = [Given(0), Given((0, 2)), Given((1, 0)), Given((0, 1)), Given(7), Given("多些活动")]
SECOND = [Given(2, {2: "保密"}), Given((1, 3), {3: "唱歌┋跳舞"}), Given((2, 1, 0)), Given((1, 1)), Given(9), EMPTY]
THIRD = [SKIP, SKIP, SKIP, SKIP, SKIP, SKIP]
FOURTH = [EMPTY, EMPTY, EMPTY, Given((None, 0)), EMPTY, Given("没有")]
FIFTH = [Given(1), Given((4,)), Given((0,)), Given((0, 0)), Given(7), Given("谢谢")]
RECORDS = [FIRST, SECOND, THIRD, FOURTH, FIFTH] * 5


def questions(*made: Question) -> Form:
    return Form("", "", ("zh",), {question.name: question for question in made}, (), ())


def labelled(name: str, label: str, *options: str, kind: str = "select_one", source: str = "") -> Question:
    made = tuple(Option(f"o{place}", {"zh": text}, str(place)) for place, text in enumerate(options, 1))
    return Question(name, kind, {"zh": label}, made, source=source)  # type: ignore[arg-type]


@pytest.fixture
def sheet(tmp_path: Path):
    """Write a worksheet: the headers after 序号, and rows of cells."""

    def write(headers: list[str], *rows: list[str], name: str = "导出.xlsx") -> Path:
        lines = [[str(place), "2026/9/3 8:00:00", *cells] for place, cells in enumerate(rows, 1)]
        return write_sheet(tmp_path / name, [["序号", "提交答卷时间", *headers], *lines])

    return write


def rules(export) -> list[str]:
    return [finding.rule for finding in export.findings if not finding.rule.startswith(("codebook", "flavour_unclear"))]


@pytest.mark.parametrize(
    ("header", "number", "text"),
    [
        ("1、您的性别", "1", "您的性别"),
        ("12．您的性别", "12", "您的性别"),
        ("3: 您的性别", "3", "您的性别"),
        ("3：您的性别", "3", "您的性别"),
        ("\t4、您的\t 性别　是？", "4", "您的 性别 是？"),
        ("5.年龄", "5", "年龄"),
        ("(1)5、年龄", "(1)5", "年龄"),
        ("6、请评价—1.环境", "6", "请评价—1.环境"),
        ("2、(选填)您的建议(可不填)", "2", "(选填)您的建议(可不填)"),
    ],
)
def test_header_with_a_number(header, number, text):
    assert parse_heading(header) == Heading(header, number, text)


@pytest.mark.parametrize(
    ("header", "number", "item"),
    [
        ("第6题(运动)", "6", "运动"),
        ("第8题(ACG文化(动漫、游戏等))", "8", "ACG文化(动漫、游戏等)"),
        ("第10题（其他（请补充））", "10", "其他（请补充）"),
        ("第 3 题 (a))", "3", "a)"),
    ],
)
def test_header_of_an_option(header, number, item):
    assert parse_heading(header) == Heading(header, number, item=item)


def test_header_of_words_beside_an_option():
    assert parse_heading("25、(其他（请补充）:)") == Heading("25、(其他（请补充）:)", "25", beside="其他（请补充）")


@pytest.mark.parametrize("header", ["序号", "来自IP", "社区编号", "3.5公斤以上", "2025年调查", "第一题", "备注1、2"])
def test_header_without_a_number(header):
    assert parse_heading(header).number == ""


def test_headers_tell_the_platform():
    assert is_wjx(["序号", "提交答卷时间", "1、性别"])
    assert is_wjx(["序号", "1、性别", "2、年龄"])
    assert not is_wjx(["序号", "姓名", "1、性别"])
    assert not is_wjx(["序号", "提交答卷时间", "性别"])
    assert not is_wjx(["_id", "q1", "q2"])
    assert not is_wjx([])


def test_a_matrix_header_is_cut_at_its_single_dash():
    assert cuts("您同意——以下—孩子") == [("您同意——以下", "孩子"), ("您同意—", "以下—孩子"), ("您同意", "—以下—孩子")]
    assert cuts("没有破折号") == []


def test_wordings_are_compared_without_width_spaces_and_end_marks():
    assert stem("您的 孩子（几岁）？") == stem("您的孩子(几岁)?") == "您的孩子(几岁)"
    assert stem("同意") != stem("不同意")


def test_long_headers_are_cut_in_messages():
    assert len(shown("题" * 90)) == 42


@pytest.fixture
def wordings() -> Wordings:
    labels = ("运动", "运动会", "其他【请注明】", "甲┋乙", "其他", "唱〖歌〗", "a b", "ab")
    return Wordings(tuple(Option(f"o{place}", {"zh": label}) for place, label in enumerate(labels)))


@pytest.mark.parametrize(
    ("cell", "names", "words", "unread"),
    [
        ("运动", ("o0",), "", ()),
        ("运动会", ("o1",), "", ()),
        ("运动┋运动会", ("o0", "o1"), "", ()),
        ("运 动", ("o0",), "", ()),
        ("运动会议", (), "", ("运动会议",)),
        ("运", (), "", ("运",)),
        ("甲┋乙┋运动", ("o3", "o0"), "", ()),
        ("其他【请注明】〖育儿〗", ("o2",), "育儿", ()),
        ("其他〖育儿〗┋其他【请注明】〖看病〗", ("o4", "o2"), "育儿；看病", ()),
        ("其他〖唱歌┋运动〗┋运动会", ("o4", "o1"), "唱歌┋运动", ()),
        ("其他〖〗", ("o4",), "", ()),
        ("唱〖歌〗", ("o5",), "", ()),
        ("a b", ("o6",), "", ()),
        ("ab", ("o7",), "", ()),
        ("a　b", (), "", ("a　b",)),  # two options differ by the space only
        ("运动┋别的", ("o0",), "", ("别的",)),
        ("运动┋运动", ("o0",), "", ()),
    ],
)
def test_options_are_found_whole(wordings, cell, names, words, unread):
    chosen = read_choice(cell, wordings, "┋")
    assert (chosen.names, chosen.words, chosen.unread, chosen.missing) == (names, words, unread, None)


@pytest.mark.parametrize("cell", ["", "(跳过)", "(空)", "拒答"])
def test_missing_cells_are_no_options(wordings, cell):
    assert read_choice(cell, wordings, "┋", kept=["拒答"]).missing == cell


def test_a_cell_of_thousands_of_parts_is_read_at_once(wordings):
    assert len(read_choice("┋".join(["别的"] * 20_000), wordings, "┋").unread) == 20_000


def test_export_by_text(tmp_path):
    path = write_text(tmp_path / "386540716_按文本_流动儿童(测试)_79_78.xlsx", ALL, RECORDS, {"社区": ["南湖"] * 25})
    export = read_wjx([path], form_of(ALL))
    assert rules(export) == []
    row = export.frame.iloc[1]
    assert row["q1"] == "3"
    assert [row[f"q2/{place}"] for place in range(1, 6)] == ["0", "1", "0", "1", "0"]
    assert [row[f"q3_choice{place}"] for place in (1, 2, 3)] == ["3", "2", "1"]
    assert (row["q1_other"], row["q2_other"]) == ("保密", "唱歌┋跳舞")
    assert (row["社区"], row["提交答卷时间"], row["所用时间"]) == ("南湖", "2026-02-02 08:01:05", "61")
    assert export.roles == {
        "key": "序号",
        "submitted": "提交答卷时间",
        "seconds": "所用时间",
        "source": "来源",
        "detail": "来源详情",
        "ip": "来自IP",
    }
    assert export.words == WORDS == {"(跳过)": Reason.SKIPPED, "(空)": Reason.BLANK, "(未识别)": Reason.INVALID}


def test_skipped_and_blank_stand_in_every_column(tmp_path):
    number = write_number(tmp_path / "b.xlsx", ALL, RECORDS)
    export = read_wjx([number], form_of(ALL))
    answers = [name for name in export.frame if name.startswith("q") and not name.endswith("_other")]
    assert set(export.frame.loc[2, answers]) == {"(跳过)"}
    blank = [name for name in answers if name not in ("q4_2", "q6")]
    assert set(export.frame.loc[3, blank]) == {"(空)"}
    assert export.frame.loc[3, "q4_2"] == "1"


def test_old_file_names_and_scores(tmp_path):
    text = write_text(tmp_path / "25_25_0.xlsx", [ONE], [[Given(0)]])
    assert "flavour_unclear" not in [finding.rule for finding in read_wjx([text], form_of([ONE])).findings]
    score = write_number(tmp_path / "1_按分数_x_1_1.xlsx", [ONE], [[Given(0)]])
    with pytest.raises(InputError, match="按分数"):
        read_wjx([score])


def test_a_flavour_that_is_a_guess_is_said_and_can_be_declared(tmp_path):
    records = [[Given(row % 3), Given(row % 3)] for row in range(9)]
    path = write_number(tmp_path / "b.xlsx", [ONE, AGE], records)
    assert "flavour_unclear" in [finding.rule for finding in read_wjx([path]).findings]
    named = write_number(tmp_path / "7_按序号_问卷_9_9.xlsx", [ONE, AGE], records)
    for paths, coding in (([path], WjxCoding(flavours={"b.xlsx": "number"})), ([named], None)):
        assert "flavour_unclear" not in [finding.rule for finding in read_wjx(paths, None, coding).findings]
    with pytest.raises(InputError, match="declare 'text' or 'number'"):
        read_wjx([path], None, WjxCoding(flavours={"b.xlsx": "words"}))  # type: ignore[dict-item]


def test_the_form_tells_the_flavour(tmp_path):
    """Options that are numbers themselves: ``2`` is how many, or the code of ``1``."""
    count = Asked("one", "家中有几个孩子", ("0", "1", "2", "3"))
    records = [[Given(row % 4), Given(row % 3)] for row in range(12)]
    for write, name in ((write_text, "a.xlsx"), (write_number, "b.xlsx")):
        export = read_wjx([write(tmp_path / name, [count, AGE], records)], form_of([count, AGE]))
        assert export.frame["q1"].tolist() == ["1", "2", "3", "4"] * 3
        assert export.findings == ()


def test_a_guess_looks_at_words_that_recur_and_numbers_that_may_be_codes(sheet):
    """Numbers that were typed in recur too, and do not outweigh a choice; nor do texts that recur in part."""
    counts = [(str(1 + row % 4), str(1 + row % 3), "男女"[row % 2]) for row in range(12)]
    text = sheet(["1、几个孩子", "2、几间房", "3、性别"], *counts)
    assert [question.kind for question in read_wjx([text]).form.questions.values()] == [
        "integer",
        "integer",
        "select_one",
    ]
    said = [("1", "2", "务工" if row % 3 else f"在{row}号工地") for row in range(12)]
    number = sheet(["1、性别", "2、年级", "3、职业"], *said[:6], *(("2", "1", word) for _, _, word in said[6:]))
    assert [len(question.options) for question in read_wjx([number]).form.questions.values()] == [2, 2, 0]
    rooms = sheet(["1、几间房"], *([str(row % 4)] for row in range(12)))
    assert "flavour_unclear" in [finding.rule for finding in read_wjx([rooms]).findings]


def test_what_stands_before_own_words_tells_the_flavour(sheet):
    for cells, options in ((["务工", "其他〖开店〗", "其他"], 2), (["1", "2〖开店〗", "2"], 2)):
        export = read_wjx([sheet(["1、职业"], *([cell] for cell in cells * 4))])
        assert "flavour_unclear" not in [finding.rule for finding in export.findings]
        assert len(export.form.questions["q1"].options) == options


def test_codes_for_skipped_that_recur_among_texts_tell_the_flavour(sheet):
    export = read_wjx([sheet(["1、意见"], ["很好"], ["-3"], ["-3"], ["还行"])])
    assert export.frame["q1"].tolist() == ["很好", "(跳过)", "(跳过)", "还行"]
    alone = read_wjx([sheet(["1、今天几度"], ["不冷"], ["-3"], ["还行"])])
    assert alone.frame["q1"].tolist() == ["不冷", "-3", "还行"]


def test_what_fits_both_flavours_is_a_guess(tmp_path):
    count = Asked("one", "家中有几个孩子", ("0", "1", "2", "3"))
    records = [[Given(1 + row % 2)] for row in range(12)]
    export = read_wjx([write_text(tmp_path / "a.xlsx", [count], records)], form_of([count]))
    assert [finding.rule for finding in export.findings] == ["flavour_unclear"]


def test_words_beside_an_option_do_not_tell_the_flavour(tmp_path):
    records = [[Given(2, {2: "保密"})], *([Given(row % 2)] for row in range(11))]
    path = write_number(tmp_path / "b.xlsx", [ONE], records, words="column")
    export = read_wjx([path], form_of([ONE], others=[1]))
    assert export.frame["q1"].tolist() == ["3", *("12"[row % 2] for row in range(11))]
    assert export.findings == ()
    assert read_wjx([path]).form.questions["q1"].kind == "select_one"  # by text it would be how many


def test_negative_answers_are_no_codes_for_skipped(sheet):
    path = sheet(["1、气温", "2、性别"], *([str(row), "男女"[row % 2]] for row in range(-3, 5)))
    form = questions(Question("heat", "integer", {"zh": "气温"}), labelled("sex", "性别", "男", "女"))
    export = read_wjx([path], form)
    assert export.frame["heat"].tolist() == [str(row) for row in range(-3, 5)]
    assert rules(export) == []


def test_a_file_name_that_contradicts_the_answers_is_said(tmp_path):
    path = write_number(tmp_path / "7_按文本_问卷_9_9.xlsx", [ONE], [[Given(row % 3)] for row in range(9)])
    export = read_wjx([path], form_of([ONE]))
    assert export.frame["q1"].tolist() == ["1", "2", "3"] * 3
    assert [finding.rule for finding in export.findings] == ["flavour_unclear"]


def test_a_sure_file_tells_the_flavour_of_the_other(tmp_path):
    records = [[Given(row % 3)] for row in range(9)]
    text = write_text(tmp_path / "7_按文本_问卷_9_9.xlsx", [ONE], records)
    number = write_number(tmp_path / "b.xlsx", [ONE], records)
    for paths in ([text, number], [number, text]):
        assert [finding.rule for finding in read_wjx(paths).findings] == []


def test_a_declared_word_for_skipped_stands_in_both_flavours(sheet):
    path = sheet(["1、性别", "2、年龄"], ["1", "7"], ["未显示", "未显示"], ["2", "8"])
    form = questions(labelled("sex", "性别", "男", "女"), Question("age", "integer", {"zh": "年龄"}))
    export = read_wjx([path], form, WjxCoding(skipped=["未显示"]))
    assert export.frame["sex"].tolist() == ["o1", "(跳过)", "o2"]
    assert export.findings == ()


def test_declared_codes_for_skipped_and_blank(sheet):
    path = sheet(["1、性别", "2、年龄"], ["1", "-8"], ["-9", "7"], ["2", "-3"])
    coding = WjxCoding(skipped=["-9"], blank=["-8"], flavours={path.name: "number"})
    form = questions(labelled("sex", "性别", "男", "女"), Question("age", "integer", {"zh": "年龄"}))
    frame = read_wjx([path], form, coding).frame
    assert frame["sex"].tolist() == ["o1", "(跳过)", "o2"]
    assert frame["age"].tolist() == ["(空)", "7", "-3"]


def test_declared_missing_codes_stay_as_written(sheet):
    path = sheet(["1、性别"], ["男"], ["拒答"], ["(跳过)"])
    export = read_wjx([path], questions(labelled("sex", "性别", "男", "女")), WjxCoding(kept=["拒答"]))
    assert export.frame["sex"].tolist() == ["o1", "拒答", "(跳过)"]
    assert rules(export) == []


def test_headers_are_matched_by_wording_when_numbers_move(sheet):
    path = sheet(["1、新的题目", "2、您的 性别", "3、年龄？"], ["x", "男", "7"], ["y", "(跳过)", "8"])
    form = questions(
        labelled("sex", "性别", "男", "女", source="1、您的性别"),
        Question("age", "integer", {"zh": "年龄"}, source="2、年龄"),
    )
    export = read_wjx([path], form)
    assert export.frame["sex"].tolist() == ["o1", "(跳过)"]
    assert export.frame["age"].tolist() == ["7", "8"]
    (finding,) = export.findings
    assert finding.rule == "header_unmatched"
    assert "'1、新的题目'" in finding.message
    assert "1、新的题目" not in export.frame


def test_the_same_number_with_other_words_is_not_the_question(sheet):
    path = sheet(["1、您的职业"], ["工人"], ["(跳过)"])
    export = read_wjx([path], questions(labelled("sex", "性别", "男", "女", source="1、您的性别")))
    assert rules(export) == ["header_unmatched"]
    assert "sex" not in export.frame


def test_a_question_asked_twice_that_moved_is_ambiguous(sheet):
    form = questions(
        Question("parent_age", "integer", {"zh": "年龄"}, source="3、年龄"),
        Question("child_age", "integer", {"zh": "年龄"}, source="9、年龄"),
    )
    moved = read_wjx([sheet(["9、年龄", "15、年龄", "16、性别"], ["40", "7", "(跳过)"])], form)
    assert rules(moved) == ["header_ambiguous", "header_ambiguous", "header_unmatched"]
    assert "parent_age, child_age" in moved.findings[0].message
    still = read_wjx([sheet(["3、年龄", "9、年龄"], ["40", "7"], name="b.xlsx")], form)
    assert still.frame[["parent_age", "child_age"]].to_numpy().tolist() == [["40", "7"]]


def test_two_columns_of_one_question_are_named(sheet):
    path = sheet(["1、性别", "2、性别"], ["男", "女"], ["(跳过)", "女"])
    export = read_wjx([path], questions(labelled("sex", "性别", "男", "女")))
    assert rules(export) == ["header_twice"]
    assert export.frame["sex"].tolist() == ["o1", "(跳过)"]


def test_matrices_with_the_same_rows_stay_apart_when_numbers_move(sheet):
    form = questions(
        labelled("like_school", "喜欢—学校", "是", "否", source="2、喜欢—学校"),
        labelled("like_teacher", "喜欢—老师", "是", "否", source="2、老师"),
        labelled("see_school", "看见—学校", "是", "否", source="4、看见—学校"),
        labelled("see_teacher", "看见—老师", "是", "否", source="4、老师"),
    )
    path = sheet(["4、喜欢—学校", "4、老师", "6、看见—学校", "6、老师"], ["是", "否", "(跳过)", "是"])
    export = read_wjx([path], form)
    assert rules(export) == []
    names = ["like_school", "like_teacher", "see_school", "see_teacher"]
    assert export.frame[names].to_numpy().tolist() == [["o1", "o2", "(跳过)", "o1"]]


def test_options_shared_by_two_questions_stay_apart_by_number(tmp_path):
    asked = [MANY, replace(MANY, stem="孩子得到什么？（可多选）")]
    path = write_number(tmp_path / "b.xlsx", asked, [[Given((0,)), Given((2, 3))], [SKIP, Given((4,))]])
    export = read_wjx([path], form_of(asked))
    assert rules(export) == []
    assert export.frame.loc[0, ["q1/1", "q2/1", "q2/3"]].tolist() == ["1", "0", "1"]
    assert set(rules(read_wjx([path], form_of(asked, source=False)))) == {"header_unmatched"}


def test_a_question_found_by_its_number_alone(sheet):
    path = sheet(["7、措辞不同"], ["5"], ["(跳过)"])
    for source in ("7", "第7题", "7、"):
        export = read_wjx([path], questions(Question("age", "integer", {"zh": "年龄"}, source=source)))
        assert export.frame["age"].tolist() == ["5", "(跳过)"], source


def test_unknown_answers_are_counted_and_never_shown(sheet):
    path = sheet(
        ["1、性别", "2、需要"],
        ["男", "看书┋看病"],
        ["男性朋友", "看书┋张三李四"],
        ["秘密", "秘密话"],
        ["(跳过)", "看书"],
    )
    form = questions(
        labelled("sex", "性别", "男性", "男"), labelled("need", "需要", "看书", "看病", kind="select_multiple")
    )
    export = read_wjx([path], form)
    assert export.frame["sex"].tolist() == ["o2", "(未识别)", "(未识别)", "(跳过)"]
    assert export.frame["need/o1"].tolist() == ["1", "1", "(未识别)", "1"]
    first, second = export.findings
    assert (first.rule, first.count, second.rule, second.count) == ("option_unlisted", 2, "option_unlisted", 2)
    assert "one is close to option '男性'" in first.message
    told = "".join(map(str, export.findings))
    assert not any(word in told for word in ("朋友", "秘密", "张三"))


def test_numbers_without_codes_are_refused_with_the_remedy(tmp_path):
    number = write_number(tmp_path / "b.xlsx", [ONE], [[Given(0)], [SKIP]])
    form = form_of([ONE])
    bare = replace(form.questions["q1"], options=tuple(replace(one, code="") for one in form.questions["q1"].options))
    export = read_wjx([number], questions(bare))
    assert rules(export) == ["option_code_missing"]
    assert export.frame["q1"].tolist() == ["(未识别)", "(跳过)"]


def test_codes_are_learnt_from_both_flavours(tmp_path):
    records = [[Given(row % 3)] for row in range(9)] + [[SKIP]]
    paths = [write_text(tmp_path / "a.xlsx", [ONE], records), write_number(tmp_path / "b.xlsx", [ONE], records)]
    form = form_of([ONE])
    bare = replace(form.questions["q1"], options=tuple(replace(one, code="") for one in form.questions["q1"].options))
    assert read_wjx(paths, questions(bare)).form.questions == form.questions
    assert reconcile(paths, questions(bare))["mismatches"].tolist() == [0]


def test_an_option_column_that_the_form_lacks(tmp_path):
    number = write_number(tmp_path / "b.xlsx", [MANY], RECORDS_OF_MANY)
    asked = form_of([replace(MANY, options=("运动", "ACG文化(动漫、游戏等)", "动漫画", "其他", "以上都没有"))])
    export = read_wjx([number], asked)
    assert rules(export) == ["option_column_unknown"]
    assert "did you mean '动漫画'" in export.findings[0].message
    assert set(export.frame["q1/3"]) <= {"", "(跳过)"}


RECORDS_OF_MANY = [[Given((0, 2))], [Given((1, 3))], [SKIP], [Given((4,))]]


def test_a_hand_made_ranking_becomes_its_places(tmp_path):
    text = write_text(tmp_path / "a.xlsx", [RANK], [[Given((1, 0))], [SKIP], [EMPTY]])
    rank = replace(
        form_of([RANK]).questions["q1_choice1"], name="first_needs", kind="other", source="", label={"zh": RANK.stem}
    )
    export = read_wjx([text], questions(rank))
    assert rules(export) == []
    assert list(export.form.questions) == [f"first_needs_choice{place}" for place in (1, 2, 3)]
    assert export.frame["first_needs_choice1"].tolist() == ["2", "(跳过)", "(空)"]
    assert export.frame["first_needs_choice3"].tolist() == ["", "(跳过)", "(空)"]


def test_places_that_are_none_are_said(sheet):
    path = sheet(["第1题(看病)", "第1题(上学)"], ["1", "7"], ["2", "1"], ["-3", "-3"])
    rank = labelled("need", "需要", "看病", "上学", kind="other", source="第1题")
    export = read_wjx([path], questions(rank))
    assert rules(export) == ["value_unreadable"]
    assert export.frame["need_choice1"].tolist() == ["o1", "o2", "(跳过)"]


def test_two_options_at_one_place_are_said(sheet):
    path = sheet(["第1题(看病)", "第1题(上学)"], ["1", "1"], ["2", "1"], ["-3", "-3"])
    export = read_wjx([path], questions(labelled("need", "需要", "看病", "上学", kind="other", source="第1题")))
    assert [(finding.rule, finding.count) for finding in export.findings] == [("place_repeated", 1)]
    assert export.frame["need_choice1"].tolist() == ["o1", "o2", "(跳过)"]
    assert export.frame["need_choice2"].tolist() == ["", "o1", "(跳过)"]


def test_words_in_a_column_of_their_own_without_a_question(sheet):
    path = sheet(["25、(其他（请补充）:)", "26、性别"], ["x", "男"], ["", "(跳过)"])
    export = read_wjx([path])
    assert export.form.questions["q25"].kind == "text"
    assert export.frame["q25"].tolist() == ["x", ""]


def test_records_in_one_flavour_only_are_counted(tmp_path):
    records = [[Given(row % 3)] for row in range(9)] + [[SKIP]]
    text = write_text(tmp_path / "a.xlsx", [ONE], records[:-2])
    number = write_number(tmp_path / "b.xlsx", [ONE], records)
    (finding,) = [one for one in read_wjx([text, number], form_of([ONE])).findings if one.rule == "flavours_records"]
    assert (finding.severity, finding.count) == ("error", 2)
    (finding,) = read_wjx(
        [
            write_text(tmp_path / "c.xlsx", [ONE], records),
            write_number(tmp_path / "d.xlsx", [ONE], [*records[:5], [SKIP]]),
        ],
        form_of([ONE]),
    ).findings[:1]
    assert (finding.severity, finding.rule, finding.count) == ("warning", "flavours_records", 4)


def test_records_are_paired_by_their_number_in_any_order(tmp_path):
    records = [[Given(row % 3)] for row in range(9)] + [[SKIP]]
    text = write_text(tmp_path / "a.xlsx", [ONE], records)
    rows = [["序号", "1、您的性别是？"], *([str(row), str((row - 1) % 3 + 1)] for row in range(9, 0, -1)), ["10", "-3"]]
    number = write_sheet(tmp_path / "b.xlsx", rows)
    assert reconcile([text, number], form_of([ONE])).to_numpy().tolist() == [["q1", 10, 0]]


def test_two_files_of_one_flavour_are_refused(tmp_path):
    paths = [write_text(tmp_path / name, ALL, RECORDS) for name in ("a.xlsx", "b.xlsx")]
    with pytest.raises(InputError, match=r"a\.xlsx and b\.xlsx are both exports by text"):
        read_wjx(paths)
    with pytest.raises(InputError, match=r"a\.xlsx is one file"):
        reconcile(paths[:1])


def test_a_file_without_numbered_questions_is_refused(sheet):
    with pytest.raises(InputError, match="no numbered question"):
        read_wjx([sheet(["性别"], ["男"])])


def test_a_column_named_like_a_question_is_refused(sheet):
    path = sheet(["1、性别", "sex"], ["男", "x"], ["(跳过)", "y"])
    with pytest.raises(InputError, match="has a column 'sex' that is named like a question"):
        read_wjx([path], questions(labelled("sex", "性别", "男", "女")))


def test_dates_and_times_become_iso(sheet):
    path = sheet(["所用时间", "1、出生日期"], ["1小时2分3秒", "2019/3/5"], ["90", "2020年12月1日"], ["很久", "(跳过)"])
    export = read_wjx([path], questions(Question("born", "date", {"zh": "出生日期"})))
    assert export.frame["born"].tolist() == ["2019-03-05", "2020-12-01", "(跳过)"]
    assert export.frame["所用时间"].tolist() == ["3723", "90", "很久"]
    assert export.frame["提交答卷时间"].tolist() == ["2026-09-03 08:00:00"] * 3


def test_meta_columns_are_never_questions(tmp_path):
    path = write_text(tmp_path / "a.xlsx", ALL, RECORDS)
    export = read_wjx([path])
    assert [name for name in export.frame if name in META] == list(META)
    assert not set(META) & set(export.form.questions)


# --- what study.yml says of an export -------------------------------------------------------------------------

STUDY = """
id: words
title: {{zh: 小样, en: Small}}
publisher: {{zh: 某站, en: A station}}
population: {{zh: 家庭, en: Families}}
rounds: {{r1: {{collected: [2026-09-01, 2026-09-30]}}}}
tables:
  child:
    key: 序号
    form: child.md
    raw: {{r1: {file}}}
    reader: wjx
    missing: {{REFUSED: ["-99"]}}
    wjx: {words}
design: {{kind: nonprobability}}
"""
CHILD_FORM = """
| survey |
| | type | name | label::中文 (zh) |
| | select_one sex | sex | 性别 |
| | integer | age | 年龄 |
| | select_multiple need | need | 需要 |
| choices |
| | list_name | name | label::中文 (zh) | code |
| | sex | m | 男 | 1 |
| | sex | f | 女 | 2 |
| | need | book | 看书 | 1 |
| | need | doctor | 看病 | 2 |
"""
HEADERS = ["1、性别", "2、年龄", "3、需要"]


@pytest.fixture
def told_by_study(sheet, tmp_path):
    """Reasons of every question, and the values of one column, read through study.yml."""

    def read(words, *rows, name="按文本.xlsx"):
        sheet(HEADERS, *rows, name=name)
        (tmp_path / "child.md").write_text(CHILD_FORM, encoding="utf-8")
        (tmp_path / "study.yml").write_text(STUDY.format(words=words, file=name), encoding="utf-8")
        child = read_study(open_study(tmp_path)).unit("child")
        return {name: [Reason(code).name for code in child.reasons_of(name)] for name in ("sex", "age", "need")}, child

    return read


SKIPPED, BLANK, ANSWERED = "SKIPPED", "BLANK", "ANSWERED"


def test_study_yml_says_which_words_stand_for_skipped_and_blank(told_by_study):
    rows = [
        ["男", "7", "看书┋看病"],
        ["【未显示】", "【未显示】", "【未显示】"],
        ["未填", "未填", "未填"],
        ["(空)", "8", "(跳过)"],
    ]
    reasons, child = told_by_study("{skipped: 【未显示】, blank: [未填]}", *rows)
    assert reasons == {
        "sex": [ANSWERED, SKIPPED, BLANK, BLANK],
        "age": [ANSWERED, SKIPPED, BLANK, ANSWERED],
        "need": [ANSWERED, SKIPPED, BLANK, SKIPPED],
    }
    assert not [finding for finding in child.findings if finding.severity != "note" and finding.rule != "pyxform"]


@pytest.mark.parametrize("words", ["{}", "{skipped: -3, blank: -2}", '{skipped: ["-3"], blank: ["-2"]}'])
def test_the_platform_s_codes_are_those_of_an_export_by_number(told_by_study, words):
    rows = [["1", "7", "1┋2"], ["-3", "-3", "-3"], ["2", "-2", "-2"], ["-99", "-99", "2"]]
    reasons, child = told_by_study(words, *rows, name="7_按序号_问卷_4_4.xlsx")
    assert reasons == {
        "sex": [ANSWERED, SKIPPED, ANSWERED, "REFUSED"],
        "age": [ANSWERED, SKIPPED, BLANK, "REFUSED"],
        "need": [ANSWERED, SKIPPED, BLANK, ANSWERED],
    }
    assert child.values["need/doctor"].tolist()[::3] == [1, 1]


def test_other_codes_and_the_flavour_of_a_file_are_declared(told_by_study):
    rows = [["1", "7", "1"], ["-7", "-7", "-7"], ["2", "-8", "-8"], ["2", "-3", "2"]]
    words = "{skipped: [-7], blank: [-8], flavours: {b.xlsx: number}}"
    reasons, child = told_by_study(words, *rows, name="b.xlsx")
    assert reasons["sex"] == [ANSWERED, SKIPPED, ANSWERED, ANSWERED]
    assert reasons["age"] == [ANSWERED, SKIPPED, BLANK, ANSWERED] and child.values["age"][3] == -3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("{skiped: x}", "unknown key 'skiped'; did you mean 'skipped'?"),
        ("{flavours: {b.xlsx: words}}", "study.yml: tables.child.wjx: flavours.b.xlsx"),
    ],
)
def test_what_study_yml_says_wrongly_is_told_with_its_place(told_by_study, words, message):
    with pytest.raises(StudyError) as caught:
        told_by_study(words, ["男", "7", "看书"])
    assert message in str(caught.value)
