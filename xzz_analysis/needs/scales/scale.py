"""A scale as a declaration: which answers count how much, when a score may be given, and what it means."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from xzz_analysis.declaration import Declaration, read_list, refuse
from xzz_analysis.errors import InputError, suggest
from xzz_analysis.study import BothLanguages, Name


class Band(Declaration):
    """One class of scores, from the band before up to an end that belongs to it (``upto``) or not (``below``).

    The last band has neither: it ends with the scale.
    """

    name: Name
    label: BothLanguages
    upto: float | None = None
    below: float | None = None

    @property
    def end(self) -> float:
        """Where the band ends; infinite for the last."""
        return self.upto if self.upto is not None else self.below if self.below is not None else np.inf


class CutOffs(Declaration):
    """How scores are divided into classes, and who says so.

    Attributes
    ----------
    bands : list of Band, lowest scores first
    source : str
        Where the cut-offs are written down, and for whom they were checked.
    """

    bands: list[Band] = Field(min_length=2)
    source: str

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        for before, after in pairwise(self.bands):
            if before.end >= after.end:
                raise ValueError(f"band {after.name!r} ends before it begins; write bands from low to high scores")
        for band in self.bands:
            if band.upto is not None and band.below is not None:
                raise ValueError(f"band {band.name!r} has both upto and below; write one of them")
        if np.isfinite(self.bands[-1].end):
            raise ValueError(f"the last band {self.bands[-1].name!r} ends with the scale; remove its end")
        return self


class Prorate(Declaration):
    """A score from at least so many answered items, as if the others were like them on average."""

    prorate: int = Field(ge=1)


Missing = Literal["all"] | Prorate
Weight = Annotated[float, Field(gt=0)]


class Subscale(Declaration):
    """Items that have a score of their own, by the rule of the whole scale."""

    id: Name
    label: BothLanguages
    items: list[Name] = Field(min_length=1)
    missing: Missing = "all"


class Rung(Declaration):
    """A step of a ladder: reached by any of these scores of items.

    Attributes
    ----------
    score : float
        Score of those who reach this rung and none above it.
    reached : dict of item → scores of the item
        Empty for the lowest rung, on which everybody stands.
    """

    score: float
    reached: dict[Name, list[float]] = Field(default_factory=dict)


class Scale(Declaration):
    """One instrument, or one way of scoring it.

    Attributes
    ----------
    id, label : str, dict
    items : list of str
        Machine names in the instrument's order; the texts of the questions are the study's.
    responses : dict of code → score
        What each answer code of an item counts; every other code is refused.
    reversed : list of str
        Items whose scores count from the other end.
    rule : "sum", "mean", "percent" or "ladder"
        ``percent`` is 100 · (mean − lowest) / (highest − lowest); a ladder gives the highest rung reached.
    weights : dict of item → weight
        Of a sum; 1 where an item is not named.
    factor : float
        Multiplies a sum.
    ladder : list of Rung, lowest first
    missing : "all" or {prorate: k}
        Items that have to be answered for a score; with fewer the score is NaN, never zero.
    range : pair of float
        Lowest and highest possible score, checked against the rule.
    higher : "worse" or "better"
        What a higher score means.
    cutoffs : CutOffs, optional
    subscales : list of Subscale
    ages : pair of float, optional
        Years of age the instrument was made or checked for.
    recall, source, licence : str
        What period the items ask about; the reference of the scoring rule; who may use the items' texts.
    """

    id: Name
    label: BothLanguages
    items: list[Name] = Field(min_length=1)
    responses: dict[float, float] = Field(min_length=2)
    reversed: list[Name] = Field(default_factory=list)
    rule: Literal["sum", "mean", "percent", "ladder"] = "sum"
    weights: dict[Name, Weight] = Field(default_factory=dict)
    factor: float = 1.0
    ladder: list[Rung] = Field(default_factory=list)
    missing: Missing = "all"
    range: tuple[float, float]
    higher: Literal["worse", "better"]
    cutoffs: CutOffs | None = None
    subscales: list[Subscale] = Field(default_factory=list)
    ages: tuple[float, float] | None = None
    recall: str = ""
    source: str
    licence: str

    @model_validator(mode="after")
    def _known_items(self) -> Self:
        if len(set(self.items)) < len(self.items):
            raise ValueError("an item is listed twice; a question counts once")
        named = [*self.reversed, *self.weights, *(name for part in self.subscales for name in part.items)]
        named += [name for rung in self.ladder for name in rung.reached]
        for name in named:
            if name not in self.items:
                raise ValueError(f"item {name!r} is not among the items{suggest(name, self.items)}")
        parts: list[Scale | Subscale] = [self, *self.subscales]
        for part in parts:
            if isinstance(part.missing, Prorate) and part.missing.prorate > len(part.items):
                raise ValueError(f"prorate: {part.missing.prorate} asks for more than the {len(part.items)} items")
        return self

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        if (self.rule == "ladder") != bool(self.ladder):
            raise ValueError("a ladder needs rungs, and rungs need `rule: ladder`")
        if any(before.score >= after.score or not after.reached for before, after in pairwise(self.ladder)):
            raise ValueError("write the rungs from low to high scores, each above the lowest with what reaches it")
        if self.rule != "sum" and (self.weights or self.factor != 1):
            raise ValueError(f"weights and factor belong to `rule: sum`, not to {self.rule!r}")
        if self.rule == "ladder" and (self.missing != "all" or self.subscales):
            raise ValueError("a ladder is only known when every item is: `missing: all` and no subscales")
        lowest, highest = self._possible()
        if not np.allclose(self.range, (lowest, highest)):
            raise ValueError(f"range: {list(self.range)} is not what the rule gives: [{lowest:g}, {highest:g}]")
        return self

    def _possible(self) -> tuple[float, float]:
        """Lowest and highest score that the rule can give."""
        low, high = min(self.responses.values()), max(self.responses.values())
        if self.rule == "sum":
            total = sum(self.weights.get(name, 1.0) for name in self.items)
            return low * total * self.factor, high * total * self.factor
        if self.rule == "ladder":
            return self.ladder[0].score, self.ladder[-1].score
        return (0.0, 100.0) if self.rule == "percent" else (low, high)

    def fewest(self) -> int:
        """Items that have to be answered for a score."""
        return self.missing.prorate if isinstance(self.missing, Prorate) else len(self.items)

    def part(self, name: str) -> Scale:
        """A subscale as a scale of its own, scored by the same rule.

        Raises
        ------
        InputError
            A subscale that the scale does not have.

        Notes
        -----
        Cut-offs are taken over by means and percentages, which have the range of the whole scale, not by sums.
        """
        found = {part.id: part for part in self.subscales}
        if name not in found:
            raise InputError(f"scale {self.id!r} has no subscale {name!r}{suggest(name, found)}; it has {list(found)}")
        part = found[name]
        update = {
            "id": f"{self.id}_{part.id}",
            "label": part.label,
            "items": part.items,
            "reversed": [item for item in self.reversed if item in part.items],
            "weights": {item: weight for item, weight in self.weights.items() if item in part.items},
            "missing": part.missing,
            "subscales": [],
            "cutoffs": None if self.rule == "sum" else self.cutoffs,
        }
        scale = self.model_copy(update=update)
        return scale.model_copy(update={"range": scale._possible()})


def read_scales(path: Path) -> dict[str, Scale]:
    """Read scales from a YAML file: a list of declarations.

    Parameters
    ----------
    path : Path

    Returns
    -------
    dict of id → Scale

    Raises
    ------
    StudyError
        One error with every problem: unknown keys, ids used twice, items that are not listed, ranges that the rule
        does not give.
    """
    scales, findings = read_list(Scale, path, "id")
    refuse(path, findings)
    return {scale.id: scale for scale in scales}


SCALES: Mapping[str, Scale] = read_scales(Path(__file__).with_name("scales.yml"))
"""Scoring rules that come with the library, by id."""
