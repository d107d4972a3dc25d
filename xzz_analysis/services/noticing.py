"""Everything that reading, checking and counting the ledgers notices."""

from __future__ import annotations

from xzz_analysis.errors import Finding
from xzz_analysis.services.checks import check_ledgers
from xzz_analysis.services.linkage import target_findings
from xzz_analysis.services.merchants import merchant_findings, totals_findings
from xzz_analysis.services.network import network
from xzz_analysis.services.opening import Ledgers
from xzz_analysis.services.people import points_ledger
from xzz_analysis.services.training import training_findings

_ORDER = {"error": 0, "warning": 1, "note": 2}


def ledger_findings(ledgers: Ledgers) -> tuple[Finding, ...]:
    """Findings about the ledgers of a study, gravest first.

    Parameters
    ----------
    ledgers : Ledgers

    Returns
    -------
    tuple of Finding
        Of the whole ledgers (:func:`~xzz_analysis.services.checks.check_ledgers`), and of what is counted for the
        period: merchants, courses, projects, points and ties. Rules are words of ``checks.RULES``; none names a person.

    Raises
    ------
    InputError
        A ledger cannot be read.
    """
    found = [*check_ledgers(ledgers)]
    if ledgers.has("merchant_visits"):
        found += [*merchant_findings(ledgers), *totals_findings(ledgers)]
    if ledgers.has("scores"):
        found += training_findings(ledgers)
    if ledgers.has("projects"):
        found += target_findings(ledgers)
    if ledgers.has("points"):
        found += points_ledger(ledgers).findings
    if ledgers.has("ties"):
        found += network(ledgers).findings
    return tuple(sorted(dict.fromkeys(found), key=lambda one: _ORDER[one.severity]))
