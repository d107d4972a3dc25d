"""A select-multiple question as one object: options, cases, mentions, counts and combinations.

References
----------
Jann, B. (2005). Tabulation of multiple responses. The Stata Journal 5, 92–122: shares of responses and of cases.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from xzz_analysis.errors import DesignError, suggest
from xzz_analysis.intake.answers import Reason, shared_reasons
from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.design.sample import require_sample
from xzz_analysis.survey.engine.cells import Cells
from xzz_analysis.survey.engine.figures import means, ratios
from xzz_analysis.survey.engine.sums import sum_columns
from xzz_analysis.survey.estimate.batches import By, estimate_batches, estimate_shares, wald_batch
from xzz_analysis.survey.estimate.items import Item, answers, is_number, names_of, share_items
from xzz_analysis.survey.estimate.layout import Batch
from xzz_analysis.survey.estimates import Estimates, join

MakeBatch = Callable[[Cells, Sequence[Item]], Batch]

TOGETHER = "+"
"""Between the options of a combination."""


@dataclass(frozen=True)
class Answer:
    """Everybody's answer to a select-multiple question.

    Attributes
    ----------
    question : str
    options : tuple of str
    chosen : bool array, shape (rows, options)
        False where there is no answer.
    answered : bool array, shape (rows,)
    reasons : int8 array, shape (rows,)
        Why there is no answer.
    exclusive : bool array, shape (options,)
        Options that go with no other, such as "none of these" and "don't know".
    """

    question: str
    options: tuple[str, ...]
    chosen: np.ndarray
    answered: np.ndarray
    reasons: np.ndarray
    exclusive: np.ndarray

    @property
    def count(self) -> np.ndarray:
        """Options that each respondent named, exclusive ones not counted, shape (rows,)."""
        return np.asarray(self.chosen[:, ~self.exclusive].sum(axis=1))

    @property
    def contradictory(self) -> np.ndarray:
        """Whether a respondent named an exclusive option together with another, shape (rows,)."""
        return np.asarray(self.chosen[:, self.exclusive].any(axis=1) & (self.chosen.sum(axis=1) > 1))

    @property
    def definition(self) -> str:
        """Which options are exclusive, in words; empty when none is."""
        named = [option for option, exclusive in zip(self.options, self.exclusive, strict=True) if exclusive]
        return f"exclusive {', '.join(named)}" if named else ""

    def item(self, y: np.ndarray, base: np.ndarray, option: str = "") -> Item:
        """One item on a base; those who answered outside the base are not missing."""
        return Item(self.question, np.where(base, y, np.nan), self.reasons, option)

    def option_items(self, base: np.ndarray, *, exclusive: bool) -> list[Item]:
        """One 0/1 item per option, on a base."""
        return [
            self.item(self.chosen[:, place], base, option)
            for place, option in enumerate(self.options)
            if exclusive or not self.exclusive[place]
        ]


def multiple(
    sample: Sample,
    question: str,
    by: By = None,
    *,
    exclusive: str | Sequence[str] = (),
    combinations: int = 5,
    level: float = 0.95,
) -> Estimates:
    """Estimate all that a select-multiple question says, on one base: everybody who answered it.

    Parameters
    ----------
    sample : Sample
        With one 0/1 column per option, named ``question/option``; a respondent who did not answer has none. An option
        that nobody was offered (its reasons are all NOT_ASKED) is left out.
    question : str
    by : str or sequence of str, optional
        Grouping columns; the whole sample without them.
    exclusive : str or sequence of str
        Options that go with no other, such as "none of these" and "don't know". They are no needs: they make no case
        and count as no mention.
    combinations : int
        How many of the commonest combinations to estimate, chosen in the whole sample.
    level : float
        Confidence level.

    Returns
    -------
    Estimates
        One frame, joined, with one row per group and

        ``share``
            each option, of all who answered: what :func:`~xzz_analysis.survey.estimate.verbs.share` gives;
        ``share_of_cases``
            each option that is not exclusive, of those who named at least one of these;
        ``share_of_mentions``
            each option that is not exclusive, of all mentions of these; they add up to one;
        ``mean_count``
            options named per respondent who answered, exclusive ones not counted;
        ``contradictory``
            those who named an exclusive option together with another, of all who answered (given ``exclusive``);
        ``combination``
            those who named exactly these options and no other, ``water+school``, of all who answered.

        ``n_need`` counts those who named the option, for mentions too. Shares have Wilson's interval, mentions and
        counts estimate ± t(df) · se. ``method`` prints which options are exclusive where that matters.

    Raises
    ------
    DesignError
        A question without option columns, values other than 0 and 1, answers with some options missing, an
        exclusive option that the question does not have.

    Notes
    -----
    A contradictory answer is taken as it was given: each of its options counts, and how many such answers there
    are is an estimate like any other. Correct them in the data when it is known which half is true.

    References
    ----------
    Jann, B. (2005). Tabulation of multiple responses. The Stata Journal 5, 92–122.
    """
    require_sample(sample)
    if not isinstance(combinations, int) or combinations < 0:
        raise DesignError(f"combinations is {combinations!r}; it counts how many to estimate, 0 for none")
    answer = read_answer(sample, question, names_of(exclusive))
    everybody, cases = answer.answered, answer.count > 0
    of_cases, mentions = answer.option_items(cases, exclusive=False), _mentions(answer)
    counts = [answer.item(answer.count, everybody)]
    contradictory = [answer.item(answer.contradictory, everybody)] if answer.exclusive.any() else []
    common = _common(sample, answer, combinations)

    def shares(items: Sequence[Item], statistic: str, definition: str = "") -> Estimates:
        return estimate_shares(sample, items, by, level=level, statistic=statistic, definition=definition)

    return join(
        [
            shares(answer.option_items(everybody, exclusive=True), "share"),
            shares(of_cases, "share_of_cases", answer.definition),
            estimate_batches(sample, mentions, by, _mention_batch(answer, level), level=level),
            estimate_batches(sample, counts, by, _count_batch(answer, level), level=level),
            shares(contradictory, "contradictory", answer.definition),
            shares(common, "combination"),
        ]
    )


def read_answer(sample: Sample, question: str, exclusive: Sequence[str] = ()) -> Answer:
    """Read the option columns of a select-multiple question (see :func:`multiple`)."""
    every = _option_columns(sample, question)
    columns = [name for name in every if _was_offered(sample, name)] or every
    y = np.stack([_yes_no(sample, name) for name in columns], axis=1)
    known = ~np.isnan(y)
    partly = int((known.any(axis=1) & ~known.all(axis=1)).sum())
    if partly:
        raise DesignError(
            f"question {question!r} has {partly} of {len(y)} answers in which some options are missing and "
            "others are not, so it cannot be told what was named; fill those with 0 where the option was offered, or "
            "leave the option out"
        )
    answered = known.all(axis=1)
    options = tuple(name.removeprefix(f"{question}/") for name in columns)
    known_options = [name.removeprefix(f"{question}/") for name in every]
    for name in exclusive:
        if name not in known_options:
            raise DesignError(
                f"exclusive option {name!r} is not one of question {question!r}{suggest(name, known_options)}; "
                f"there are {', '.join(known_options)}"
            )
    given = shared_reasons(map(sample.missing_reason, columns))
    reasons = np.where(answered, Reason.ANSWERED, given).astype(np.int8)
    return Answer(question, options, y == 1, answered, reasons, np.isin(options, list(exclusive)))


def _option_columns(sample: Sample, question: str) -> list[str]:
    names = sample.frame.columns if sample.stored is None else sample.stored.types
    columns = [str(name) for name in names if str(name).startswith(f"{question}/")]
    if not columns:
        sample.column(question)
        raise DesignError(
            f"question {question!r} has no option columns, so it is no select-multiple question; name them "
            f"'{question}/option' and fill them with 0 and 1, or use share()"
        )
    return columns


def _was_offered(sample: Sample, column: str) -> bool:
    """Whether anybody was offered an option: another round may have added it."""
    reasons = sample.reasons_of(column)
    return reasons is None or bool((reasons != Reason.NOT_ASKED).any())


def _mentions(answer: Answer) -> list[Item]:
    """Each option that is not exclusive, over all mentions of these."""
    count = np.where(answer.answered, answer.count, np.nan)
    return [replace(item, below=count) for item in answer.option_items(answer.answered, exclusive=False)]


def _mention_batch(answer: Answer, level: float) -> MakeBatch:
    def batch(cells: Cells, items: Sequence[Item]) -> Batch:
        named = [answers(item) for item in items]
        figures = ratios(cells, named, [item.below for item in items if item.below is not None])
        made = replace(wald_batch(items, "ratio", figures, level), n_need=sum_columns(cells, named, count=True).need)
        return made.named("share_of_mentions", answer.definition)

    return batch


def _count_batch(answer: Answer, level: float) -> MakeBatch:
    def batch(cells: Cells, items: Sequence[Item]) -> Batch:
        figures = means(cells, [answers(item) for item in items])
        return wald_batch(items, "mean", figures, level).named("mean_count", answer.definition)

    return batch


def _yes_no(sample: Sample, name: str) -> np.ndarray:
    """One option's column, NaN where there is no answer."""
    column = sample.column(name)
    if not is_number(column):
        raise DesignError(
            f"option column {name!r} holds text; fill it with 0 and 1, and leave it empty without an answer"
        )
    return answers(share_items(sample, name)[0], yes_no=True).astype(float)


def _common(sample: Sample, answer: Answer, most: int) -> list[Item]:
    """The sets of options that most people of the whole named, as items, the commonest first.

    Sets with one total come by size, then in the order of the options.
    """
    code = np.zeros(len(answer.chosen), np.int64)
    for named in answer.chosen.T:
        code = pd.factorize(2 * code + named)[0]
    inside = (sample.domains(None).code >= 0) & answer.answered & answer.chosen.any(axis=1)
    found, row = np.unique(code, return_index=True)
    total = np.bincount(code[inside], sample.design.weight[inside], minlength=len(found)).astype(float)
    kept = (total >= np.sort(total)[-most:][0]) & (total > 0) & (most > 0)
    sets = [
        (total[one], np.flatnonzero(answer.chosen[at]), one) for one, at in zip(found[kept], row[kept], strict=True)
    ]
    sets.sort(key=lambda one: (-one[0], len(one[1]), one[1].tolist()))
    return [
        answer.item(code == one, answer.answered, TOGETHER.join(answer.options[place] for place in places))
        for _, places, one in sets[:most]
    ]
