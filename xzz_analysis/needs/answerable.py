"""Whether questions can answer an indicator: what is not asked, not offered, or asked so that it cannot be counted.

Each of these would make a condition hold for nobody, and look like no need.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from xzz_analysis.errors import InputError, suggest
from xzz_analysis.intake.answers import Question
from xzz_analysis.intake.expression import evaluate, parse, text_vector
from xzz_analysis.intake.expression.grammar import Name, number_of
from xzz_analysis.intake.store import Dataset
from xzz_analysis.needs.growth import not_supplied
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
        would be true for nobody, and look like no need. Options of a scale's item that its rule does not score and
        that are not declared missing; a national standard whose cut-offs are not supplied.
    """
    try:
        questions = {name: dataset.question(indicator.unit, name) for name in indicator.questions()}
    except InputError as error:
        return str(error)
    above = [name for name in indicator.rank if dataset.owner(indicator.unit, name) != indicator.unit]
    if above:
        owner = dataset.owner(indicator.unit, above[0])
        return f"question {above[0]!r} is asked of {owner!r}, and it is they who rank; write unit: {owner}"
    lacking = not_supplied(indicator.growth) if indicator.growth is not None else ""
    return "; ".join([*([lacking] if lacking else []), *unknown_options(indicator, questions, strict=True)])


def unknown_options(indicator: Indicator, questions: Mapping[str, Question], *, strict: bool = False) -> list[str]:
    """Say of every option that an indicator names and its question does not have.

    Parameters
    ----------
    indicator : Indicator
    questions : dict of str to Question
        Questions by name; those that are not there, or list no options, are passed over.
    strict : bool
        The questions are a study's, whose options that are no answers are declared missing and not among them: see
        :func:`unscored_options`.

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
    for name, options in unscored_options(indicator, questions, strict=strict).items():
        said.append(
            f"question {name!r} has options that its scale does not score ({', '.join(options)}); recode them, or "
            "declare those that are no answers under `missing` in study.yml"
        )
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


def unscored_options(
    indicator: Indicator, questions: Mapping[str, Question], *, strict: bool = False
) -> dict[str, list[str]]:
    """Options of a scale's items that are not the scale's answer codes, by question.

    Items coded 1 to 6 where the scale counts 0 to 5 would be scored wrongly, all but the last without a sign. Of a bare
    form, one or two codes beyond the scale's are let through: so "don't know" is often written. Of a study
    (``strict``) none is: it declares what is no answer.
    """
    if indicator.scale is None:
        return {}
    known = set(scale_of(indicator.scale).responses)
    found: dict[str, list[str]] = {}
    for text in indicator.scale.items:
        name, codes = _codes_of_options(text, questions)
        extra = [option for option, code in codes.items() if code not in known]
        lacking = isinstance(parse(text).tree, Name) and bool(known - set(codes.values()))
        if codes and (lacking or len(extra) > (0 if strict else 2)):
            found[name] = extra or list(codes)
    return found


def _codes_of_options(text: str, questions: Mapping[str, Question]) -> tuple[str, dict[str, float]]:
    """What an item makes of each option of its question; nothing where it has several questions or no options."""
    names = parse(text).names
    asked = questions.get(names[0]) if len(names) == 1 else None
    if asked is None or asked.kind == "select_multiple" or not asked.options or "today" in parse(text).functions:
        return "", {}
    options = [one.name for one in asked.options]
    given = text_vector(np.array(options, dtype=object), np.ones(len(options), bool))
    codes = evaluate(text, {names[0]: given}.__getitem__, len(options)).number()
    return names[0], dict(zip(options, map(float, codes), strict=True))


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
