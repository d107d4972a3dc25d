"""A small synthetic study made by code: as many rounds and communities as a test wants, one unit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

ROUNDS = {
    "r1": ("2024-05-01", "2024-05-31"),
    "r2": ("2024-11-01", "2024-11-30"),
    "r3": ("2025-05-01", "2025-05-31"),
}

FORM = """
| survey |
| | type | name | label::中文 (zh) | label::English (en) |
| | select_one yes_no | uninsured | 没有医保吗 | Without insurance? |
| | select_one yes_no | absent | 缺课了吗 | Absent? |
| | decimal | sleep | 睡几个小时 | Hours of sleep |
| | integer | income | 人均收入 | Income per head |
| | select_one hukou | hukou | 户口 | Registration |
| | select_one community | community | 社区 | Community |
| choices |
| | list_name | name | label::中文 (zh) | label::English (en) |
| | yes_no | yes | 是 | Yes |
| | yes_no | no | 否 | No |
| | hukou | rural | 农业 | Rural |
| | hukou | urban | 城镇 | Urban |
"""

STUDY = """
id: small
title: {zh: 小样, en: Small}
publisher: {zh: 某站, en: A station}
population: {zh: 儿童, en: Children}
rounds:
ROUNDS
tables:
  child:
    label: {zh: 儿童, en: children}
    counted: {zh: 名儿童, en: children}
    key: id
    reader: kobo
    form: form.md
    raw: {RAW}
design: {kind: probability, strata: stratum, cluster: grid, weight: weight}
groups:
  - {name: hukou, label: {zh: 户口类型, en: Household registration}}
  - {name: community, label: {zh: 社区, en: Community}}
indicators: indicators.yml
"""

INDICATORS = """
- {id: uninsured, version: 1, domain: health, kind: normative, unit: child, direction: need,
   need: "${uninsured} = 'yes'", label: {zh: 没有医保, en: Without insurance},
   definition: {zh: 没有医保的比例。, en: Share without insurance.}}
- {id: absent, version: 1, domain: education, kind: normative, unit: child, direction: need,
   need: "${absent} = 'yes'", label: {zh: 缺课, en: Absent}, definition: {zh: 缺课的比例。, en: Share absent.}}
- {id: sleep, version: 1, domain: health, kind: normative, unit: child, direction: good, value: "${sleep}",
   label: {zh: 睡眠时间, en: Hours of sleep}, definition: {zh: 睡眠小时数。, en: Mean hours of sleep.}}
"""


def write_small_study(
    folder: Path,
    rounds: Sequence[str] = ("r1", "r2", "r3"),
    *,
    communities: int = 4,
    each: int = 60,
    settings: str = "",
    seed: int = 7,
) -> Path:
    """Write a study whose share without insurance rises by ten points a round; nothing else moves.

    Parameters
    ----------
    folder : Path
    rounds : sequence of str
        Of :data:`ROUNDS`.
    communities, each : int
        Communities, which are strata, and children in each; ten a grid.
    settings : str
        Further lines of study.yml.
    seed : int
    """
    folder.mkdir(parents=True, exist_ok=True)
    days = "\n".join(f"  {name}: {{collected: [{', '.join(ROUNDS[name])}]}}" for name in rounds)
    text = STUDY.replace("ROUNDS", days).replace("RAW", ", ".join(f"{name}: {name}.csv" for name in rounds))
    (folder / "study.yml").write_text(text + settings, encoding="utf-8")
    names = [f"c{place:02}" for place in range(communities)]
    listed = "".join(f"| | community | {name} | 社区{name[1:]} | Community {name[1:]} |\n" for name in names)
    (folder / "form.md").write_text(FORM + listed, encoding="utf-8")
    (folder / "indicators.yml").write_text(INDICATORS, encoding="utf-8")
    for place, name in enumerate(rounds):
        _answers(names, each, place, np.random.default_rng(seed + place)).to_csv(folder / f"{name}.csv", index=False)
    return folder


def _answers(names: Sequence[str], each: int, place: int, draw: np.random.Generator) -> pd.DataFrame:
    size = len(names) * each
    community = np.repeat(np.arange(len(names)), each)
    rural = draw.random(size) < 0.6
    income = np.round(draw.lognormal(7.5, 0.5, size))
    apart = 0.12 * np.sin(community)
    uninsured = draw.random(size) < 0.2 + 0.1 * place + apart + 0.1 * rural
    absent = draw.random(size) < 0.5 - 0.25 * (income > np.median(income))
    return pd.DataFrame(
        {
            "id": [f"{place}-{number}" for number in range(size)],
            "stratum": [f"s{number}" for number in community],
            "grid": np.arange(size) // 10,
            "weight": np.round(draw.uniform(1, 3, size), 2),
            "uninsured": np.where(uninsured, "yes", "no"),
            "absent": np.where(absent, "yes", "no"),
            "sleep": np.round(draw.normal(9, 1, size), 1),
            "income": income.astype(int),
            "hukou": np.where(rural, "rural", "urban"),
            "community": [names[number] for number in community],
        }
    )
