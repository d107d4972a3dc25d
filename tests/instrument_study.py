"""A small invented study that uses scales, the food questions, measured children and a ranking."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from xzz_analysis.needs import growth
from xzz_analysis.needs.scales.fies import GLOBAL_STANDARD
from xzz_analysis.study import Study, open_study

SIZE = 260
STUDY = """
id: small
title: {zh: 小样, en: Small}
publisher: {zh: 某站, en: A station}
population: {zh: 家庭, en: Families}
rounds:
  r1: {collected: [2025-05-01, 2025-05-31]}
tables:
  family:
    key: id
    reader: kobo
    form: form.md
    raw: {r1: r1.csv}
    missing: {DONT_KNOW: [dk]}
    label: {zh: 家庭, en: families}
    counted: {zh: 户家庭, en: families}
design: {kind: probability, cluster: grid, weight: weight}
groups: [hukou]
outputs: outputs
indicators: indicators.yml
growth: {wst456: wst456.csv}
"""
FOODS = ("fies_worried", "fies_healthy", "fies_few_foods", "fies_skipped", "fies_ate_less", "fies_ran_out")
FOODS += ("fies_hungry", "fies_whole_day")
MOODS = tuple(f"who5_{place}" for place in range(1, 6))
RANKED = ("help_first", "help_second", "help_third")
HELP = ("tutoring", "cash_relief", "medical_referral", "legal_advice")
LISTS = {
    "yes_no": ("yes", "no", "dk"),
    "code_0_5": tuple("012345"),
    "help": HELP,
    "sex": ("male", "female"),
    "hukou": ("rural", "urban"),
}
ASKED = {**dict.fromkeys(FOODS, "yes_no"), **dict.fromkeys(MOODS, "code_0_5"), **dict.fromkeys(RANKED, "help")}
ASKED |= {"sex": "sex", "hukou": "hukou"}
INDICATORS = """
- use: live_food_score
- {use: health_wellbeing, unit: family, base: "${age} >= 8"}
- use: sup_priorities
- {use: health_stunted, unit: family}
- {use: health_thin, unit: family}
- id: thin_national
  domain: health
  kind: normative
  unit: family
  label: {zh: 消瘦（国家标准）, en: Thin (national standard)}
  definition: {zh: 消瘦的比例, en: Share of thin children}
  growth: &bmi
    measure: bmi
    value: "${weight_kg} div (${height_cm} div 100) div (${height_cm} div 100)"
    age: "${age_months}"
    sex: "${sex}"
    reference: wst456
    within: thin
- id: overweight_national
  domain: health
  kind: normative
  unit: family
  label: {zh: 超重（国家标准）, en: Overweight (national standard)}
  definition: {zh: 超重的比例, en: Share of overweight children}
  growth: {<<: *bmi, reference: wst586, within: overweight}
"""


def form(lists: Mapping[str, tuple[str, ...]] = LISTS) -> str:
    """The questionnaire as a table of text."""
    lines = ["| survey |", "| | type | name | label::中文 (zh) | label::English (en) |"]
    lines += ["| | text | id | 编号 | Number |"]
    lines += [f"| | select_one {options} | {name} | {name}题 | Item {name} |" for name, options in ASKED.items()]
    numbers = ("age", "age_months", "height_cm", "weight_kg", "weight", "grid")
    lines += [f"| | decimal | {name} | {name} | {name} |" for name in numbers]
    lines += ["| choices |", "| | list_name | name | label::中文 (zh) | label::English (en) |"]
    lines += [f"| | {name} | {one} | {one}项 | The {one} |" for name, options in lists.items() for one in options]
    return "\n".join(lines) + "\n"


def answers(size: int = SIZE, seed: int = 3) -> pd.DataFrame:
    """Invented families: food answers that follow the Rasch model, moods of one factor, children who grow."""
    made = np.random.default_rng(seed)
    table = pd.DataFrame({"id": np.arange(size), "hukou": made.choice(LISTS["hukou"], size)})
    severity = np.array(list(GLOBAL_STANDARD.values()))
    yes = made.normal(-0.3, 1.6, size)[:, None] - severity > made.logistic(size=(size, 8))
    table[list(FOODS)] = np.where(yes, "yes", "no")
    mood = made.normal(2.5, 1, size)[:, None] + made.normal(0, 0.7, (size, 5))
    table[list(MOODS)] = np.clip(np.round(mood), 0, 5).astype(int)
    wish = np.argsort(made.gumbel([1.5, 0.7, 0.2, 0], size=(size, len(HELP))), axis=1)[:, ::-1]
    table[list(RANKED)] = np.array(HELP)[wish[:, :3]]
    table["age"] = made.integers(7, 15, size)
    table["age_months"] = table["age"] * 12 + made.integers(0, 12, size) + 0.5
    table["sex"] = made.choice(LISTS["sex"], size)
    table["height_cm"] = (85 + 0.49 * table["age_months"] + made.normal(0, 6, size)).round(1)
    bmi = 14 + 0.028 * table["age_months"] + made.normal(0, 2, size)
    table["weight_kg"] = (bmi * (table["height_cm"] / 100) ** 2).round(1)
    table["grid"], table["weight"] = np.arange(size) % 26, made.uniform(1, 2, size).round(3)
    return table


def write_study(folder: Path, table: pd.DataFrame | None = None, **texts: str) -> Study:
    """Write the study and open it; ``study``, ``form`` and ``indicators`` replace its texts."""
    (answers() if table is None else table).convert_dtypes().to_csv(folder / "r1.csv", index=False)
    example = Path(growth.__file__).with_name("example_wst456.csv").read_text(encoding="utf-8")
    written = {
        "study.yml": texts.get("study", STUDY),
        "form.md": texts.get("form", form()),
        "indicators.yml": texts.get("indicators", INDICATORS),
        "wst456.csv": texts.get("wst456", example.replace("invented example 虚构示例，不是标准中的数值", "typed")),
    }
    for name, text in written.items():
        (folder / name).write_text(text, encoding="utf-8")
    return open_study(folder)
