"""Every estimator explained: the lines that are printed are run, and give the library's number."""

import ast
import html
import json
import re
from dataclasses import replace

import numpy as np
import pytest

import xzz_analysis as xzz
from xzz_analysis.errors import ReportError
from xzz_analysis.report.blocks import Heading, Paragraph, Table, from_json
from xzz_analysis.report.chapters.estimators import TOPICS, explained, invented, invented_children, reliability_rules
from xzz_analysis.report.chapters.estimators.amounts import gini, mean_and_total, quantile
from xzz_analysis.report.chapters.estimators.explanation import (
    Call,
    Explanation,
    Input,
    Named,
    Number,
    call,
    source,
    statements,
)
from xzz_analysis.report.chapters.estimators.precision import share, standard_error, wilson
from xzz_analysis.report.html import render_html
from xzz_analysis.survey import weighting
from xzz_analysis.survey.engine import reliability

EXPLANATIONS = [explanation for topic in TOPICS.values() for explanation in topic]
EVERY = pytest.mark.parametrize("explanation", EXPLANATIONS, ids=lambda one: one.name)

NOT_ESTIMATORS = {
    "Comparisons",
    "Estimates",
    "MonitoringRound",
    "Policy",
    "Protected",
    "Sample",
    "Study",
    "XzzError",
    "chapters",
    "growth_z",
    "indicators",
    "join",
    "need_profile",
    "open_round",
    "open_study",
    "overlap",
    "protect",
    "read_parquet",
    "tabulate",
    "weighting",
}
"""Public names that estimate nothing of their own: types, rooms, reading, protecting, laying out; and measures of
needs, which have pages in docs/methods."""

NOT_ESTIMATORS |= {
    "Atlas",
    "CommunityLayer",
    "Cost",
    "Ledgers",
    "Order",
    "Period",
    "access",
    "access_table",
    "audit_datum",
    "bivariate",
    "find_gaps",
    "from_wgs84",
    "gaussian",
    "hot_spots",
    "match",
    "match_names",
    "open_atlas",
    "open_ledgers",
    "read_communities",
    "read_period",
    "read_resources",
    "read_streets",
    "site",
    "stepped",
    "to_wgs84",
    "travel",
    "within",
}
"""And everything about places, whose methods have pages in docs/methods too."""

NOT_WEIGHTS = {"achieved", "response_rates"}
"""Names of ``weighting`` that describe weights and give no estimate."""


def calls(value):
    """Every call inside a call."""
    if isinstance(value, Call):
        yield value
        for inner in (*value.arguments, *value.options.values()):
            yield from calls(inner)


def functions(explanation):
    return [*explanation.words, explanation.lines]


@EVERY
def test_two_lines_and_library_agree(explanation):
    found = explanation.results()
    assert len(found) == len(explanation.numbers) > 0
    for _, by_lines, by_library in found:
        if not isinstance(by_library, str):
            assert np.isfinite(by_lines)
            assert abs(by_lines - by_library) <= 1e-12 * max(1, abs(by_library))


@EVERY
def test_the_check_would_notice_another_example(explanation):
    """Numbers that agree whatever goes in would prove nothing."""
    assert any(disagrees(explanation, changed) for changed in altered(explanation))


def altered(explanation):
    """The example with one input in reverse, or with its first figure raised."""
    for name, given in explanation.inputs.items():
        if isinstance(given.values, dict):
            continue
        values = np.array(given.values, float)
        raised = values.copy()
        raised.flat[0] += 1
        for changed in [raised, values[::-1]] if values.ndim else [values * 1.25]:
            yield {name: replace(given, values=changed)}


def disagrees(explanation, changed):
    try:
        with np.errstate(all="ignore"):
            replace(explanation, inputs={**explanation.inputs, **changed}).results()
    except (ReportError, ValueError, StopIteration):
        return True
    return False


@EVERY
def test_at_most_two_statements_which_fit_the_page(explanation):
    for function in functions(explanation):
        assert 1 <= len(statements(function)) <= 2
        assert max(map(len, source(function).splitlines())) <= 90


@EVERY
def test_the_printed_code_is_the_code_without_types_and_docstring(explanation):
    for function in functions(explanation):
        printed = source(function)
        (definition,) = ast.parse(printed).body
        assert [ast.dump(line) for line in definition.body] == [ast.dump(line) for line in statements(function)]
        assert "Numbers" not in printed
        assert '"""' not in printed


@EVERY
def test_the_example_is_small_and_said_to_be_invented(explanation):
    example = explanation.example()
    assert len(example.columns) <= 1 + 12
    assert example.caption["zh"].startswith("虚构小例")
    assert example.caption["en"].startswith("Invented example")


@EVERY
def test_both_languages_are_complete(explanation):
    for block in explanation.blocks():
        for label in block.texts():
            if set(label) != {""} and not (isinstance(block, Paragraph) and block.code):
                assert set(label) == {"zh", "en"}
    for text in (explanation.title, explanation.definition):
        assert re.search("[一-鿿]", text["zh"])
        assert not re.search("[一-鿿]", text["en"])


@EVERY
def test_a_section_has_definition_code_example_and_check(explanation):
    heading, definition, code, example, check = explanation.blocks()
    assert isinstance(heading, Heading) and heading.level == 3
    assert definition.text == explanation.definition and not definition.code
    assert code.code and code.text["zh"] == code.text["en"]
    assert f"def {explanation.lines.__name__}(" in code.text["en"]
    assert {row["checked"]["zh"] for row in check.rows} == {"一致"}
    assert {row["section"]["en"] for row in check.rows} == {str(number.call) for number in explanation.numbers}
    assert isinstance(example, Table)


def test_every_public_estimator_is_explained():
    made = {inner.function for one in EXPLANATIONS for number in one.numbers for inner in calls(number.call)}
    public = set(xzz.__all__) - NOT_ESTIMATORS
    weights = {f"weighting.{name}" for name in set(weighting.__all__) - NOT_WEIGHTS}
    assert (public | weights) - made == set()
    assert set(xzz.__all__) >= NOT_ESTIMATORS


def test_names_and_titles_are_used_once():
    for texts in (
        [one.name for one in EXPLANATIONS],
        [one.title["zh"] for one in EXPLANATIONS],
        [one.title["en"] for one in EXPLANATIONS],
    ):
        assert len(texts) == len(set(texts))


def test_lines_use_only_words_that_stand_before_them():
    """A reader who goes from the top has met every function."""
    known = set()
    defined = {function.__name__ for one in EXPLANATIONS for function in functions(one)}
    for explanation in EXPLANATIONS:
        for function in functions(explanation):
            tree = ast.parse(source(function))
            used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} & defined
            assert used - known - {function.__name__} == set()
            known.add(function.__name__)


def test_lines_that_are_wrong_stop_the_report():
    right = TOPICS["precision"][0]
    wrong = replace(right, lines=lambda y, w: (0.5, 210.0))
    with pytest.raises(ReportError, match=r"'share' is wrong: Estimate is 0.5 by its lines and 0.547\d+ by xzz.share"):
        wrong.check()


def test_a_word_must_be_the_first_of_the_library_s():
    flags = next(one for one in EXPLANATIONS if one.name == "flags")
    wrong = replace(flags, lines=lambda **_: np.array(["show", "show", "review", "suppress"]))
    with pytest.raises(ReportError, match="Share 2 is show by its lines and suppress:wide_for_its_size"):
        wrong.results()


def test_lines_and_numbers_are_as_many():
    right = TOPICS["precision"][0]
    with pytest.raises(ValueError, match="zip"):
        replace(right, numbers=(*right.numbers, right.numbers[0])).results()


def test_the_library_is_called_as_printed():
    made = call("share", invented.SAMPLE, "need", by=["girl", "older"], level=0.9)
    assert str(made) == 'xzz.share(children, "need", by=["girl", "older"], level=0.9)'
    assert list(made.result()["level"].unique()) == [0.9]
    nested = call("mean", call("weighting.trim", invented.SAMPLE, high=25), "days")
    assert str(nested) == 'xzz.mean(xzz.weighting.trim(children, high=25), "days")'
    assert str(call(reliability.share_flags, Named("p", list))) == "share_flags(p)"


def test_a_number_is_found_by_its_row():
    frame = call("share", invented.SAMPLE, "need", "girl").result()
    found = Number({"zh": "女孩", "en": "girls"}, call("share"), "estimate", {"by": "girl=1"})
    assert found.of(frame) == frame.set_index("by").loc["girl=1", "estimate"]


def test_figures_that_a_pencil_gives():
    y, w = np.array([1, 0, 1, np.nan]), np.array([10, 30, 20, 40])
    assert share(y, w) == (0.5, 60)
    assert mean_and_total(np.array([2, 5]), np.array([1, 3])) == (17 / 4, 17)
    assert quantile(np.array([5, 1, 3]), np.array([1, 2, 1]), 0.6) == 3
    assert gini(np.array([0, 4]), np.array([1, 1])) == 0.5
    # two clusters with the sums 1 and 3: n s² = 2 · 2
    assert standard_error(np.array([1, 0, 1, 2]), np.array([1, 1, 2, 2]), np.ones(4)) == 2
    low, high = wilson(0.5, 4, 2)
    assert (low, high) == pytest.approx((0.5 - 2**0.5 / 4, 0.5 + 2**0.5 / 4), abs=1e-15)


def test_the_twelve_children_are_shown_with_all_that_is_asked():
    table = invented_children()
    assert [column.label["en"] for column in table.columns] == ["One column per child", *map(str, range(1, 13))]
    shown = {row["input"]["en"].split(": ")[0] for row in table.rows}
    assert {"stratum", "cluster", "weight", "need", "girl", "older", "days", "spending", "income"} <= shown
    assert table.notes[0]["en"] == 'children = xzz.Sample(frame, weight="weight", strata="stratum", cluster="cluster")'


def test_what_is_the_same_for_all_stands_under_the_example():
    given = {
        "y": Input({"zh": "回答", "en": "answer"}, np.array([1.0, np.nan])),
        "t": Input({"zh": "临界值", "en": "critical value"}, 2.776, "ratio"),
        "totals": Input({"zh": "人数", "en": "people"}, {0: 1, 1: 2}),
    }
    heads = replace(invented.SEXES)
    one = Explanation("one", {"zh": "一", "en": "One"}, {"zh": "一", "en": "one"}, share, given, heads, ())
    example = one.example()
    assert example.rows == [{"input": {"zh": "y：回答", "en": "y: answer"}, "unit": "count", "0": 1.0, "1": None}]
    assert [note["en"] for note in example.notes] == ["t: critical value = 2.776", "totals: people = {0: 1, 1: 2}"]


def test_the_rules_of_the_flags_are_the_constants_and_have_a_source():
    table = reliability_rules()
    said = " ".join(row["rule"]["en"] for row in table.rows)
    for constant in (reliability.FEWEST, reliability.FEW_DEGREES):
        assert str(constant) in said
    for constant in (reliability.WIDE, reliability.NARROW):
        assert f"{constant:.2f}" in said
    assert f"{reliability.RELATIVE:.1%}" in said
    assert "Series 2, No. 175" in table.notes[0]["en"]
    words = [row["flag"]["en"].split(" ")[0] for row in table.rows]
    assert len(words) == len([flag for flag in reliability.FLAGS if flag != "review:few_answers"])


def test_an_unknown_topic_suggests_the_nearest():
    with pytest.raises(ReportError, match=r"under 'weight'; did you mean 'weights'\?; there are precision, amounts"):
        explained("weight")


def test_code_keeps_its_lines_on_the_page(meta):
    code = Paragraph({"zh": "def f(a):\n\n    return a < 1", "en": "def f(a):\n\n    return a < 1"}, code=True)
    page = render_html([code], language="zh", title={"zh": "一", "en": "One"}, meta=meta)
    assert "<pre><code>def f(a):\n\n    return a &lt; 1</code></pre>" in page
    assert from_json(json.loads(json.dumps(code.to_json()))) == code


def test_the_notebook_shows_every_topic_in_order(root):
    notebook = json.loads((root / "notebooks" / "08_methods.ipynb").read_text(encoding="utf-8"))
    code = "".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code")
    assert re.findall(r'write\.explained\("(\w+)"\)', code) == list(TOPICS)
    assert "write.invented_children()" in code
    assert "write.reliability_rules()" in code


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_rendered_methods_hold_every_explanation(my_study, language):
    page = (my_study / "outputs" / "release" / "demo-2025Q4" / f"methods.{language}.html").read_text(encoding="utf-8")
    printed = html.unescape(page)
    for explanation in EXPLANATIONS:
        assert f">{explanation.title[language]}</h3>" in printed
        assert explanation.definition[language] in printed
        assert f"def {explanation.lines.__name__}(" in printed
