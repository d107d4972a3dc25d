"""Every rule that a finding about the data names has its words in both languages."""

import ast
import re
from typing import get_args

import pytest

from xzz_analysis.errors import Severity
from xzz_analysis.intake.quality import RULES
from xzz_analysis.places.datum import VERDICTS

MAKERS = {"Finding": 1, "finding": 0, "_note": 1, "_error": 1, "_wrong": 2, "_told": 1}
"""Function that makes findings → which of its arguments is the rule."""
ROOMS = {"intake": 60, "places": 80, "atlas": 1}
"""Room → the fewest rules that are known to be written in it."""


def written(arguments, places):
    """Those of some arguments that are rules written as literals."""
    for place in places:
        node = arguments[place] if place < len(arguments) else None
        if isinstance(node, ast.Constant) and re.fullmatch("[a-z]+(_[a-z]+)*", str(node.value)):
            yield node.value


def rules_of(node):
    """Rules that one piece of code names: in a call, in a list called ``told``, or yielded with rows and remedy."""
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        yield from written(node.args, [MAKERS[name]] if name in MAKERS else [])
    elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "told":
        rows = [row.elts for row in getattr(node.value, "elts", ()) if isinstance(row, ast.Tuple)]
        yield from (rule for row in rows for rule in written(row, [0, 1]) if rule not in get_args(Severity))
    elif isinstance(node, ast.Yield) and len(getattr(node.value, "elts", ())) == 4:
        yield from written(node.value.elts, [0])


def named_rules(root, room):
    """Rule → a module that names it."""
    found = {f"datum_{verdict.replace(' ', '_')}": "verdict.py" for verdict in VERDICTS if room == "places"}
    for path in sorted((root / "xzz_analysis" / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            found |= dict.fromkeys(rules_of(node), path.name)
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_every_rule_has_words_in_both_languages(root, room):
    found = named_rules(root, room)
    assert len(found) >= ROOMS[room]
    assert {rule: file for rule, file in found.items() if rule not in RULES} == {}
    assert all(set(label) == {"zh", "en"} and all(label.values()) for label in RULES.values())


def test_no_rule_of_places_has_words_and_no_finding(root):
    lines = (root / "xzz_analysis/intake/quality/rules.yml").read_text(encoding="utf-8").split("\n# --- ")
    listed = {line.partition(":")[0] for part in lines if part.startswith("places") for line in part.splitlines()[1:]}
    assert listed - {""} - named_rules(root, "places").keys() == set()
