"""Every public function says what goes in, what comes out, what it refuses, and where its method is written down."""

import inspect
import re

import pytest

import xzz_analysis
from xzz_analysis import weighting

PUBLIC = {name: getattr(xzz_analysis, name) for name in xzz_analysis.__all__}
PUBLIC |= {f"weighting.{name}": getattr(weighting, name) for name in weighting.__all__}
FUNCTIONS = {name: thing for name, thing in PUBLIC.items() if inspect.isfunction(thing)}
NO_METHOD = {"join", "open_round", "open_study", "protect", "read_parquet", "tabulate"}
NO_METHOD |= {"match_names", "open_atlas", "read_communities", "read_resources", "read_streets"}
"""They compute nothing of their own that a reference could describe."""
TABLES_OF_WEIGHTS = {"weighting.achieved", "weighting.response_rates"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_sections(name):
    text = inspect.getdoc(FUNCTIONS[name]) or ""
    for section in ("Parameters", "Returns", "Raises"):
        assert re.search(rf"^{section}\n-+$", text, flags=re.M), section


@pytest.mark.parametrize("name", sorted(FUNCTIONS.keys() - NO_METHOD - TABLES_OF_WEIGHTS))
def test_method_has_a_source(name):
    assert re.search(r"\((19|20)\d\d[a-z]?\)|(19|20)\d\d", inspect.getdoc(FUNCTIONS[name]) or "")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_parameter_is_explained(name):
    text = inspect.getdoc(FUNCTIONS[name]) or ""
    for parameter in inspect.signature(FUNCTIONS[name]).parameters:
        assert re.search(rf"^(\*\*)?[\w, ]*\b{parameter}\b", text, flags=re.M), parameter
