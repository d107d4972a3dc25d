"""Try everything a study declares, without making a report, and collect what would fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from xzz_analysis.atlas.needing import needs_table
from xzz_analysis.atlas.opening import Atlas, tried
from xzz_analysis.editions.plan import plan
from xzz_analysis.errors import Finding, XzzError
from xzz_analysis.intake.store import Dataset, input_hash, read_study
from xzz_analysis.needs.instruments import food_insecurity, growth_checks, ranked, ranking_indicators, reliabilities
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.needs.policy import crosswalk_of, service_findings
from xzz_analysis.services.noticing import ledger_findings
from xzz_analysis.services.opening import Ledgers
from xzz_analysis.study import Study


def answers_of(study: Study) -> Dataset:
    """Answers of a study as its files hold them; none of a study of places alone."""
    return read_study(study) if study.tables else Dataset({}, {}, (), input_hash(study.input_files()))


def trial(study: Study, dataset: Dataset) -> list[Finding]:
    """Try the designs, indicators, groups, layers, ledgers and reports of a study.

    Parameters
    ----------
    study : Study
    dataset : Dataset
        Its answers.

    Returns
    -------
    list of Finding
        One for each step that would stop a report, and what the rounds themselves noticed.
    """
    steps: list[tuple[str, Callable[[], object]]] = []
    ledgers: list[Finding] = []
    if study.settings.services.ledgers():
        steps.append(("services", lambda: ledgers.extend(ledger_findings(Ledgers(study)))))
    if study.settings.reports is not None:
        steps.append(("reports", partial(plan, study)))
    findings = [finding for where, step in steps for finding in _tried(where, step)] + ledgers
    if study.settings.communities is not None:
        findings += tried(Atlas(study))
    for name in study.rounds if study.tables else ():
        findings += _round(study, dataset, name)
    return list(dict.fromkeys(findings))


def _round(study: Study, dataset: Dataset, name: str) -> list[Finding]:
    try:
        monitoring = MonitoringRound(study, dataset, name)
    except XzzError as error:
        return [_failure("indicators", error)]
    findings = list(monitoring.findings)
    broken = False
    for unit in monitoring.units:
        failed = list(_tried(f"design of {unit}, round {name}", partial(monitoring.sample, unit)))
        broken |= bool(failed)
        findings += failed
    if not broken:
        findings += _tried(f"indicators, round {name}", monitoring.needs)
        findings += _tried(f"scales and rankings, round {name}", partial(_instruments, monitoring))
        findings += growth_checks(monitoring)
    if not broken and study.settings.communities is not None:
        findings += _tried("access.needs", partial(needs_table, Atlas(study, name, monitoring)))
    if not broken and study.settings.policy is not None:
        told: list[Finding] = []
        findings += _tried("policy", partial(crosswalk_of, study))
        findings += _tried(f"services, round {name}", lambda: told.extend(service_findings(monitoring)))
        findings += told
    return findings


def _instruments(monitoring: MonitoringRound) -> None:
    """Estimate what no plain indicator is."""
    reliabilities(monitoring)
    food_insecurity(monitoring)
    for one in ranking_indicators(monitoring):
        ranked(monitoring, one.id)


def _tried(where: str, step: Callable[[], object]) -> Iterator[Finding]:
    try:
        step()
    except XzzError as error:
        yield _failure(where, error)


def _failure(where: str, error: XzzError) -> Finding:
    return Finding("error", "would_fail", where, str(error), "correct it before you build")
