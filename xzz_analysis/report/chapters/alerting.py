"""Alerts that a person has accepted: nothing else is printed for release."""

from __future__ import annotations

from xzz_analysis.disclosure.protect import protect
from xzz_analysis.errors import StudyError
from xzz_analysis.needs.alerts import Alerts, alerts, check_rules, read_rules, read_triage, released
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.report.blocks import Block, Note, Paragraph
from xzz_analysis.report.chapters.naming import policy_of

NONE: dict[str, str] = {
    "zh": "本轮没有经人核实的提示。",
    "en": "No alert of this round has been looked at and accepted.",
}
EXPLAINED: dict[str, str] = {
    "zh": "提示按事先写明的规则得出，控制了误报，并由机构逐条核实；没有提示不等于没有变化。",
    "en": "Alerts follow rules written down beforehand, with false ones held down, and each was looked at by the "
    "organisation; no alert is not to say that nothing changed.",
}


def found_alerts(survey: MonitoringRound) -> Alerts:
    """Every test that the study's rules ask for; :class:`StudyError` with what is wrong in alerts.yml."""
    path = survey.study.settings.alerts
    if path is None:
        raise StudyError(f"{survey.study.path.name} names no `alerts` file, so nothing is watched")
    rules = read_rules(path)
    problems = [one for one in check_rules(rules, survey, path.name) if one.severity == "error"]
    if problems:
        raise StudyError(f"{path.name} has {len(problems)} problem(s) to correct", problems)
    return alerts(survey, survey.earlier(), rules)


def accepted_alerts(survey: MonitoringRound) -> list[Block]:
    """The accepted alerts, a paragraph each; nothing where the study watches nothing."""
    if survey.study.settings.alerts is None:
        return []
    found = found_alerts(survey)
    policy = policy_of(survey)
    rounds = [one for one in (survey.earlier(), survey) if one is not None]
    splits: list[str | None] = [None, *(group.name for group in survey.study.groups)]
    tables = [protect(one.needs(by), policy).frame for one in rounds for by in splits]
    hidden = [name for frame in tables for name in frame.loc[frame["suppressed"], "result_id"]]
    triage = read_triage(survey.study.settings.triage, found)
    shown = released(found, triage, threshold=policy.threshold, suppressed=hidden)
    if not len(shown):
        return [Note(NONE)]
    said = [
        Paragraph({"zh": row["message_zh"], "en": row["message_en"]}, [str(row["result_id"])])
        for row in shown.to_dict("records")
    ]
    return [*said, Note(EXPLAINED)]
