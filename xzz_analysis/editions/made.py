"""Results that are made of the figures of several tables: parts of changes, trends, gaps, models, alerts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import pandas as pd

from xzz_analysis.disclosure.comparisons import protect_made
from xzz_analysis.disclosure.protect import Policy, Protected, protect
from xzz_analysis.needs.alerts import alert_results, read_rules
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.needs.profile import against_all, between_groups
from xzz_analysis.needs.rounds import rounds_until
from xzz_analysis.report.chapters.communities import community_group, protected_communities
from xzz_analysis.report.chapters.composition import protected_parts
from xzz_analysis.report.chapters.inequality import protected_gaps, protected_ranking
from xzz_analysis.report.chapters.trend import protected_trends

Found = tuple[pd.DataFrame, Callable[[], Protected]]
"""Results, and how they are protected."""


def made_of_tables(monitoring: MonitoringRound) -> Iterator[Found]:
    """What compares the rounds, groups and communities of a whole study."""
    yield from _of_rounds(monitoring)
    groups = [group.name for group in monitoring.study.groups]
    if groups:
        yield _ready(protected_gaps(monitoring))
    if monitoring.study.settings.profile.rank:
        yield _ready(protected_ranking(monitoring))
    if community_group(monitoring):
        yield _ready(protected_communities(monitoring))
    policy = Policy.of(monitoring.study)
    for group in groups:
        levels = [protect(monitoring.needs(by), policy) for by in (None, group)]
        for made in (against_all(monitoring, [group]), between_groups(monitoring, group)):
            yield made, partial(_of_every_level, made, levels)


def _of_rounds(monitoring: MonitoringRound) -> Iterator[Found]:
    """Parts of changes, trends, and the levels of earlier rounds that are drawn beside this one."""
    before, policy = monitoring.earlier(), Policy.of(monitoring.study)
    for group in monitoring.study.settings.composition if before is not None else []:
        assert before is not None
        yield _ready(protected_parts(before, monitoring, group))
    rounds = rounds_until(monitoring)
    slopes = protected_trends(rounds)
    if slopes is None:
        return
    yield _ready(slopes)
    for one in rounds[:-1]:
        needs = one.needs()
        yield needs, partial(protect, needs, policy)


def _ready(safe: Protected) -> Found:
    return safe.frame, lambda: safe


def _of_every_level(made: pd.DataFrame, levels: Sequence[Protected]) -> Protected:
    """What compares all levels of a group: hidden where the figure of any of them is, or of everybody."""
    frames = pd.concat([table.frame for table in levels], ignore_index=True)
    ids = frames.groupby("indicator")["result_id"].agg(";".join)
    return protect_made(made.assign(sources=made["indicator"].map(ids).fillna("")), levels)


def made_of_alerts(monitoring: MonitoringRound) -> Iterator[Found]:
    """What alerts of the whole study state beside estimates and changes: gaps that widened, levels beside others."""
    if monitoring.study.settings.alerts is None:
        return
    before, policy = monitoring.earlier(), Policy.of(monitoring.study)
    made = alert_results(monitoring, before, read_rules(monitoring.study.settings.alerts))
    rounds = [one for one in (before, monitoring) if one is not None]
    splits = [None, *(group.name for group in monitoring.study.groups)]
    yield made, lambda: protect_made(made, [protect(one.needs(by), policy) for one in rounds for by in splits])
