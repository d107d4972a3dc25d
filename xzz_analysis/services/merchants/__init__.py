"""Merchants approached: where they stand, why they hesitate, how long they take, and whom to visit next."""

from xzz_analysis.services.merchants.funnel import STAGES, funnel, reasons, share_interval
from xzz_analysis.services.merchants.revisiting import candidate_sites, revisit_list
from xzz_analysis.services.merchants.states import (
    INTRODUCED,
    STATES,
    merchant_findings,
    merchant_states,
    stands_at,
    visits_in_period,
)
from xzz_analysis.services.merchants.timing import (
    FEWEST,
    Introductions,
    decided_by,
    decision_days,
    introductions_compared,
    newcombe,
    pending_curve,
)
from xzz_analysis.services.merchants.totals import outreach_rounds, totals_findings

__all__ = [
    "FEWEST",
    "INTRODUCED",
    "STAGES",
    "STATES",
    "Introductions",
    "candidate_sites",
    "decided_by",
    "decision_days",
    "funnel",
    "introductions_compared",
    "merchant_findings",
    "merchant_states",
    "newcombe",
    "outreach_rounds",
    "pending_curve",
    "reasons",
    "revisit_list",
    "share_interval",
    "stands_at",
    "totals_findings",
    "visits_in_period",
]
