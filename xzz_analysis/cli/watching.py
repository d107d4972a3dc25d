"""The command that lists alerts for a person to accept or dismiss."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from xzz_analysis.cli.app import Json, Quiet, StudyFolder, app, say
from xzz_analysis.cli.commands import study_folder


@app.command(epilog="Example:  xzz alerts data/demo")
def alerts(
    study: StudyFolder = None,
    round_name: Annotated[str, typer.Option("--round", help="Round; the latest by default.")] = "",
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """List what the rules of alerts.yml find, and add what is new to triage.yml for a person to decide on."""
    from xzz_analysis.needs.alerts import read_triage, states, write_triage
    from xzz_analysis.needs.monitoring import open_round
    from xzz_analysis.report.chapters.alerting import found_alerts
    from xzz_analysis.study import open_study

    survey = open_round(open_study(study_folder(study)), round_name)
    found, path = found_alerts(survey), survey.study.settings.triage
    added = write_triage(path, found)
    raised = found.raised()
    raised = raised.assign(state=states(raised, read_triage(path, found)))
    if as_json:
        shown = raised[["alert_id", "rule", "indicator", "by", "state", "message_zh", "message_en"]]
        say(json.dumps(shown.to_dict("records"), ensure_ascii=False, indent=1))
        return
    for row in raised.to_dict("records"):
        say(f"{row['state']:10} {row['alert_id']}  {row['message_en']}")
    if not quiet:
        say(f"{len(raised)} alert(s) of {len(found)} tests; {len(added)} new in {path.name}, which a person decides on")
