"""docs/service-report.md tells the truth: its code runs and prints what it says, and the figure is found by hand."""

import re

import pandas as pd
import pytest
import yaml

from xzz_analysis import open_ledgers
from xzz_analysis.atlas.services import figures
from xzz_analysis.atlas.services.vouchers import share_results
from xzz_analysis.disclosure.protect import Policy
from xzz_analysis.editions.serviced import explain_in_ledgers
from xzz_analysis.report.chapters.services import loop

STEP = re.compile(r"```python\n(?P<code>.*?)```\n\n```text\n(?P<printed>.*?)```\n", flags=re.S)
ANY = re.compile(r"```(\w+)\n(.*?)```", flags=re.S)
UPTAKE = "48969155f38a"


@pytest.fixture(scope="module")
def page(root) -> str:
    return (root / "docs" / "service-report.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def ledgers(root):
    return open_ledgers(root / "data" / "demo", "2025")


@pytest.fixture(scope="module")
def by_hand(root) -> tuple[pd.DataFrame, pd.Series]:
    """Vouchers of use and whether each was used, straight from the files."""
    folder = root / "data" / "demo" / "services"
    issued = pd.read_csv(folder / "vouchers_issued.csv", dtype=str)
    worth = pd.to_numeric(issued["amount"], errors="coerce")
    issued = issued[(issued["currency"] == "CNY") & (worth > 0)]
    used = pd.read_parquet(folder / "vouchers_redeemed.parquet")
    used = used[(used["currency"] == "CNY") & (used["amount"] > 0) & (used["redeemed"] < "2026-01-01")]
    return issued, issued["voucher"].isin(used["voucher"])


def test_the_code_prints_what_the_page_says(page, root, monkeypatch, capsys):
    monkeypatch.chdir(root)
    steps = STEP.findall(page)
    assert len(steps) == page.count("```python") == 6
    names: dict[str, object] = {}
    for code, printed in steps:
        exec(compile(code, "docs/service-report.md", "exec"), names)
        assert capsys.readouterr().out == printed


def test_counts_and_share_are_those_of_the_raw_files(by_hand, ledgers):
    issued, used = by_hand
    row = share_results(ledgers, "voucher_uptake").iloc[0]
    assert (len(issued), used.sum()) == (1902, 1327)
    assert row["estimate"] == pytest.approx(used.mean(), rel=1e-12)
    with_one, without = (issued.loc[which, "person"].nunique() for which in (used, ~used))
    assert (row["n_need"], row["n"]) == (with_one, with_one + without) == (105, 208)


def test_the_page_says_the_threshold_of_the_study(page, ledgers):
    assert f"both reach the threshold of {Policy.of(ledgers.study).threshold}," in page


def test_the_id_is_found_among_the_figures_of_the_report_as_it_is_traced(page, ledgers):
    found = [(frame, safe) for frame, safe in figures(ledgers) if UPTAKE in set(frame["result_id"])]
    ((frame, safe),) = found
    row, shown = (part[part["result_id"] == UPTAKE].iloc[0] for part in (frame, safe().frame))
    told = explain_in_ledgers(ledgers, row)
    asked = "; ".join(
        f"{name}: {row[name]}" for name in ("round", "unit", "indicator", "version", "option", "statistic")
    )
    period = "; ".join(f"{name}: {day}" for name, day in told["period"].items())
    definition = "; ".join(f"{language}: {text}" for language, text in told["definition"].items())
    lines = {"asked": asked, "definition": definition, "period": period, "filter": "none"}
    lines |= {name: f"{shown[name]:.10g}" for name in ("estimate", "n", "n_need")}
    lines["method"] = f"{row['method']}, level {row['level']:g}"
    traced = ANY.findall(page)[-1][1].splitlines()
    assert [line for line in traced if not line.startswith(("published", "same"))] == [
        f"{name:14} {value}" for name, value in lines.items()
    ]


def test_the_example_of_reports_is_the_one_of_the_demonstration(page, root):
    (example,) = [yaml.safe_load(text) for language, text in ANY.findall(page) if language == "yaml"]
    reports = yaml.safe_load((root / "data" / "demo" / "reports.yml").read_text(encoding="utf-8"))
    assert [report for report in reports if report["report"] in ("service_year", "service_month")] == example


def test_the_page_names_every_chapter_and_every_parameter(page, root):
    import nbformat

    notebook = nbformat.read(root / "notebooks" / "06_service_report.ipynb", as_version=4)
    (cell,) = [cell for cell in notebook.cells if "parameters" in cell["metadata"].get("tags", [])]
    parameters = [line.partition(":")[0] for line in cell["source"].splitlines()]
    assert [name for name in parameters[1:] if f"| `{name}` |" not in page] == []
    titles = re.findall(r"^## ([A-Za-z ,:-]+[a-z])", "\n".join(one["source"] for one in notebook.cells), flags=re.M)
    assert len(titles) == 14
    assert [title for title in titles if f"| {title.partition(':')[0]} |" not in page] == []


def test_the_rules_of_the_loop_are_told(root):
    text = (root / "docs" / "atlas.md").read_text(encoding="utf-8")
    told = text.partition("## The loop\n")[2].partition("\n## ")[0]
    causes = {"none_in_reach", "wrong_group", "full", "capacity_not_stated", "not_known"}
    assert set(loop.NEXT) == causes | {"measure", "reach_out", "keep", "unsure"}
    assert [cause for cause in causes if f"`{cause}`" not in told] == []
    assert loop.HALF == 0.5 and "below one half: reach out" in told
