"""Alerts that a person has accepted: nothing else is printed for release."""

from __future__ import annotations

from xzz_analysis.disclosure.protect import protect
from xzz_analysis.errors import StudyError
from xzz_analysis.needs.alerts import Alerts, alerts, check_rules, read_rules, read_triage, released
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.report.blocks import Block, Note, Paragraph
from xzz_analysis.report.chapters.naming import policy_of
from xzz_analysis.survey.estimates import group_pairs

NONE: dict[str, str] = {
    "zh": "本轮没有经人核实的提示。",
    "en": "No alert of this round has been looked at and accepted.",
}
NONE_HERE: dict[str, str] = {
    "zh": "本轮没有关于这里的、经人核实的提示；关于调查整体的提示见调查整体的报告。",
    "en": "No alert about this place has been looked at and accepted; those about everybody are in the report on the whole "
    "study.",
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
    whole = survey.whole
    found = found_alerts(whole)
    policy = policy_of(survey).whole
    rounds = [one for one in (whole.earlier(), whole) if one is not None]
    splits: list[str | None] = [None, *(group.name for group in survey.study.groups)]
    tables = [protect(one.needs(by), policy).frame for one in rounds for by in splits]
    hidden = [name for frame in tables for name in frame.loc[frame["suppressed"], "result_id"]]
    triage = read_triage(survey.study.settings.triage, found)
    shown = released(found, triage, threshold=policy.threshold, suppressed=hidden)
    if survey.place:
        shown = Alerts(shown[[group_pairs(survey.place)[0] in group_pairs(by) for by in shown["by"]]])
    if not len(shown):
        return [Note(NONE_HERE if survey.place else NONE)]
    said = [
        Paragraph({"zh": row["message_zh"], "en": row["message_en"]}, [str(row["result_id"])])
        for row in shown.to_dict("records")
    ]
    return [*said, Note(EXPLAINED)]
