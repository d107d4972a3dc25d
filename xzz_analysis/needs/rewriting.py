"""Names inside an expression: which questions and options it speaks of, and how it reads under other names.

All of it works on the parsed expression, never on its text: ``q1`` is not found in ``q12``, nor an option in a word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from xzz_analysis.intake.expression import parse, text_of
from xzz_analysis.intake.expression.grammar import Call, Chain, Constant, Name, Node

Questions = Mapping[str, str]
"""Question as the expression names it → as the form names it."""

Options = Mapping[str, Mapping[str, Sequence[str]]]
"""Question as the expression names it → its option → the form's options that mean the same."""

_LOOSENESS = {"or": 0, "and": 1, "=": 2, "!=": 2, "<": 3, "<=": 3, ">": 3, ">=": 3, "+": 4, "-": 4}
_PRODUCT, _UNARY = 5, 6
_OF_NUMBERS = ("number", "int", "abs", "round", "min", "max", "sum")


def options_named(text: str) -> dict[str, list[str]]:
    """Options that an expression compares each question with, in order of use.

    Parameters
    ----------
    text : str
        An XLSForm expression.

    Returns
    -------
    dict of str to list of str
        Question → the texts and numbers it is compared with by ``=``, ``!=`` and ``selected()``; the empty text is
        no option. Numbers are written as options are: ``3``.

    Raises
    ------
    ExpressionError
        The expression cannot be read.

    Examples
    --------
    >>> options_named("${age} >= 6 and selected(${papers}, 'lease')")
    {'papers': ['lease']}
    """
    named: dict[str, list[str]] = {}
    for question, constant in _compared(_levelled(parse(text).tree)):
        option = _option(constant)
        if option and option not in named.setdefault(question, []):
            named[question].append(option)
    return {question: options for question, options in named.items() if options}


def numbers_named(text: str, *, whole: bool = False) -> list[str]:
    """Questions that an expression compares by size or calculates with, in order of use.

    Parameters
    ----------
    text : str
        An XLSForm expression.
    whole : bool
        Whether the expression itself is to be a number.

    Returns
    -------
    list of str

    Raises
    ------
    ExpressionError
        The expression cannot be read.

    Examples
    --------
    >>> numbers_named("${rent} > 0.3 * ${income} and ${tenure} = 'rent'")
    ['rent', 'income']
    """
    return list(dict.fromkeys(_numbers(_levelled(parse(text).tree), wanted=whole)))


def _numbers(node: Node, *, wanted: bool) -> Iterator[str]:
    if isinstance(node, Name) and wanted:
        yield node.name
    elif isinstance(node, Call):
        for argument in node.arguments:
            yield from _numbers(argument, wanted=node.function in _OF_NUMBERS)
    elif isinstance(node, Chain):
        for operand in (node.first, *(operand for _, operand in node.rest)):
            yield from _numbers(operand, wanted=_level(node) > _LOOSENESS["="])


def renamed(text: str, questions: Questions, options: Options | None = None) -> str:
    """An expression under the names of another form.

    Parameters
    ----------
    text : str
        An XLSForm expression.
    questions : mapping
        Question → new name; the others keep theirs.
    options : mapping, optional
        Question (its old name) → option → new names. Several new names mean any of them.

    Returns
    -------
    str
        The expression written again; as it was when there is nothing to rename.

    Raises
    ------
    ExpressionError
        The expression cannot be read.

    Examples
    --------
    >>> renamed("${age} >= 6 and ${enrolment} = 'none'", {"enrolment": "q12"}, {"enrolment": {"none": ["3", "4"]}})
    "${age} >= 6 and (${q12} = '3' or ${q12} = '4')"
    """
    expression = parse(text)
    if not any(name in questions or name in (options or {}) for name in expression.names):
        return text
    return _write(_renamed(_levelled(expression.tree), questions, options or {}))


def write(node: Node) -> str:
    """The text of a tree that has been read: ``parse(write(tree))`` means the same."""
    return _write(_levelled(node))


def _levelled(node: Node) -> Node:
    """The same tree with operators of one level in every chain: ``a = 1 and b`` is a chain in a chain."""
    if isinstance(node, Call):
        return node._replace(arguments=tuple(_levelled(argument) for argument in node.arguments))
    if not isinstance(node, Chain):
        return node
    made = _levelled(node.first)
    for _, run in groupby(node.rest, key=lambda one: _loose(one[0])):
        made = Chain(made, tuple((operator, _levelled(operand)) for operator, operand in run))
    return made


def _loose(operator: str) -> int:
    return _LOOSENESS.get(operator, _PRODUCT)


def _write(node: Node) -> str:
    if isinstance(node, Constant):
        return _quoted(node.value) if isinstance(node.value, str) else text_of(node.value)
    if isinstance(node, Name):
        return node.name if node.name == "." else f"${{{node.name}}}"
    if isinstance(node, Call):
        return f"{node.function}({', '.join(_write(argument) for argument in node.arguments)})"
    if _negated(node):
        return f"-{_inside(node.rest[0][1], _UNARY)}"
    floor = _level(node) + 1
    rest = "".join(f" {operator} {_inside(operand, floor)}" for operator, operand in node.rest)
    return f"{_inside(node.first, floor)}{rest}"


def _inside(node: Node, floor: int) -> str:
    """An operand, in parentheses where it binds more loosely than its place asks."""
    return f"({_write(node)})" if isinstance(node, Chain) and _level(node) < floor else _write(node)


def _level(node: Chain) -> int:
    return _UNARY if _negated(node) else _loose(node.rest[0][0])


def _negated(node: Chain) -> bool:
    """Whether a chain is how the grammar reads a minus sign."""
    return node.first == Constant(0.0) and len(node.rest) == 1 and node.rest[0][0] == "-"


def _quoted(text: str) -> str:
    pairs = ("''", '""', "“”", "‘’")
    pair = next(pair for pair in pairs if not set(pair) & set(text))
    return f"{pair[0]}{text}{pair[1]}"


def _option(constant: Constant) -> str:
    return constant.value if isinstance(constant.value, str) else text_of(constant.value)


def _compared(node: Node) -> Iterator[tuple[str, Constant]]:
    """Every question with a constant that it is compared with."""
    pair = _comparison(node)
    if pair is not None:
        yield pair
    children = node.arguments if isinstance(node, Call) else ()
    if isinstance(node, Chain):
        children = (node.first, *(operand for _, operand in node.rest))
    for child in children:
        yield from _compared(child)


def _comparison(node: Node) -> tuple[str, Constant] | None:
    """The question and the constant of ``${q} = 'a'``, ``'a' != ${q}``, ``selected(${q}, 'a')``; else None."""
    if isinstance(node, Call) and node.function == "selected":
        sides = node.arguments
    elif isinstance(node, Chain) and len(node.rest) == 1 and node.rest[0][0] in ("=", "!="):
        sides = (node.first, node.rest[0][1])
    else:
        return None
    constants = [side for side in sides if isinstance(side, Constant)]
    names = [name for side in sides if (name := _asked(side))]
    return (names[0], constants[0]) if names and constants else None


def _asked(node: Node) -> str:
    """The question whose option a node is: ``${q}``, or one choice of it; ``""`` when it is none."""
    if isinstance(node, Call) and node.function in ("selected-at", "string", "once"):
        return _asked(node.arguments[0])
    return node.name if isinstance(node, Name) else ""


def _renamed(node: Node, questions: Questions, options: Options) -> Node:
    if isinstance(node, Name):
        return Name(questions.get(node.name, node.name))
    if isinstance(node, Constant):
        return node
    pair = _comparison(node)
    if pair is not None and (meant := options.get(pair[0], {}).get(_option(pair[1]))):
        return _any_of(node, pair[1], [Constant(option) for option in meant], questions)
    return _below(node, questions, options)


def _below(node: Call | Chain, questions: Questions, options: Options) -> Node:
    """The same node with everything below it renamed."""
    if isinstance(node, Call):
        return node._replace(arguments=tuple(_renamed(one, questions, options) for one in node.arguments))
    rest = tuple((operator, _renamed(operand, questions, options)) for operator, operand in node.rest)
    return Chain(_renamed(node.first, questions, options), rest)


def _any_of(node: Node, old: Constant, new: Sequence[Constant], questions: Questions) -> Node:
    """A comparison with each of several options: any of them holds, or none of them for ``!=``."""
    parts = [_below(_replaced(node, old, one), questions, {}) for one in new]
    if len(parts) == 1:
        return parts[0]
    operator = "and" if isinstance(node, Chain) and node.rest[0][0] == "!=" else "or"
    return Chain(parts[0], tuple((operator, part) for part in parts[1:]))


def _replaced(node: Node, old: Constant, new: Constant) -> Call | Chain:
    """A comparison with another constant."""
    if isinstance(node, Call):
        return node._replace(arguments=tuple(new if one == old else one for one in node.arguments))
    assert isinstance(node, Chain)
    (operator, operand), first = node.rest[0], node.first
    return Chain(new if first == old else first, ((operator, new if operand == old else operand),))
