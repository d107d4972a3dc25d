"""Expressions: what is read, what is refused and why, and what each operator and function gives."""

from __future__ import annotations

import time
from datetime import date, datetime
from typing import Any
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest

from xzz_analysis.errors import ExpressionError
from xzz_analysis.intake.expression.evaluation import FUNCTIONS, OPERATORS, evaluate, pattern
from xzz_analysis.intake.expression.grammar import (
    SIGNATURES,
    Call,
    Chain,
    Constant,
    Name,
    Vector,
    number_of,
    number_vector,
    parse,
    text_of,
    text_vector,
)

TODAY = date(2025, 6, 5)
UNKNOWN = None


def column(*values: Any) -> Vector:
    """A column of the values; None is unknown, NaN an empty number."""
    known = np.array([value is not UNKNOWN for value in values])
    if any(isinstance(value, str) for value in values):
        return text_vector(["" if value is UNKNOWN else value for value in values], known)
    return number_vector([np.nan if value is UNKNOWN else value for value in values], known)


def nothing(name: str) -> Vector:
    """Bindings of an expression without names."""
    raise AssertionError(name)


def run(text: str, here: Vector | None = None, **columns: Vector) -> Vector:
    """Evaluate over the columns given (one row when there are none)."""
    given = [*columns.values(), here]
    length = next((len(vector.values) for vector in given if vector is not None), 1)
    return evaluate(text, columns.__getitem__, length, today=TODAY, here=here)


def plain(result: Vector) -> list[object]:
    """The values as Python objects, None where unknown."""
    return [value if known else None for value, known in zip(result.values.tolist(), result.known, strict=True)]


def value(text: str, **columns: Vector) -> object:
    """The only row's value."""
    return plain(run(text, **columns))[0]


def refusal(text: str) -> str:
    """The message of an expression that cannot be read."""
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    return str(caught.value)


# --- reading ------------------------------------------------------------------------------------------


def test_names_and_functions_are_in_order_of_first_use() -> None:
    expression = parse("selected(${b}, 'x') and (${a} > count-selected(${b}) or not(selected(${a}, 'y')))")
    assert expression.names == ("b", "a")
    assert expression.functions == ("selected", "count-selected", "not")


def test_a_tree_applies_operators_from_left_to_right() -> None:
    assert parse("${a} - 1 - .").tree == Chain(Name("a"), (("-", Constant(1.0)), ("-", Name("."))))
    assert parse("not('x')").tree == Call("not", (Constant("x"),), 0)


def test_the_same_text_is_read_once() -> None:
    assert parse("1 + 1") is parse("1 + 1")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("10 - 2 - 3", 5),
        ("2 * 7 div 4 mod 3", 0.5),
        ("-2 + 5", 3),
        ("- - 2", 2),
        ("---2", -2),
        ("2 * -3", -6),
        ("7-3", 4),
        (".5 + 1.", 1.5),
        ("1 = 1 = 1", True),
        ("1 < 2 = true()", True),
        ("3 > 2 > 1", False),
        ("1 or 0 and 0", True),
        ("(1 or 0) and 0", False),
        ("0 = 1 or 1", True),
        ("1 + 1 = 2 and 2 < 1 + 2", True),
        ("5 mod 3 = 2", True),
        ("-5 mod 3", -2),
        ("5 mod -3", 2),
    ],
)
def test_precedence(text: str, expected: object) -> None:
    assert value(text) == expected


@pytest.mark.parametrize("text", ["1 AND 0", "1 And 0", "(1)and(0)", "1 and.", "0or 0", "0 OR(0)"])
def test_operator_words_are_read_as_odk_reads_them(text: str) -> None:
    assert plain(run(text, here=column(0.0))) == [False]


@pytest.mark.parametrize("text", ["'是'", '"是"', "‘是’", "“是”", "’是’", "”是”", "„是“"])
def test_straight_and_typographic_quotes(text: str) -> None:
    assert parse(text).tree == Constant("是")


def test_quotes_hold_the_other_quotes_and_operators() -> None:
    assert value('concat("it\'s", \'a "b" and ${c}\', ‘(’)') == 'it\'sa "b" and ${c}('
    assert parse("'${c}'").names == ()


def test_chinese_names_and_values() -> None:
    result = run(
        "${名字} = '张三' or selected(${证件}, '居住证')",
        名字=column("张三", "李四"),
        证件=column("", "户口本 居住证"),
    )
    assert plain(result) == [True, True]


def test_names_may_hold_spaces_around_and_anything_inside() -> None:
    assert parse("${ age }+${hh/size}").names == ("age", "hh/size")


def test_any_white_space_separates() -> None:
    assert value("1\n+\t1\u00a0=\u30002") is True


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "it is empty (character 1)"),
        ("  \n", "it is empty (character 1)"),
        ("1 +", "it ends where a value is missing (character 4)"),
        ("(1", "the '(' of character 1 is never closed (character 3)"),
        ("not(1", "the '(' of character 4 is never closed"),
        ("1)", "')' is not expected here (character 2)"),
        ("()", "')' is not expected here (character 2)"),
        ("concat(1,)", "')' is not expected here (character 10)"),
        ("concat(,1)", "',' is not expected here (character 8)"),
        ("(1, 2)", "',' is not expected here (character 3)"),
        ("1 2", "an operator is missing before 2 (character 3)"),
        ("1e5", "an operator is missing before e5 (character 2)"),
        ("${a} 'x'", "an operator is missing before 'x'"),
        ("${a} ands ${b}", "'s' stands alone"),
        ("${a} nad ${b}", "an operator is missing before nad; did you mean 'and'?"),
        ("and(1, 0)", "'and' needs a value before it: a and b"),
        ("1 or or 2", "'or' needs a value before it"),
        ("${a} = yes", "'yes' stands alone; write ${yes} for an answer, 'yes' for a value (character 8)"),
        ("selectd(${a}, 'x')", "selectd() is not a function; did you mean 'selected'?"),
        ("Selected(${a}, 'x')", "Selected() is not a function; did you mean 'selected'?"),
        ("如果(1, 2, 3)", "如果() is not a function"),
        (
            "indexed-repeat(${a}, ${b}, 1)",
            "indexed-repeat() is not supported: it reads other rows of a repeat",
        ),
        ("1 + position(..)", "position() is not supported: it reads other rows of a repeat (character 5)"),
        ("jr:choice-name(${a}, '${a}')", "jr:choice-name() is not supported: it reads the form or a file"),
        ("pulldata('f', 'a', 'b', ${c})", "pulldata() is not supported: it reads the form or a file"),
        ("now()", "now() is not supported: its value differs at every evaluation"),
        ("pow(2, 3)", "pow() is not supported: no analysis has needed it yet"),
        ("not()", "not() takes 1 arguments, not 0"),
        ("if(1, 2)", "if() takes 3 arguments, not 2"),
        ("round(1, 2, 3)", "round() takes 1 or 2 arguments, not 3"),
        ("coalesce(1)", "coalesce() takes 2 or more arguments, not 1"),
        ("'abc", "the quote ' is never closed (character 1)"),
        ("${a", "the ${ is never closed (character 1)"),
        ("${}", "${} names no question"),
        ("${last-saved#a}", "${last-saved#a} names no question of this interview"),
        ("..", "'..' is a path, and paths are not supported"),
        ("/data/a", "'/' belongs to a path"),
        ("${a}[1]", "'[' belongs to a path"),
        ("${a} == 1", "'==' is not of this language; write '='"),
        ("${a} && 1", "'&&' is not of this language; write 'and'"),
        ("${a} <> 1", "'<>' is not of this language; write '!='"),
        ("${a} ≥ 1", "'≥' is not of this language; write '>='"),
        ("selected（${a}, 'x')", "'（' is not of this language; write '('"),
        ("${a} # 1", "'#' is not of this language"),
    ],
)
def test_what_cannot_be_read_says_why_and_where(text: str, problem: str) -> None:
    assert problem in refusal(text).splitlines()[0]


def test_a_caret_stands_below_the_place() -> None:
    assert refusal("1 + (2 * )").splitlines()[1:] == ["  1 + (2 * )", "           ^"]


def test_the_caret_counts_chinese_letters_twice() -> None:
    lines = refusal("'是否' 多").splitlines()
    assert lines[1:] == ["  '是否' 多", "         ^"]


def test_a_long_expression_is_shown_around_the_place() -> None:
    lines = refusal(" or ".join(["${a}\n= 1"] * 50) + " or )" + " " * 100).splitlines()
    assert len(lines) == 3
    assert lines[1].startswith("  …")
    assert lines[1][lines[2].index("^")] == ")"


@pytest.mark.parametrize("opening", ["(", "not(", "1+(", "if(1,2,", "1 or (1 and (1 = (1 < (1 + (1 * ("])
def test_nesting_too_deep_is_refused(opening: str) -> None:
    depth = 2000
    assert "nested deeper than 150 levels" in refusal(opening * depth + "1" + ")" * depth)


def test_deep_but_reasonable_nesting_is_evaluated() -> None:
    assert value("(" * 149 + "1" + ")" * 149) == 1
    assert value("if(1 = 2, 0, " * 100 + "7" + ")" * 100) == 7


def test_long_chains_are_not_deep() -> None:
    assert value("+".join(["1"] * 3000)) == 3000
    assert value("-" * 3001 + "1") == -1
    assert value(" or ".join(["${a} = 'x'"] * 3000), a=column("x")) is True


# --- three truth values -------------------------------------------------------------------------------

TRUE, FALSE = True, False


@pytest.mark.parametrize(
    ("a", "b", "both", "either"),
    [
        (TRUE, TRUE, TRUE, TRUE),
        (TRUE, FALSE, FALSE, TRUE),
        (TRUE, UNKNOWN, UNKNOWN, TRUE),
        (FALSE, FALSE, FALSE, FALSE),
        (FALSE, UNKNOWN, FALSE, UNKNOWN),
        (UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
    ],
)
def test_kleene_tables(a: Any, b: Any, both: Any, either: Any) -> None:
    columns = {"a": column(None if a is None else float(a)), "b": column(None if b is None else float(b))}
    assert value("${a} and ${b}", **columns) is value("${b} and ${a}", **columns) is both
    assert value("${a} or ${b}", **columns) is value("${b} or ${a}", **columns) is either


@pytest.mark.parametrize(
    "text",
    [
        *(f"${{a}} {operator} 1" for operator in OPERATORS if operator not in ("and", "or")),
        "-${a}",
        "not(${a})",
        "selected(${a}, 'x')",
        "selected('x', ${a})",
        "count-selected(${a})",
        "selected-at('x y', ${a})",
        "regex(${a}, '.*')",
        "string-length(${a})",
        "concat('x', ${a})",
        "max(1, ${a})",
        "sum(${a}, 1)",
        "round(${a})",
        "round(1.5, ${a})",
        "date(${a})",
        "if(${a}, 1, 1)",
        "if(1, ${a}, 2)",
        "coalesce(${a}, '')",
        "once(${a})",
    ],
)
def test_what_meets_an_unknown_value_is_unknown(text: str) -> None:
    assert value(text, a=column(None)) is None


def test_if_looks_only_at_the_branch_it_takes() -> None:
    result = run("if(${c} = 1, ${a}, 2)", c=column(1, 0, None), a=column(5, None, 5))
    assert plain(result) == [5, 2, None]


def test_truth_number_and_text_of_unknown() -> None:
    for vector in (column("x", None), column(1, None)):
        assert vector.truth().tolist() == [1, -1]
        assert np.isnan(vector.number()[1])
        assert vector.text()[1] == ""


# --- comparison ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'yes' = 'yes'", True),
        ("'yes' != 'no'", True),
        ("'yes' = 0", False),
        ("'yes' != 0", True),
        ("'yes' < 1", False),
        ("'yes' >= 1", False),
        ("'5' = 5", True),
        ("' 5.0 ' = 5", True),
        ("'05' = '5'", False),
        ("'10' > '9'", True),
        ("'1e+05' = 100000", True),
        ("'' = 0", False),
        ("'' = ''", True),
        ("0 = ''", False),
        ("0.1 + 0.2 = 0.3", True),
        ("1 div 0 > 1", True),
        ("0 div 0 = 0 div 0", False),
        ("0 div 0 != 0 div 0", True),
        ("true() = 'x'", True),
        ("true() = 2", True),
        ("false() = ''", True),
        ("true() > false()", True),
        ("'１２' = 12", False),
    ],
)
def test_comparisons_of_texts_numbers_and_truths(text: str, expected: bool) -> None:
    assert value(text) is expected


def test_an_empty_answer_is_known() -> None:
    for empty in (column("", "5"), column(np.nan, 5)):
        assert plain(run("${n} = ''", n=empty)) == [True, False]
        assert plain(run("${n} != ''", n=empty)) == [False, True]
        assert plain(run("${n} > 3", n=empty)) == [False, True]
        assert plain(run("string-length(${n})", n=empty)) == [0, 1]
        assert plain(run("concat(${n}, '!')", n=empty)) == ["!", "5!"]
        assert plain(run("${n} = ${n}", n=empty)) == [True, True]
        assert run("${n}", n=empty).truth().tolist() == [0, 1]


def test_what_is_computed_from_nothing_is_not_a_number() -> None:
    assert plain(run("string(number(${n})) = 'NaN'", n=column("", "abc", "5"))) == [True, True, False]
    assert plain(run("string(${n} + 1)", n=column(np.nan, 5))) == ["NaN", "6"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("today() = '2025-06-05'", True),
        ("${born} < today()", True),
        ("'2025-06-06' > today()", True),
        ("today() - 5 = date('2025-05-31')", True),
        ("date(today() - 5) = date('2025-05-31')", True),
        ("today() - date('2025-05-31')", 5),
        ("int((today() - ${born}) div 365.25)", 7),
        ("date('2025-05-31T23:59:00.000+08:00') = '2025-05-31'", True),
        ("date(0)", "1970-01-01"),
        ("date('2025-02-30')", ""),
        ("date('soon')", ""),
        ("'2025-02-30' < today()", False),
    ],
)
def test_dates_are_days(text: str, expected: object) -> None:
    assert value(text, born=column("2017-09-01")) == expected


def test_a_time_of_today_is_its_day() -> None:
    result = evaluate("today() = ${a}", {"a": column("2025-06-05")}.__getitem__, 1, today=datetime(2025, 6, 5, 12))
    assert plain(result) == [True]


def test_a_day_beyond_the_calendar_is_empty() -> None:
    assert value("date(99999999)") == value("date(1 div 0)") == value("date('')") == ""


def test_the_question_itself() -> None:
    assert plain(run(". >= 0 and .<= 7", here=column(-1, 0, 8, None))) == [False, True, False, None]
    constraint = "not(selected(.,'none') and count-selected(.)>1)"
    assert plain(run(constraint, here=column("none", "none water", "water"))) == [True, False, True]


# --- functions ----------------------------------------------------------------------------------------


def test_every_function_that_is_read_is_evaluated() -> None:
    assert set(SIGNATURES) == {*FUNCTIONS, "today"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("selected('a bc', 'a')", True),
        ("selected('a bc', 'b')", False),
        ("selected('a bc', ' bc ')", True),
        ("selected('', 'a')", False),
        ("selected('', '')", True),
        ("selected('a', '')", False),
        ("selected('1 2', 2)", True),
        ("count-selected('')", 0),
        ("count-selected('a  bc ')", 2),
        ("selected-at('a bc', 1)", "bc"),
        ("selected-at('a bc', 2)", ""),
        ("selected-at('a bc', -1)", ""),
        ("selected-at('a bc', 'x')", ""),
        ("if('', 'yes', 'no')", "no"),
        ("if(2 > 1, 1, '')", 1),
        ("if(2 < 1, 1, 'x')", "x"),
        ("if(2 > 1, 1, 'x')", "1"),
        ("if(1, true(), 5)", 1),
        ("coalesce('', 'b')", "b"),
        ("coalesce('a', 'b')", "a"),
        ("coalesce('', '', 'c')", "c"),
        ("coalesce('', '')", ""),
        ("coalesce('', 3) + 1", 4),
        ("coalesce(0 div 0, 3)", 3),
        ("regex('0712', '[0-9]{4}')", True),
        ("regex('07123', '[0-9]{4}')", False),
        ("regex('07a', '^[0-9]*$')", False),
        ("regex('１', '\\d')", False),
        ("regex('张三', '[一-龥]+')", True),
        ("string-length('是否')", 2),
        ("string-length(12.50)", 4),
        ("true()", True),
        ("false()", False),
        ("not('')", True),
        ("number('12')", 12),
        ("number(true())", 1),
        ("int(2.9)", 2),
        ("int(-2.9)", -2),
        ("abs(-2.5)", 2.5),
        ("string(2.0)", "2"),
        ("string(0.1 + 0.2)", "0.30000000000000004"),
        ("string(1 div 3)", "0.3333333333333333"),
        ("string(10000000000 * 10000000000)", "100000000000000000000"),
        ("string(0.00001)", "0.00001"),
        ("string(-0)", "0"),
        ("string(1 div 0)", "Infinity"),
        ("string(-1 div 0)", "-Infinity"),
        ("string(1 = 1)", "true"),
        ("concat('a', 1, true())", "a1true"),
        ("concat('a')", "a"),
        ("min(3, '1', 2)", 1),
        ("max(3, 'x', -2)", 3),
        ("max(-3, -2)", -2),
        ("sum(1, 'x', 2.5)", 3.5),
        ("sum('x')", 0),
        ("contains('abc', 'bc')", True),
        ("contains('abc', '')", True),
        ("contains('abc', 'B')", False),
        ("starts-with('abc', 'ab')", True),
        ("starts-with('abc', 'bc')", False),
        ("once('a')", "a"),
        ("normalize-space('  a \n b ')", "a b"),
    ],
)
def test_functions(text: str, expected: object) -> None:
    assert value(text) == expected
    assert type(value(text)) in (type(expected), float)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("round(2.5)", 3),
        ("round(-2.5)", -2),
        ("round(2.675, 2)", 2.68),
        ("round(1.005, 2)", 1.01),
        ("round(1234, -2)", 1200),
        ("round('1.25', '1')", 1.3),
        ("round(1 div 0)", np.inf),
        ("round('x')", np.nan),
        ("round(1, 31)", np.nan),
        ("min('x', 'y')", np.nan),
        ("number('')", np.nan),
        ("int('x')", np.nan),
    ],
)
def test_numbers_and_what_is_none(text: str, expected: float) -> None:
    np.testing.assert_equal(value(text), float(expected))


def test_coalesce_skips_unknown_and_empty_values() -> None:
    result = run("coalesce(${a}, ${b})", a=column("x", "", None, "", None), b=column("y", "y", "y", "", ""))
    assert plain(result) == ["x", "y", "y", "", None]


def test_coalesce_of_empty_numbers_stays_empty() -> None:
    assert plain(run("coalesce(${a}, ${b}) = ''", a=column(np.nan, 1), b=column(np.nan, 2))) == [True, False]


def test_once_keeps_the_answer_that_is_there() -> None:
    assert plain(run("once(${a})", here=column("", "kept"), a=column("new", "new"))) == ["new", "kept"]


def test_functions_of_two_columns_meet_row_by_row() -> None:
    result = run("selected(${all}, ${one})", all=column("a b", "a b", "c", "c"), one=column("b", "c", "c", None))
    assert plain(result) == [True, False, True, None]


def test_a_pattern_runs_once_for_each_distinct_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    class Counting:
        def fullmatch(self, text: str) -> bool:
            seen.append(text)
            return True

    monkeypatch.setattr("xzz_analysis.intake.expression.evaluation.pattern", lambda text: Counting())
    run("regex(${a}, 'x')", a=text_vector(["p", "q"] * 500))
    assert seen == ["p", "q"]


# --- what cannot be evaluated -------------------------------------------------------------------------


@pytest.mark.parametrize("written", ["(", "a{99999999999}", "[[a]", "\\p{L}", "(" * 3000 + ")" * 3000, "*"])
def test_an_invalid_pattern_is_refused_at_its_place(written: str) -> None:
    with pytest.raises(ExpressionError, match=r"the pattern of regex\(\) is not valid.*\(character 5\)"):
        run(f"1 + regex(${{a}}, '{written}')", a=column())


def test_a_pattern_must_stand_in_the_expression() -> None:
    with pytest.raises(ExpressionError, match="needs its pattern as a text in quotes"):
        run("regex('x', ${a})", a=column("secret("))


def test_a_pattern_is_compiled_once() -> None:
    assert pattern("[0-9]+") is pattern("[0-9]+")


def test_today_needs_a_date() -> None:
    with pytest.raises(ExpressionError, match=r"today\(\) needs a date"):
        evaluate("${a} < today()", {"a": column("2020-01-01")}.__getitem__, 1)


def test_the_dot_needs_an_answer() -> None:
    with pytest.raises(ExpressionError, match=r"'\.' of '\. > 1' is no answer here"):
        evaluate(". > 1", nothing, 1)


def test_alternatives_of_a_condition_and_a_text_are_refused() -> None:
    with pytest.raises(ExpressionError, match="its alternatives are a condition and a text"):
        run("if(1, 1 = 1, 'x')")


def test_a_condition_or_nothing_is_a_condition() -> None:
    assert run("if(${a}, ${a} > 1, '')", a=column(2, 1, 0)).truth().tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    ("vector", "problem"),
    [
        (number_vector([1.0, 2.0]), "has shape .* not 1 rows"),
        (Vector("number", np.array([1]), np.array([True])), "is not number; make it with number_vector"),
        (
            Vector("text", np.array([1.5], dtype=object), np.array([True])),
            "is not text; make it with text_vector",
        ),
        (Vector("text", np.array([None], dtype=object), np.array([False])), "is not text"),
    ],
)
def test_a_column_that_would_give_wrong_answers_is_refused(vector: Vector, problem: str) -> None:
    with pytest.raises(ExpressionError, match=problem):
        evaluate("${a} = 1", lambda name: vector, 1)


def test_an_error_of_the_bindings_passes_through() -> None:
    with pytest.raises(KeyError):
        run("${nobody} = 1")


# --- columns ------------------------------------------------------------------------------------------


def test_a_name_is_bound_once() -> None:
    bind = Mock(return_value=column("x"))
    evaluate("${a} = ${b} or ${a} = ${a}", bind, 1)
    assert [call.args for call in bind.mock_calls] == [("a",), ("b",)]


def test_a_constant_fills_every_row_and_none() -> None:
    for length in (0, 1, 3):
        result = evaluate("if(1, 'x', 'y')", nothing, length)
        assert result.values.tolist() == ["x"] * length
        assert result.known.all()


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_no_rows_give_no_rows(name: str) -> None:
    arguments = ", ".join(["${a}", "'1'", "'2'"][: min(3, int(min(SIGNATURES[name][1], 3)))])
    result = evaluate(f"{name}({arguments})", lambda _: text_vector([]), 0)
    assert len(result.values) == len(result.known) == 0


def test_a_result_does_not_share_memory_with_its_column() -> None:
    ages = column(4, 5)
    run("${age}", age=ages).values[0] = 99
    assert ages.values.tolist() == [4, 5]


@pytest.mark.parametrize(
    "values",
    [
        ["a", "", "b"],
        pd.Series(["a", None, "b"]),
        np.array(["a", np.nan, "b"], dtype=object),
        pd.Categorical(["a", None, "b"]),
    ],
)
def test_text_vector_takes_any_column(values: object) -> None:
    vector = text_vector(values)
    assert vector.values.tolist() == ["a", "", "b"]
    assert vector.values.dtype == object
    assert vector.known.all()


@pytest.mark.parametrize("values", [[1, np.nan], pd.array([1, None], dtype="Int64"), pd.Series([1.0, np.nan])])
def test_number_vector_takes_any_column(values: object) -> None:
    vector = number_vector(values)
    np.testing.assert_equal(vector.values, [1.0, np.nan])
    assert vector.text().tolist() == ["1", ""]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("5", 5),
        ("-.5", -0.5),
        ("5.", 5),
        ("+5", np.nan),
        ("1,5", np.nan),
        ("--5", np.nan),
        (".", np.nan),
        ("0x1", np.nan),
        ("NaN", np.nan),
        ("1970-01-02", 1),
        ("1970-01-02T10:00", 1),
        ("1970-01-02 10:00:00", 1),
        ("19700102", 19700102),
        ("", np.nan),
    ],
)
def test_number_of_a_text(text: str, number: float) -> None:
    np.testing.assert_equal(number_of(text), float(number))


def test_text_of_a_truth_and_of_a_number() -> None:
    assert [text_of(value) for value in (True, False, 5.0, -0.0, 1e22)] == [
        "true",
        "false",
        "5",
        "0",
        "1" + "0" * 22,
    ]


def test_a_million_rows_take_less_than_a_second() -> None:
    choices = np.array(["piped well", "tap", "", "dont_know"], dtype=object)
    draw = np.random.default_rng(7).integers(0, 4, 1_000_000)
    columns = {
        "a": text_vector(choices[draw]),
        "b": text_vector(choices[draw[::-1]]),
        "c": number_vector(draw),
    }
    start = time.process_time()
    result = evaluate("selected(${a}, 'well') and (selected(${b}, 'tap') or ${c} >= 1)", columns.__getitem__, len(draw))
    assert time.process_time() - start < 1
    assert result.truth().sum() == ((draw == 0) & (draw[::-1] == 1)).sum()
