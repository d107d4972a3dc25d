"""A study of services alone, with ledgers that a test writes."""

import pandas as pd
import yaml

from xzz_analysis.services.opening import open_ledgers
from xzz_analysis.study import open_study

STUDY = {
    "id": "ledgers",
    "title": {"zh": "台账（合成演示数据）", "en": "Ledgers (synthetic)"},
    "publisher": {"zh": "岚砚社会工作服务中心（虚构）", "en": "Lanyan Social Work Centre (fictional)"},
    "population": {"zh": "服务对象（虚构）", "en": "people served (fictional)"},
    "notice": {"zh": "合成演示数据", "en": "Synthetic demonstration data"},
    "rounds": {"2025": {"collected": ["2025-01-01", "2025-12-31"]}},
}


def write_study(folder, ledgers, **services):
    """Write a study folder; ledgers are frames, or lists of rows (dicts), by the ledger's name."""
    folder.mkdir(parents=True, exist_ok=True)
    named = {}
    for name, rows in ledgers.items():
        pd.DataFrame(rows).to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
        named[name] = f"{name}.csv"
    text = yaml.safe_dump({**STUDY, "services": {**named, **services}}, allow_unicode=True, sort_keys=False)
    (folder / "study.yml").write_text(text, encoding="utf-8")
    return open_study(folder)


def ledgers_of(folder, ledgers, period="2025", **services):
    """The ledgers of such a study, opened for a period."""
    return open_ledgers(write_study(folder, ledgers, **services), period)
