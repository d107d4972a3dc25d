"""From a printed number back to its question, base, design and data, and the number computed again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain, permutations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from xzz_analysis.atlas import Atlas, atlas_of, open_atlas
from xzz_analysis.atlas.results import UNIT
from xzz_analysis.atlas.tracing import explained, results_of_places, walks_on_register
from xzz_analysis.disclosure.comparisons import protect_changes, protect_differences
from xzz_analysis.disclosure.protect import Policy, Protected, protect
from xzz_analysis.editions.made import Found, made_of_alerts, made_of_tables
from xzz_analysis.editions.plan import PLACE, planned, read_reports
from xzz_analysis.editions.provenance import code_version
from xzz_analysis.editions.serviced import Serviced, explain_in_ledgers, is_of_ledgers, service_sources
from xzz_analysis.errors import ReportError
from xzz_analysis.intake.store import input_hash
from xzz_analysis.needs.indicator import KINDS
from xzz_analysis.needs.instruments import (
    FOOD_INSECURITY,
    food_indicator,
    food_insecurity,
    food_items,
    ranked,
    ranking_indicators,
    reliabilities,
)
from xzz_analysis.needs.monitoring import MonitoringRound, open_round
from xzz_analysis.needs.place import can_compare, levels_with_people, own_groups, read_place
from xzz_analysis.needs.policy import MEASURES, read_services, service_estimates, service_told
from xzz_analysis.needs.profile import compare_groups, stated_priorities
from xzz_analysis.needs.profile.matrix import against_whole
from xzz_analysis.needs.themes import agreement, coded_questions, theme_shares
from xzz_analysis.report.blocks import Block, Table
from xzz_analysis.report.chapters.place import protected_beside
from xzz_analysis.report.tables import printed_figures
from xzz_analysis.study import Study
from xzz_analysis.survey.estimates import COLUMNS, Estimates, group_pairs
from xzz_analysis.survey.sampling import groups_of

Source = MonitoringRound | Atlas | Serviced
"""What a report is made from: a round of answers, or the places of a study that has none."""


def index_results(monitoring: Source, blocks: Iterable[Block]) -> pd.DataFrame:
    """Compute again every result a report prints, and compare it with what is printed.

    Parameters
    ----------
    monitoring : MonitoringRound, Atlas or Serviced
    blocks : iterable of Block
        The report.

    Returns
    -------
    DataFrame
        One protected row per result id that the blocks state, in order of appearance.

    Raises
    ------
    ReportError
        A stated id cannot be found, or its printed estimate is not the computed one.
    """
    blocks = list(blocks)
    stated = list(dict.fromkeys(_stated(blocks)))
    found = find_results(monitoring, stated)
    known = set(found["result_id"])
    missing = [name for name in stated if name not in known]
    if missing:
        raise ReportError(
            f"{len(missing)} result id(s) of the report cannot be computed from the study, "
            f"such as {missing[0]}; a report states only estimates of this study's round"
        )
    safe = found.set_index("result_id").loc[stated].reset_index()
    computed = safe.set_index("result_id")["estimate"]
    for name, shown, digits in _printed(blocks):
        if not np.isclose(shown, np.round(computed[name], digits), rtol=0, atol=1e-12, equal_nan=True):
            raise ReportError(f"result {name} is printed as {shown}, but its estimate is {computed[name]}")
    return safe


def printed_results(results: pd.DataFrame) -> pd.DataFrame:
    """Results as a report prints them: no file holds finer figures than the page a reader sees."""
    printed = printed_figures(results).drop(columns=["missing", "suppressed"])
    return printed.assign(unit=results["unit"])


def _printed(blocks: Iterable[Block]) -> Iterator[tuple[str, float, int]]:
    """Every estimate a table prints: its id, the printed value (NaN when absent), its decimals."""
    for block in blocks:
        columns = {column.name: column for column in block.columns} if isinstance(block, Table) else {}
        if not isinstance(block, Table) or "estimate" not in columns:
            continue
        for row in block.rows:
            if row.get("result_id"):
                fine = columns["estimate"].unit_of(row) not in ("number", "number_change")
                value = row["estimate"]
                yield (
                    row["result_id"],
                    np.nan if value is None else value,
                    3 if fine else columns["estimate"].decimals,
                )


def _stated(blocks: Iterable[Block]) -> Iterator[str]:
    for block in blocks:
        if isinstance(block, Table):
            yield from (row["result_id"] for row in block.rows if row.get("result_id"))
            yield from (name for row in block.rows for name in row.get("results", {}).values())
        yield from getattr(block, "results", [])


def find_results(monitoring: Source, wanted: Iterable[str]) -> pd.DataFrame:
    """Compute the wanted results, looking first among indicators, then profiles, then every
    question by each group and by each two groups crossed.

    Each is protected inside the table it belongs to, since a small neighbour can hide a large row.
    """
    policy = Policy.of(monitoring.study, monitoring.place if isinstance(monitoring, MonitoringRound) else "")
    left = set(wanted)
    parts: list[pd.DataFrame] = []
    for frame, protected in _everything(monitoring, policy) if left else ():
        if frame["result_id"].isin(left).any():
            whole_by = dict(zip(frame["result_id"], frame["by"], strict=True))  # tables of one place leave it out
            safe = protected().frame
            safe = safe.assign(by=safe["result_id"].map(whole_by).astype("str"))
            parts.append(safe[safe["result_id"].isin(left)])
            left -= set(safe["result_id"])
        if not left:
            break
    return pd.concat(parts, ignore_index=True) if parts else Estimates.none()


def _everything(monitoring: Source, policy: Policy) -> Iterator[Found]:
    if isinstance(monitoring, Serviced):
        yield from monitoring.figures()
        yield from () if monitoring.base is None else _everything(monitoring.base, policy)
        return
    if isinstance(monitoring, Atlas):
        yield from _of_places(chain(results_of_places(monitoring), walks_on_register(monitoring)))
        return
    yield from _few(monitoring, policy)
    for frame in _levels(monitoring):
        yield frame, partial(protect, frame, policy)
    for frame in (reliabilities(monitoring), food_items(monitoring)):  # of the whole study, in reports on a place too
        yield frame, partial(protect, frame, Policy.of(monitoring.study))
    profile = monitoring.study.settings.profile
    if profile.group and can_compare(monitoring, profile.group, profile.reference):
        made = compare_groups(monitoring, profile.group, profile.reference)
        yield made, partial(_protected_differences, made, monitoring.needs(profile.group), policy)
    before = monitoring.earlier()
    splits = [[], *([name] for name in own_groups(monitoring))]
    for by in splits if before is not None else ():
        assert before is not None
        if monitoring.units_compared(before, by):
            changes = monitoring.change(before, by)
            yield changes, partial(_protected_changes, changes, [before, monitoring], by, policy)
    yield from made_of_alerts(monitoring.whole)
    if not monitoring.place:
        yield from made_of_tables(monitoring)
    for frame in _tabulated(monitoring):
        yield frame, partial(protect, frame, policy)
    settings = monitoring.study.settings
    if not monitoring.place and settings.resources is not None and settings.communities is not None:
        yield from _of_places(walks_on_register(atlas_of(monitoring)))  # many tables, and one notebook's alone


def _few(monitoring: MonitoringRound, policy: Policy) -> Iterator[Found]:
    """What is quickly found, and is all that reports on places state."""
    needs = monitoring.needs()
    yield needs, partial(protect, needs, policy)
    settings = monitoring.study.settings
    if settings.communities is not None and settings.resources is not None:
        yield from _of_places(results_of_places(atlas_of(monitoring)))
    if monitoring.place and len(needs):
        yield against_whole(monitoring), partial(protected_beside, monitoring)
    profile = settings.profile
    if profile.asked and profile.unit in monitoring.units:
        wanted = stated_priorities(monitoring, profile.unit, profile.asked)
        yield wanted, partial(protect, wanted, policy)


def _of_places(tables: Iterable[Protected]) -> Iterator[Found]:
    for safe in tables:
        own = [str(name) for name in safe.frame if name not in (*COLUMNS, "suppressed")]
        yield safe.frame, partial(safe.without, own)


def _protected_differences(made: pd.DataFrame, levels: pd.DataFrame, policy: Policy) -> Protected:
    return protect_differences(made, protect(levels, policy))


def _protected_changes(
    changes: pd.DataFrame, rounds: Iterable[MonitoringRound], by: list[str], policy: Policy
) -> Protected:
    return protect_changes(changes, [protect(one.needs(by), policy) for one in rounds])


def _levels(monitoring: MonitoringRound) -> Iterator[pd.DataFrame]:
    groups = own_groups(monitoring)
    for group in groups:
        yield monitoring.needs(group)
    for unit in monitoring.units:
        yield monitoring.profile(unit)
        yield from monitoring.tabulations(unit, [[]])
    if monitoring.study.settings.policy is not None:
        for by in (None, *groups):
            yield service_estimates(monitoring, by)
    declared = monitoring.study.settings.overlap
    if declared is not None and declared.unit in monitoring.units:
        own = {group.name for group in groups_of(monitoring.study, monitoring.dataset, declared.unit)}
        for by in (None, *(group for group in groups if group in own)):
            found = monitoring.overlap(by)
            yield from (found.counting, found.bounds, found.patterns, found.combinations)
    yield food_insecurity(monitoring)
    yield from (ranked(monitoring, one.id) for one in ranking_indicators(monitoring))
    yield from (theme_shares(monitoring, coded) for coded in coded_questions(monitoring))
    yield agreement(monitoring)


def _tabulated(monitoring: MonitoringRound) -> Iterator[pd.DataFrame]:
    """Every question by each group and, of the whole study, by each two groups crossed."""
    groups = own_groups(monitoring)
    for unit in monitoring.units:
        yield from monitoring.tabulations(unit, [[group] for group in groups])
    for unit in monitoring.units if not monitoring.place else []:
        yield from monitoring.tabulations(unit, [list(pair) for pair in permutations(groups, 2)])


def trace(study: Study, result_id: str) -> dict[str, Any]:
    """Say where a number comes from, and compute it again.

    Parameters
    ----------
    study : Study
    result_id : str
        As printed in a report's results file, or by ``xzz tabulate``.

    Returns
    -------
    dict
        What was asked, the wording or definition, base, filter, counts, design, hashes; the number
        as published (when it was) and as computed now, and whether they are the same.

    Raises
    ------
    ReportError
        The id belongs to no result of this study.
    """
    before = published(study, result_id)
    for monitoring in _searched(study, before):
        found = find_results(monitoring, [result_id])
        others = [name for name in study.rounds if name != _round_of(monitoring)]
        found = found[~found["round"].isin(others)]  # of a round that is searched itself
        if len(found):
            return _explain(monitoring, found.iloc[0], before)
    raise ReportError(
        f"result {result_id!r} is not a result of study {study.id!r}; "
        "copy the id from a .results.csv file of a report, or from the output of `xzz tabulate`"
    )


def _round_of(monitoring: Source) -> str:
    """The round, or the period, that results of a source are of."""
    if isinstance(monitoring, Serviced):
        return monitoring.ledgers.period.name
    return monitoring.round if isinstance(monitoring, Atlas) else monitoring.name


def _searched(study: Study, before: dict[str, Any] | None) -> Iterator[Source]:
    """Rounds of the whole study, latest first, then of the places that reports are about; the published place first."""
    specs = planned(study, read_reports(study))[0] if study.settings.reports is not None else []
    if is_of_ledgers(before) or not (study.tables or study.settings.communities):
        yield from service_sources(study, [spec.parameters for _, spec in specs], before)
        return
    if not study.tables:
        yield from (open_atlas(study, name) for name in reversed(list(study.rounds)))
        return
    places = list(dict.fromkeys(str(spec.parameters[PLACE]) for _, spec in specs if spec.parameters.get(PLACE)))
    by = (before or {}).get("by")
    pairs = group_pairs(by) if isinstance(by, str) else []  # a file holds nothing where a result is of everybody
    likely = [place for place in places if len(pairs) > 1 and read_place(place) in pairs]
    rounds = [open_round(study, name) for name in reversed(list(study.rounds))]
    for place in (*likely, "", *(one for one in places if one not in likely)):
        for monitoring in rounds:
            if not place:
                yield monitoring
            elif read_place(place)[1] in levels_with_people(monitoring, read_place(place)[0]):
                yield monitoring.within(*read_place(place))
    if before is None:
        yield from service_sources(study, [], before)


def published(study: Study, result_id: str) -> dict[str, Any] | None:
    """The published row of a result and the report that states it, None when none does."""
    for path in sorted(study.outputs.glob(f"*/{study.id}-*/*.results.csv")):
        try:
            table = pd.read_csv(path, dtype={"result_id": str, "version": str})
            rows = table[table["result_id"] == result_id]
        except (KeyError, ValueError):
            raise ReportError(f"{path.name} is damaged; `xzz build --force` makes it again") from None
        if len(rows):
            return {
                "report": path.relative_to(study.outputs).as_posix(),
                **_row(rows),
            }
    return None


def _row(rows: pd.DataFrame) -> dict[str, Any]:
    return {str(name): value for name, value in rows.iloc[0].items()}


def _explain(monitoring: Source, row: pd.Series, before: dict[str, Any] | None) -> dict[str, Any]:
    filters = "; ".join(f"{group} = {level}" for group, level in group_pairs(row["by"])) or "none"
    figures = {
        name: None if pd.isna(row[name]) else float(row[name])
        for name in ("estimate", "se", "low", "high", "df", "n", "n_need", "weighted_n", "deff")
    }
    missing = {name: None if pd.isna(row[name]) else int(row[name]) for name in row.index if name.startswith("n_")}
    return {
        "result_id": row["result_id"],
        "asked": {name: str(row[name]) for name in ("round", "unit", "indicator", "version", "option", "statistic")},
        **_definition(monitoring, row),
        "filter": filters,
        **figures,
        "counts": {name: value for name, value in missing.items() if name not in ("n_need", "n_eff")},
        "reason": row["reason"],
        "method": f"{row['method']}, level {row['level']:g}",
        "design": _design(monitoring, row["unit"]) if isinstance(monitoring, MonitoringRound) else None,
        "data_hash": input_hash(monitoring.study.input_files()),
        "code_version": code_version(),
        "published": None if before is None else {name: _plain(before[name]) for name in ("report", "estimate", "n")},
        "same": None if before is None else _same(before, row),
    }


def _design(monitoring: MonitoringRound, unit: str) -> dict[str, Any] | None:
    """The sample design of a unit, as it was declared and as it came out; None of places."""
    if unit == UNIT:
        return None
    sample = monitoring.sample(unit)
    found = {"strata": len(sample.design.names), "clusters": len(sample.design.first.stratum)}
    return {"kind": sample.kind, "columns": _design_columns(monitoring.study), **found}


def _plain(value: Any) -> Any:
    """None for a figure that is not there, so that JSON can say it."""
    return None if isinstance(value, float) and np.isnan(value) else value


def _design_columns(study: Study) -> dict[str, Any]:
    """The design as study.yml declares it, files by their name."""
    declared = study.design.model_dump(exclude={"kind"})
    return {name: given.name if isinstance(given, Path) else given for name, given in declared.items()}


def _same(before: dict[str, Any], row: pd.Series) -> bool:
    """Whether the published figure is the computed one, as printed."""
    now = printed_results(pd.DataFrame([row])).iloc[0]
    return bool(np.isclose(before["estimate"], now["estimate"], rtol=0, atol=1e-12, equal_nan=True))


def _definition(monitoring: Source, row: pd.Series) -> dict[str, Any]:
    """The wording that was asked, or the declaration of the indicator."""
    name, unit = row["indicator"], row["unit"]
    if isinstance(monitoring, Serviced):
        return explain_in_ledgers(monitoring.ledgers, row)
    if isinstance(monitoring, Atlas):
        return explained(monitoring, row)
    if unit == UNIT:
        return explained(atlas_of(monitoring), row)
    asked = food_indicator(monitoring, unit) if name in FOOD_INSECURITY else None
    for indicator in monitoring.indicators if asked is None else [asked]:
        if indicator.id == name or asked is not None:
            return {
                "definition": dict(indicator.definition if asked is None else FOOD_INSECURITY[name]),
                "kind_of_need": dict(KINDS[indicator.kind]),
                "base": indicator.base or f"every {unit}",
                "expression": indicator.computation(),
                "questions": {one: dict(monitoring.dataset.question(unit, one).label) for one in indicator.questions()},
            }
    for coded in monitoring.study.themes.questions:
        if (coded.id, coded.unit) == (name, unit):
            theme = coded.codes[row["option"]]
            told = {"question": dict(coded.label), "coded_from": coded.question, "theme": dict(theme.definition)}
            return {**told, "base": f"every {unit} whose answer was coded", "option": row["option"]}
    if name in {service.id for service in read_services(monitoring.study)} and row["option"] in MEASURES:
        return service_told(monitoring.study, name, row["option"])
    label = dict(monitoring.label(name.split(", ")[0], unit))  # several questions are called by all their names
    return {"question": label, "base": f"every {unit} with a usable answer", "option": row["option"]}
