"""The expressions of one round's form in the names of another's."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_REFERENCE = r"\$\{\s*(?P<name>[^{}]+?)\s*\}"
_LITERAL = r"""(?P<literal>'[^']*'|"[^"]*"|-?\d+(?:\.\d+)?)"""
_OWN = re.compile(r"(?<![\w.)}])\.(?=\s*(?:!?=|,))")
"""The question's own answer where it is compared with an option."""

_ANY = re.compile(_REFERENCE)
_SELECTED = re.compile(rf"(?P<start>selected\(\s*){_REFERENCE}(?P<gap>\s*,\s*){_LITERAL}(?P<end>\s*\))")
_EQUAL = re.compile(rf"{_REFERENCE}(?P<gap>\s*!?=\s*){_LITERAL}(?!\s*[-+*])")
_QUOTES = str.maketrans('‘’“”"', "'''''")
_SIGN = re.compile(r"\s*([=<>!,()+*])\s*")
_TEXT = re.compile(r"('[^']*')")


def translate(text: str, names: Mapping[str, str], options: Mapping[str, Mapping[str, str]]) -> str | None:
    """Write an expression with other names of questions and options.

    Parameters
    ----------
    text : str
        XLSForm expression of one round.
    names : mapping of str to str
        Question → its other name; a question that is absent keeps its name.
    options : mapping of str to mapping of str to str
        Question → option → its other name, for the questions whose options are recoded; ``"."`` is the question
        that has the expression.

    Returns
    -------
    str or None
        None when it cannot be told what the expression says: it uses a recoded question otherwise than by comparing it
        with one option, or an option that others were merged with.
    """
    text = _OWN.sub("${.}", text)
    used = {match["name"]: options.get(match["name"], {}) for match in _ANY.finditer(text)}
    recoded = {name: mapping for name, mapping in used.items() if any(old != new for old, new in mapping.items())}
    left = _EQUAL.sub("", _SELECTED.sub("", text))
    if any(match["name"] in recoded for match in _ANY.finditer(left)):
        return None
    unclear: list[str] = []

    def literal(match: re.Match[str]) -> str:
        mapping, written = recoded.get(match["name"]), match["literal"]
        quote, option = (written[0], written[1:-1]) if written[0] in "'\"" else ("", written)
        if mapping is None or option not in mapping:
            return written
        new = mapping[option]
        if list(mapping.values()).count(new) > 1:
            unclear.append(option)
        return f"{quote}{new}{quote}" if quote or new.isdigit() else f"'{new}'"

    text = _SELECTED.sub(lambda one: f"{one['start']}${{{one['name']}}}{one['gap']}{literal(one)}{one['end']}", text)
    text = _EQUAL.sub(lambda one: f"${{{one['name']}}}{one['gap']}{literal(one)}", text)
    text = _ANY.sub(lambda one: f"${{{names.get(one['name'], one['name'])}}}", text)
    return None if unclear else text.replace("${.}", ".")


def normal(expressions: Sequence[str]) -> str:
    """Expressions that must all hold as one text, without what does not matter."""
    written = [_without_spaces(text) for text in expressions if text.strip()]
    return " and ".join(dict.fromkeys(written))


def _without_spaces(text: str) -> str:
    parts = _TEXT.split(text.translate(_QUOTES))
    tight = [part if part.startswith("'") else _SIGN.sub(r"\1", " ".join(part.split())) for part in parts]
    return "".join(tight).strip()
