"""A table read from Parquet block by block gives the bytes of the same table in memory."""

import numpy as np
import pandas as pd
import pytest

import xzz_analysis as xzz
from xzz_analysis.errors import DesignError, InputError
from xzz_analysis.intake.answers import Question
from xzz_analysis.survey.design import StoredTable
from xzz_analysis.survey.engine import sums

DESIGN = {"weight": "w", "strata": "stratum", "cluster": "grid"}


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    draw = np.random.default_rng(3)
    rows = 5003
    grid = draw.integers(0, 40, rows)
    needs = {f"need{j}": pd.array(draw.integers(0, 2, rows), dtype="Int8") for j in range(4)}
    needs["need3"][draw.random(rows) < 0.1] = pd.NA
    income = np.where(draw.random(rows) < 0.05, np.nan, draw.lognormal(8, 1, rows))
    area = pd.Series(draw.choice(["城中村", "村庄", "老旧小区"], rows)).where(draw.random(rows) > 0.02)
    design = {"stratum": np.array(["东", "西", "南", "北"])[grid % 4], "grid": grid, "w": draw.random(rows) + 0.5}
    barrier = draw.choice(["cost", "papers", "none"], rows)
    return pd.DataFrame({**design, **needs, "income": income, "area": area, "barrier": barrier, "in_school": True})


@pytest.fixture(scope="module", params=["one file", "a folder"])
def parquet(request, frame, tmp_path_factory):
    folder = tmp_path_factory.mktemp("数据 一")
    parts = [frame] if request.param == "one file" else [frame[:1700], frame[1700:1701], frame[1701:]]
    for number, part in enumerate(parts):
        part.to_parquet(folder / f"part{number}.parquet", index=False, row_group_size=700)
    return folder / "part0.parquet" if request.param == "one file" else folder


@pytest.fixture(params=[1 << 17, 512])
def block(request, monkeypatch):
    monkeypatch.setattr(sums, "ROWS", request.param)


ASKS = {
    "shares": lambda sample: xzz.share(sample, ["need0", "need1", "need2", "need3"], by="area"),
    "yes-no": lambda sample: xzz.share(sample, "in_school"),
    "answers": lambda sample: xzz.share(sample, "barrier", by=["area", "stratum"]),
    "mixed": lambda sample: xzz.share(sample, ["need3", "barrier"]),
    "means": lambda sample: xzz.mean(sample, "income", by="area"),
    "totals": lambda sample: xzz.total(sample, ["income", "need0"]),
    "ratio": lambda sample: xzz.ratio(sample, "income", "w", by="area"),
    "quantiles": lambda sample: xzz.quantile(sample, "income", by="area"),
    "subpopulation": lambda sample: xzz.share(sample.subpopulation("need0"), "need1"),
}


@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
def test_both_paths_give_the_same_bytes(parquet, block, ask):
    stored, memory = xzz.read_parquet(parquet, memory=0), xzz.read_parquet(parquet)
    assert isinstance(stored, StoredTable) and isinstance(memory, pd.DataFrame)
    found, expected = ask(xzz.Sample(stored, **DESIGN)), ask(xzz.Sample(memory, **DESIGN))
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    if expected.influence is not None:
        assert found.covariance().tobytes() == expected.covariance().tobytes()


def test_the_table_in_memory_is_the_frame_that_was_written(frame, parquet):
    expected = xzz.share(xzz.Sample(frame, **DESIGN), ["need0", "need3"], by="area")
    pd.testing.assert_frame_equal(
        xzz.share(xzz.Sample(xzz.read_parquet(parquet), **DESIGN), ["need0", "need3"], by="area"), expected
    )


def test_a_number_that_is_no_answer_is_refused_where_it_is_read(parquet):
    sample = xzz.Sample(xzz.read_parquet(parquet, memory=0), **DESIGN)
    with pytest.raises(DesignError, match="'grid' holds numbers other than 0 and 1"):
        xzz.share(sample, ["need0", "grid"])


@pytest.mark.parametrize("name", ["ned0", "strata"])
def test_unknown_columns_get_the_nearest_name(parquet, name):
    table = xzz.read_parquet(parquet, memory=0)
    with pytest.raises(DesignError, match="did you mean"):
        xzz.share(xzz.Sample(table, **DESIGN), name)
    with pytest.raises(DesignError, match="did you mean"):
        xzz.Sample(table, **(DESIGN | {"strata": "stratun"}))


def test_files_that_cannot_be_read_are_named(tmp_path):
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(InputError, match=r"broken\.parquet: not a readable Parquet file"):
        xzz.read_parquet(tmp_path / "broken.parquet")
    with pytest.raises(InputError, match=r"absent\.parquet: no Parquet file"):
        xzz.read_parquet(tmp_path / "absent.parquet")


def test_reasons_of_missing_answers_and_tabulations_are_the_same(frame, parquet):
    reasons = pd.DataFrame({"need3": np.where(frame["need3"].isna(), 4, 0).astype(np.int8)})
    question = Question(name="need3", kind="integer")
    both = []
    for memory in (0, 1 << 40):
        sample = xzz.Sample(xzz.read_parquet(parquet, memory=memory), **DESIGN).described(reasons=reasons)
        both.append((xzz.share(sample, "need3", by="area"), xzz.tabulate(sample, [question], "area")))
    for stored, memory in zip(*both, strict=True):
        pd.testing.assert_frame_equal(stored, memory, check_exact=True)
    assert both[0][0]["n_refused"].sum() > 100 and len(both[0][1])
