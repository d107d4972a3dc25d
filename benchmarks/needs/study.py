"""A synthetic study of needs, written as a study folder: four rounds, sixty indicators, twelve communities.

    python benchmarks/needs/study.py FOLDER CHILDREN

``CHILDREN`` are asked in every round, in the same 240 clusters of 12 communities (strata), with unequal weights.
Questions are about needs (yes, no, do not know), about several things at once, and about amounts; one child in fifty
has no answer to a question. A need is as much the cluster's and the child's as the question's, and differs between
communities; the first twenty become rarer from round to round. Everything is invented.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xlsxwriter
import yaml

ROUNDS = ("2024Q2", "2024Q4", "2025Q2", "2025Q4")
COMMUNITIES = tuple(f"c{number:02d}" for number in range(1, 13))
CLUSTERS = 20
"""In each community, the same in every round."""
NEEDS, BLOCKS, AMOUNTS, PAIRS = 40, 10, 8, 2
"""Indicators: yes-no questions, questions with several options, means, ratios of totals; sixty in all."""
OPTIONS = ("food", "rent", "travel", "fees", "none")
DIMENSIONS = 6
DOMAINS = ("education", "health", "livelihood", "support")
LATER = 20
"""Needs that become rarer."""


@dataclass(frozen=True)
class Question:
    """A question of the form: its type, its name, and of whom it is asked."""

    kind: str
    name: str
    relevant: str = ""


def questions() -> list[Question]:
    """Every question of the form, in its order."""
    first = [Question("select_one community", "community"), Question("integer", "age")]
    needs = [Question("select_one yesno", f"need{at:02d}", "${age} >= 6" if at % 4 == 0 else "") for at in range(NEEDS)]
    blocks = [Question("select_multiple help", f"block{at:02d}") for at in range(BLOCKS)]
    amounts = [Question("decimal", f"amount{at:02d}") for at in range(AMOUNTS)]
    pairs = [Question("decimal", f"{part}{at:02d}") for at in range(PAIRS) for part in ("cost", "income")]
    return [*first, *needs, *blocks, *amounts, *pairs]


def indicators() -> list[dict[str, Any]]:
    """Declarations of the sixty indicators."""
    out: list[dict[str, Any]] = []
    for at in range(NEEDS):
        base = {"base": "${age} >= 6"} if at % 4 == 0 else {}
        also = f" or ${{need{at - 1:02d}}} = 'yes'" if at % 4 == 3 else ""  # a quarter rests on two questions
        out.append({"id": f"need_{at:02d}", **base, "need": f"${{need{at:02d}}} = 'yes'{also}"})
    for at in range(BLOCKS):
        out.append({"id": f"block_{at:02d}", "need": f"selected(${{block{at:02d}}}, '{OPTIONS[at % 4]}')"})
    out += [{"id": f"amount_{at:02d}", "value": f"${{amount{at:02d}}}"} for at in range(AMOUNTS)]
    out += [{"id": f"pair_{at:02d}", "over": [f"${{cost{at:02d}}}", f"${{income{at:02d}}}"]} for at in range(PAIRS)]
    about = {"version": 1, "kind": "felt", "unit": "child"}
    words = {"label": {"zh": "合成", "en": "synthetic"}, "definition": {"zh": "合成", "en": "synthetic"}}
    return [{**one, "domain": DOMAINS[at % 4], **about, **words} for at, one in enumerate(out)]


def answers(children: int) -> list[pd.DataFrame]:
    """One frame of texts per round, as an export holds them."""
    draw = np.random.default_rng(20251122)
    corner = draw.normal(size=(len(COMMUNITIES) * CLUSTERS, 3))
    return [_round(draw, children, corner, later) for later in range(len(ROUNDS))]


def _round(draw: np.random.Generator, children: int, corner: np.ndarray, later: int) -> pd.DataFrame:
    cluster = np.sort(draw.integers(0, len(corner), children))
    burden = 0.4 * corner[cluster, 0] + 0.6 * draw.normal(size=children)
    age = draw.integers(3, 16, children)
    columns: dict[str, Any] = {
        "start": f"{ROUNDS[later][:4]}-{'05' if ROUNDS[later].endswith('Q2') else '11'}-12T09:00:00.000+08:00",
        "community": np.array(COMMUNITIES)[cluster // CLUSTERS],
        "age": age.astype(str),
    }
    columns["end"] = columns["start"]

    def score(at: int) -> np.ndarray:
        own = 0.5 * burden + 0.3 * corner[cluster, 1 + at % 2] + draw.normal(size=children)
        return np.asarray(own - 0.06 * later * (at < LATER))

    for at in range(NEEDS):
        said = np.where(score(at) > 0.4 + 0.03 * at, "yes", "no").astype(object)
        said[draw.random(children) < 0.02] = "dont_know"
        columns[f"need{at:02d}"] = np.where((at % 4 == 0) & (age < 6), "", said)
    for at in range(BLOCKS):
        columns |= _marked(draw, f"block{at:02d}", score(at))
    for at in range(AMOUNTS):
        columns[f"amount{at:02d}"] = _text(draw, 3 + score(at))
    for at in range(PAIRS):
        columns[f"cost{at:02d}"] = _text(draw, 300 * np.exp(0.3 * score(at)))
        columns[f"income{at:02d}"] = _text(draw, 2000 * np.exp(0.5 * draw.normal(size=children)))
    columns["_uuid"] = [f"{later}-{row:07d}" for row in range(children)]
    columns["grid"] = [f"g{one:03d}" for one in cluster]
    columns["weight"] = draw.uniform(0.5, 2, children).round(3).astype(str)
    return pd.DataFrame(columns)


def _marked(draw: np.random.Generator, name: str, score: np.ndarray) -> dict[str, Any]:
    """Options that apply, "none" where none does: the joined column and one of 0 and 1 for each option."""
    chosen = score[:, None] + draw.normal(size=(len(score), len(OPTIONS) - 1)) > 1.2
    chosen = np.column_stack([chosen, ~chosen.any(axis=1)])
    texts = np.array([" ".join(one for at, one in enumerate(OPTIONS) if mask >> at & 1) for mask in range(32)])
    out: dict[str, Any] = {name: texts[(chosen << np.arange(len(OPTIONS))).sum(axis=1)]}
    return out | {f"{name}/{one}": chosen[:, at].astype(int).astype(str) for at, one in enumerate(OPTIONS)}


def _text(draw: np.random.Generator, value: np.ndarray) -> np.ndarray:
    """Amounts as text; one in fifty is not known."""
    texts = np.char.mod("%.2f", value)
    return np.where(draw.random(len(value)) < 0.02, "-98", texts)


def write_form(path: Path) -> None:
    survey = [("type", "name", "label::中文 (zh)", "relevant")]
    survey += [(one.kind, one.name, f"合成问题 {one.name}", one.relevant) for one in questions()]
    lists = {"yesno": ("yes", "no", "dont_know"), "help": OPTIONS, "community": COMMUNITIES}
    choices = [("list_name", "name", "label::中文 (zh)")]
    choices += [(name, option, f"合成选项 {option}") for name, options in lists.items() for option in options]
    with xlsxwriter.Workbook(str(path)) as book:
        for name, lines in {"survey": survey, "choices": choices}.items():
            sheet = book.add_worksheet(name)
            for number, line in enumerate(lines):
                sheet.write_row(number, 0, [None if cell == "" else cell for cell in line])


def declaration() -> dict[str, Any]:
    """study.yml."""
    words = {"zh": "合成", "en": "synthetic"}
    months = {"Q2": ("05-10", "06-05"), "Q4": ("11-01", "11-28")}
    rounds = {one: {"collected": [f"{one[:4]}-{day}" for day in months[one[4:]]]} for one in ROUNDS}
    raw = {one: f"{one}.csv" for one in ROUNDS}
    table = {"key": "_uuid", "form": "form.xlsx", "raw": raw, "reader": "kobo", "label": words, "counted": words}
    table["missing"] = {"DONT_KNOW": ["dont_know", "-98"]}
    dimensions = {
        f"d{at}": {"label": words, "indicators": [f"need_{at + DIMENSIONS * one:02d}" for one in range(3)]}
        for at in range(DIMENSIONS)
    }
    return {
        "id": "benchmark",
        **dict.fromkeys(("title", "publisher", "population"), words),
        "rounds": rounds,
        "tables": {"child": table},
        "design": {"kind": "probability", "strata": "community", "cluster": "grid", "weight": "weight"},
        "groups": [{"name": "community", "label": words}],
        "overlap": {"unit": "child", "cutoffs": list(range(1, DIMENSIONS + 1)), "dimensions": dimensions},
        "indicators": "indicators.yml",
    }


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        return True


def write_study(folder: Path, children: int) -> None:
    """Write the folder: form, exports, indicators and study.yml."""
    folder.mkdir(parents=True, exist_ok=True)
    write_form(folder / "form.xlsx")
    for name, frame in zip(ROUNDS, answers(children), strict=True):
        frame.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
    for name, told in {"indicators.yml": indicators(), "study.yml": declaration()}.items():
        text = yaml.dump(told, Dumper=_Plain, allow_unicode=True, sort_keys=False)
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_study(Path(sys.argv[1]), int(sys.argv[2]))
