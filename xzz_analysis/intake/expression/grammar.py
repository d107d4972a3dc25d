"""XLSForm expressions: the columns they work on, and the tree they are read into.

The language is XPath 1.0 as ODK applies it, without paths. From loosest to tightest::

    or  <  and  <  = !=  <  < <= > >=  <  + -  <  * div mod  <  unary -

An operand is a number, a quoted text (straight or typographic quotes), ``${question}``, ``.`` (the question's
own answer), a function call or an expression in parentheses. ``and``, ``or``, ``div`` and ``mod`` are
operators only after an operand, in any case and without a space, as ODK reads them (``)and.<=5``).

References
----------
XPath 1.0, https://www.w3.org/TR/1999/REC-xpath-19991116/; ODK XForms, https://getodk.github.io/xforms-spec/.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from xzz_analysis.errors import ExpressionError, suggest

TOLERANCE = 1e-12
"""Numbers nearer than this are equal, and nearer than this to zero are false, as in ODK."""

MAX_DEPTH = 150
"""Parentheses, calls and operators may be nested so deep; Python's own stack allows about 230."""

SIGNATURES: dict[str, tuple[int, float]] = {
    **dict.fromkeys(("true", "false", "today"), (0, 0)),
    **dict.fromkeys(("not", "number", "int", "abs", "string", "date", "once"), (1, 1)),
    **dict.fromkeys(("count-selected", "string-length", "normalize-space"), (1, 1)),
    **dict.fromkeys(("selected", "selected-at", "regex", "contains", "starts-with"), (2, 2)),
    **dict.fromkeys(("concat", "min", "max", "sum"), (1, np.inf)),
    "if": (3, 3),
    "coalesce": (2, np.inf),
    "round": (1, 2),
}
"""Supported functions, with the fewest and the most arguments each takes."""

_UNSUPPORTED = {
    "it reads other rows of a repeat": """count count-non-empty indexed-repeat join position randomize""",
    "it reads the form or a file beside it": """current instance jr:choice-name jr:itext property pulldata
        version""",
    "its value differs at every evaluation": """now random uuid""",
    "it reads coordinates": """area distance enclosed-area geofence""",
    "no analysis has needed it yet": """acos asin atan atan2 base64-decode boolean boolean-from-string ceiling
        checklist cos date-time decimal-date-time decimal-time digest ends-with exp exp10 floor format-date
        format-date-time is-selected last log log10 name pi pow sin sqrt substr substring substring-after
        substring-before tan translate weighted-checklist""",
}
_REFUSALS = {name: reason for reason, names in _UNSUPPORTED.items() for name in names.split()}
_PRECEDENCE = ("or", "and", "= !=", "< <= > >=", "+ -", "* div mod")
_LEVELS = {operator: level for level, row in enumerate(_PRECEDENCE) for operator in row.split()}
_CONFUSED = ("== =", "&& and", "|| or", "<> !=", "≥ >=", "≤ <=", "≠ !=", "× *", "÷ div", "% mod")
_SLIPS = {pair.split()[0]: pair.split()[1] for pair in _CONFUSED}
_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<slip>==|&&|\|\||<>|[≥≤≠×÷%])
      | (?P<number>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)
      | (?P<text>'[^']*' | "[^"]*" | [‘’‚][^‘’]*[‘’] | [“”„][^“”]*[“”])
      | (?P<name>\$\{[^{}]*\})
      | (?P<word>[^\W\d][\w.\-]*(?::[^\W\d][\w.\-]*)?)
      | (?P<symbol><=|>=|!=|[=<>+\-*(),]|\.\.?)""",
    re.VERBOSE,
)
_OPERATOR_WORD = re.compile("(?P<operator>and|or|div|mod)", re.IGNORECASE)
_NUMBER = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ].*)?", re.DOTALL)
_EPOCH = datetime.date(1970, 1, 1).toordinal()


@dataclass(frozen=True, eq=False)
class Vector:
    """One column of an expression's value, with a third truth value.

    Attributes
    ----------
    kind : "boolean", "number" or "text"
    values : array of bool, float64 or object (every element a str), shape (rows,)
        What stands where ``known`` is False means nothing.
    known : array of bool, shape (rows,)
        False = unknown: the answer was not measured.
    blank : array of bool, shape (rows,), optional
        Numbers only: True where the answer is empty, so that its text is ``""`` and not ``"NaN"``.
    unoffered : mapping of str to array of bool, shape (rows,)
        Option → rows whose round did not offer it.
    """

    kind: Literal["boolean", "number", "text"]
    values: np.ndarray
    known: np.ndarray
    blank: np.ndarray | None = None
    unoffered: Mapping[str, np.ndarray] = field(default_factory=dict)

    def truth(self) -> np.ndarray:
        """Truth as int8: 1 true, 0 false, -1 unknown; NaN, 0 and ``""`` are false."""
        if self.kind == "number":
            true = np.abs(self.values) > TOLERANCE
        else:
            true = self.values if self.kind == "boolean" else self.values != ""
        return np.where(self.known, true, np.int8(-1))

    def number(self) -> np.ndarray:
        """Numbers as float64, NaN where unknown or not a number; a date is its days since 1970-01-01."""
        if self.kind == "text":
            codes, texts = self.distinct
            numbers = np.array([number_of(text) for text in texts], dtype=np.float64)[codes]
        else:
            numbers = self.values.astype(np.float64)
        return np.where(self.known, numbers, np.nan)

    def text(self) -> np.ndarray:
        """Texts as object array of str, ``""`` where unknown or an empty number."""
        texts = self.values
        if self.kind != "text":
            codes, values = self.distinct
            texts = np.array([text_of(value) for value in values], dtype=object)[codes]
        return np.where(self.known & ~self.empty if self.blank is not None else self.known, texts, "")

    @property
    def empty(self) -> np.ndarray:
        """True where the answer is empty: the text ``""``, or a number that was never given."""
        if self.kind == "text":
            return np.asarray(self.values == "", dtype=bool)
        return np.zeros(self.values.shape, dtype=bool) if self.blank is None else self.blank

    @cached_property
    def distinct(self) -> tuple[np.ndarray, np.ndarray]:
        """Code of each row and the distinct values; kept, so that a column is hashed once."""
        codes, values = pd.factorize(self.values, use_na_sentinel=False)
        return codes, np.asarray(values, dtype=self.values.dtype)


def text_vector(values: Any, known: np.ndarray | None = None) -> Vector:
    """Make a text column; a missing element is the empty answer, and known unless said otherwise."""
    series = pd.Series(np.asarray(values, dtype=object) if not isinstance(values, pd.Series) else values)
    if pd.api.types.infer_dtype(series, skipna=False) != "string":
        series = series.astype(object).where(series.notna(), "").map(str)
    texts = series.to_numpy(dtype=object, na_value="")
    return Vector("text", texts, np.ones(len(texts), bool) if known is None else np.asarray(known, bool))


def number_vector(values: Any, known: np.ndarray | None = None) -> Vector:
    """Make a number column; NaN is the empty answer, and known unless said otherwise."""
    numbers = pd.Series(values).to_numpy(dtype=np.float64, na_value=np.nan)
    sure = np.ones(len(numbers), bool) if known is None else np.asarray(known, bool)
    return Vector("number", numbers, sure, blank=np.isnan(numbers))


def number_of(text: str) -> float:
    """Number a text stands for: a number, the days of a date ``YYYY-MM-DD``, else NaN.

    An exponent is read too (XPath has none), because exports written by R contain ``1e+05``.
    """
    if _DATE.fullmatch(text):
        try:
            return float(datetime.date.fromisoformat(text[:10]).toordinal() - _EPOCH)
        except ValueError:  # 2021-02-30 is no day, and no number either
            return np.nan
    stripped = text.strip()
    return float(stripped) if _NUMBER.fullmatch(stripped) else np.nan


def text_of(value: float | bool) -> str:
    """Text of a number or truth value as XPath writes it: no exponent, no ``.0``, ``NaN``, ``true``."""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if np.isfinite(value):
        return np.format_float_positional(value + 0.0, trim="-")
    return "NaN" if np.isnan(value) else "Infinity" if value > 0 else "-Infinity"


class Constant(NamedTuple):
    """A number or a quoted text."""

    value: float | str


class Name(NamedTuple):
    """``${name}``, or ``.`` (the question's own answer) under the name ``"."``."""

    name: str


class Call(NamedTuple):
    """A function applied to arguments; ``position`` is its place in the expression's text."""

    function: str
    arguments: tuple[Node, ...]
    position: int


class Chain(NamedTuple):
    """Operators applied from left to right: ``first``, then each operator with its operand."""

    first: Node
    rest: tuple[tuple[str, Node], ...]


Node = Constant | Name | Call | Chain


@dataclass(frozen=True)
class Expression:
    """An expression that has been read.

    Attributes
    ----------
    text : str
        As written.
    names, functions : tuple of str
        Every ``${name}`` and every function, in order of first use.
    tree : Node
        What :func:`xzz_analysis.intake.evaluate.evaluate` walks.
    """

    text: str
    names: tuple[str, ...]
    functions: tuple[str, ...]
    tree: Node = field(repr=False, compare=False)


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """Read an XLSForm expression (a cell of ``relevant`` or ``constraint``, or one of study.yml).

    Raises
    ------
    ExpressionError
        With the place and a caret below it; names the function that is unknown or not supported.
    """
    parser = _Parser(text)
    return Expression(text, tuple(parser.names), tuple(parser.functions), parser.tree)


def located(text: str, position: int, problem: str) -> ExpressionError:
    """Make the error that shows a place of an expression with a caret below it."""
    line = re.sub(r"\s", " ", text)
    before = line[:position] if position <= 60 else f"…{line[position - 60 : position]}"
    width = sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in before)
    shown = f"{before}{line[position : position + 40]}\n  {' ' * width}^"
    return ExpressionError(f"expression cannot be used: {problem} (character {position + 1})\n  {shown}")


class _Token(NamedTuple):
    kind: str
    text: str
    start: int


class _Parser:
    """Reads tokens by precedence climbing; ``tree`` is the result."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.names: dict[str, None] = {}
        self.functions: dict[str, None] = {}
        self.depth = 0
        self.tokens = self.tokenise()
        self.token = next(self.tokens)
        if self.token.kind == "end":
            raise located(text, 0, "it is empty")
        self.tree = self.expression()
        if self.token.kind != "end":
            raise self.unexpected(self.token)

    def tokenise(self) -> Iterator[_Token]:
        position, after_operand = 0, False
        while position < len(self.text):
            found = _OPERATOR_WORD.match(self.text, position) if after_operand else None
            found = found or _TOKEN.match(self.text, position)
            if found is None or found.lastgroup == "slip":
                raise located(self.text, position, _strange(found[0] if found else self.text[position]))
            kind = str(found.lastgroup)
            if kind != "space":
                after_operand = kind not in ("symbol", "operator") or found[0] in (")", ".", "..")
                yield _Token(kind, found[0].lower() if kind == "operator" else found[0], position)
            position = found.end()
        yield _Token("end", "", position)

    def take(self) -> _Token:
        token = self.token
        self.token = next(self.tokens, token)
        return token

    def expression(self, floor: int = 0) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.error(self.token, f"it is nested deeper than {MAX_DEPTH} levels")
        first, rest = self.operand(), []
        while _LEVELS.get(self.token.text, -1) >= floor:
            operator = self.take().text
            rest.append((operator, self.expression(_LEVELS[operator] + 1)))
        self.depth -= 1
        return Chain(first, tuple(rest)) if rest else first

    def operand(self) -> Node:
        signs = 0
        while self.token.text == "-":
            self.take()
            signs += 1
        node = self.unsigned(self.take())
        for _ in range(2 - signs % 2 if signs else 0):
            node = Chain(Constant(0.0), (("-", node),))
        return node

    def unsigned(self, token: _Token) -> Node:
        if token.kind == "number":
            return Constant(float(token.text))
        if token.kind == "text":
            return Constant(token.text[1:-1])
        if token.kind in ("name", "word"):
            return self.name(token) if token.kind == "name" else self.call(token)
        if token.text == ".":
            return Name(".")
        if token.text == "(":
            node = self.expression()
            self.close(token)
            return node
        raise self.unexpected(token)

    def name(self, token: _Token) -> Name:
        name = token.text[2:-1].strip()
        if name in ("", ".") or name.startswith("last-saved#"):
            raise self.error(token, f"{token.text} names no question of this interview")
        self.names.setdefault(name)
        return Name(name)

    def call(self, token: _Token) -> Call:
        name = token.text
        if name.lower() in _LEVELS:
            raise self.error(token, f"{name!r} needs a value before it: a {name} b")
        if self.token.text != "(":
            remedy = f"write ${{{name}}} for an answer, '{name}' for a value"
            raise self.error(token, f"{name!r} stands alone; {remedy}")
        self.require(token)
        self.functions.setdefault(name)
        opening = self.take()
        arguments = [] if self.token.text == ")" else [self.expression()]
        while arguments and self.token.text == ",":
            self.take()
            arguments.append(self.expression())
        self.close(opening)
        fewest, most = SIGNATURES[name]
        if not fewest <= len(arguments) <= most:
            wanted = fewest if fewest == most else f"{fewest} {'or more' if most > 2 else 'or 2'}"
            raise self.error(token, f"{name}() takes {wanted} arguments, not {len(arguments)}")
        return Call(name, tuple(arguments), token.start)

    def require(self, token: _Token) -> None:
        """Stop at a function that is not ours, before its arguments are read."""
        name = token.text
        if name in _REFUSALS:
            raise self.error(token, f"{name}() is not supported: {_REFUSALS[name]}")
        if name not in SIGNATURES:
            hint = suggest(name.lower(), [*SIGNATURES, *_REFUSALS])
            raise self.error(token, f"{name}() is not a function{hint}")

    def close(self, opening: _Token) -> None:
        if self.token.kind == "end":
            raise self.error(self.token, f"the '(' of character {opening.start + 1} is never closed")
        if self.token.text != ")":
            raise self.unexpected(self.token)
        self.take()

    def unexpected(self, token: _Token) -> ExpressionError:
        if token.kind == "end":
            return self.error(token, "it ends where a value is missing")
        if token.text == "..":
            return self.error(token, "'..' is a path, and paths are not supported")
        if token.kind in ("symbol", "operator"):
            return self.error(token, f"{token.text!r} is not expected here")
        hint = suggest(token.text, _LEVELS) if token.kind == "word" else ""
        return self.error(token, f"an operator is missing before {token.text}{hint}")

    def error(self, token: _Token, problem: str) -> ExpressionError:
        return located(self.text, token.start, problem)


def _strange(text: str) -> str:
    """Say what is wrong with a text that is no token."""
    plain = _SLIPS.get(text) or unicodedata.normalize("NFKC", text)
    if plain != text:
        return f"{text!r} is not of this language; write {plain!r}"
    if text in "$'\"‘’‚“”„":
        return f"the {'${' if text == '$' else f'quote {text}'} is never closed"
    if text in "/[]@|":
        return f"{text!r} belongs to a path, and paths are not supported (division is 'div')"
    return f"{text!r} is not of this language"
