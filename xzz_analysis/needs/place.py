"""One place of a round: every figure about it is a row of the whole study's tables.

The sample is never cut down to the place: the place is a domain of the whole design, as in the table by community of
the report on the whole study, and its results have the same ids there and here.

References
----------
Lumley, T. (2010). Complex Surveys: A Guide to Analysis Using R, section 2.2 (subpopulations of one design).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

from xzz_analysis.errors import StudyError, suggest
from xzz_analysis.language import Label
from xzz_analysis.needs.monitoring import MonitoringRound, Split
from xzz_analysis.needs.overlap import Overlap
from xzz_analysis.survey.change.comparability import Comparable
from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.estimates import Estimates, group_key, group_pairs, join
from xzz_analysis.survey.part import PART, Part, about_place, rows_of_place
from xzz_analysis.survey.sampling import find_groups, groups_of
from xzz_analysis.survey.tabulate import Progress
from xzz_analysis.survey.testing import Comparisons


class PlaceRound(MonitoringRound):
    """A round as it speaks of one level of a group, such as one community.

    Parameters
    ----------
    whole : MonitoringRound
        The round of the whole study.
    group : str
        A declared group.
    level : str
        One of its levels with people in this round.

    Raises
    ------
    StudyError
        No such group or level, with the nearest name; a level of no people.
    """

    def __init__(self, whole: MonitoringRound, group: str, level: str) -> None:
        vars(self).update(vars(whole))  # the same declarations, answers and samples
        self._whole, self.group, self.level = whole, group, level
        require_level(whole, group, level)
        self.place = group_key([(group, level)])

    @property
    def whole(self) -> MonitoringRound:
        """The round of the whole study."""
        return self._whole

    @property
    def units(self) -> list[str]:
        """Units with somebody of the place in this round."""
        return [unit for unit in self.whole.units if bool(self._member(unit).any())]

    def _member(self, unit: str) -> np.ndarray:
        """Rows of the unit's sample that are of the place, shape (rows,)."""
        frame = self.whole.sample(unit).frame
        if self.group not in {one.name for one in groups_of(self.study, self.dataset, unit)}:
            return np.zeros(len(frame), bool)
        return (frame[self.group].astype("str") == self.level).to_numpy(bool)

    def sample(self, unit: str) -> Sample:
        """The unit's sample in this round, with estimates about the place; its rows are those of the whole."""
        return self.whole.sample(unit).subpopulation(self._member(unit))

    def split(self, estimate: Split, by: str | Sequence[str] | None = None) -> Estimates:
        """The place's rows of the tables of the whole (see :meth:`MonitoringRound.split`)."""
        names = [by] if isinstance(by, str) else list(by or [])
        find_groups(self.study, names)
        classes = frozenset(one.name for one in self.study.groups if one.classes)
        return rows_of_place(self.place, names, lambda groups: estimate(self.whole, groups), classes)

    def needs(self, by: str | Sequence[str] | None = None, *, domain: str = "") -> Estimates:
        """The place's rows of :meth:`MonitoringRound.needs` by its group, crossed with others."""
        return self.split(lambda whole, groups: whole.needs(groups, domain=domain), by)

    def earlier(self) -> MonitoringRound | None:
        """The round before, of the same place; None for the first, and where nobody of the place was in it."""
        before = self.whole.earlier()
        if before is None or self.level not in levels_with_people(before, self.group):
            return None
        return PlaceRound(before, self.group, self.level)

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
        """The place's rows of :meth:`MonitoringRound.change`: one family of tests with those of the other places."""
        names = [by] if isinstance(by, str) else list(by or [])
        crossed = [self.group, *(name for name in names if name != self.group)]
        terms = {"comparable": comparable, "adjust": adjust, "level": level}
        made = self.whole.change(before.whole, crossed, overlap=overlap, **terms)  # type: ignore[arg-type]
        mine = Comparisons(about_place(Estimates(made), self.place).reset_index(drop=True))
        mine.influence = made.influence
        mine.attrs = {PART: Part(self.place, made)}
        return mine

    def overlap(self, by: str | Sequence[str] | None = None) -> Overlap:
        """Needs that come together in the people of the place (see :meth:`MonitoringRound.overlap`)."""
        names = [by] if isinstance(by, str) else list(by or [])
        crossed = [self.group, *(name for name in names if name != self.group)]
        basis = self.whole.overlap(crossed)
        return PlaceOverlap(basis.basis, basis.findings, self, tuple(names))

    def profile(self, unit: str) -> Estimates:
        """Who answered in the place, for one unit; the place's own group is left out."""
        found = super().profile(unit)
        return found[found["indicator"] != self.group].reset_index(drop=True)

    def tabulations(
        self, unit: str, groupings: Iterable[Sequence[str]], progress: Progress | None = None
    ) -> Iterator[Estimates]:
        """Every question of a unit, of the place, by each grouping that applies to the unit."""
        known = {one.name for one in groups_of(self.study, self.dataset, unit)} - {self.group}
        for names in groupings:
            if unit in self.units and known.issuperset(names):
                yield self.split(lambda whole, groups: next(whole.tabulations(unit, [groups], progress)), names)

    def by_label(self, by: str, unit: str) -> Label:
        """Labels of a grouping beside the place; of the place itself where there is none."""
        rest = [pair for pair in group_pairs(by) if pair != (self.group, self.level)]
        return super().by_label(group_key(rest), unit) if rest else place_label(self)


@dataclass(frozen=True)
class PlaceOverlap(Overlap):
    """Deprivations that come together in one place: the place's rows of the tables of the whole.

    Attributes
    ----------
    survey : PlaceRound
    by : tuple of str
        Groups beside the place's.
    """

    survey: PlaceRound | None = field(default=None, repr=False)
    by: tuple[str, ...] = ()

    @cached_property
    def counting(self) -> Estimates:
        """Alkire and Foster's measures of the place."""
        return self._of_place("counting")

    @cached_property
    def bounds(self) -> Estimates:
        """What the missing answers allow, of the place."""
        return self._of_place("bounds")

    @cached_property
    def groups(self) -> Estimates:
        """Contributions of groups compare the whole study's groups: there is no row of one place."""
        return self._of_place("groups")

    @cached_property
    def patterns(self) -> Estimates:
        """MODA's patterns of the place."""
        return self._of_place("patterns")

    @cached_property
    def combinations(self) -> Estimates:
        """Every combination that occurs in the whole study, of the place."""
        return self._of_place("combinations")

    def _of_place(self, name: str) -> Estimates:
        """Rows of the place alone, and by the groups."""
        survey = self.survey
        assert survey is not None
        names = [one for one in self.by if one != survey.group]
        splits = [[], names] if names else [[]]
        made = [survey.split(lambda whole, groups: getattr(whole.overlap(groups), name), by) for by in splits]
        mine = join(made)
        mine.attrs = made[-1].attrs
        return mine


def read_place(place: str) -> tuple[str, str]:
    """Group and level of a place as reports write it, ``community=heyan``.

    Raises
    ------
    StudyError
        It is written otherwise.
    """
    if place.count("=") != 1 or ";" in place:
        raise StudyError(f"place {place!r} is written as group=level, such as community=heyan")
    ((group, level),) = group_pairs(place)
    return group, level


def levels_of_group(survey: MonitoringRound, group: str) -> dict[str, Label]:
    """Every level that a group has in a study, with its label, in its own order."""
    find_groups(survey.study, [group])
    found: dict[str, Label] = {}
    for unit in survey.whole.units:
        if group in {one.name for one in groups_of(survey.study, survey.dataset, unit)}:
            for level in map(str, survey.whole.sample(unit).frame[group].cat.categories):
                found.setdefault(level, survey.whole.label(group, unit, level) or {"": level})
    return found


def levels_with_people(survey: MonitoringRound, group: str) -> dict[str, Label]:
    """The levels of a group that somebody of the round's samples is in, with their labels, in the group's order."""
    people: set[str] = set()
    for unit in survey.whole.units:
        if group in {one.name for one in groups_of(survey.study, survey.dataset, unit)}:
            people |= set(survey.whole.sample(unit).frame[group].dropna().astype("str"))
    return {level: label for level, label in levels_of_group(survey, group).items() if level in people}


def require_level(survey: MonitoringRound, group: str, level: str) -> None:
    """Check that a round can speak of one level of a group.

    Raises
    ------
    StudyError
        No such group or level, with the nearest name; a level of no people.
    """
    known = levels_of_group(survey, group)
    people = levels_with_people(survey, group)
    if level not in known:
        raise StudyError(
            f"{level!r} is not a level of group {group!r}{suggest(level, known)}; its levels are {', '.join(known)}"
        )
    if level not in people:
        raise StudyError(
            f"nobody of round {survey.name} is in level {level!r} of group {group!r}, so there is nothing to report; "
            f"people are in {', '.join(people) or 'none'}"
        )


def place_label(survey: MonitoringRound) -> Label:
    """What the place is called that a round speaks of; ``{}`` where it speaks of the whole study."""
    if not survey.place:
        return {}
    ((group, level),) = group_pairs(survey.place)
    return survey.label(group, survey.units[0], level) or {"": level}


def own_groups(survey: MonitoringRound) -> list[str]:
    """Declared groups that results of a round may be split by: all, but that of its place."""
    own = {group for group, _ in group_pairs(survey.place)}
    return [group.name for group in survey.study.groups if group.name not in own]


def can_compare(survey: MonitoringRound, group: str, reference: str = "") -> bool:
    """Whether a round can compare the levels of a group.

    Parameters
    ----------
    survey : MonitoringRound
    group : str
    reference : str
        A level that has to be among them; any when empty.

    Returns
    -------
    bool
        True for a whole study. Of one place, False for its own group, and where everybody of a unit who has a level has
        the same one, or nobody has the reference.
    """
    if not survey.place:
        return True
    if group not in own_groups(survey):
        return False
    ((own, level),) = group_pairs(survey.place)
    for unit in survey.units:
        if group in {one.name for one in groups_of(survey.study, survey.dataset, unit)}:
            frame = survey.whole.sample(unit).frame
            levels = set(frame.loc[frame[own].astype("str") == level, group].dropna().astype("str"))
            if len(levels) < 2 or (reference and reference not in levels):
                return False
    return True
