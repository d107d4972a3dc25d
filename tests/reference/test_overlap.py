"""H, A, M0, contributions, patterns and bounds equal R's survey package; so do their changes and Shapley's split."""

import ast
import csv
import io
import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from xzz_analysis.intake.answers import Reason
from xzz_analysis.needs.overlap import Dimension, overlap, overlap_change
from xzz_analysis.survey.change.change import Terms
from xzz_analysis.survey.estimate import Item

FOLDER = Path(__file__).parent
RTOL = 1e-8  # sums are taken in another order than R's; the standard error takes a root of a difference
ATOL = 1e-10  # R writes 15 digits

DIMENSIONS = {
    "education": ("out_of_school", "no_documents"),
    "health": ("no_insurance", "unmet_care", "no_checkup"),
    "livelihood": ("crowded",),
    "support": ("alone", "no_friend"),
}
LEAST = {"support": 2}


def dimensions_of(frame: pd.DataFrame) -> dict[str, Dimension]:
    """The fixture's cells as items: 0, 1, a word for a reason, or nothing where the child is not asked about."""
    return {
        name: Dimension([item_of(frame[column]) for column in columns], LEAST.get(name, 1))
        for name, columns in DIMENSIONS.items()
    }


def item_of(column: pd.Series) -> Item:
    cells = column.astype(object).where(column.notna(), "").astype(str).str.removesuffix(".0")
    y = cells.map({"0": 0.0, "1": 1.0}).to_numpy(float)
    words = {reason.name.lower(): int(reason) for reason in Reason} | {"": 0, "0": 0, "1": 0}
    return Item(str(column.name), y, cells.map(words).to_numpy(np.int8))


@pytest.fixture
def asked(samples):
    """Make a call of the reference file on its samples."""

    def call(text: str) -> pd.DataFrame:
        node = ast.parse(text, mode="eval").body
        given = [samples[one.id] for one in node.args]
        options = {one.arg: ast.literal_eval(one.value) for one in node.keywords}
        dimensions = [dimensions_of(sample.frame) for sample in given]
        if node.func.id == "overlap":
            return overlap(*given, *dimensions, **options).estimates
        terms = Terms(overlap=options.pop("overlap", "cluster"), method="wald")
        return changes(overlap_change(*given, tuple(dimensions), terms=terms, **options))

    return call


def changes(made) -> pd.DataFrame:
    """Changes and effects under the names that R's script gives them."""
    found, effects = pd.DataFrame(made.changes), pd.DataFrame(made.effects)
    wanted = found["indicator"].isin(["headcount", "intensity", "adjusted_headcount", "contribution"])
    found = found[wanted].assign(indicator=found["indicator"] + "_change")
    return pd.concat([found, effects.assign(indicator=effects["statistic"])], ignore_index=True)


def test_equals_r(case, asked, assert_equals_r):
    assert_equals_r(asked(case["call"]), case, rtol=RTOL, atol=ATOL)


def test_the_script_makes_the_committed_children():
    rows = runpy.run_path(str(FOLDER / "fixtures" / "make_deprivations.py"))["children"]()
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    assert text.getvalue().encode() == (FOLDER / "fixtures" / "deprivations.csv").read_bytes()


def test_the_awkward_children_are_there(asked):
    made = pd.DataFrame(asked("overlap(r1, by='area')"))
    shares = made[made["indicator"] == "headcount"]
    assert {0.0, 1.0} <= set(shares["estimate"])
    assert (made.filter(regex="^n_(skipped|blank|dont_know|refused|not_asked|removed|invalid)").max() > 0).all()
    empty = pd.DataFrame(asked("overlap(r1, by='stratum')")).query("by == 'stratum=北郊'").set_index("indicator")
    assert set(empty.loc["headcount", "reason"]) == {"nobody_answered"}
    assert empty.loc["headcount_high", "estimate"].notna().all()
    nobody = pd.DataFrame(asked("overlap(r1, by='camp')")).query("by == 'camp=yes' and indicator == 'intensity'")
    assert set(nobody["reason"]) == {"denominator_zero"}
