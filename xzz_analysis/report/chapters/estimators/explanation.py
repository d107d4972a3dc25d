"""One estimator explained: a definition in words, two lines of code, a tiny invented example, a checked number.

The lines that are printed are the lines that are run, and the call that is printed is the call that is made; where the
two do not give the same number there is no report.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import numpy as np

import xzz_analysis
from xzz_analysis.errors import ReportError
from xzz_analysis.report.blocks import Block, Column, Heading, Paragraph, Table
from xzz_analysis.report.theme import figure_text

Bilingual = dict[str, str]
Numbers = Any
"""A number or an array of them: plain arithmetic is all that the two lines ask for."""

TOLERANCE = 1e-12
"""Largest relative difference between two lines and the library: what rounding alone leaves."""

AGREED: Bilingual = {"zh": "一致", "en": "agree"}


@dataclass(frozen=True)
class Named:
    """An object that is printed by its name, such as a sample."""

    name: str
    make: Callable[[], Any]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Call:
    """A call of the library, which prints itself and can be made.

    Attributes
    ----------
    function : str or callable
        Dotted name under ``xzz``, or a function that is not public.
    arguments, options
        Values, :class:`Named` objects and other calls.
    """

    function: str | Callable[..., Any]
    arguments: tuple[Any, ...]
    options: Mapping[str, Any]

    def __str__(self) -> str:
        given = [typed(value) for value in self.arguments]
        given += [f"{name}={typed(value)}" for name, value in self.options.items()]
        name = f"xzz.{self.function}" if isinstance(self.function, str) else self.function.__name__
        return f"{name}({', '.join(given)})"

    def result(self) -> Any:
        """What the library answers."""
        name = self.function
        function = attrgetter(name)(xzz_analysis) if isinstance(name, str) else name
        options = {name: _value(value) for name, value in self.options.items()}
        return function(*map(_value, self.arguments), **options)


def call(function: str | Callable[..., Any], *arguments: Any, **options: Any) -> Call:
    """Write a call down as it would be typed."""
    return Call(function, arguments, options)


def typed(value: Any) -> str:
    """A value as it would be typed."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(typed, value))}]"
    return str(value) if isinstance(value, Call | Named) else repr(value).replace("'", '"')


def _value(value: Any) -> Any:
    if isinstance(value, Call):
        return value.result()
    if isinstance(value, list | tuple):
        return [_value(one) for one in value]
    return value.make() if isinstance(value, Named) else value


@dataclass(frozen=True)
class Number:
    """One number of a library's answer that the two lines must give as well.

    Attributes
    ----------
    label : bilingual text
    call : Call
        Answers with a frame.
    column : str or int
        Of a frame, or the place in an array.
    where : mapping of column to value
        Which rows of the frame; the first of them counts.
    unit : "percent", "ratio", "number" or "count"
    """

    label: Bilingual
    call: Call
    column: str | int
    where: Mapping[str, Any] = field(default_factory=dict)
    unit: str = "ratio"

    def of(self, frame: Any) -> Any:
        """The number in what the call answered."""
        for name, wanted in self.where.items():
            frame = frame[frame[name] == wanted]
        return np.ravel(frame[self.column])[0]


COLUMNS: dict[str, Bilingual] = {
    "estimate": {"zh": "估计值", "en": "Estimate"},
    "se": {"zh": "标准误", "en": "Standard error"},
    "low": {"zh": "区间下限", "en": "Lower end of the interval"},
    "high": {"zh": "区间上限", "en": "Upper end of the interval"},
    "weighted_n": {"zh": "基数所代表的人数", "en": "People the base stands for"},
    "deff": {"zh": "设计效应", "en": "Design effect"},
    "n_eff": {"zh": "有效样本量", "en": "Effective sample size"},
    "statistic": {"zh": "统计量 F", "en": "Statistic F"},
    "p": {"zh": "p 值", "en": "p-value"},
    "p_adjusted": {"zh": "校正后的 p 值", "en": "Adjusted p-value"},
}
"""What a number is called when an explanation has no other name for it."""


def numbers(
    made: Call, *columns: str, unit: str = "ratio", name: Bilingual | None = None, **where: Any
) -> tuple[Number, ...]:
    """Numbers of one row of a library's answer, one per column."""
    return tuple(Number(name or COLUMNS[column], made, column, where, unit) for column in columns)


@dataclass(frozen=True)
class Input:
    """One argument of the two lines.

    Attributes
    ----------
    label : bilingual text, or one for each row of a matrix
    values : number, mapping, or array of shape (columns,) or (rows, columns)
    unit : "percent", "ratio", "number" or "count"
    """

    label: Bilingual | Sequence[Bilingual]
    values: Any
    unit: str = "count"

    @property
    def labels(self) -> list[Bilingual]:
        """One label per row."""
        return [self.label] if isinstance(self.label, dict) else list(self.label)

    @property
    def single(self) -> bool:
        """Whether it is one thing for all columns of the example."""
        return isinstance(self.values, Mapping) or np.ndim(self.values) == 0

    def rows(self, name: str) -> Iterator[dict[str, Any]]:
        """Rows of the example table."""
        matrix = np.atleast_2d(np.asarray(self.values, float))
        for place, (label, line) in enumerate(zip(self.labels, matrix, strict=True)):
            symbol = name if len(matrix) == 1 else f"{name}[{place}]"
            cells = {str(number): None if np.isnan(cell) else float(cell) for number, cell in enumerate(line)}
            yield {"input": _named(symbol, label), "unit": self.unit, **cells}

    def note(self, name: str) -> Bilingual:
        """The line under the example table about what is the same for all columns."""
        value = typed(self.values) if isinstance(self.values, Mapping) else figure_text(self.values, self.unit)
        return {language: f"{text} = {value}" for language, text in _named(name, self.labels[0]).items()}


def _named(symbol: str, label: Mapping[str, str]) -> Bilingual:
    """A label after the word it stands for in the code, but not when it is the same word."""
    colon = {"zh": "：", "en": ": "}
    return {language: text if text == symbol else symbol + colon[language] + text for language, text in label.items()}


@dataclass(frozen=True)
class Each:
    """What the columns of an example are: a label for all, a heading for each."""

    label: Bilingual
    heads: Sequence[Bilingual]


def example_table(caption: Bilingual, inputs: Mapping[str, Input], each: Each) -> Table:
    """Inputs as a table, one row each; what is the same for all columns stands under it."""
    plain = {name: given for name, given in inputs.items() if not isinstance(given.values, Mapping)}
    shown = {name: given for name, given in plain.items() if not given.single} or plain
    heads = [Column(str(place), head, "figure") for place, head in enumerate(each.heads)]
    return Table(
        caption,
        [Column("input", each.label), *heads],
        [row for name, given in shown.items() for row in given.rows(name)],
        [given.note(name) for name, given in inputs.items() if name not in shown],
    )


@dataclass(frozen=True)
class Explanation:
    """One estimator in four steps.

    Attributes
    ----------
    name : str
    title, definition : bilingual text
    lines : function
        At most two statements.
    inputs : mapping of argument to Input
    each : Each
    numbers : sequence of Number
        All answers of the lines, in order, from one call or from several one after the other.
    words : sequence of functions
        New words that the lines use, of at most two statements as well, printed before them.
    """

    name: str
    title: Bilingual
    definition: Bilingual
    lines: Callable[..., Any]
    inputs: Mapping[str, Input]
    each: Each
    numbers: Sequence[Number]
    words: Sequence[Callable[..., Any]] = ()

    def blocks(self) -> list[Block]:
        """The section of a report.

        Raises
        ------
        ReportError
            The two lines and the library do not agree.
        """
        code = "\n\n".join(source(function) for function in (*self.words, self.lines))
        return [
            Heading(self.title, 3),
            Paragraph(self.definition),
            Paragraph({"zh": code, "en": code}, code=True),
            self.example(),
            self.check(),
        ]

    def example(self) -> Table:
        """What goes into the two lines."""
        caption = {"zh": f"虚构小例：{self.title['zh']}", "en": f"Invented example: {self.title['en']}"}
        return example_table(caption, self.inputs, self.each)

    def check(self) -> Table:
        """The numbers by the two lines and by the library, section by section one call of it."""
        rows = [
            {
                "number": number.label,
                "lines": _printed(by_hand),
                "library": _printed(by_library),
                "checked": AGREED,
                "unit": number.unit,
                "section": {"zh": str(number.call), "en": str(number.call)},
            }
            for number, by_hand, by_library in self.results()
        ]
        style = "text" if isinstance(rows[0]["lines"], str) else "figure"
        columns = [
            Column("number", {"zh": "数字", "en": "Number"}),
            Column("lines", {"zh": "两行代码", "en": "Two lines"}, style),
            Column("library", {"zh": "程序库", "en": "Library"}, style),
            Column("checked", {"zh": "核对", "en": "Checked"}),
        ]
        return Table({"zh": f"核对：{self.title['zh']}", "en": f"Check: {self.title['en']}"}, columns, rows)

    def results(self) -> list[tuple[Number, Any, Any]]:
        """Every number with its value by the two lines and by the library; :class:`ReportError` if they differ."""
        answer = self.lines(**{name: given.values for name, given in self.inputs.items()})
        by_hand = np.concatenate([np.ravel(part) for part in (answer if isinstance(answer, tuple) else (answer,))])
        frames = {str(number.call): number.call.result() for number in self.numbers}
        again = np.tile(by_hand, len(self.numbers) // len(by_hand))
        found = [
            (number, value, number.of(frames[str(number.call)]))
            for number, value in zip(self.numbers, again, strict=True)
        ]
        for number, value, library in found:
            if not _agree(value, library):
                raise ReportError(
                    f"the explanation {self.name!r} is wrong: {number.label['en']} is {value} by its lines and "
                    f"{library} by {number.call}; correct whichever is wrong before anything is published"
                )
        return found


def _printed(value: Any) -> str | float:
    return value.replace(";", "; ") if isinstance(value, str) else float(value)


def _agree(value: Any, library: Any) -> bool:
    """Numbers to rounding; words exactly, or as the first word of a list of reasons."""
    if isinstance(library, str):
        return str(value) == library.split(":")[0]
    return bool(abs(value - library) <= TOLERANCE * max(1.0, abs(library)))


def source(function: Callable[..., Any]) -> str:
    """A function as it is run, without its types and docstring."""
    lines = inspect.getsource(function).splitlines()
    body = statements(function)
    signature = inspect.signature(function)
    bare = [given.replace(annotation=inspect.Parameter.empty) for given in signature.parameters.values()]
    head = f"def {function.__name__}{signature.replace(parameters=bare, return_annotation=inspect.Signature.empty)}:"
    return "\n".join([head, *lines[body[0].lineno - 1 :]])


def statements(function: Callable[..., Any]) -> list[ast.stmt]:
    """The statements of a function, its docstring left out."""
    (definition,) = ast.parse(inspect.getsource(function)).body
    if not isinstance(definition, ast.FunctionDef):
        raise ReportError(f"{function!r} is no function, so its lines cannot be printed")
    return definition.body[1 if ast.get_docstring(definition) else 0 :]
