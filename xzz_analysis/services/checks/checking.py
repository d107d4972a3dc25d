"""All checks of a study's ledgers."""

from __future__ import annotations

from xzz_analysis.errors import Finding
from xzz_analysis.services.checks.activities import check_activities
from xzz_analysis.services.checks.people import check_people
from xzz_analysis.services.checks.remembering import check_shrunk
from xzz_analysis.services.checks.vouchers import check_vouchers
from xzz_analysis.services.opening import Ledgers

_ORDER = {"error": 0, "warning": 1, "note": 2}


def check_ledgers(ledgers: Ledgers) -> tuple[Finding, ...]:
    """Check every ledger of a study, by itself and beside the others.

    Parameters
    ----------
    ledgers : Ledgers
        The whole ledgers are checked, not the period.

    Returns
    -------
    tuple of Finding
        What reading the ledgers noticed (:meth:`Ledgers.findings`) and what they say of each other; warnings first. No
        finding names a person, a voucher or a cell. Rows that are wrong only beside another ledger stay in it: nobody
        can tell which of the two is wrong.

    Raises
    ------
    InputError
        A ledger cannot be read.
    """
    read = [finding for kind in ledgers.declared.ledgers() for finding in ledgers.findings(kind)]
    between = [*check_vouchers(ledgers), *check_people(ledgers), *check_activities(ledgers), *check_shrunk(ledgers)]
    return tuple(sorted([*read, *between], key=lambda one: _ORDER[one.severity]))
