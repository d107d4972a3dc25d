"""Sample: answers together with strata, clusters, weights and population sizes."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, Self

import numpy as np
import pandas as pd

from xzz_analysis.errors import DesignError, suggest
from xzz_analysis.intake.answers import Reason
from xzz_analysis.survey.design.calibration import Calibration, make_correction
from xzz_analysis.survey.design.columns import LARGEST, SMALLEST, beyond, column, plain, texts, yes_no
from xzz_analysis.survey.design.domains import Domains, number_domains
from xzz_analysis.survey.design.stages import LONELY, DesignSpec, make_design
from xzz_analysis.survey.design.stored import StoredTable, known

DesignKind = Literal["probability", "census", "nonprobability"]
KINDS = ("probability", "census", "nonprobability")
Lonely = Literal["fail", "remove", "certainty", "average", "adjust"]


class Sample:
    """Answers with their sample design; what every estimate is made from.

    Parameters
    ----------
    frame : DataFrame or StoredTable, shape (respondents, columns)
        Answers, groups and design columns, in memory or as :func:`~xzz_analysis.survey.design.stored.read_parquet`
        opens them. NaN is a missing answer: it gets zero weight, and the
        row stays, because it still belongs to the design.
    weight : str, optional
        Column of sampling weights (≥ 0); equal weights by default.
    strata : str or list, optional
        Column of strata of the first stage, or one column (or None) per stage.
    cluster : str or list of str, optional
        Columns of sampled units, first stage first, each nested in the one before; every row is its own
        unit by default.
    fpc : str or list of str, optional
        One column per stage with its finite population correction: units in the stratum's population, or,
        when all values are at most 1, the sampling fraction. One column more than ``cluster`` makes
        respondents the last stage's units. A stage without it is treated as sampled with replacement, and
        its error includes that of the stages below.
    kind : "probability", "census" or "nonprobability"
        Carried into every estimate. A census has no sampling error.
    lonely : "fail", "remove", "certainty", "average" or "adjust"
        What a stratum with one sampled unit contributes to the error: refuse it; nothing (``remove`` and
        ``certainty``); the average of the other strata; or its distance from zero influence, without a mean
        of its own (``adjust``, as R's survey does).

    Raises
    ------
    DesignError
        Unknown columns, missing, negative or infinite weights, a stratum with one unit, population
        sizes smaller than the sample.

    References
    ----------
    Lumley, T. (2010). Complex Surveys: A Guide to Analysis Using R, chapters 2 and 3.
    """

    def __init__(
        self,
        frame: pd.DataFrame | StoredTable,
        *,
        weight: str | None = None,
        strata: str | Sequence[str | None] | None = None,
        cluster: str | Sequence[str] | None = None,
        fpc: str | Sequence[str] | None = None,
        kind: DesignKind = "probability",
        lonely: Lonely = "fail",
    ) -> None:
        _one_of("design kind", kind, KINDS)
        _one_of("rule for lonely units", lonely, LONELY)
        if not isinstance(frame, pd.DataFrame | StoredTable):
            found = type(frame).__name__
            raise DesignError(f"a sample is made of a DataFrame or of what read_parquet() opens, not of a {found}")
        if len(frame) == 0:
            raise DesignError("the sample has no rows, so nothing can be estimated; check the round and filter")
        self.kind = kind
        self.spec = DesignSpec.of(weight, strata, cluster, fpc, lonely)
        self.stored = frame if isinstance(frame, StoredTable) else None
        self.frame = self._in_memory(frame)
        self.design = make_design(self.frame, self.spec, census=kind == "census")
        self.reasons: pd.DataFrame | None = None
        self.labels = {"study": "", "round": "", "unit": "respondent"}
        self.member: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.frame)

    def _in_memory(self, frame: pd.DataFrame | StoredTable) -> pd.DataFrame:
        """The frame, or the design columns of a stored table."""
        if isinstance(frame, StoredTable):
            return frame.read([known(frame, name, "design column") for name in self.spec.columns()])
        return frame.reset_index(drop=True)

    def described(self, *, reasons: pd.DataFrame | None = None, labels: dict[str, str] | None = None) -> Self:
        """The same sample with reasons for missing answers, and labels for its results.

        Parameters
        ----------
        reasons : DataFrame of int8, same rows, optional
            Reason codes (``intake.answers.Reason``); NaN counts as BLANK without it.
        labels : dict of str to str, optional
            ``study``, ``round`` and ``unit``, written into each estimate and its result id.
        """
        out = copy.copy(self)
        if reasons is not None:
            _check_reasons(reasons, len(self))
            out.reasons = reasons.reset_index(drop=True)
        for name, text in (labels or {}).items():
            _one_of("label", name, list(self.labels))
            if not isinstance(text, str):
                raise DesignError(f"label {name!r} is of type {type(text).__name__}; labels are texts")
        out.labels = {**self.labels, **(labels or {})}
        return out

    def subpopulation(self, rows: str | pd.Series | np.ndarray) -> Self:
        """The same design with estimates about some respondents only.

        The others stay in the design, because how many members a cluster has is itself a matter of chance.

        Parameters
        ----------
        rows : str, or bool array of shape (respondents,)
            Members, or the name of a yes/no column; a missing value is not a member.

        Raises
        ------
        DesignError
            Values other than yes and no, another number of them than respondents, nobody left.
        """
        if isinstance(rows, pd.Series) and not rows.index.equals(pd.RangeIndex(len(rows))):
            raise DesignError(
                "the series of members has an index of its own, and respondents are told apart by their position; "
                "give its values in the order of the sample's frame, for example series.to_numpy()"
            )
        given = self.column(rows) if isinstance(rows, str) else pd.Series(np.asarray(rows).ravel())
        member = np.where(given.isna(), 0, yes_no(given))
        neither = int(np.isnan(member).sum())
        if len(member) != len(self) or neither:
            raise DesignError(
                f"a subpopulation is one yes or no for each of the {len(self)} respondents; "
                f"got {len(member)} values, {neither} of them neither; write True or False, 1 or 0"
            )
        out = copy.copy(self)
        out.member = member == 1 if self.member is None else self.member & (member == 1)
        if not out.member.any():
            raise DesignError(
                f"none of the {len(self)} respondents is in the subpopulation, so nothing can be estimated; "
                "check the condition"
            )
        return out

    def reweighted(self, weight: np.ndarray, calibration: Calibration | None = None) -> Self:
        """The same sample with other weights.

        Parameters
        ----------
        weight : float array, shape (respondents,)
        calibration : Calibration, optional
            What the new weights reproduce exactly, credited in every later standard error.
        """
        plain_numbers = isinstance(weight, np.ndarray) and weight.dtype.kind in "biuf"
        after = np.array(weight, float) if plain_numbers else np.zeros(0)
        wrong = np.isnan(after) | (after < 0) | beyond(after)
        if after.shape != (len(self),) or wrong.any() or not after.any():
            raise DesignError(
                f"weights are an array of {len(self)} numbers, each 0 or from {SMALLEST:g} to {LARGEST:g}, not all 0; "
                f"got {after.size} numbers, {int(wrong.sum())} of them outside; correct them, or the totals behind them"
            )
        earlier = self.design.correction.calibrations if self.design.correction else ()
        made = earlier if calibration is None else (*earlier, calibration)
        out = copy.copy(self)
        correction = make_correction(made, self.design.unit, self.design.units)
        out.design = replace(self.design, weight=after, correction=correction)
        return out

    def column(self, name: str) -> pd.Series:
        """One column; :class:`DesignError` with the nearest name when there is none."""
        texts([name])
        if self.stored is not None and name not in self.frame:
            return self.stored.read([known(self.stored, name, "column")])[name]
        return column(self.frame, name, "column")

    def holds(self, name: str) -> bool:
        """Whether the sample has a column of that name, in memory or stored."""
        return name in self.frame or (self.stored is not None and name in self.stored)

    def columns_of(self, name: str) -> list[str]:
        """Columns of a question: itself, or one ``question/option`` column per option."""
        texts([name])
        columns = self.frame.columns if self.stored is None else self.stored.types
        if name in columns:
            return [name]
        options = [str(found) for found in columns if str(found).startswith(f"{name}/")]
        return options or [str(self.column(name).name)]

    def reasons_of(self, name: str) -> np.ndarray | None:
        """Reason code of every row for one column; None where every missing answer is simply blank."""
        if self.reasons is not None and name in self.reasons:
            return np.asarray(self.reasons[name].to_numpy())
        return None

    def missing_reason(self, name: str) -> np.ndarray:
        """Reason code of every row for one column, shape (rows,)."""
        given = self.reasons_of(name)
        if given is not None:
            return given
        blank = 2
        return np.where(self.column(name).isna().to_numpy(), blank, 0).astype(np.int8)

    def domains(self, by: str | Sequence[str] | None) -> Domains:
        """Number the groups that results are split by (see :class:`Domains`)."""
        groups = [] if by is None else texts(by)
        return number_domains([self.column(group) for group in groups], self.member, len(self))

    def __repr__(self) -> str:
        first = self.design.first
        return (
            f"Sample of {len(self)} respondents in {len(first.stratum)} first-stage units of "
            f"{len(first.sampled)} strata ({self.kind}, weights {plain(self.spec.weight or 'equal')})"
        )


def require_sample(given: object) -> Sample:
    """The sample itself; :class:`DesignError` for anything else, such as a DataFrame."""
    if not isinstance(given, Sample):
        raise DesignError(
            f"a Sample is needed, not a {type(given).__name__}; make one with xzz.Sample(frame, weight=…, strata=…, "
            "cluster=…)"
        )
    return given


def _check_reasons(reasons: object, rows: int) -> None:
    """Refuse reasons that are no codes, or not one for each respondent."""
    if not isinstance(reasons, pd.DataFrame) or len(reasons) != rows:
        raise DesignError(f"reasons for missing answers are a DataFrame of {rows} rows, like the sample")
    for name, given in reasons.items():
        codes = given.to_numpy()
        if codes.dtype.kind not in "iu" or codes.min() < min(Reason) or codes.max() > max(Reason):
            raise DesignError(
                f"reasons of {name!r} are not all codes from {min(Reason)} to {max(Reason)}; see intake.answers.Reason"
            )


def _one_of(role: str, given: str, known: Sequence[str]) -> None:
    if given not in known:
        raise DesignError(f"{role} {given!r} is not one of {', '.join(known)}{suggest(given, known)}")
