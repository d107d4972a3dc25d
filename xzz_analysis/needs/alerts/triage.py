"""What a person decides about alerts (``triage.yml``): accepted, dismissed, or still open, each with a reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
import yaml
from pydantic import AfterValidator

from xzz_analysis.declaration import Declaration, check, read_yaml, refuse
from xzz_analysis.errors import Finding, StudyError, suggest
from xzz_analysis.language import Label
from xzz_analysis.needs.alerts.detection import Alerts
from xzz_analysis.needs.alerts.wording import WITHHELD, level_text, number_text

STATES: dict[str, Label] = {
    "open": {"zh": "待定", "en": "open"},
    "accepted": {"zh": "采纳", "en": "accepted"},
    "dismissed": {"zh": "不采纳", "en": "dismissed"},
    "changed": {"zh": "数字已变，须重看", "en": "figures changed, look again"},
}
"""What may have been decided; ``changed`` is no decision, but what becomes of one whose figures are others now."""

_HEAD = """\
# What people decided about the alerts of this study. For each alert write
#   decision: accepted or dismissed, reason: why, who: who decided, when: the day (2026-01-31).
# Only accepted alerts are printed in reports for release. `figures` are those the decision was made on: when the data
# change them, look again, and write the new ones. New alerts are added at the end; nothing here is ever rewritten.
"""
_NOW = "  # the figures are now: "


def _day(text: str) -> str:
    if text:
        try:
            dt.date.fromisoformat(text)
        except ValueError:
            raise ValueError("write the day as in 2026-01-31") from None
    return text


class Decision(Declaration):
    """One entry of triage.yml.

    Attributes
    ----------
    decision : "open", "accepted" or "dismissed"
    reason, who, when : str
        Needed once something is decided; ``when`` is an ISO day.
    round : str
        Round of the alert.
    about : str
        What the alert is about, for the person who reads the file.
    figures : str
        The printed figures that the decision was made on.
    """

    decision: Literal["open", "accepted", "dismissed"] = "open"
    reason: str = ""
    who: str = ""
    when: Annotated[str, AfterValidator(_day)] = ""
    round: str = ""
    about: str = ""
    figures: str = ""


Triage = Mapping[str, Decision]
"""Alert id → what was decided."""


def read_triage(path: Path, alerts: Alerts) -> dict[str, Decision]:
    """Read the decisions about the alerts of one run.

    Parameters
    ----------
    path : Path
        The triage.yml; it need not exist.
    alerts : Alerts
        Of the present run; every test, so that an alert that is none any more is still known.

    Returns
    -------
    dict of str to Decision
        All entries, those of other rounds too.

    Raises
    ------
    StudyError
        One error with every problem: unknown keys; ids of this round that no test has, with the nearest one; a decision
        without reason, who or when.
    """
    if not path.is_file():
        return {}
    data, findings = read_yaml(path)
    if not isinstance(data, dict):
        raise StudyError(f"{path.name} holds {type(data).__name__}, not alert ids with decisions", findings)
    decisions: dict[str, Decision] = {}
    for name, entry in data.items():
        made, problems = check(Decision, entry, f"{path.name}: {name}")
        findings += problems
        if made is not None:
            decisions[str(name)] = made
            findings += _problems(str(name), made, f"{path.name}: {name}")
    findings += _unknown(path.name, decisions, alerts)
    refuse(path, findings)
    return decisions


def _problems(name: str, entry: Decision, where: str) -> Iterator[Finding]:
    """What a decision lacks."""
    if entry.decision == "open":
        return
    absent = [field for field in ("reason", "who", "when") if not getattr(entry, field).strip()]
    if absent:
        message = (
            f"the alert is {entry.decision}, but {', '.join(absent)} is missing, so nobody can follow the decision"
        )
        yield Finding("error", "triage_incomplete", where, message, f"write {', '.join(absent)}")


def _unknown(file: str, decisions: Triage, alerts: Alerts) -> Iterator[Finding]:
    """Ids of this round, or of no round, that no test of the run has."""
    known, rounds = list(alerts["alert_id"]), set(alerts["round"])
    for name, entry in decisions.items():
        if name not in known and (not entry.round or entry.round in rounds):
            message = f"no test of this round has the id {name!r}{suggest(name, known)}"
            remedy = "correct the id; where the rule or the group is gone, take the entry out"
            yield Finding("error", "triage_unknown", f"{file}: {name}", message, remedy)


def states(alerts: Alerts, triage: Triage) -> pd.Series:
    """Where each row of alerts stands.

    Parameters
    ----------
    alerts : Alerts
    triage : mapping of alert id to Decision

    Returns
    -------
    Series of str, same index
        A word of :data:`STATES`. ``changed``: accepted or dismissed on other figures than the row's.
    """
    found = []
    for name, figures in zip(alerts["alert_id"], figures_of(alerts), strict=True):
        entry = triage.get(name, Decision())
        moved = entry.decision != "open" and entry.figures != figures
        found.append("changed" if moved else entry.decision)
    return pd.Series(found, alerts.index, dtype="str")


def check_triage(alerts: Alerts, triage: Triage, where: str = "triage.yml") -> list[Finding]:
    """What a person has to do before a release: alerts not decided on, and decisions whose figures changed.

    Parameters
    ----------
    alerts : Alerts
    triage : mapping of alert id to Decision
    where : str
        File to name.

    Returns
    -------
    list of Finding
    """
    raised = alerts.raised()
    findings = []
    for name, state, figures in zip(raised["alert_id"], states(raised, triage), figures_of(raised), strict=True):
        if state == "changed":
            message = (
                f"{triage[name].decision} when the figures were {triage[name].figures!r}; they are {figures!r} now"
            )
            remedy = "look at it again, and write the new figures beside the decision"
            findings.append(Finding("warning", "alert_changed", f"{where}: {name}", message, remedy))
    waiting = int((states(raised, triage) == "open").sum())
    if waiting:
        message = f"{waiting} of {len(raised)} alerts are not decided on, so no release prints them"
        remedy = f"accept or dismiss each in {where}"
        findings.append(Finding("warning", "alert_open", where, message, remedy, waiting))
    return findings


def released(alerts: Alerts, triage: Triage, *, threshold: int, suppressed: Collection[str] = ()) -> Alerts:
    """The alerts that a report for release may print.

    Parameters
    ----------
    alerts : Alerts
    triage : mapping of alert id to Decision
    threshold : int
        Fewest people behind a published figure and behind its complement.
    suppressed : collection of str
        Result ids that protection hides in the tables of either round.

    Returns
    -------
    Alerts
        Accepted ones whose figures have not changed since and that give no small count away, in the order of
        :meth:`Alerts.raised`.
    """
    raised = withheld(alerts.raised(), threshold=threshold, suppressed=suppressed)
    accepted = (states(alerts.raised(), triage) == "accepted").to_numpy()
    return Alerts(raised[accepted & (raised["reason"] != "suppressed").to_numpy()].reset_index(drop=True))


def withheld(alerts: Alerts, *, threshold: int, suppressed: Collection[str] = ()) -> Alerts:
    """The same rows without the figures of those that would give a small count away.

    Parameters
    ----------
    alerts : Alerts
    threshold, suppressed
        As in :func:`released`.

    Returns
    -------
    Alerts
        A row is hidden where fewer than ``threshold`` people are behind one of its figures, with the need or without
        it, or where one of its ``sources`` is suppressed: then it has no figure, no p and q, the reason ``suppressed``,
        and the words of ``WITHHELD`` in the place of its message.
    """
    out = Alerts(alerts.copy())
    hidden_ids = set(suppressed)
    of_hidden = [bool(hidden_ids & set(str(text).split(";"))) for text in out["sources"]]
    hidden = (
        (out["n"].to_numpy(float) < threshold) | (out["n_need"].to_numpy(float) < threshold) | np.array(of_hidden, bool)
    )
    figures = ["estimate", "change", "low", "high", "p", "q", "n", "n_need"]
    out[figures] = out[figures].astype(float).mask(np.repeat(hidden[:, None], len(figures), axis=1))
    out["reference"] = out["reference"].mask(hidden & (out["kind"] != "threshold").to_numpy())
    out["reason"] = out["reason"].mask(hidden, "suppressed")
    out["flags"] = out["flags"].mask(hidden, "")
    for language, text in WITHHELD.items():
        out[f"message_{language}"] = out[f"message_{language}"].mask(hidden, text)
    return out


def figures_of(alerts: pd.DataFrame) -> list[str]:
    """The printed figures of each row in one text: what a decision is made on; rounding alone changes nothing."""
    rows: Iterable[Mapping[Any, Any]] = alerts.to_dict("records")
    return [_figures(row) for row in rows]


def _figures(row: Mapping[Any, Any]) -> str:
    share = str(row["statistic"]).startswith(("share", "ratio"))
    parts = [
        f"{name} {level_text(row[name], share=share)}" for name in ("estimate", "reference") if pd.notna(row[name])
    ]
    if pd.notna(row["low"]):
        ends = (number_text(100 * row[end] if share else row[end], 1 if share else 2) for end in ("low", "high"))
        parts.append(f"interval {' to '.join(ends)}")
    return ", ".join(parts)


def write_triage(path: Path, alerts: Alerts) -> list[str]:
    """Add the alerts that the file does not list yet, for a person to decide on.

    Parameters
    ----------
    path : Path
        The triage.yml; it is made when there is none.
    alerts : Alerts

    Returns
    -------
    list of str
        Ids that were added.

    Raises
    ------
    StudyError
        The file has problems (see :func:`read_triage`); it is not touched then.

    Notes
    -----
    Every line that is there stays, a person's remarks included. Below a decision whose figures are others now, a remark
    gives the new ones.
    """
    triage = read_triage(path, alerts)
    text = path.read_text(encoding="utf-8-sig") if path.is_file() else _HEAD
    raised = alerts.raised()
    said = dict(zip(raised["alert_id"], figures_of(raised), strict=True))
    lines = _with_remarks(text.rstrip("\n").split("\n"), {name: said[name] for name in said if name in triage}, triage)
    added = [row for row in raised.to_dict("records") if row["alert_id"] not in triage]
    for row in added:
        entry = {"decision": "open", "reason": "", "who": "", "when": "", "round": row["round"]}
        entry |= {"about": row["message_zh"], "figures": said[row["alert_id"]]}
        body = yaml.safe_dump({row["alert_id"]: entry}, allow_unicode=True, sort_keys=False, width=1000)
        lines += ["", f"# {' '.join(row['message_en'].split())}", *body.rstrip("\n").split("\n")]
    made = "\n".join(lines) + "\n"
    if made != text or not path.is_file():
        temporary = path.with_name(f".{path.name}.tmp")
        temporary.write_text(made, encoding="utf-8", newline="\n")
        temporary.replace(path)
    return [str(row["alert_id"]) for row in added]


def _with_remarks(lines: list[str], said: Mapping[str, str], triage: Triage) -> list[str]:
    """The lines with a remark of the present figures below every decision made on others."""
    out: list[str] = []
    for line in (line for line in lines if not line.startswith(_NOW)):
        out.append(line)
        name = line.split(":", 1)[0].strip("'\"")
        if name in said and triage[name].decision != "open" and triage[name].figures != said[name]:
            out.append(f"{_NOW}{said[name]}")
    return out
