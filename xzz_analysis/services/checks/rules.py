"""What findings about ledgers mean, in words (``rules.yml``)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from xzz_analysis.declaration import read_yaml
from xzz_analysis.errors import StudyError, suggest
from xzz_analysis.language import Label


def _read() -> dict[str, Mapping[str, Label]]:
    data, _ = read_yaml(Path(__file__).with_name("rules.yml"))
    return {str(rule): told for rule, told in data.items()}


_WRITTEN = _read()

RULES: Mapping[str, Label] = {rule: told["means"] for rule, told in _WRITTEN.items()}
"""Rule → what it means, in a few words."""


def rule_words(rule: str) -> Label:
    """What a finding means and what to do, as a sentence or two in each language.

    Parameters
    ----------
    rule : str
        Word of :data:`RULES`.

    Raises
    ------
    StudyError
        There is no such rule.
    """
    if rule not in _WRITTEN:
        raise StudyError(f"there is no rule {rule!r} about ledgers{suggest(rule, _WRITTEN)}")
    means, do = _WRITTEN[rule]["means"], _WRITTEN[rule]["do"]
    return {"zh": f"{means['zh']}。{do['zh']}。", "en": f"{_sentence(means['en'])} {_sentence(do['en'])}"}


def rules_table() -> str:
    """All rules and what they mean as a table in Markdown, as docs/services.md prints it."""
    rows = ["| rule | 含义与处理 | what it means, and what to do |", "| --- | --- | --- |"]
    for rule in _WRITTEN:
        words = rule_words(rule)
        rows.append(f"| `{rule}` | {words['zh']} | {words['en']} |")
    return "\n".join(rows)


def remedy_of(rule: str) -> str:
    """What to do, in English."""
    return _WRITTEN[rule]["do"]["en"]


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
