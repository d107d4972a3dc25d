"""Whether questions can answer an indicator: what is not asked, not offered, or asked so that it cannot be counted.

Each of these would make a condition hold for nobody, and look like no need.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from xzz_analysis.errors import InputError, suggest
from xzz_analysis.intake.answers import Question
from xzz_analysis.intake.expression import parse
from xzz_analysis.intake.expression.grammar import Name, number_of
from xzz_analysis.intake.store import Dataset
from xzz_analysis.needs.measure import scale_of
from xzz_analysis.needs.rewriting import numbers_named, options_named

if TYPE_CHECKING:
    from xzz_analysis.needs.indicator import Indicator

_CHOSEN = ("select_one", "select_multiple")


def computable(indicator: Indicator, dataset: Dataset) -> str:
    """Why an indicator cannot be computed from the answers, ``""`` when it can.

    Parameters
    ----------
    indicator : Indicator
    dataset : Dataset

    Returns
    -------
    str
        A question that nobody is asked, or options that its question does not have: a comparison with them
        would be true for nobody, and look like no need.
    """
    try:
        questions = {name: dataset.question(indicator.unit, name) for name in indicator.questions()}
    except InputError as error:
        return str(error)
    return "; ".join(unknown_options(indicator, questions))


def unknown_options(indicator: Indicator, questions: Mapping[str, Question]) -> list[str]:
    """Say of every option that an indicator names and its question does not have.

    Parameters
    ----------
    indicator : Indicator
    questions : dict of str to Question
        Questions by name; those that are not there, or list no options, are passed over.

    Returns
    -------
    list of str
        One sentence for each question concerned, with the nearest option.
    """
    said = []
    for name, options in missing_options(indicator, questions).items():
        listed = [option.name for option in questions[name].options]
        hint = suggest(options[0], listed)
        said.append(f"question {name!r} has no option {', '.join(map(repr, options))} that the indicator names{hint}")
    for name, options in unscored_options(indicator, questions).items():
        said.append(f"question {name!r} has options that its scale does not score ({', '.join(options)}); recode them")
    for name, kind in not_numbers(indicator, questions).items():
        said.append(f"question {name!r} is to be a number and is asked as {kind}; a comparison would hold for nobody")
    return said


def not_numbers(indicator: Indicator, questions: Mapping[str, Question]) -> dict[str, str]:
    """Kind of each question that is calculated with or compared by size, and is asked with options that are no numbers.

    Parameters
    ----------
    indicator : Indicator
    questions : dict of str to Question

    Returns
    -------
    dict of str to str
        Question → its kind.
    """
    grown = [] if indicator.growth is None else [indicator.growth.value, indicator.growth.age]
    whole = [text for text in (indicator.value, *indicator.over, *grown) if text]
    names = [name for text in indicator.expressions() for name in numbers_named(text, whole=text in whole)]
    found: dict[str, str] = {}
    for name in dict.fromkeys(names):
        asked = questions.get(name)
        listed = [] if asked is None or asked.kind not in _CHOSEN else [number_of(one.name) for one in asked.options]
        if asked is not None and listed and np.isnan(listed).all():
            found[name] = asked.kind
    return found


def unscored_options(indicator: Indicator, questions: Mapping[str, Question]) -> dict[str, list[str]]:
    """Options of a scale's items that are not the scale's answer codes, by question.

    Items coded 1 to 6 where the scale counts 0 to 5 would be scored wrongly, all but the last without a sign. One or
    two codes beyond the scale's are let through: so "don't know" is often written.
    """
    if indicator.scale is None:
        return {}
    known = set(scale_of(indicator.scale).responses)
    found: dict[str, list[str]] = {}
    for tree in (parse(text).tree for text in indicator.scale.items):
        if not isinstance(tree, Name) or tree.name not in questions or not questions[tree.name].options:
            continue
        codes = {one.name: number_of(one.name) for one in questions[tree.name].options}
        extra = [name for name, code in codes.items() if code not in known]
        if known - set(codes.values()) or sum(codes[name] >= 0 for name in extra) > 2:
            found[tree.name] = extra or list(codes)
    return found


def missing_options(indicator: Indicator, questions: Mapping[str, Question]) -> dict[str, list[str]]:
    """Options that an indicator names and its questions do not have, by question."""
    missing: dict[str, list[str]] = {}
    for text in indicator.expressions():
        for name, options in options_named(text).items():
            asked = questions.get(name)
            listed = [] if asked is None or asked.kind not in _CHOSEN else [option.name for option in asked.options]
            unknown = [option for option in options if listed and option not in listed]
            if unknown:
                missing[name] = list(dict.fromkeys([*missing.get(name, []), *unknown]))
    return missing
