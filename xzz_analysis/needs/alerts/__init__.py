"""Alerts: rules as data, tests with false discoveries held down, a person's decisions, and the history of editions."""

from xzz_analysis.needs.alerts.detection import (
    ALERT_COLUMNS,
    Alerts,
    alert_results,
    alerts,
    false_discovery,
    find_alerts,
)
from xzz_analysis.needs.alerts.history import add_edition, no_history, read_history, standing, write_history
from xzz_analysis.needs.alerts.rules import AlertRule, AlertRules, Control, check_rules, read_rules
from xzz_analysis.needs.alerts.triage import (
    Decision,
    check_triage,
    read_triage,
    released,
    states,
    withheld,
    write_triage,
)

__all__ = [
    "ALERT_COLUMNS",
    "AlertRule",
    "AlertRules",
    "Alerts",
    "Control",
    "Decision",
    "add_edition",
    "alert_results",
    "alerts",
    "check_rules",
    "check_triage",
    "false_discovery",
    "find_alerts",
    "no_history",
    "read_history",
    "read_rules",
    "read_triage",
    "released",
    "standing",
    "states",
    "withheld",
    "write_history",
    "write_triage",
]
