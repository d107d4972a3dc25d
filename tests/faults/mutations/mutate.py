"""The corpus: every mutation of every question it applies to, damaged exports, and mutations drawn in pairs."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product

import pandas as pd
from judge import Case
from option_changes import ADDED, OPTION_CHANGES, listed, relist
from question_changes import QUESTION_CHANGES, Later, drop, renumber
from questionnaires import Asked, questionnaire

SEED = 20260722
SCHEMES = ("named", "coded", "placed")
PAIRS = 260

MUTATIONS = {**QUESTION_CHANGES, **OPTION_CHANGES}


# --- data ---------------------------------------------------------------------------------------------------


def shuffled(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns in another order, the 0/1 columns too."""
    return frame[random.Random(SEED).sample(list(frame.columns), frame.shape[1])]


def data_cases(scheme: str) -> Iterator[Case]:
    """Exports that differ from their own codebook."""
    asked = questionnaire(scheme)
    turned = [
        relist(asked, place, listed(one)[::-1], scheme != "named")[place] if one.means else one
        for place, one in enumerate(asked)
    ]
    yield Case("columns in another order", tuple(asked), tuple(asked), shuffled)
    yield Case("columns in another order", tuple(asked), tuple(turned), shuffled)
    for place, one in enumerate(asked):
        columns = [f"{one.name}/{name}" for name in one.means] if one.question.kind == "select_multiple" else [one.name]
        gone = tuple(drop(asked, place))
        yield Case("column missing", tuple(asked), tuple(asked), lambda frame, some=columns: frame.drop(columns=some))
        stray = {columns[0]: "1"}
        yield Case(
            "column of no question", gone, tuple(asked), lambda frame, some=stray: frame.assign(**some), (one.name,)
        )
        if one.means:
            later = tuple(relist(asked, place, [*listed(one), ADDED], by_place=False))
            yield Case("answer that is no option", tuple(asked), later, _stray(one, "charity"), (one.name,))


def _stray(one: Asked, answer: str) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def damage(frame: pd.DataFrame) -> pd.DataFrame:
        if one.question.kind == "select_multiple":
            return frame.assign(**{f"{one.name}/{answer}": "1"})
        return frame.assign(**{one.name: frame[one.name].where(frame.index > 3, answer)})

    return damage


# --- all ----------------------------------------------------------------------------------------------------


def single_cases() -> Iterator[Case]:
    """Every mutation of every question it applies to, there and back."""
    for scheme, (name, some) in product(SCHEMES, MUTATIONS.items()):
        asked = questionnaire(scheme)
        for mutate, place in product(some, range(len(asked))):
            later = mutate(asked, place)
            if later is not None and len({one.name for one in later}) == len(later):
                case = Case(name, tuple(asked), tuple(later))
                yield case
                yield case.reversed()


def tellable(case: Case) -> bool:
    """Whether anything tells the rounds apart; a copy whose original is gone is the original in all that is written."""
    known = {one.asks: one for one in case.earlier}
    for one in case.later:
        before = known.get(one.asks.partition(",")[0])
        alone = before is not None and not any(other.asks == before.asks for other in case.later)
        if alone and one.asks not in known and one.question.label == before.question.label:
            return False
        labels = [option.label for option in one.question.options]
        copied = [option for option in one.question.options if one.means[option.name] == frozenset(["another"])]
        if any(labels.count(option.label) == 1 for option in copied):
            return False
    return True


def paired_cases() -> Iterator[Case]:
    """Two mutations after each other, drawn."""
    draw = random.Random(SEED)
    some = [mutate for mutations in MUTATIONS.values() for mutate in mutations]
    found = 0
    while found < PAIRS:
        asked = questionnaire(draw.choice(SCHEMES))
        later: Later | None = asked
        for mutate in draw.sample(some, 2):
            later = later and mutate(later, draw.randrange(len(later)))
        case = Case("two at once", tuple(asked), tuple(later or ()))
        if later and len({one.name for one in later}) == len(later) and tellable(case):
            found += 1
            yield case


def leaning_cases(scheme: str) -> Iterator[Case]:
    """``Why?`` after another question than before: nothing in it changed but what it asks."""
    asked = questionnaire(scheme)
    why = next(one for one in asked if one.asks == "why").change(label={"zh": "为什么？", "en": "Why?"}, name="because")
    why = why.change(relevant=())
    for before, after in product(range(2, len(asked), 3), range(4, len(asked), 4)):
        rounds = [
            [*asked[:place], replace(why, asks=f"why {asked[place - 1].asks}"), *asked[place:]]
            for place in (before, after)
        ]
        if before != after:
            earlier, later = (renumber(one) if scheme == "placed" else one for one in rounds)
            yield Case("why after another question", tuple(earlier), tuple(later))


def cases() -> Iterator[Case]:
    """The whole corpus, always the same."""
    yield from single_cases()
    for scheme in SCHEMES:
        yield from data_cases(scheme)
        yield from leaning_cases(scheme)
    yield from paired_cases()
