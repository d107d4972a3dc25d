"""Seconds of every quality check on invented records, and the peak memory of the process.

    python benchmarks/intake/quality.py [RECORDS] [QUESTIONS]

10,000 records of 300 questions by default: single and multiple choices, scales, numbers and dates whose answers hang
together, a third of them skipped, 40 interviewers, with 1 record in 100 copied from another and changed a little.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import resource
import sys
import time

import numpy as np
import pandas as pd

from xzz_analysis.intake.answers import Option, Question, Reason
from xzz_analysis.intake.quality import CHECKS, QualityRules, Records, joined, quality_score

KINDS = ("select_one", "integer", "date")
FAMILIES = Question("families", "integer")


def invented(records: int, questions: int, *, seed: int = 1) -> Records:
    """Records whose answers hang together through two traits of the respondent."""
    random = np.random.default_rng(seed)
    traits = random.normal(size=(records, 2))
    copied = random.choice(records, records // 100, replace=False)
    source = np.setdiff1d(np.arange(records), copied)[: len(copied)]
    values, reasons, asked = {}, {}, {}
    for number in range(questions):
        question = _question(number, questions)
        score = traits @ random.normal(0, 0.4, 2) + random.normal(size=records)
        skipped = (random.random(records) < 0.3) & (number % 10 > 1)
        score[copied], skipped[copied] = score[source], skipped[source]
        changed = copied[random.random(len(copied)) < 0.02]
        score[changed] = random.normal(size=len(changed))
        for column, told in _answers(question, score, random).items():
            values[column] = told.where(~skipped)
            reasons[column] = np.where(skipped, Reason.SKIPPED, Reason.ANSWERED).astype(np.int8)
        asked[question.name] = question
    keys = pd.Series([f"p{row:06d}" for row in range(records)], dtype="str")
    return Records(
        "family",
        "2025Q4",
        pd.DataFrame(values),
        pd.DataFrame(reasons),
        asked,
        keys,
        submission=_submission(records, questions, random),
        collected=(dt.date(2025, 11, 1), dt.date(2025, 11, 28)),
        read_on=pd.Timestamp("2025-12-01"),
        texts=pd.DataFrame({"why": random.integers(1, 2**62, records).astype(np.uint64)}),
        exclusive={name: ("o0",) for name, one in asked.items() if one.kind == "select_multiple"},
        broken=pd.DataFrame({name: random.random(records) < 1e-4 for name in asked}),
        other_repeats=pd.DataFrame({name: random.random(records) < 1e-4 for name in list(asked)[::20]}),
        parent=_communities(records // 20),
        parent_rows=np.arange(records) // 20,
    )


def _communities(count: int) -> Records:
    values = pd.DataFrame({"families": np.full(count, 20.0)})
    keys = pd.Series([f"c{row}" for row in range(count)], dtype="str")
    return Records("community", "2025Q4", values, values.astype(np.int8) * 0, {"families": FAMILIES}, keys)


def declared(records: Records) -> QualityRules:
    """Rules on the invented questions: twenty contradictions, an age, a count and a plan."""
    kinds = {kind: [name for name, one in records.questions.items() if one.kind == kind] for kind in KINDS}
    when = [
        f"${{{one}}} > 40 and ${{{two}}} = 'o0'" for one in kinds["integer"][:4] for two in kinds["select_one"][-5:]
    ]
    said = {"zh": "矛盾", "en": "contradiction"}
    logic = [{"name": f"r{n}", "unit": "family", "when": text, "message": said} for n, text in enumerate(when)]
    return QualityRules.model_validate(
        {
            "logic": logic,
            "ages": [{"unit": "family", "age": kinds["integer"][0], "born": kinds["date"][0]}],
            "counts": [{"name": "families", "unit": "family", "question": "families"}],
            "plans": [{"unit": "family", "by": kinds["select_one"][-1], "targets": {"2025Q4": {"o0": len(records)}}}],
        }
    )


def asked_again(records: Records, share: float = 0.05) -> Records:
    """A second interview of some of the records, with the same answers."""
    rows = np.arange(int(len(records) * share))
    frames = (records.values, records.reasons, records.keys)
    values, reasons, keys = (frame.iloc[rows].reset_index(drop=True) for frame in frames)
    return Records(records.unit, records.round, values, reasons, records.questions, keys)


def _question(number: int, questions: int) -> Question:
    """Scales first, then by turns single and multiple choices, numbers and dates."""
    name = f"q{number:03d}"
    if number < questions // 5:
        return Question(name, "select_one", options=_options(5), group=(f"scale{number // 10}",))
    kind = ("select_one", "select_one", "select_multiple", "integer", "select_one", "decimal", "date")[number % 7]
    return Question(name, kind, options=_options(2 + number % 7) if kind.startswith("select") else ())


def _options(count: int) -> tuple[Option, ...]:
    return tuple(Option(f"o{place}") for place in range(count))


def _answers(question: Question, score: np.ndarray, random: np.random.Generator) -> dict[str, pd.Series]:
    if question.kind == "select_multiple":
        own = np.sin(np.outer(score * 1e4, np.arange(1, len(question.options) + 1))) + score[:, None] / 3
        chosen = own > 0.4
        chosen[:, 1:] &= ~chosen[:, :1]  # the first option excludes the others
        return {column: pd.Series(chosen[:, place] * 1.0) for place, column in enumerate(question.columns)}
    if question.kind == "select_one":
        cuts = np.sort(random.normal(size=len(question.options) - 1))
        names = np.array([option.name for option in question.options])
        return {question.name: pd.Series(names[np.searchsorted(cuts, score)], dtype="str")}
    if question.kind == "date":
        return {
            question.name: pd.Timestamp("2015-01-01")
            + pd.to_timedelta(np.round(score * 900), unit="D").to_series().reset_index(drop=True)
        }
    return {question.name: pd.Series(np.round(np.exp(score) * (4 if question.kind == "integer" else 3000)))}


def _submission(records: int, questions: int, random: np.random.Generator) -> pd.DataFrame:
    who = np.arange(records) % 40
    slot = np.arange(records) // 40
    start = pd.Timestamp("2025-11-01 08:00") + pd.to_timedelta((slot // 10) * 1440 + (slot % 10) * 60, unit="min")
    seconds = np.minimum(questions * 0.7 * np.exp(random.normal(1.5, 0.3, records)), 3500)
    return pd.DataFrame(
        {
            "interviewer": pd.Series([f"i{code:02d}" for code in who], dtype="str"),
            "version": pd.Series(np.where(slot < slot.max() // 2, "v1", "v2"), dtype="str"),
            "start": start,
            "end": start + pd.to_timedelta(seconds, unit="s"),
            "seconds": seconds,
        }
    )


def main() -> None:
    size, questions = (int(given) for given in (*sys.argv[1:], *("10000", "300")[len(sys.argv) - 1 :]))
    records = invented(size, questions)
    records, rules = dataclasses.replace(records, again=asked_again(records)), declared(records)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{records!r}; {before:.0f} MB before the checks")
    clock = time.perf_counter()
    _ = records.coded.fingerprint
    spent = {"(coding)": time.perf_counter() - clock}
    found = []
    for check in CHECKS:
        clock = time.perf_counter()
        found.append(check.run(records, rules))
        spent[check.rule] = time.perf_counter() - clock
    findings = joined(found)
    idle = dict(findings.not_run[["rule", "en"]].to_numpy(object))
    for rule, seconds in spent.items():
        print(f"{seconds:7.2f} s  {rule:24}{findings.of(rule)['count'].sum():8,}  {idle.get(rule, '')}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{sum(spent.values()):7.2f} s  all checks; peak {peak:.0f} MB; {quality_score(findings, size)!r}")


if __name__ == "__main__":
    main()
