"""Sentences on courses and the health star, word for word in both languages, and their tables."""

import pytest

from tests.small_ledgers import ledgers_of
from xzz_analysis.atlas.services.courses import figures, protected_courses, protected_star
from xzz_analysis.report.blocks import Figure, Note, Paragraph, Table
from xzz_analysis.report.chapters.services import courses
from xzz_analysis.report.chapters.services.courses import wording

STAR = {"star": {"instrument": "scale", "levels": [0, 40, 60, 80]}}
NAMES = {
    "categories": {"parenting": {"zh": "亲职课程", "en": "Parenting course"}, "scale": {"zh": "量表", "en": "scale"}}
}


def scores(moves, start=50.0, **more):
    """Persons of one course who moved by so many points; several classes where ``cluster`` is a list."""
    rows = []
    for place, move in enumerate(moves):
        own = {name: value[place % len(value)] if isinstance(value, list) else value for name, value in more.items()}
        common = {"person": f"p{place}", "course": "parenting", "instrument": "scale", "highest": 100, **own}
        rows.append({**common, "wave": "before", "date": "2025-03-01", "score": start})
        if move is not None:
            rows.append({**common, "wave": "after", "date": "2025-06-01", "score": start + move})
    return rows


def opened(folder, rows, **services):
    return ledgers_of(folder, {"scores": rows}, **{**NAMES, **services})


def sentence(ledgers, make=courses.change_sentences, place=0):
    return make(ledgers, protected_courses(ledgers))[place].text


def test_a_clear_rise(tmp_path):
    text = sentence(opened(tmp_path, scores([4, 6, 5, 5, 4, 6], cluster=list("abcdef"))))
    assert text == {
        "zh": "亲职课程 · 量表：前后都测过的6人，得分平均上升5.00（95% 置信区间4.06～5.94），由50.00到55.00。",
        "en": "Parenting course · scale: among 6 people measured before and after, scores rose by 5.00 on average "
        "(95% confidence interval 4.06 to 5.94), from 50.00 to 55.00.",
    }


def test_a_clear_fall_turns_the_interval_round(tmp_path):
    text = sentence(opened(tmp_path, scores([-4, -6, -5, -5, -4, -6], cluster=list("abcdef"))))
    assert text == {
        "zh": "亲职课程 · 量表：前后都测过的6人，得分平均下降5.00（95% 置信区间4.06～5.94），由50.00到45.00。",
        "en": "Parenting course · scale: among 6 people measured before and after, scores fell by 5.00 on average "
        "(95% confidence interval 4.06 to 5.94), from 50.00 to 45.00.",
    }


def test_no_clear_change_and_no_classes(tmp_path):
    text = sentence(opened(tmp_path, scores([4, -6, 5, -5, 4, 1])))
    assert text == {
        "zh": "亲职课程 · 量表：前后都测过的6人，得分没有明确变化（平均+0.50，95% 置信区间−4.59～+5.59）；"
        "这不等于没有变化。没有注明班次，只好以人为单位；一起上课的人彼此相像，区间可能偏窄。",
        "en": "Parenting course · scale: among 6 people measured before and after, no clear change in scores (+0.50 on "
        "average; 95% confidence interval −4.59 to +5.59), which is not to say that nothing changed. Classes are not "
        "stated, so persons are the units; people taught together are alike, and the interval may be too narrow.",
    }


def test_two_classes_conclude_nothing(tmp_path):
    text = sentence(opened(tmp_path, scores([4, 6, 5, 5, 4, 6], cluster=list("ab"))))
    assert text == {
        "zh": "亲职课程 · 量表：只有2个班次，下不了结论（前后都测过的6人平均+5.00，95% 置信区间−3.47～+13.47）。",
        "en": "Parenting course · scale: only 2 classes, from which nothing can be concluded (6 people measured before "
        "and after, +5.00 on average; 95% confidence interval −3.47 to +13.47).",
    }


def test_one_class_is_said(tmp_path):
    text = sentence(opened(tmp_path, scores([4, 6, 5, 5, 4, 6], cluster="a")))
    assert text["zh"].endswith("只有一个班次，只好以人为单位；一起上课的人彼此相像，区间可能偏窄。")
    assert text["en"].endswith(
        " There is one class only, so persons are the units; people taught together are alike, and the interval may be "
        "too narrow."
    )


def test_everybody_alike_cannot_be_tested(tmp_path):
    text = sentence(opened(tmp_path, scores([2] * 6)))
    assert text["zh"] == "亲职课程 · 量表：前后都测过的6人，得分平均+2.00；无法检验。"
    assert text["en"] == (
        "Parenting course · scale: 6 people measured before and after, +2.00 on average; this cannot be tested."
    )


def test_of_five_people_lost_in_fifteen(tmp_path):
    rows = scores([4, 6, 5, 5, 4, 6, 1, 2, 3, 4]) + [
        {**row, "person": f"lost{row['person']}"} for row in scores([None] * 5, start=49)
    ]
    ledgers = opened(tmp_path, [{**row, "score": row["score"] + place % 3} for place, row in enumerate(rows)])
    text = sentence(ledgers, courses.lost_sentences)
    assert text["zh"].startswith(
        "亲职课程 · 量表：有前测的15人中，33.3%没有后测；他们的前测得分与其他人没有明确差别（平均相差−"
    )
    assert text["en"].startswith(
        "Parenting course · scale: of 15 people measured before, 33.3% were not measured afterwards; their scores "
        "before did not clearly differ from those of the others (by −"
    )


def test_nobody_lost(tmp_path):
    text = sentence(opened(tmp_path, scores([1, 2, 3, 4, 5, 6])), courses.lost_sentences)
    assert text == {
        "zh": "亲职课程 · 量表：有前测的6人都有后测。",
        "en": "Parenting course · scale: everybody of the 6 measured before was measured afterwards too.",
    }


def test_those_lost_who_differ(tmp_path):
    rows = scores([4, 6, 5, 5, 4, 6, 1, 2, 3, 4]) + [
        {**row, "person": f"lost{row['person']}"} for row in scores([None] * 5, start=20)
    ]
    rows = [{**row, "score": row["score"] + place % 3} for place, row in enumerate(rows)]
    text = sentence(opened(tmp_path, rows), courses.lost_sentences)
    assert text["zh"].endswith("，所以上面的变化不能代表他们。")
    assert text["en"].endswith(", so the change above does not speak for them.")


def test_a_ceiling_is_named_and_a_few_at_the_top_are_not(tmp_path):
    rows = scores([10] * 5 + [0] * 25, start=90)
    text = sentence(opened(tmp_path / "many", rows), courses.limit_sentences)
    assert text == {
        "zh": "亲职课程 · 量表：后测已有16.7%的人得满分（不低于15%，天花板效应），他们的进步量不出来。",
        "en": "Parenting course · scale: 16.7% were at the highest possible score afterwards (15% or more, a ceiling "
        "effect), so their progress cannot be seen.",
    }
    ledgers = opened(tmp_path / "few", scores([10] * 4 + [0] * 6, start=90))
    assert courses.limit_sentences(ledgers, protected_courses(ledgers)) == []


def test_the_chapter_says_that_a_rise_proves_nothing(tmp_path):
    blocks = courses.courses_chapter(opened(tmp_path, scores([4, 6, 5, 5, 4, 6], cluster=list("abcdef"))))
    notes = [block.text for block in blocks if isinstance(block, Note)]
    assert notes == [wording.NO_COMPARISON]
    assert "没有对照组，得分上升不能证明是课程带来的" in notes[0]["zh"]
    assert "no comparison group, so a rise is no proof that the course had an effect" in notes[0]["en"]


def test_every_printed_figure_of_the_chapters_has_an_id_that_is_found(tmp_path):
    ledgers = opened(tmp_path, scores([15] * 20 + [0] * 10 + [-20] * 6, cluster=list("abcdef"), community="e"), **STAR)
    known = {one for frame, _ in figures(ledgers) for one in frame["result_id"]}
    blocks = [*courses.courses_chapter(ledgers), *courses.star_chapter(ledgers)]
    stated = {one for block in blocks for one in getattr(block, "results", [])}
    for table in (block for block in blocks if isinstance(block, Table)):
        for row in table.rows:
            stated |= set(row["results"].values()) if "results" in row else {row["result_id"]}
    assert stated <= known
    assert len(stated) > 20
    assert len([block for block in blocks if isinstance(block, Table)]) == 8
    assert len([block for block in blocks if isinstance(block, Figure)]) == 0


def test_probabilities_are_never_zero():
    assert wording.probability(0.0000004) == {"zh": "<0.001", "en": "<0.001"}
    assert wording.probability(0.0284) == {"zh": "0.028", "en": "0.028"}
    assert wording.probability(float("nan")) is None


def test_the_star_in_words(tmp_path):
    ledgers = opened(tmp_path, scores([15] * 20 + [0] * 10 + [-20] * 6), **STAR)
    assert courses.star_sentence(protected_star(ledgers)[0]).text == {
        "zh": "健康之星：前后都评过级的36人中，55.6%升了级，27.8%等级不变，16.7%降了级。",
        "en": "Health star: of 36 people with a level before and after, 55.6% rose, 27.8% stayed at their level, "
        "16.7% fell.",
    }


def test_of_the_star_only_what_may_be_said(tmp_path):
    ledgers = opened(tmp_path / "some", scores([15] * 20 + [0] * 10 + [-20] * 3), **STAR)
    assert courses.star_sentence(protected_star(ledgers)[0]).text == {
        "zh": "健康之星：前后都评过级的33人中，60.6%升了级。",
        "en": "Health star: of 33 people with a level before and after, 60.6% rose.",
    }
    ledgers = opened(tmp_path / "none", scores([15] * 4), **STAR)
    assert (
        courses.star_sentence(protected_star(ledgers)[0]).text["zh"]
        == "健康之星：升级、不变或降级的人太少，比例不予公布。"
    )


def test_levels_are_told_by_their_scores(tmp_path):
    blocks = courses.star_chapter(opened(tmp_path, scores([15] * 20 + [0] * 10 + [-20] * 6), **STAR))
    table = blocks[-1]
    assert table.rows[0]["label"] == {"zh": "第1级（0分至不足40分）", "en": "Level 1 (0 to below 40)"}
    assert table.columns[-1].label == {"zh": "后测第4级（80分起）", "en": "Level 4 (80 and more) after"}
    assert [cell.text for cell in table.printed(table.rows[1], "en")] == [
        "Level 2 (40 to below 60)",
        "6",
        "10",
        "20",
        "0",
    ]


@pytest.mark.parametrize("chapter", [courses.courses_chapter, courses.star_chapter])
def test_without_scores_there_is_no_chapter(tmp_path, chapter):
    assert chapter(ledgers_of(tmp_path, {"activities": [{"date": "2025-01-05", "type": "group"}]})) == []


def test_a_period_without_pairs_says_so(tmp_path):
    ledgers = ledgers_of(tmp_path, {"scores": scores([1, 2])}, "2025-01")
    (only,) = courses.courses_chapter(ledgers)
    assert isinstance(only, Paragraph)
    assert only.text == {
        "zh": "本期没有前后都测过的人，得分是否变化不详。",
        "en": "Nobody was measured both before and after in this period, so whether scores changed is not known.",
    }


def test_no_key_is_printed(tmp_path):
    ledgers = opened(tmp_path, scores([15] * 20 + [0] * 10 + [-20] * 6, cluster=list("abcdef")), **STAR)
    printed = "".join(
        str(block.to_json()) for block in [*courses.courses_chapter(ledgers), *courses.star_chapter(ledgers)]
    )
    assert not any(f"'p{one}'" in printed for one in range(36))
