"""Influence: what each sampled unit moves, and every covariance that follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from xzz_analysis.errors import XzzError
from xzz_analysis.survey.design.stages import Design
from xzz_analysis.survey.engine.cells import Cells
from xzz_analysis.survey.engine.figures import Figures
from xzz_analysis.survey.engine.interval import Score
from xzz_analysis.survey.engine.sums import product


@dataclass(frozen=True)
class Influence:
    """How much each last-stage unit moves each estimate.

    Attributes
    ----------
    design : Design
    z : sparse array of shape (units, estimates)
        Influence totals: the covariance of any two estimates is the design covariance of their columns.
    active : sparse bool array of shape (units, estimates)
        Whether the unit holds a respondent of the estimate's base.
    coefficients : array of shape (totals, estimates)
        What calibration takes out; no row without calibration.
    result_ids : tuple of str, one per column of ``z``
    values : array of shape (estimates,)
        The estimates themselves, NaN where they are not linear in others: a frame whose figures were changed
        since no longer belongs to its influences.
    score : Score, arrays of shape (estimates,)
        What the score intervals of shares are made of.
    """

    design: Design
    z: sparse.csc_array
    active: sparse.csc_array
    coefficients: np.ndarray
    result_ids: tuple[str, ...]
    values: np.ndarray
    score: Score

    def columns(self, result_ids: Sequence[str]) -> np.ndarray:
        """Influences on some of the estimates, calibration taken out, shape (units, len(result_ids))."""
        places = self._places(result_ids)
        z = self.z[:, places].toarray()
        if self.design.correction is not None:
            z -= product(self.design.correction.totals, self.coefficients[:, places])
        return np.asarray(z)

    def covariance(self, result_ids: Sequence[str]) -> np.ndarray:
        """Design covariance of some of the estimates, shape (len(result_ids), len(result_ids)).

        Σ over stages and strata of (1−f) n/(n−1) Σ (z − z̄)(z − z̄)ᵀ, the units sampled counted in n.
        """
        return self.design.covariance(self.columns(result_ids), self._held(result_ids))

    def variance(self, result_ids: Sequence[str]) -> np.ndarray:
        """The diagonal of :meth:`covariance`, shape (len(result_ids),)."""
        return self.design.variance(self.columns(result_ids), self._held(result_ids))

    def _held(self, result_ids: Sequence[str]) -> np.ndarray | None:
        """Units that hold a part of each base, where a rule for lonely units needs to know them."""
        if self.design.correction is not None or not any(stage.averaged.any() for stage in self.design.stages):
            return None
        return np.asarray(self.active[:, self._places(result_ids)].toarray())

    def check_unchanged(self, result_ids: Sequence[str], estimates: np.ndarray) -> None:
        """Refuse estimates that are no longer those of this matrix, such as shares turned into percentages."""
        known = self.values[self._places(result_ids)]
        same = np.isnan(known) | np.isclose(estimates, known, rtol=1e-9, atol=0, equal_nan=True)
        if not same.all():
            raise XzzError(
                f"{int((~same).sum())} of {len(same)} estimates were changed after they were made (first: "
                f"{result_ids[int(np.flatnonzero(~same)[0])]}), and their errors were not; compare first, rescale after"
            )

    def degrees(self, result_ids: Sequence[str]) -> float:
        """Degrees of freedom of the union of the estimates' bases: first-stage units minus strata in it."""
        stage = self.design.first
        held = self.active[:, self._places(result_ids)].sum(axis=1) > 0
        units = np.unique(stage.unit[np.flatnonzero(held)])
        return float(len(units) - len(np.unique(stage.stratum[units])))

    def combine(
        self, matrix: np.ndarray, inputs: Sequence[str], outputs: Sequence[str], *, linear: bool = True
    ) -> Influence:
        """Influence of combinations of estimates.

        Parameters
        ----------
        matrix : array, shape (len(inputs), len(outputs))
            Coefficients (or derivatives) of each output in each input.
        inputs, outputs : sequences of str
            Result ids.
        linear : bool
            Whether the outputs are these combinations, and not only move as they do.
        """
        places = self._places(inputs)
        weights = sparse.csc_array(matrix)
        z = sparse.csc_array(self.z[:, places] @ weights)
        involved = sparse.csc_array((matrix != 0).astype(float))
        active = sparse.csc_array(self.active[:, places].astype(float) @ involved).astype(bool)
        values = self.values[places] @ matrix if linear else np.full(len(outputs), np.nan)
        coefficients, score = product(self.coefficients[:, places], matrix), Score.none(len(outputs))
        return Influence(self.design, z, active, coefficients, tuple(outputs), values, score)

    def scores(self, result_ids: Sequence[str]) -> Score:
        """What the score intervals of some of the estimates are made of, arrays of shape (len(result_ids),)."""
        return self.score.take(self._places(result_ids))

    def _places(self, result_ids: Sequence[str]) -> list[int]:
        position = {name: column for column, name in enumerate(self.result_ids)}
        unknown = [name for name in result_ids if name not in position]
        if unknown:
            raise XzzError(
                f"{len(unknown)} of {len(result_ids)} estimates are not in this frame's influence matrix "
                f"(first: {unknown[0]}); take contrasts of estimates that were made together, or joined, and leave out "
                "rows without an error of their own, such as ranks"
            )
        return [position[name] for name in result_ids]


def join_influences(parts: Sequence[Influence]) -> Influence:
    """One influence matrix of estimates made from one sample.

    Raises
    ------
    XzzError
        The parts come from different designs or weights, so nothing is known about their covariance; or they
        give one result id to different estimates.
    """
    design = parts[0].design
    if any(part.design is not design for part in parts):
        raise XzzError("estimates of different samples share no influence matrix; use change() to compare rounds")
    joined = Influence(
        design,
        _side_by_side([part.z for part in parts]),
        _side_by_side([part.active for part in parts]),
        np.concatenate([part.coefficients for part in parts], axis=1),
        tuple(name for part in parts for name in part.result_ids),
        np.concatenate([part.values for part in parts]),
        Score(*(np.concatenate([getattr(part.score, name) for part in parts]) for name in ("size", "degrees"))),
    )
    _refuse_ambiguous(joined)
    return joined


def _side_by_side(parts: Sequence[sparse.csc_array]) -> sparse.csc_array:
    """Columns of several matrices, one after the other; scipy's ``hstack`` looks at much more than is needed here."""
    starts = np.cumsum([0, *(part.nnz for part in parts)])
    ends = [part.indptr[1:].astype(np.int64) + start for part, start in zip(parts, starts, strict=False)]
    shape = (parts[0].shape[0], sum(part.shape[1] for part in parts))
    index = _index(starts[-1], shape[0])
    rows = np.concatenate([part.indices for part in parts], dtype=index)
    columns = np.concatenate([[0], *ends], dtype=index)
    return sparse.csc_array((np.concatenate([part.data for part in parts]), rows, columns), shape=shape)


def _index(*sizes: int) -> type[np.int32 | np.int64]:
    """Integers for positions below these sizes; where the index arrays of a matrix differ, scipy copies both."""
    return np.int32 if max(sizes) < np.iinfo(np.int32).max else np.int64


def _refuse_ambiguous(joined: Influence) -> None:
    """Refuse estimates with one result id and different influences: the same question of other respondents."""
    if len(set(joined.result_ids)) == len(joined.result_ids):
        return
    last = {name: place for place, name in enumerate(joined.result_ids)}
    again = [(place, last[name]) for place, name in enumerate(joined.result_ids) if last[name] != place]
    first, second = (list(places) for places in zip(*again, strict=True))
    wrong = np.asarray(abs(joined.z[:, first] - joined.z[:, second]).sum(axis=0)).ravel() > 0
    if wrong.any():
        raise XzzError(
            f"{int(wrong.sum())} of {len(joined.result_ids)} estimates ask the same of different respondents, such as "
            "a subpopulation and the whole, so their results could not be told apart; name one of the samples with "
            "described(labels={'unit': …}), or split by a column with by="
        )


def influence_of(cells: Cells, figures: Figures, result_ids: Sequence[str], score: Score | None = None) -> Influence:
    """Spread cell influences over (units × estimates), item by item, domain by domain."""
    domains, items = figures.estimate.shape
    counts = np.bincount(cells.domain, minlength=domains)
    starts = np.append(0, np.cumsum(np.tile(counts, items)))
    index = _index(starts[-1], cells.design.units)
    rows, starts = np.tile(cells.unit.astype(index), items), starts.astype(index)
    shape = (cells.design.units, items * domains)

    def spread(values: np.ndarray) -> sparse.csc_array:
        return sparse.csc_array((values.T.ravel(), rows, starts), shape=shape)

    coefficients = np.zeros((0, items * domains))
    if figures.coefficients is not None:
        coefficients = figures.coefficients.transpose(1, 2, 0).reshape(figures.coefficients.shape[1], -1)
    z, active = spread(figures.z), spread(figures.active)
    laid = Score.none(items * domains) if score is None else Score(score.size.T.ravel(), score.degrees.T.ravel())
    return Influence(cells.design, z, active, coefficients, tuple(result_ids), figures.estimate.T.ravel(), laid)
