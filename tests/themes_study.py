"""An invented study with a free-text question that people coded: what the demonstration cannot show."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

KEY, TEXT = "child_id", "wish_text"
CODES = {
    "play": (
        "有地方玩",
        "A place to play",
        "提到玩的地方、活动场地或玩伴。",
        "A place to play, activities, playmates.",
        None,
    ),
    "parents": ("多和父母在一起", "More time with parents", "希望父母多陪伴。", "Wishes for more time together.", None),
    "school": ("上学的事", "School", "提到入学、功课或老师。", "Entering school, homework or teachers.", "education"),
    "bullied": ("被欺负", "Being bullied", "提到被打、被骂、被孤立。", "Being hit, called names or left out.", None),
}
SHARE = {"play": 0.45, "parents": 0.35, "school": 0.2, "bullied": 0.02}
FORM = """| survey |
| | type | name | label::中文 (zh) | label::English (en) |
| | text | child_id | 编号 | Number |
| | select_one sex | sex | 性别 | Sex |
| | text | wish_text | 你最希望改变什么？ | What would you most like to change? |
| choices |
| | list_name | name | label::中文 (zh) | label::English (en) |
| | sex | f | 女 | Girls |
| | sex | m | 男 | Boys |
"""
STUDY: dict[str, Any] = {
    "id": "wishes",
    "title": {"zh": "孩子的愿望（虚构）", "en": "Children's wishes (fictional)"},
    "publisher": {"zh": "某机构（虚构）", "en": "A centre (fictional)"},
    "population": {"zh": "虚构的儿童", "en": "Invented children"},
    "rounds": {"r1": {"collected": ["2025-05-01", "2025-05-31"]}, "r2": {"collected": ["2025-11-01", "2025-11-30"]}},
    "tables": {
        "child": {
            "label": {"zh": "儿童", "en": "children"},
            "counted": {"zh": "名儿童", "en": "children"},
            "key": KEY,
            "reader": "kobo",
            "form": "form.md",
            "raw": {"r1": "raw/r1.csv", "r2": "raw/r2.csv"},
        }
    },
    "design": {"kind": "probability", "strata": "stratum", "cluster": "grid", "weight": "weight"},
    "groups": [{"name": "sex", "label": {"zh": "性别", "en": "Sex"}}],
    "themes": "themes.yml",
}
ROUNDS = ("r1", "r2")


def themes() -> dict[str, Any]:
    """themes.yml of the study as data."""
    codes = {
        code: {"label": {"zh": zh, "en": en}, "definition": {"zh": means_zh, "en": means}}
        | ({"domain": domain} if domain else {})
        for code, (zh, en, means_zh, means, domain) in CODES.items()
    }
    question = {
        "id": "wish",
        "unit": "child",
        "question": TEXT,
        "label": {"zh": "最希望改变的事", "en": "What children would most like to change"},
        "domain": "support",
        "file": {name: f"themes/{name}.csv" for name in ROUNDS},
        "second_coder": {"r2": "themes/r2_second.csv"},
        "codes": codes,
    }
    return {"questions": [question], "quotations": [quotation()]}


def quotation(**changes: Any) -> dict[str, Any]:
    """A quotation that may be printed."""
    return {
        "theme": "wish/play",
        "round": "r2",
        "zh": "放学以后没有地方玩，只能在楼道里跑。",
        "en": "There is nowhere to play after school, so we run about on the stairs.",
        "who": {"zh": "一名小学生", "en": "a primary school pupil"},
        "approved_by": "儿童保护负责人（虚构）",
        "consent": True,
        "paraphrased": True,
    } | changes


def records(name: str) -> list[dict[str, str]]:
    """Invented children of one round: one in eight wrote nothing."""
    rng = np.random.default_rng(ROUNDS.index(name))
    return [
        {
            "child_id": f"C{number:03d}",
            "sex": "fm"[int(rng.integers(2))],
            "wish_text": "" if number % 8 == 3 else f"合成回答{number}：希望有改变",
            "stratum": "ab"[number % 2],
            "grid": f"{'ab'[number % 2]}{number // 2 % 12}",
            "weight": "1.5" if number % 2 else "1",
            "_uuid": f"{name}-{number}",
        }
        for number in range(240)
    ]


def coded(rows: Sequence[Mapping[str, str]], seed: int = 7) -> list[dict[str, str]]:
    """What a coder made of the answers, 0 and 1 for each theme."""
    rng = np.random.default_rng(seed)
    return [
        {KEY: row[KEY]} | {code: str(int(rng.random() < share)) for code, share in SHARE.items()}
        for row in rows
        if row[TEXT]
    ]


def second(rows: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """A second coder, who read every other answer and sees things otherwise in one of ten, in one column of codes."""
    rng = np.random.default_rng(11)
    marks = [{**row} for row in rows[::2]]
    for row in marks:
        for code in SHARE:
            row[code] = str(1 - int(row[code])) if rng.random() < 0.1 else row[code]
    return [{KEY: row[KEY], "codes": ";".join(code for code in SHARE if row[code] == "1") or "none"} for row in marks]


def write_table(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    """A CSV of some rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def write_yaml(path: Path, data: Any) -> None:
    """Data as YAML."""
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")


def write_study(folder: Path, change: Callable[[dict[str, Any]], object] | None = None, **settings: Any) -> Path:
    """The whole study; ``change`` is given the data of themes.yml, ``settings`` go into study.yml."""
    for name in ROUNDS:
        rows = records(name)
        write_table(folder / "raw" / f"{name}.csv", rows)
        write_table(folder / "themes" / f"{name}.csv", coded(rows))
    write_table(folder / "themes" / "r2_second.csv", second(coded(records("r2"))))
    (folder / "form.md").write_text(FORM, encoding="utf-8")
    declared = themes()
    if change is not None:
        change(declared)
    write_yaml(folder / "themes.yml", declared)
    write_yaml(folder / "study.yml", STUDY | settings)
    return folder
