"""Evaluate XLSForm expressions over whole columns, with true, false and unknown.

``and``, ``or`` and ``not`` follow Kleene. Whatever else meets an unknown value is unknown, except that ``if``
looks only at the branch it takes and ``coalesce`` skips what is unknown. The evaluator never decides what is
unknown: an empty answer is the text ``""`` and known, as the form's logic sees it.

Where XPath and ODK differ, ODK is followed: numbers are equal within 1e-12, ``min``, ``max`` and ``sum`` skip
what is not a number, ``regex`` matches the whole text, a date counts as its days since 1970-01-01.
"""

from __future__ import annotations

import operator
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Context, Decimal
from functools import lru_cache, partial, reduce
from typing import Any

import numpy as np
import pandas as pd

from xzz_analysis.errors import ExpressionError
from xzz_analysis.intake.expression.grammar import (
    TOLERANCE,
    Call,
    Constant,
    Expression,
    Name,
    Node,
    Vector,
    located,
    number_of,
    parse,
)

Bindings = Callable[[str], Vector]
"""What ``${name}`` means: name → column."""

_DIGITS = Context(prec=400)
_DTYPES = {"boolean": bool, "number": np.float64, "text": object}


def evaluate(
    expression: Expression | str,
    bindings: Bindings,
    length: int,
    *,
    today: date | None = None,
    here: Vector | None = None,
) -> Vector:
    """Evaluate an expression for every row.

    Parameters
    ----------
    expression : Expression or str
    bindings : callable
        Returns the column of a name; called once per name. A column that is bound again keeps what
        it has already computed, so callers that evaluate many expressions should keep their columns.
    length : int
        Number of rows.
    today : date, optional
        What ``today()`` means.
    here : Vector, optional
        What ``.`` means: the column of the question whose expression this is.

    Returns
    -------
    Vector of ``length`` rows

    Raises
    ------
    ExpressionError
        When the expression cannot be read, or needs a ``today`` or ``here`` that was not given.

    Examples
    --------
    >>> from xzz_analysis.intake.expression import number_vector
    >>> ages = number_vector([4, 8, np.nan], known=np.array([True, True, False]))
    >>> evaluate("${age} >= 6", {"age": ages}.__getitem__, 3).truth().tolist()
    [0, 1, -1]
    """
    parsed = parse(expression) if isinstance(expression, str) else expression
    with np.errstate(all="ignore"):
        result = _Evaluation(parsed.text, bindings, length, today, here).value(parsed.tree)
    rows = (length,)
    blank = None if result.blank is None else np.broadcast_to(result.blank, rows).copy()
    values, known = np.broadcast_to(result.values, rows).copy(), np.broadcast_to(result.known, rows).copy()
    return Vector(result.kind, values, known, blank)


@dataclass
class _Evaluation:
    """One walk over a tree. A constant stays one element long and is broadcast by NumPy."""

    text: str
    bindings: Bindings
    length: int
    today: date | None
    here: Vector | None
    columns: dict[str, Vector] = field(default_factory=dict)

    def value(self, node: Node) -> Vector:
        if isinstance(node, Constant):
            return _constant(node.value)
        if isinstance(node, Name):
            return self.column(node.name)
        if isinstance(node, Call):
            return self.call(node)
        result = self.value(node.first)
        for symbol, operand in node.rest:
            result = OPERATORS[symbol](result, self.value(operand))
        return result

    def column(self, name: str) -> Vector:
        if name not in self.columns:
            bound = self.here if name == "." else self.bindings(name)
            if bound is None:
                raise ExpressionError(f"'.' of {self.text!r} is no answer here; write ${{question}} instead")
            self.columns[name] = self.checked(name, bound)
        return self.columns[name]

    def checked(self, name: str, bound: Vector) -> Vector:
        """Refuse a column that would give wrong answers without an error."""
        rows = {part.shape for part in (bound.values, bound.known, bound.blank) if part is not None}
        if rows != {(self.length,)}:
            raise ExpressionError(f"column {name!r} of {self.text!r} has shape {rows}, not {self.length} rows")
        if bound.values.dtype != _DTYPES[bound.kind] or not _all_text(bound):
            raise ExpressionError(f"column {name!r} is not {bound.kind}; make it with {bound.kind}_vector()")
        return bound

    def call(self, node: Call) -> Vector:
        if node.function == "today":
            if self.today is None:
                raise located(self.text, node.position, "today() needs a date, and none is given here")
            return _constant(self.today.isoformat()[:10])
        arguments = [self.value(argument) for argument in node.arguments]
        if node.function == "once" and self.here is not None:
            arguments.insert(0, self.column("."))
        try:
            if node.function == "regex":
                _check_pattern(node.arguments[1])
            return FUNCTIONS[node.function](arguments)
        except ValueError as error:
            raise located(self.text, node.position, str(error)) from error


def _all_text(vector: Vector) -> bool:
    return vector.kind != "text" or pd.api.types.infer_dtype(vector.values, skipna=False) in (
        "string",
        "empty",
    )


def _constant(value: float | str | bool) -> Vector:
    known = np.ones(1, dtype=bool)
    if isinstance(value, str):
        return Vector("text", np.array([value], dtype=object), known)
    return Vector("boolean" if isinstance(value, bool) else "number", np.array([value]), known)


def _known(vectors: Sequence[Vector]) -> np.ndarray:
    """Rows where every column is known."""
    return reduce(operator.and_, (vector.known for vector in vectors))


def _either(left: Vector, right: Vector) -> Vector:
    a, b = left.truth(), right.truth()
    true = (a == 1) | (b == 1)
    return Vector("boolean", true, true | ((a == 0) & (b == 0)))


def _both(left: Vector, right: Vector) -> Vector:
    a, b = left.truth(), right.truth()
    true = (a == 1) & (b == 1)
    return Vector("boolean", true, true | (a == 0) | (b == 0))


def _not(arguments: Sequence[Vector]) -> Vector:
    truth = arguments[0].truth()
    return Vector("boolean", truth == 0, truth >= 0)


def _equal(left: Vector, right: Vector, *, wanted: bool) -> Vector:
    """Compare as truth if either side is one, else as numbers if either is one, else as texts."""
    kinds = (left.kind, right.kind)
    if "boolean" in kinds:
        same = (left.truth() == 1) == (right.truth() == 1)
    elif "number" in kinds:
        same = np.abs(left.number() - right.number()) < TOLERANCE
        same = same | (left.empty & right.empty)
    else:
        same = np.asarray(left.values == right.values, dtype=bool)
    return Vector("boolean", same == wanted, _offered(left, right) & _offered(right, left))


def _offered(answer: Vector, option: Vector) -> np.ndarray:
    """Rows where it is known whether an answer is the option: it was offered."""
    known = answer.known
    for name, rows in answer.unoffered.items():
        known = known & ~(rows & _truth_of([option], compute=lambda text, own=name: text.strip() == own).values)
    return known


def _compare(left: Vector, right: Vector, *, compare: Callable[[Any, Any], Any]) -> Vector:
    return Vector("boolean", compare(left.number(), right.number()), left.known & right.known)


def _calculate(left: Vector, right: Vector, *, compute: Callable[[Any, Any], Any]) -> Vector:
    return Vector("number", compute(left.number(), right.number()), left.known & right.known)


OPERATORS: dict[str, Callable[[Vector, Vector], Vector]] = {
    "or": _either,
    "and": _both,
    "=": partial(_equal, wanted=True),
    "!=": partial(_equal, wanted=False),
    "<": partial(_compare, compare=operator.lt),
    "<=": partial(_compare, compare=operator.le),
    ">": partial(_compare, compare=operator.gt),
    ">=": partial(_compare, compare=operator.ge),
    "+": partial(_calculate, compute=operator.add),
    "-": partial(_calculate, compute=operator.sub),
    "*": partial(_calculate, compute=operator.mul),
    "div": partial(_calculate, compute=operator.truediv),
    "mod": partial(_calculate, compute=np.fmod),
}
"""Binary operators; ``mod`` takes the sign of the dividend, as in XPath."""


def _alike(vectors: Sequence[Vector]) -> list[Vector]:
    """Bring columns to one kind, so that a row may take its value from any of them.

    Numbers and texts become texts, but a column of ``''`` only (``if(…, 1, '')``) joins the numbers.
    """
    kinds = {vector.kind for vector in vectors}
    if len(kinds) == 1:
        return list(vectors)
    if all(vector.kind != "text" or (vector.empty | ~vector.known).all() for vector in vectors):
        return [_as_number(vector) for vector in vectors]
    if "boolean" in kinds:
        raise ValueError("its alternatives are a condition and a text; make both texts or both numbers")
    return [_as_text(vector) for vector in vectors]


def _as_text(vector: Vector) -> Vector:
    return vector if vector.kind == "text" else Vector("text", vector.text(), vector.known)


def _as_number(vector: Vector) -> Vector:
    if vector.kind == "number":
        return vector
    return Vector("number", vector.number(), vector.known, vector.empty)


def _choose(first: np.ndarray, yes: Vector, no: Vector, known: np.ndarray) -> Vector:
    """Take ``yes`` where ``first``, else ``no``."""
    blank = np.where(first, yes.empty, no.empty) if yes.kind == "number" else None
    return Vector(yes.kind, np.where(first, yes.values, no.values), known, blank)


def _if(arguments: Sequence[Vector]) -> Vector:
    truth = arguments[0].truth()
    yes, no = _alike(arguments[1:])
    known = (truth >= 0) & np.where(truth == 1, yes.known, no.known)
    return _choose(truth == 1, yes, no, known)


def _coalesce(arguments: Sequence[Vector]) -> Vector:
    """First known value that is not empty; else empty, and unknown when any of them is unknown."""
    columns = _alike(arguments)
    result, filled = columns[-1], _filled(columns[-1])
    for vector in reversed(columns[:-1]):
        first = _filled(vector)
        filled = first | filled
        result = _choose(first, vector, result, filled)
    return Vector(result.kind, result.values, filled | _known(columns), result.blank)


def _filled(vector: Vector) -> np.ndarray:
    present = ~np.isnan(vector.values) if vector.kind == "number" else ~vector.empty
    return np.asarray(vector.known & present)


def _numeric(arguments: Sequence[Vector], *, compute: Callable[[Any], Any] = operator.pos) -> Vector:
    return Vector("number", compute(arguments[0].number()), arguments[0].known)


def _folded(arguments: Sequence[Vector], *, start: float, fold: Callable[[Any, Any], Any]) -> Vector:
    numbers = [vector.number() for vector in arguments]
    return Vector("number", reduce(fold, numbers, np.array([start])), _known(arguments))


def _concat(arguments: Sequence[Vector]) -> Vector:
    texts = [vector.text() for vector in arguments]
    return Vector("text", reduce(operator.add, texts), _known(arguments))


def _by_distinct(
    arguments: Sequence[Vector],
    *,
    kind: Any,
    compute: Callable[..., Any],
    cast: Callable[[Vector], Vector] = _as_text,
) -> Vector:
    """Compute a value once for every distinct combination of the arguments."""
    codes, firsts = cast(arguments[0]).distinct
    rows = [(first,) for first in firsts]
    for vector in arguments[1:]:
        more, others = cast(vector).distinct
        codes, pairs = pd.factorize(codes * len(others) + more)
        rows = [(*rows[pair // len(others)], others[pair % len(others)]) for pair in pairs]
    values = np.array([compute(*row) for row in rows], dtype=_DTYPES[kind])
    return Vector(kind, values[codes], _known(arguments))


def _selected(arguments: Sequence[Vector]) -> Vector:
    found = _truth_of(arguments, compute=lambda text, name: f" {name.strip()} " in f" {text} ")
    return Vector("boolean", found.values, found.known & _offered(*arguments))


def _selected_at(text: str, index: str) -> str:
    names, number = text.split(), number_of(index)
    return names[int(number)] if 0 <= number < len(names) else ""


def _round(number: float, places: float = 0.0) -> float:
    """Round half up (towards plus infinity) in decimal, as ODK does: 2.675 to 2 digits is 2.68."""
    if not np.isfinite(number):
        return number
    if not abs(places) <= 30:
        return np.nan
    half = ROUND_HALF_UP if number >= 0 else ROUND_HALF_DOWN
    return float(Decimal(repr(float(number))).quantize(Decimal(1).scaleb(-int(places)), half, _DIGITS))


def _date(text: str) -> str:
    """The day of a date, a date and time or a number of days since 1970-01-01; else empty."""
    days = number_of(text)
    try:
        return (date(1970, 1, 1) + timedelta(days=int(days))).isoformat()
    except (ValueError, OverflowError):  # NaN, infinity, or outside the years 1 to 9999: no date
        return ""


@lru_cache(maxsize=1024)
def pattern(text: str) -> re.Pattern[str]:
    r"""Compile a pattern of ``regex()``; ``\d`` and ``\w`` are ASCII, as in ODK. ValueError when invalid."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return re.compile(text, re.ASCII)
    except (re.error, OverflowError, RecursionError, Warning) as error:
        raise ValueError(f"the pattern of regex() is not valid: {error}") from error


def _check_pattern(node: Node) -> None:
    """The pattern must stand in the expression: an error about it must not show an answer."""
    if not isinstance(node, Constant):
        raise ValueError("regex() needs its pattern as a text in quotes")
    pattern(str(node.value))


_truth_of = partial(_by_distinct, kind="boolean")
_number_of = partial(_by_distinct, kind="number")
_text_of = partial(_by_distinct, kind="text")

FUNCTIONS: dict[str, Callable[[Sequence[Vector]], Vector]] = {
    "true": lambda arguments: _constant(True),
    "false": lambda arguments: _constant(False),
    "not": _not,
    "if": _if,
    "coalesce": _coalesce,
    "once": lambda arguments: _coalesce(arguments) if len(arguments) > 1 else arguments[0],
    "number": _numeric,
    "int": partial(_numeric, compute=np.trunc),
    "abs": partial(_numeric, compute=np.abs),
    "min": partial(_folded, start=np.nan, fold=np.fmin),
    "max": partial(_folded, start=np.nan, fold=np.fmax),
    "sum": partial(_folded, start=0.0, fold=lambda total, part: total + np.where(np.isnan(part), 0, part)),
    "concat": _concat,
    "string": lambda arguments: _as_text(arguments[0]),
    "round": partial(_number_of, compute=_round, cast=_as_number),
    "date": partial(_text_of, compute=_date),
    "selected": _selected,
    "selected-at": lambda arguments: _text_of([arguments[0], _numeric(arguments[1:])], compute=_selected_at),
    "count-selected": partial(_number_of, compute=lambda text: len(text.split())),
    "regex": partial(_truth_of, compute=lambda text, written: pattern(written).fullmatch(text) is not None),
    "contains": partial(_truth_of, compute=lambda text, part: part in text),
    "starts-with": partial(_truth_of, compute=str.startswith),
    "string-length": partial(_number_of, compute=len),
    "normalize-space": partial(_text_of, compute=lambda text: " ".join(text.split())),
}
"""Every supported function but ``today``, which needs the evaluation's date."""
