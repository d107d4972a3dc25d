"""The need profile: what is needed, by whom, in whose eyes, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from xzz_analysis.errors import Finding
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.needs.profile.communities import small_communities
from xzz_analysis.needs.profile.comparison import compare_groups
from xzz_analysis.needs.profile.figures import measured
from xzz_analysis.needs.profile.inequality import between_groups
from xzz_analysis.needs.profile.matrix import against_all, need_figures, need_matrix
from xzz_analysis.needs.profile.stated import stated_priorities
from xzz_analysis.survey.estimates import Estimates


@dataclass(frozen=True)
class Question:
    """What a profile asks beside the matrix; everything may be left out.

    Attributes
    ----------
    group, reference : str
        Group whose levels are compared with one of them: ``hardship`` and ``ordinary``.
    unit, asked : str, str or sequence of str
        Whom the question about wanted help was asked of, and the question, or the questions of the first choice, the
        second …
    community : str
        Group whose levels are communities.
    auxiliary : DataFrame, optional
        What is known of every community, for the model.
    """

    group: str = ""
    reference: str = ""
    unit: str = ""
    asked: str | Sequence[str] = ""
    community: str = ""
    auxiliary: pd.DataFrame | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class NeedProfile:
    """All parts of a need profile, each a tidy frame with result ids.

    Attributes
    ----------
    by : tuple of str
        What the matrix is split by.
    figures : DataFrame
        Every indicator of everybody and every level (:func:`need_figures`).
    against_all : DataFrame
        Every level against everybody (:func:`against_all`); empty without groups.
    matrix : DataFrame
        Domain × kind of need of every level (:func:`need_matrix`).
    comparison : DataFrame
        Levels of the compared group against the reference (:func:`compare_groups`).
    priorities : Estimates
        What people say they want (:func:`stated_priorities`).
    inequality : DataFrame
        Between the levels of the first group of ``by``, else of the compared group (:func:`between_groups`).
    communities : DataFrame
        Direct and shrunken figures (:func:`small_communities`).
    findings : tuple of Finding
        What could not be computed, and why.
    """

    by: tuple[str, ...]
    figures: pd.DataFrame
    against_all: pd.DataFrame
    matrix: pd.DataFrame
    comparison: pd.DataFrame
    priorities: Estimates
    inequality: pd.DataFrame
    communities: pd.DataFrame
    findings: tuple[Finding, ...] = ()

    def __repr__(self) -> str:
        split = " × ".join(self.by) or "everybody"
        return f"NeedProfile({split}: {self.figures['indicator'].nunique()} indicators, {len(self.matrix)} cells)"


def need_profile(
    survey: MonitoringRound, by: str | Sequence[str] | None = None, *, question: Question | None = None
) -> NeedProfile:
    """Profile the needs of a round.

    Parameters
    ----------
    survey : MonitoringRound
    by : str or sequence of str, optional
        Declared groups, crossed.
    question : Question, optional
        What to compare and rank, and which group holds the communities.

    Returns
    -------
    NeedProfile
        Parts that were not asked for are empty frames.

    Raises
    ------
    StudyError, DesignError, InputError
        Groups, levels and questions that the study does not have, with the nearest name.

    Notes
    -----
    There is no index over indicators: a cell of the matrix says how many indicators it holds, which has the highest
    share, and on how many a level differs from everybody by a tested difference (Holm, all indicators and levels
    together).

    References
    ----------
    Bradshaw, J. (1972). A taxonomy of social need. New Society 30, 640-643.
    """
    names = [by] if isinstance(by, str) else list(by or [])
    asked, ready = question or Question(), measured(survey)
    figures = need_figures(ready, names)
    apart = against_all(ready, names) if names else figures.iloc[:0].assign(p_adjusted=pd.Series(dtype=float))
    nothing = figures.iloc[:0]
    split = names[0] if len(names) == 1 else asked.group
    communities, findings = nothing, list[Finding]()
    if asked.community:
        communities, findings = small_communities(ready, asked.community, auxiliary=asked.auxiliary)
    return NeedProfile(
        by=tuple(names),
        figures=figures,
        against_all=apart,
        matrix=need_matrix(figures, apart),
        comparison=compare_groups(ready, asked.group, asked.reference) if asked.group else nothing,
        priorities=stated_priorities(survey, asked.unit, asked.asked, names) if asked.asked else Estimates.none(),
        inequality=between_groups(ready, split) if split else nothing,
        communities=communities,
        findings=tuple(findings),
    )
