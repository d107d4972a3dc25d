"""Children's words in a report: shares of themes that trace, and nothing said that nobody approved."""

import pytest

from tests.themes_study import TEXT, quotation, records, write_study
from xzz_analysis.editions.trace import index_results, trace
from xzz_analysis.needs.monitoring import open_round
from xzz_analysis.report import chapters
from xzz_analysis.report.blocks import Heading, Note, Paragraph, Table
from xzz_analysis.report.html import render_html

RARE = quotation(theme="wish/bullied", zh="他们不让我一起玩。", en="They do not let me join in.", paraphrased=False)
EARLIER = quotation(round="r1", zh="想要一个球场。", en="I would like a playing field.")


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    """The second round, with a quotation of a theme that one child named, and one of the first round."""
    quoted = [quotation(), RARE, EARLIER]
    folder = write_study(tmp_path_factory.mktemp("wishes"), lambda declared: declared.update(quotations=quoted))
    return open_round(folder, "r2")


def of_kind(blocks, kind):
    return [block for block in blocks if isinstance(block, kind)]


def test_the_sentence_names_the_theme_that_most_named(survey):
    (paragraph,) = of_kind(chapters.theme_chapter(survey, "support"), Paragraph)
    assert paragraph.text == {
        "zh": "说到“最希望改变的事”，可以公布的主题中，提到最多的是有地方玩："
        "46.5%（95% 置信区间39.1%～54.0%，基数210名儿童）。",
        "en": 'On "what children would most like to change", the theme named most often, of those that can be '
        "published, is a place to play: 46.5% (95% confidence interval 39.1% to 54.0%; base: 210 children).",
    }


def test_a_domain_with_one_theme_of_the_question_says_so(survey):
    heading, paragraph, table = chapters.theme_chapter(survey, "education")
    assert heading.text == {"zh": "教育公平：儿童自己的话", "en": "Education: in children's own words"}
    assert paragraph.text["zh"].startswith("说到“最希望改变的事”，提到上学的事：19.6%")
    assert "the one theme of this domain is school: 19.6%" in paragraph.text["en"]
    assert [row["label"]["en"] for row in table.rows] == ["School"]


def test_a_theme_that_few_named_is_withheld_with_its_quotations(survey):
    blocks = chapters.theme_chapter(survey, "support")
    (table,) = of_kind(blocks, Table)
    assert [row.get("absent", "") for row in table.rows] == ["", "", "suppressed"]
    (quoted,) = of_kind(blocks, Note)
    assert quoted.tone == "quotation"
    assert quoted.text == {
        "zh": "“放学以后没有地方玩，只能在楼道里跑。”\n\n——一名小学生，谈“有地方玩”（大意）",
        "en": '"There is nowhere to play after school, so we run about on the stairs."\n\n'
        '— a primary school pupil, on "a place to play" (paraphrased)',
    }


def test_not_naming_a_theme_is_not_called_no_need(survey):
    (table,) = of_kind(chapters.theme_chapter(survey, "support"), Table)
    assert "不等于没有这方面的需求" in table.notes[0]["zh"]


def test_every_figure_is_found_again_and_traced(survey):
    blocks = [one for domain in ("support", "education") for one in chapters.theme_chapter(survey, domain)]
    blocks += chapters.coding_tables(survey)
    found = index_results(survey, blocks).set_index("result_id")
    assert set(found["statistic"]) == {"share", "kappa"} and len(found) == 8
    told = trace(survey.study, found.index[0])
    assert told["coded_from"] == "wish_text" and told["counts"]["n_blank"] == 30


def test_agreement_is_printed_for_themes_that_both_coders_gave_often_enough(survey):
    *_, meaning, agreed = chapters.coding_tables(survey)
    assert len(meaning.rows) == 4
    assert [row["estimate"] for row in agreed.rows] == [0.67, 0.72, 0.74, None]
    assert [row["agreement"] for row in agreed.rows] == [0.838, 0.876, 0.914, None]
    assert agreed.printed(agreed.rows[0], "en")[2].text == "0.67"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_page_sets_quotations_apart_and_prints_no_answer(survey, meta, title, language):
    blocks = [*chapters.theme_chapter(survey, "support"), *chapters.coding_tables(survey)]
    text = render_html([Heading({"zh": "需求", "en": "Needs"}), *blocks], language=language, title=title, meta=meta)
    assert text.count("<blockquote>") == 1 and '<p class="who">' in text
    assert "合成回答" not in text and RARE[language] not in text and EARLIER[language] not in text
    assert "C001" not in text


def test_a_report_on_one_place_has_shares_and_no_quotations(survey):
    girls = survey.within("sex", "f")
    blocks = chapters.theme_chapter(girls, "support")
    (table,) = of_kind(blocks, Table)
    answered = sum(row["sex"] == "f" and row[TEXT] != "" for row in records("r2"))
    assert [row["n"] for row in table.rows] == [answered, answered, None]
    assert of_kind(blocks, Note) == [] and len(chapters.coding_tables(girls)) == 2
    assert len(index_results(girls, blocks)) == 3


def test_a_study_without_coded_answers_says_nothing(my_study):
    demo = open_round(my_study)
    assert [chapters.theme_chapter(demo, domain) for domain in ("support", "education")] == [[], []]
    assert chapters.coding_tables(demo) == []
