"""docs/quality.md says what the declarations of the checks say, and its example is a study.yml that is read."""

from __future__ import annotations

import re
import textwrap

import pytest
import yaml

from tests.docs.quality_page import MARK, PAGE, generated
from xzz_analysis.declaration import check
from xzz_analysis.intake.quality import CHECKS, QualityRules
from xzz_analysis.study.settings import Table

WRITTEN, _, LISTED = PAGE.read_text(encoding="utf-8").partition(MARK)
EXAMPLES = [yaml.safe_load(textwrap.dedent(block)) for block in re.findall(r"```yaml\n(.*?)\n *```", WRITTEN, re.S)]


def test_the_list_of_checks_is_the_declared_one():
    assert LISTED.strip() == generated().strip(), "run: make quality-page"


def test_every_check_is_listed_with_an_example():
    assert list(re.findall(r"### (\w+) ·", LISTED)) == [one.rule for one in CHECKS]


def test_the_example_of_rules_is_read():
    (quality,) = [one["quality"] for one in EXAMPLES if "quality" in one]
    made, problems = check(QualityRules, quality, "docs/quality.md")
    assert problems == [] and made is not None and made.minimum == 80


@pytest.mark.parametrize("key", ["start", "interviewer", "device", "version", "back_check"])
def test_the_columns_of_the_example_are_declared(key):
    (tables,) = [one["tables"] for one in EXAMPLES if "tables" in one]
    assert key in tables["family"] and key in Table.model_fields
