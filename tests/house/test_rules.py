"""Every rule that a finding about the data names has its words in both languages."""

import ast

from xzz_analysis.intake.quality import RULES


def named_rules(root):
    """Rules written as literals: second argument of ``Finding``, first of ``coding.finding``."""
    for path in sorted((root / "xzz_analysis" / "intake").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            place = {"Finding": 1, "finding": 0}.get(name)
            if place is not None and len(node.args) > place and isinstance(node.args[place], ast.Constant):
                yield node.args[place].value, path.name


def test_every_rule_has_words_in_both_languages(root):
    found = dict(named_rules(root))
    assert len(found) > 60
    assert {rule: file for rule, file in found.items() if rule not in RULES} == {}
    assert all(set(label) == {"zh", "en"} and all(label.values()) for label in RULES.values())
