"""Rounds of one survey stacked into one sample, so that what they share is in their covariance.

Clusters that are visited again carry the same influence rows in both rounds; the covariance of two rounds' estimates is
the design covariance of those rows, and nothing has to be assumed about it.

References
----------
Kish, L. (1965). Survey Sampling, section 12.4.
Lumley, T. (2010). Complex Surveys: A Guide to Analysis Using R, section 2.2 (subpopulations of one design).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast, get_args

import numpy as np
import pandas as pd
from scipy import sparse

from xzz_analysis.errors import DesignError, suggest
from xzz_analysis.intake.answers import Reason
from xzz_analysis.survey.change.overlap import Stacking, concatenate, stack_stages
from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.design.calibration import Calibration, Projection
from xzz_analysis.survey.design.columns import factorised
from xzz_analysis.survey.design.sample import Lonely, require_sample

Overlap = Literal["cluster", "panel", "none"]
ROUND = "round"
"""Column of the joint sample that says which round a respondent is of."""

_WEIGHT = "joint:weight"


@dataclass(frozen=True)
class Rounds:
    """Two or more rounds as one sample.

    Attributes
    ----------
    sample : Sample
        Respondents of all rounds, first round first, on one design; the column ``round`` holds their round.
    names : tuple of str
        What the rounds are called in the column ``round``, in order.
    label : str
        ``2025Q2→2025Q4``; empty where the samples are not labelled.
    round : int array, shape (rows,)
        Position of each row's round.
    person : int array, shape (rows,), or None
        Number of each row's respondent, the same in every round, for a panel.
    overlap : "cluster", "panel" or "none"
    """

    sample: Sample
    names: tuple[str, ...]
    label: str
    round: np.ndarray
    person: np.ndarray | None
    overlap: Overlap

    def of(self, member: np.ndarray) -> Rounds:
        """The same rounds with estimates about some rows only, bool array of shape (rows,)."""
        return replace(self, sample=self.sample.subpopulation(member))

    def followed(self) -> np.ndarray:
        """Whether each row's respondent has a weight and is in the subpopulation in every round, shape (rows,)."""
        if self.person is None:
            raise DesignError("who was followed is known in a panel only; stack the rounds with overlap='panel'")
        counted = counts(self.sample)
        rounds = np.bincount(self.person[counted], minlength=int(self.person.max()) + 1)
        return np.asarray(rounds[self.person] == len(self.names))


def stack(
    samples: Sequence[Sample],
    overlap: Overlap = "cluster",
    key: str | None = None,
    *,
    columns: Sequence[str] | None = None,
) -> Rounds:
    """Stack rounds into one sample.

    Parameters
    ----------
    samples : sequence of Sample
        Rounds of one survey, earliest first. Their design columns may have different names.
    overlap : "cluster", "panel" or "none"
        What is the same in several rounds. "cluster": strata and clusters with the same values. "panel": those, and
        respondents with the same ``key``; where respondents are the sampled units, the person is the unit. "none":
        nothing, every round has strata of its own.
    key : str, optional
        Column that identifies a respondent, for a panel.
    columns : sequence of str, optional
        Columns to carry along; those that a round does not have were not asked there. All by default.

    Returns
    -------
    Rounds
        With final weights, calibrations and subpopulations of the rounds. A stratum's sampled units are those of
        any round.

    Raises
    ------
    DesignError
        Kinds, stages or rules for lonely units that differ; clusters that change stratum; population sizes that
        differ inside a stratum; no unit in common; a key that is absent, missing or repeated within a round.
    """
    _check(samples, overlap, key)
    names = round_names(samples)
    of_round = np.repeat(np.arange(len(samples)), [len(sample) for sample in samples])
    person = None if key is None else number_persons(samples, key, names)
    stages, roles = stack_stages(Stacking(samples, names, of_round, person, overlap == "none"))
    frame = _answers(samples, _all_columns(samples) if columns is None else columns)
    reasons = _reasons(samples, frame)
    frame[ROUND] = pd.Categorical.from_codes(of_round, pd.Index(names), ordered=True)
    frame[_WEIGHT] = np.concatenate([sample.design.weight for sample in samples])
    first = samples[0]
    lonely = cast(Lonely, first.spec.lonely)
    joint = Sample(pd.concat([frame, stages], axis=1), weight=_WEIGHT, kind=first.kind, lonely=lonely, **roles)
    label = "→".join(names) if first.labels["round"] else ""
    joint = joint.described(reasons=reasons, labels={**samples[-1].labels, "round": label})
    return Rounds(_carried(joint, samples), names, label, of_round, person, overlap)


def counts(sample: Sample) -> np.ndarray:
    """Rows with a weight in the subpopulation, shape (rows,)."""
    weighted = sample.design.weight > 0
    return np.asarray(weighted if sample.member is None else weighted & sample.member)


def has_column(sample: Sample, name: str) -> bool:
    """Whether a sample has a column, in memory or stored."""
    return name in sample.frame or (sample.stored is not None and name in sample.stored)


def check_groups(samples: Sequence[Sample], groups: Sequence[str]) -> None:
    """Refuse grouping columns that a round does not have."""
    for sample, name in zip(samples, round_names(samples), strict=True):
        for group in groups:
            if not has_column(sample, group):
                raise DesignError(
                    f"group {group!r} is not in round {name!r}{suggest(group, _columns(sample))}; rounds are compared "
                    "by groups that are known in each of them"
                )


def question_columns(samples: Sequence[Sample], name: str) -> list[str]:
    """Columns of a question in any of the rounds; :class:`DesignError` when no round has it."""
    asked = [sample for sample in samples if has_column(sample, name) or _has_options(sample, name)]
    found = [column for sample in asked or samples for column in sample.columns_of(name)]
    return list(dict.fromkeys(found))


def _has_options(sample: Sample, name: str) -> bool:
    return any(str(column).startswith(f"{name}/") for column in _columns(sample))


def _columns(sample: Sample) -> list[str]:
    return list(map(str, sample.frame.columns if sample.stored is None else sample.stored.types))


def _check(samples: Sequence[Sample], overlap: str, key: str | None) -> None:
    known = get_args(Overlap)
    if overlap not in known:
        raise DesignError(f"overlap {overlap!r} is not one of {', '.join(known)}{suggest(overlap, known)}")
    if overlap == "panel" and key is None:
        raise DesignError("overlap='panel' follows respondents, so it needs `key`, the column that identifies them")
    if overlap != "panel" and key is not None:
        raise DesignError(
            f"key {key!r} is given, but overlap={overlap!r} follows no respondents; "
            "write overlap='panel', or leave the key out"
        )
    for role, values in (
        ("kind", [sample.kind for sample in samples]),
        ("unit", [sample.labels["unit"] for sample in samples]),
        ("rule for lonely units", [sample.spec.lonely for sample in samples]),
    ):
        if len(set(values)) > 1:
            raise DesignError(
                f"the rounds differ in their {role} ({', '.join(map(repr, dict.fromkeys(values)))}), so one sampling "
                "error cannot describe their difference; make the samples alike"
            )


def round_names(samples: Sequence[Sample]) -> tuple[str, ...]:
    """The rounds' labels, or their positions where they have none of their own."""
    labels = [require_sample(sample).labels[ROUND] for sample in samples]
    if all(labels) and len(set(labels)) == len(labels):
        return tuple(labels)
    if any(labels):
        raise DesignError(
            f"the rounds are labelled {', '.join(map(repr, labels))}, so they cannot be told apart; "
            "give every sample its own with described(labels={'round': …})"
        )
    return tuple(str(position + 1) for position in range(len(samples)))


def number_persons(samples: Sequence[Sample], key: str, names: Sequence[str]) -> np.ndarray:
    """Number of each respondent, the same in every round."""
    keys = [sample.column(key) for sample in samples]
    for column, name in zip(keys, names, strict=True):
        person, _ = factorised(column, f"key {key!r}")
        missing, repeated = int(column.isna().sum()), int(pd.Series(person[person >= 0]).duplicated().sum())
        if missing:
            raise DesignError(
                f"key {key!r} is missing for {missing} of {len(column)} respondents of round {name!r}, so they cannot "
                "be followed; fill it in, or take overlap='cluster'"
            )
        if repeated:
            raise DesignError(
                f"key {key!r} repeats in {repeated} of {len(column)} rows of round {name!r}, so it is not known who "
                "was followed; keep one interview of each respondent, or name the column that tells them apart"
            )
    together = concatenate(keys, f"key {key!r}")
    person = pd.factorize(together)[0]
    if person.max() + 1 == len(person):
        raise DesignError(
            f"no value of key {key!r} occurs in two rounds ({len(keys[0])} respondents of round {names[0]!r}), so "
            "nobody was followed; check how it is written, or take overlap='cluster' or 'none'"
        )
    return np.asarray(person, np.int64)


def _all_columns(samples: Sequence[Sample]) -> list[str]:
    """Every column that any round has, but those of the design and of the rounds."""
    left_out = {ROUND, *(name for sample in samples for name in sample.spec.columns())}
    every = dict.fromkeys(name for sample in samples for name in _columns(sample))
    return [name for name in every if name not in left_out]


def _answers(samples: Sequence[Sample], names: Sequence[str]) -> pd.DataFrame:
    """Answers of all rounds; missing in a round that does not have the column."""
    own = [name for name in names if name == ROUND or name.startswith("joint:")]
    if own:
        raise DesignError(
            f"{own[0]!r} is what the rounds are told apart by, so it cannot be asked about; rename the column"
        )
    columns = {}
    for name in dict.fromkeys(names):
        if not any(has_column(sample, name) for sample in samples):
            samples[-1].column(name)
        columns[name] = concatenate(
            [
                sample.column(name) if has_column(sample, name) else pd.Series(np.full(len(sample), np.nan))
                for sample in samples
            ],
            f"column {name!r}",
        )
    return pd.DataFrame(columns, index=pd.RangeIndex(sum(map(len, samples))))


def _reasons(samples: Sequence[Sample], frame: pd.DataFrame) -> pd.DataFrame | None:
    """Why answers are missing; None where every one is simply blank."""
    codes = {}
    for name in map(str, frame):
        asked = [has_column(sample, name) for sample in samples]
        given = [sample.reasons_of(name) is not None for sample in samples]
        if any(given) or not all(asked):
            codes[name] = np.concatenate(
                [
                    sample.missing_reason(name) if known else np.full(len(sample), Reason.NOT_ASKED, np.int8)
                    for sample, known in zip(samples, asked, strict=True)
                ]
            )
    return pd.DataFrame(codes) if codes else None


def _carried(joint: Sample, samples: Sequence[Sample]) -> Sample:
    """The joint sample with the rounds' subpopulations and calibrations."""
    start = 0
    for sample in samples:
        earlier = sample.design.correction.calibrations if sample.design.correction else ()
        for calibration in earlier:
            joint = joint.reweighted(joint.design.weight, _placed(calibration, start, len(joint)))
        start += len(sample)
    if any(sample.member is not None for sample in samples):
        every = [np.ones(len(sample), bool) if sample.member is None else sample.member for sample in samples]
        joint = joint.subpopulation(np.concatenate(every))
    return joint


def _placed(calibration: Calibration, start: int, rows: int) -> Calibration:
    """A round's calibration as one of all rows: those of other rounds take no part."""

    def placed(matrix: sparse.csr_array) -> sparse.csr_array:
        after = rows - start - matrix.shape[0]
        ends = np.concatenate([np.zeros(start, matrix.indptr.dtype), matrix.indptr, np.full(after, matrix.indptr[-1])])
        return sparse.csr_array((matrix.data, matrix.indices, ends), shape=(rows, matrix.shape[1]))

    made = tuple(Projection(placed(one.spread), placed(one.gather)) for one in calibration.projections)
    return Calibration(made, calibration.sweeps)
