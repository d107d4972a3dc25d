"""One round of a study, ready to be asked: its samples, its indicators, its estimates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding, StudyError, suggest
from xzz_analysis.intake.answers import Reason
from xzz_analysis.intake.store import Dataset, load
from xzz_analysis.language import Label
from xzz_analysis.needs.growth import unchecked_tables
from xzz_analysis.needs.indicator import Indicator, computable, item, read_indicators
from xzz_analysis.study import Overlapping, Study, open_study
from xzz_analysis.survey.change.change import Terms, change_items
from xzz_analysis.survey.change.comparability import Comparable
from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.estimate import (
    Item,
    estimate_means,
    estimate_ratios,
    estimate_shares,
)
from xzz_analysis.survey.estimates import REST, Estimates, group_pairs, join, without_level
from xzz_analysis.survey.sampling import (
    find_groups,
    group_label,
    groups_of,
    level_label,
    rows_of,
    sample_of,
)
from xzz_analysis.survey.tabulate import Columns, Progress, columns_of, tabulate
from xzz_analysis.survey.testing import Comparisons, families

if TYPE_CHECKING:
    from xzz_analysis.needs.overlap import Overlap


NOT_COMPUTED = "indicator_not_computed"
"""Rule of the finding about an indicator that cannot be computed."""

Split = Callable[["MonitoringRound", list[str]], Estimates]
"""The round of the whole study and groups to cross → estimates."""


class MonitoringRound:
    """One round of a study.

    Parameters
    ----------
    study : Study
    dataset : Dataset
    name : str
        Round; the latest when empty.

    Attributes
    ----------
    indicators : list of Indicator
        Those that can be computed from this study's questions.
    findings : list of Finding
        Indicators that cannot be computed, with the reason; tables of national cut-offs that nobody has checked.
    declared : list of Indicator
        Every indicator of the study, those that cannot be computed too.
    place : str
        The level of a group that the round speaks of, ``community=heyan``; empty for the whole study.
    """

    place: str = ""

    def __init__(self, study: Study, dataset: Dataset, name: str = "") -> None:
        self.study = study
        self.dataset = dataset
        self.name = study.round(name)
        self.declared = read_indicators(study)
        reasons = {indicator.id: computable(indicator, dataset) for indicator in self.declared}
        self.indicators = [indicator for indicator in self.declared if not reasons[indicator.id]]
        self.findings = [
            Finding("warning", NOT_COMPUTED, f"indicators: {name}", reason, "see its declaration")
            for name, reason in reasons.items()
            if reason
        ]
        self.findings += unchecked_tables(one.growth for one in self.indicators)
        self._samples: dict[str, Sample] = {}
        self._rows: dict[str, np.ndarray] = {}
        self._items: dict[tuple[str, str], Item] = {}
        self._columns: dict[str, Columns] = {}
        self._overlaps: dict[tuple[str, ...], Overlap] = {}
        self.beside: dict[str, Any] = {}  # what rooms below keep with the round

    @property
    def units(self) -> list[str]:
        """Units with answers in this round."""
        return [unit for unit, answers in self.dataset.answers.items() if bool((answers.rounds == self.name).any())]

    @property
    def whole(self) -> MonitoringRound:
        """The round of the whole study: this one, unless it speaks of one place."""
        return self

    def within(self, group: str, level: str) -> MonitoringRound:
        """The round as it speaks of one level of a group (see :class:`~xzz_analysis.needs.place.PlaceRound`)."""
        from xzz_analysis.needs.place import PlaceRound

        return PlaceRound(self.whole, group, level)

    def split(self, estimate: Split, by: str | Sequence[str] | None = None) -> Estimates:
        """Estimate by groups; of one place, the place's rows of the same tables of the whole study.

        Parameters
        ----------
        estimate : callable
            The whole round and groups to cross → estimates.
        by : str or sequence of str, optional
            Declared groups, crossed.
        """
        names = [by] if isinstance(by, str) else list(by or [])
        find_groups(self.study, names)
        return estimate(self, names)

    def sample(self, unit: str) -> Sample:
        """The unit's sample in this round; of one place, a subpopulation of it."""
        if unit not in self._samples:
            self._samples[unit] = sample_of(self.study, self.dataset, unit, self.name)
        return self._samples[unit]

    def rows(self, unit: str) -> np.ndarray:
        """Rows of the unit that are in this round's sample, bool array of shape (respondents of the unit,)."""
        if unit not in self._rows:
            self._rows[unit] = rows_of(self.study, self.dataset, unit, self.name)
        return self._rows[unit]

    def item(self, indicator: Indicator) -> Item:
        """An indicator's column on the rows of this round, computed once (see ``needs.measure.item``)."""
        key = indicator.unit, indicator.id
        if key not in self._items:
            today = self.study.rounds[self.name].collected[1]
            self._items[key] = item(indicator, self.dataset, self.rows(indicator.unit), today=today)
        return self._items[key]

    def needs(self, by: str | Sequence[str] | None = None, *, domain: str = "") -> Estimates:
        """Estimate every indicator, or those of one domain.

        Parameters
        ----------
        by : str or sequence of str, optional
            Declared groups, crossed; indicators of units that the groups do not apply to are left out.
        domain : str
            One of ``indicator.DOMAINS``; all when empty.

        Returns
        -------
        Estimates
            In the order of the declarations; the influence matrix is kept where all indicators are about one unit.
            By classes, ``attrs`` say how many people are in none, for protection: they are a group of their own, unlike
            those whose answer is missing, whom nobody outside can tell.
        """
        chosen = [one for one in self.indicators if domain in ("", one.domain) and one.unit in self.units]
        names = [by] if isinstance(by, str) else list(by or [])
        find_groups(self.study, names)
        parts = []
        for unit in dict.fromkeys(one.unit for one in chosen):
            allowed = {group.name for group in groups_of(self.study, self.dataset, unit)}
            if allowed.issuperset(names):
                parts += self._estimate([one for one in chosen if one.unit == unit], names)
        if not parts:
            return Estimates.none()
        one_unit = len({one.unit for one in chosen}) == 1
        found = _in_order(chosen, join(parts) if one_unit else pd.concat(parts, ignore_index=True))
        if any(group.classes for group in self.study.groups if group.name in names):
            found.attrs[REST] = without_level(self.needs(domain=domain), found)
        return found

    def earlier(self) -> MonitoringRound | None:
        """The round of the same study that was collected last before this one; None for the first."""
        ends = {name: spec.collected[1] for name, spec in self.study.rounds.items()}
        past = [name for name, end in ends.items() if end < ends[self.name]]
        return MonitoringRound(self.study, self.dataset, max(past, key=ends.__getitem__)) if past else None

    def change(
        self,
        before: MonitoringRound,
        by: str | Sequence[str] | None = None,
        *,
        overlap: Literal["cluster", "none"] = "cluster",
        comparable: Comparable = None,
        adjust: str = "holm",
        level: float = 0.95,
    ) -> Comparisons:
        """Estimate how every indicator changed since an earlier round of the same study.

        Parameters
        ----------
        before : MonitoringRound
        by : str or sequence of str, optional
            Declared groups, crossed; indicators of units that the groups do not apply to are left out.
        overlap, comparable, adjust, level
            As in :func:`~xzz_analysis.survey.change.change.change`.

        Returns
        -------
        Comparisons
            In the order of the declarations; one family of tests (with max-t, one for each unit and statistic).
        """
        names = [by] if isinstance(by, str) else list(by or [])
        find_groups(self.study, names)
        parts = []
        for unit in self.units_compared(before, names):
            mine, earlier = self._by_statistic(unit), before._by_statistic(unit)
            for statistic in mine:
                pair = earlier.get(statistic, []), mine[statistic]
                terms = Terms(statistic, overlap, None, comparable, adjust, level)
                parts.append(change_items(before.sample(unit), self.sample(unit), pair, names, terms))
        if not parts:
            raise StudyError(
                f"no unit has answers in both rounds {before.name} and {self.name}; nothing can be compared"
            )
        together = pd.concat(parts, ignore_index=True)
        if adjust in families.ADJUSTMENTS:
            together["p_adjusted"], together["tests"] = families.adjust(together["p"].to_numpy(float), adjust)
        return _in_order(self.indicators, together)

    def units_compared(self, before: MonitoringRound, groups: Sequence[str] = ()) -> list[str]:
        """Units of the indicators that have answers in both rounds, and that all the groups apply to."""
        units = [one for one in dict.fromkeys(one.unit for one in self.indicators) if one in self.units]
        units = [one for one in units if one in before.units]
        return [one for one in units if {g.name for g in groups_of(self.study, self.dataset, one)}.issuperset(groups)]

    def _by_statistic(self, unit: str, indicators: Sequence[Indicator] | None = None) -> dict[str, list[Item]]:
        """Items of a unit's indicators by their statistic; rankings are estimated by ``needs.instruments.ranked``."""
        items: dict[str, list[Item]] = {}
        for indicator in self.indicators if indicators is None else indicators:
            if indicator.unit == unit and indicator.statistic != "rank":
                items.setdefault(indicator.statistic, []).append(self.item(indicator))
        return items

    def _estimate(self, indicators: list[Indicator], by: list[str]) -> list[Estimates]:
        unit = indicators[0].unit
        sample = self.sample(unit)
        items = self._by_statistic(unit, indicators)
        estimators = {"share": estimate_shares, "mean": estimate_means, "ratio": estimate_ratios}
        return [estimators[name](sample, found, by) for name, found in items.items()]

    def overlap(self, by: str | Sequence[str] | None = None) -> Overlap:
        """Needs that come together in the same people, as study.yml declares under ``overlap``.

        Parameters
        ----------
        by : str or sequence of str, optional
            Declared groups, crossed.

        Returns
        -------
        Overlap

        Raises
        ------
        StudyError
            study.yml declares no overlap, or names indicators that are no shares or cannot be computed.
        """
        from xzz_analysis.needs.overlap import Dimension, overlap

        declared = self.study.settings.overlap
        if declared is None:
            raise StudyError(
                f"{self.study.path.name} declares no `overlap`; say there which indicators are counted together"
            )
        names = tuple([by] if isinstance(by, str) else by or [])
        if names not in self._overlaps:
            items = self._deprivations(declared)
            dimensions = {
                name: Dimension([items[one] for one in spec.indicators], spec.at_least)
                for name, spec in declared.dimensions.items()
            }
            cutoffs, weights = declared.cutoffs or None, declared.weights or None
            self._overlaps[names] = overlap(self.sample(declared.unit), dimensions, cutoffs, weights, names or None)
        return self._overlaps[names]

    def _deprivations(self, declared: Overlapping) -> dict[str, Item]:
        """The indicators that are counted together, on the unit's rows: a family's need is that of its children."""
        shares = {one.id: one for one in self.indicators if one.statistic == "share"}
        wanted = [name for spec in declared.dimensions.values() for name in spec.indicators]
        lost = [name for name in wanted if name not in shares]
        if lost:
            raise StudyError(
                f"{self.study.path.name}: overlap names {lost[0]!r} ({len(lost)} of {len(wanted)} indicators), which "
                f"is no share that can be computed in round {self.name}{suggest(lost[0], shares)}"
            )
        here = {name: shares[name].model_copy(update={"unit": declared.unit}) for name in wanted}
        return {name: self.item(one) for name, one in here.items()}

    def profile(self, unit: str) -> Estimates:
        """Who answered: the share of each level of every declared group, for one unit."""
        return self.split(lambda survey, groups: survey._profile(unit, groups))

    def _profile(self, unit: str, by: list[str]) -> Estimates:
        sample = self.sample(unit)
        parts = []
        for group in groups_of(self.study, self.dataset, unit):
            column = sample.frame[group.name]
            levels = list(column.cat.categories)
            reasons = column.isna().to_numpy() * np.int8(Reason.BLANK)
            if not group.classes:
                reasons = self.dataset.values(unit, group.name)[1][self.rows(unit)]
            answered = column.notna().to_numpy()
            items = [
                Item(
                    group.name,
                    (column == level).where(answered).to_numpy(float, na_value=float("nan")),
                    reasons,
                    str(level),
                )
                for level in levels
            ]
            if items:
                parts.append(estimate_shares(sample, items, by))
        return Estimates(pd.concat(parts, ignore_index=True)) if parts else Estimates.none()

    def tabulations(
        self, unit: str, groupings: Iterable[Sequence[str]], progress: Progress | None = None
    ) -> Iterator[Estimates]:
        """Every question of a unit by each grouping that applies to the unit."""
        sample = self.sample(unit)
        columns = self.columns(unit)
        for names in groupings:
            if all(name in sample.frame for name in names):
                yield tabulate(sample, columns, names, progress=progress)

    def columns(self, unit: str) -> Columns:
        """The columns of every question of a unit that can be tabulated."""
        if unit not in self._columns:
            questions = self.dataset.unit(unit).tabulated()
            self._columns[unit] = columns_of(self.sample(unit), questions)
        return self._columns[unit]

    def label(self, name: str, unit: str, option: str = "") -> Label:
        """Labels of an indicator, a group, a question, or of one of their levels or options."""
        for indicator in self.indicators:
            if indicator.id == name:
                return indicator.label
        for group in groups_of(self.study, self.dataset, unit):
            if group.name == name:
                if option:
                    return level_label(self.dataset, unit, group, option)
                return group_label(self.dataset, unit, group)
        question = self.dataset.question(unit, name)
        return question.option_label(option) if option else question.label

    def by_label(self, by: str, unit: str) -> Label:
        """Labels of a grouping such as ``sex=f;hukou=rural``, every language any part has."""
        parts = [self.label(group, unit, level) or {"": level} for group, level in group_pairs(by)]
        languages = dict.fromkeys(language for part in parts for language in part)
        texts = {
            language: " · ".join(part.get(language) or next(iter(part.values())) for part in parts)
            for language in languages
        }
        return texts or {"zh": "全体", "en": "All"}


Frame = TypeVar("Frame", bound=pd.DataFrame)


def _in_order(indicators: Sequence[Indicator], frame: Frame) -> Frame:
    """Rows in the order the indicators are declared."""
    order = {one.id: position for position, one in enumerate(indicators)}
    return frame.sort_values("indicator", key=lambda ids: ids.map(order), kind="stable", ignore_index=True)


def open_round(study: str | Path | Study, name: str = "", place: str = "") -> MonitoringRound:
    """Open one round of a study: read its declarations and its answers.

    Parameters
    ----------
    study : str, Path or Study
        Study folder, or a study already open.
    name : str
        Round; the latest when empty.
    place : str
        One level of a group that everything is about, ``community=heyan``; the whole study when empty.

    Returns
    -------
    MonitoringRound

    Raises
    ------
    StudyError
        Declarations that cannot be used, all problems in one error; an unknown round or place; a study without answers.
    """
    opened = (study if isinstance(study, Study) else open_study(study)).with_answers()
    whole = MonitoringRound(opened, load(opened), name)
    if not place:
        return whole
    from xzz_analysis.needs.place import read_place

    return whole.within(*read_place(place))
