"""Laws of the evaluator, and agreement with a slow evaluator of one row at a time."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date
from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal, localcontext
from functools import reduce
from typing import Any

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from xzz_analysis.errors import ExpressionError
from xzz_analysis.intake.expression import Vector, number_vector, parse, text_vector
from xzz_analysis.intake.expression.evaluation import evaluate

TODAY = date(2025, 6, 5)
steady = settings(deadline=None)

# A row maps names to a text, a float or None (unknown). NaN is an empty number, which ODK sees as "".
Row = dict[str, Any]
NUMBERS, TEXTS = ("n", "m"), ("t", "u")
WORDS = ("", "a", "b", "a b", "b c a", "5", "-2.5", "是", "2025-06-05", "2020-02-29")

# --- a slow evaluator of one row ----------------------------------------------------------------------


def to_number(value: Any) -> float:
    if not isinstance(value, str):
        return float(value)
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        return float((date.fromisoformat(value) - date(1970, 1, 1)).days)
    return float(value) if re.fullmatch(r"-?\d+(\.\d+)?", value, re.ASCII) else math.nan


def to_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if math.isnan(value) or math.isinf(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value == int(value):
        return str(int(value))
    return f"{Decimal(repr(value)):f}"


def to_truth(value: Any) -> bool:
    return value != "" if isinstance(value, str) else not math.isnan(value) and abs(value) > 1e-12


def same(a: Any, b: Any) -> bool:
    if isinstance(a, bool) or isinstance(b, bool):
        return to_truth(a) == to_truth(b)
    if isinstance(a, str) and isinstance(b, str):
        return a == b
    return abs(to_number(a) - to_number(b)) < 1e-12


def divide(a: float, b: float) -> float:
    if b == 0:
        return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a) * math.copysign(1, b)
    return a / b


def remainder(a: float, b: float) -> float:
    return math.nan if b == 0 or math.isinf(a) or math.isnan(a) or math.isnan(b) else math.fmod(a, b)


def rounded(value: Any, digits: Any = 0.0) -> float:
    number, places = to_number(value), to_number(digits)
    if math.isnan(number) or math.isinf(number) or math.isnan(places):
        return number if math.isinf(number) else math.nan
    with localcontext(prec=400):
        half = ROUND_HALF_UP if number >= 0 else ROUND_HALF_DOWN
        return float(round_to(Decimal(repr(number)), int(places), half))


def round_to(number: Decimal, places: int, half: str) -> Decimal:
    return (number * Decimal(10) ** places).to_integral_value(half) / Decimal(10) ** places


def present(numbers: list[float]) -> list[float]:
    return [number for number in numbers if not math.isnan(number)]


def nth(text: str, index: Any) -> str:
    position = to_number(index)
    return text.split()[int(position)] if 0 <= position < len(text.split()) else ""


NUMERIC: dict[str, Callable[[float, float], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "div": divide,
    "mod": remainder,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
STRICT: dict[str, Callable[..., Any]] = {
    **{name: lambda a, b, f=f: f(to_number(a), to_number(b)) for name, f in NUMERIC.items()},
    "=": same,
    "!=": lambda a, b: not same(a, b),
    "not": lambda a: not to_truth(a),
    "number": to_number,
    "int": lambda a: float(math.trunc(to_number(a))) if math.isfinite(to_number(a)) else to_number(a),
    "abs": lambda a: abs(to_number(a)),
    "round": rounded,
    "min": lambda *a: min(present([to_number(x) for x in a]), default=math.nan),
    "max": lambda *a: max(present([to_number(x) for x in a]), default=math.nan),
    "sum": lambda *a: reduce(lambda x, y: x + y, present([to_number(x) for x in a]), 0.0),
    "string": to_text,
    "concat": lambda *a: "".join(to_text(x) for x in a),
    "selected": lambda a, b: f" {to_text(b).strip()} " in f" {to_text(a)} ",
    "count-selected": lambda a: float(len(to_text(a).split())),
    "selected-at": lambda a, b: nth(to_text(a), b),
    "contains": lambda a, b: to_text(b) in to_text(a),
    "starts-with": lambda a, b: to_text(a).startswith(to_text(b)),
    "string-length": lambda a: float(len(to_text(a))),
    "normalize-space": lambda a: " ".join(to_text(a).split()),
    "today": lambda: TODAY.isoformat(),
    "true": lambda: True,
    "false": lambda: False,
}


def slow(node: Any, row: Row) -> Any:
    """Value of a node for one row; None is unknown."""
    if not isinstance(node, tuple):
        return node
    head, *rest = node
    if head == "name":
        answer = row[rest[0]]
        return "" if isinstance(answer, float) and math.isnan(answer) else answer
    if head == "if":
        condition = slow(rest[0], row)
        return None if condition is None else slow(rest[1 if to_truth(condition) else 2], row)
    values = [slow(part, row) for part in rest]
    if head in ("and", "or"):
        truths = [None if value is None else to_truth(value) for value in values]
        decided = head == "or"
        return decided if decided in truths else None if None in truths else not decided
    if head == "coalesce":
        return next((x for x in values if not nothing(x)), None if None in values else values[-1])
    return None if None in values else STRICT[head](*values)


def nothing(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


# --- random expressions -------------------------------------------------------------------------------

PRECEDENCE = [("or",), ("and",), ("=", "!="), ("<", "<=", ">", ">="), ("+", "-"), ("*", "div", "mod")]
LEVELS = {operator: level for level, operators in enumerate(PRECEDENCE) for operator in operators}


def written(node: Any) -> str:
    """The expression's text, with only the parentheses that are needed."""
    if isinstance(node, str):
        return f"'{node}'"
    if not isinstance(node, tuple):
        return to_text(node)
    head, *rest = node
    if head == "name":
        return f"${{{rest[0]}}}"
    if head not in LEVELS:
        return f"{head}({', '.join(map(written, rest))})"
    left, right = (written(part) for part in rest)
    left = f"({left})" if level(rest[0]) < LEVELS[head] else left
    right = f"({right})" if level(rest[1]) <= LEVELS[head] else right
    return f"{left} {head} {right}"


def level(node: Any) -> int:
    return LEVELS.get(node[0], 9) if isinstance(node, tuple) else 9


def names(*of: str) -> st.SearchStrategy[Any]:
    return st.sampled_from([("name", name) for name in of])


def calls(heads: list[str], *parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.tuples(st.sampled_from(heads), *parts)


NUMBER: st.SearchStrategy[Any] = st.deferred(lambda: number)
TEXT: st.SearchStrategy[Any] = st.deferred(lambda: text)
TRUTH: st.SearchStrategy[Any] = st.deferred(lambda: truth)
ANY = NUMBER | TEXT | TRUTH
number: st.SearchStrategy[Any] = (
    st.sampled_from([0.0, 1.0, 2.5, 0.125, 40.0])
    | names(*NUMBERS)
    | calls(["+", "-", "*", "div", "mod", "sum", "min", "max"], ANY, ANY)
    | calls(["number", "int", "abs", "round", "count-selected", "string-length"], NUMBER | TEXT)
    | calls(["round"], NUMBER, st.sampled_from([0.0, 1.0, 2.0, ("-", 0.0, 1.0)]))
    | calls(["coalesce"], NUMBER, NUMBER)
    | calls(["if"], ANY, NUMBER, NUMBER)
)
text: st.SearchStrategy[Any] = (
    st.sampled_from(WORDS)
    | names(*TEXTS)
    | st.just(("today",))
    | calls(["string", "normalize-space"], ANY)
    | calls(["concat", "selected-at"], ANY, ANY)
    | calls(["coalesce"], TEXT, TEXT)
    | calls(["if"], ANY, TEXT, TEXT)
)
truth: st.SearchStrategy[Any] = (
    st.sampled_from([("true",), ("false",)])
    | calls(["and", "or", "=", "!=", "<", "<=", ">", ">="], ANY, ANY)
    | calls(["not"], ANY)
    | calls(["selected", "contains", "starts-with"], ANY, ANY)
    | calls(["if"], ANY, TRUTH, TRUTH)
)
LOGIC = st.recursive(
    names(*NUMBERS, *TEXTS),
    lambda part: calls(["and", "or"], part, part) | calls(["not"], part),
    max_leaves=4,
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {name: st.none() | st.sampled_from([math.nan, 0.0, 1.0, -2.5, 5.0, 0.1]) for name in NUMBERS}
        | {name: st.none() | st.sampled_from(WORDS) for name in TEXTS}
    ),
    min_size=1,
    max_size=6,
)


def columns(rows: list[Row]) -> dict[str, Vector]:
    """The rows as columns."""
    found = {}
    for name in (*NUMBERS, *TEXTS):
        known = np.array([row[name] is not None for row in rows], dtype=bool)
        if name in NUMBERS:
            found[name] = number_vector([math.nan if row[name] is None else row[name] for row in rows], known)
        else:
            found[name] = text_vector([row[name] or "" for row in rows], known)
    return found


def fast(expression: str, rows: list[Row]) -> Vector:
    return evaluate(expression, columns(rows).__getitem__, len(rows), today=TODAY)


def plain(vector: Vector) -> list[Any]:
    """Comparable values; an empty number is the text ''."""
    values = np.where(vector.empty, "", vector.values.astype(object))
    return [unsigned(value) if known else None for value, known in zip(values, vector.known, strict=True)]


def unsigned(value: Any) -> Any:
    """Minus zero is zero: it is printed the same."""
    return 0.0 if isinstance(value, float) and value == 0 else value


# --- the laws -----------------------------------------------------------------------------------------


@steady
@given(ANY, ROWS)
def test_whole_columns_agree_with_one_row_at_a_time(node: Any, rows: list[Row]) -> None:
    np.testing.assert_equal(plain(fast(written(node), rows)), [unsigned(slow(node, row)) for row in rows])


@steady
@given(ANY, ROWS)
def test_truth_number_and_text_agree_with_one_row_at_a_time(node: Any, rows: list[Row]) -> None:
    result, values = fast(written(node), rows), [unsigned(slow(node, row)) for row in rows]
    assert result.truth().tolist() == [-1 if value is None else to_truth(value) for value in values]
    np.testing.assert_equal(result.number(), [math.nan if value is None else to_number(value) for value in values])
    assert result.text().tolist() == ["" if value is None else to_text(value) for value in values]


@steady
@given(ANY, ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(node: Any, rows: list[Row], random: Any) -> None:
    order = list(range(len(rows)))
    random.shuffle(order)
    before, after = plain(fast(written(node), rows)), plain(fast(written(node), [rows[i] for i in order]))
    np.testing.assert_equal(after, [before[i] for i in order])


@settings(steady, max_examples=40)
@given(LOGIC, LOGIC, LOGIC, ROWS)
def test_kleene_laws(a: Any, b: Any, c: Any, rows: list[Row]) -> None:
    for left, right in [
        (("and", a, b), ("and", b, a)),
        (("or", a, b), ("or", b, a)),
        (("and", a, ("and", b, c)), ("and", ("and", a, b), c)),
        (("or", a, ("or", b, c)), ("or", ("or", a, b), c)),
        (("and", a, ("or", b, c)), ("or", ("and", a, b), ("and", a, c))),
        (("or", a, ("and", b, c)), ("and", ("or", a, b), ("or", a, c))),
        (("not", ("and", a, b)), ("or", ("not", a), ("not", b))),
        (("not", ("or", a, b)), ("and", ("not", a), ("not", b))),
        (("not", ("not", a)), a),
        (("and", a, a), a),
        (("or", a, ("and", a, b)), a),
        (("and", a, ("true",)), a),
        (("or", a, ("false",)), a),
    ]:
        assert fast(written(left), rows).truth().tolist() == fast(written(right), rows).truth().tolist()


@steady
@given(TRUTH, ROWS, st.data())
def test_measuring_more_never_changes_what_was_decided(node: Any, rows: list[Row], data: st.DataObject) -> None:
    if "coalesce" in written(node):  # the one function that skips what is unknown
        return
    filled = [
        {
            name: data.draw(st.sampled_from(WORDS if name in TEXTS else [math.nan, 0.0, 5.0]))
            if value is None
            else value
            for name, value in row.items()
        }
        for row in rows
    ]
    before, after = fast(written(node), rows).truth(), fast(written(node), filled).truth()
    assert ((before == -1) | (before == after)).all()
    assert (after >= 0).all()


@steady
@given(ANY, ROWS)
def test_spaces_and_parentheses_change_nothing(node: Any, rows: list[Row]) -> None:
    text = written(node)
    np.testing.assert_equal(plain(fast(f"(\n ( {text})\t)", rows)), plain(fast(text, rows)))


@steady
@given(ANY)
def test_the_names_of_an_expression_are_those_written(node: Any) -> None:
    assert parse(written(node)).names == tuple(dict.fromkeys(re.findall(r"\$\{(\w+)\}", written(node))))


# --- nothing but ExpressionError ----------------------------------------------------------------------

TOKENS = """( ) , . .. + - * div mod and or = != < >= 1 .5 'a' " ‘ ’ ${x} ${ } ${名} not selected( regex( if(
today() coalesce( round( date( sum( == && / [ 是 （ \\ $ # position("""
PIECES = st.sampled_from([*TOKENS.split(), "\u00a0", "\ud800", "'\ud800'"])


@steady
@given(st.text() | st.lists(PIECES, max_size=12).map(" ".join) | st.lists(PIECES, max_size=12).map("".join))
@example("regex(${x}, '[[')")
@example("regex(${x}, '(?i')")
@example("1 div 0 mod 0")
@example("\x00")
def test_any_text_is_an_expression_or_an_expression_error(source: str) -> None:
    column = text_vector(["", "a b", "5"], known=np.array([True, True, False]))
    try:
        result = evaluate(source, lambda name: column, 3, today=TODAY, here=column)
    except ExpressionError as error:
        assert str(error)
    else:
        assert len(result.values) == len(result.known) == 3
        assert result.truth().shape == result.number().shape == result.text().shape == (3,)
