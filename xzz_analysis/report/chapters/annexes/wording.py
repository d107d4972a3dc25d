"""The questions behind the indicators: how they were worded in each language, with what options, and who was asked."""

from __future__ import annotations

import re

from xzz_analysis.intake.answers import REASON_LABELS, Question, Reason
from xzz_analysis.language import REPORT_LANGUAGES, Label, choose
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.report.blocks import Column, Table
from xzz_analysis.report.chapters.naming import both, unit_label
from xzz_analysis.report.html import LANGUAGE_NAMES

_ATOM = re.compile(
    r"(?P<negated>not\(\s*)?selected\(\s*\$\{(?P<chosen>[^{}]+)\}\s*,\s*(?P<mark>['\"])(?P<option>[^'\"]*)(?P=mark)\s*\)"
    r"(?(negated)\s*\))"
    r"|\$\{(?P<name>[^{}]+)\}\s*(?P<sign>!=|>=|<=|=|>|<)\s*"
    r"(?:(?P<quote>['\"])(?P<text>[^'\"]*)(?P=quote)|(?P<number>-?\d+(?:\.\d+)?))"
)
_BETWEEN = re.compile(r"(?P<word>and|or)|[\s()]+")

SIGNS: dict[str, dict[str, str]] = {
    "=": {"zh": "“{question}”为“{answer}”", "en": "“{question}” is “{answer}”"},
    "!=": {"zh": "“{question}”不是“{answer}”", "en": "“{question}” is not “{answer}”"},
    ">=": {"zh": "“{question}”不小于{answer}", "en": "“{question}” is at least {answer}"},
    "<=": {"zh": "“{question}”不大于{answer}", "en": "“{question}” is at most {answer}"},
    ">": {"zh": "“{question}”大于{answer}", "en": "“{question}” is more than {answer}"},
    "<": {"zh": "“{question}”小于{answer}", "en": "“{question}” is less than {answer}"},
    "chosen": {"zh": "“{question}”选了“{answer}”", "en": "“{question}” includes “{answer}”"},
    "not chosen": {"zh": "“{question}”没有选“{answer}”", "en": "“{question}” does not include “{answer}”"},
}
JOINED: dict[str, dict[str, str]] = {
    "and": {"zh": "，并且", "en": " and "},
    "or": {"zh": "，或者", "en": " or "},
    "also": {"zh": "；并且", "en": "; and "},
}
COMPUTED: Label = {"zh": "不提问，由其他回答算出", "en": "not asked: computed from other answers"}
RECORDED: Label = {"zh": "不提问，随记录导出", "en": "not asked: comes with the record"}
AS_WRITTEN: Label = {"zh": "问卷原文", "en": "As in the form"}


def wording_annex(survey: MonitoringRound) -> list[Table]:
    """The wording of every question that an indicator uses, a folded table for each unit that was asked.

    Parameters
    ----------
    survey : MonitoringRound

    Returns
    -------
    list of Table
        A column for each language of the questionnaire, options under the question.
    """
    owners: dict[str, list[Question]] = {}
    asked = dict.fromkeys((one.unit, name) for one in survey.indicators for name in one.questions())
    for unit, name in asked:
        owner, question = survey.dataset.owner(unit, name), survey.dataset.question(unit, name)
        if question not in owners.setdefault(owner, []):
            owners[owner].append(question)
    return [_of_unit(survey, unit, owners[unit]) for unit in survey.dataset.answers if unit in owners]


def _of_unit(survey: MonitoringRound, unit: str, questions: list[Question]) -> Table:
    languages = _languages(questions)
    columns = [
        Column("question", {"zh": "题目名", "en": "Question"}),
        *(Column(code, _language_name(code)) for code in languages),
        Column("asked", {"zh": "问谁", "en": "Who was asked"}),
    ]
    order = {name: place for place, name in enumerate(survey.dataset.unit(unit).questions)}
    rows = []
    for one in sorted(questions, key=lambda question: order[question.name]):
        texts = {code: {code: text} for code in languages if (text := _wording(one, code))}
        rows.append({"question": one.name, **texts, "asked": asked_of(survey, unit, one)})
    caption = both("题目措辞：{}问卷", "Wording of the questions: questionnaire of {}", unit_label(survey, unit))
    return Table(caption, columns, rows, folded=True)


def _languages(questions: list[Question]) -> list[str]:
    """Languages that questions are worded in, the reports' first; those of options where no question has a wording."""
    asked = [one.label for one in questions]
    worded = asked if any(asked) else [option.label for one in questions for option in one.options]
    found = dict.fromkeys(code for label in worded for code, text in label.items() if text.strip())
    return sorted(found, key=lambda code: code not in REPORT_LANGUAGES)


def _language_name(code: str) -> dict[str, str]:
    named = LANGUAGE_NAMES.get(code) if code else AS_WRITTEN
    return dict(named or dict.fromkeys(REPORT_LANGUAGES, code))


def _wording(question: Question, language: str) -> str:
    """The question, and its options on the line below, in one language."""
    options = [option.label.get(language, "").strip() for option in question.options]
    lines = [question.label.get(language, "").strip(), " / ".join(text for text in options if text)]
    return "\n".join(line for line in lines if line)


def asked_of(survey: MonitoringRound, unit: str, question: Question) -> dict[str, str]:
    """Who was asked a question, in words where its skip logic can be said in words.

    Parameters
    ----------
    survey : MonitoringRound
    unit : str
        Whose questionnaire it is in.
    question : Question
    """
    if question.kind in ("calculate", "column"):
        return dict(COMPUTED if question.kind == "calculate" else RECORDED)
    rules = [rule for rule in dict.fromkeys(question.relevant) if not _is_consent(survey, unit, rule)]
    if not rules:
        return both("所有{}", "All {}", unit_label(survey, unit))
    return {
        code: JOINED["also"][code].join(_said(survey, unit, rule, code) for rule in rules) for code in REPORT_LANGUAGES
    }


def _is_consent(survey: MonitoringRound, unit: str, rule: str) -> bool:
    """Whether a rule only says that the respondent agreed to be interviewed, as all of the sample did."""
    declared = [survey.study.tables[one].consent for one in survey.dataset.lineage(unit) if one in survey.study.tables]
    return "".join(rule.split()) in {"".join(consent.split()) for consent in declared if consent}


def _said(survey: MonitoringRound, unit: str, rule: str, language: str) -> str:
    """A rule in words; the rule itself where it holds more than comparisons."""
    if _BETWEEN.sub("", _ATOM.sub("", rule)) or not _ATOM.search(rule):
        return rule
    said, end = "", 0
    for atom in _ATOM.finditer(rule):
        said += _between(rule[end : atom.start()], language) + _atom(survey, unit, atom, language)
        end = atom.end()
    return said + _between(rule[end:], language)


def _between(text: str, language: str) -> str:
    for word in ("and", "or"):
        text = re.sub(rf"\s*\b{word}\b\s*", JOINED[word][language], text)
    return text


def _atom(survey: MonitoringRound, unit: str, atom: re.Match[str], language: str) -> str:
    name = (atom["chosen"] or atom["name"]).strip()
    asked = survey.dataset.asks(unit, name)
    question = survey.dataset.question(unit, name) if asked else Question(name, "other")
    sign = ("not chosen" if atom["negated"] else "chosen") if atom["chosen"] else atom["sign"]
    answer = atom["option"] if atom["chosen"] else atom["text"] if atom["text"] is not None else atom["number"]
    return SIGNS[sign][language].format(
        question=choose(question.label, language, name).text,
        answer=choose(question.option_label(answer) or _unusable(survey, unit, answer), language, answer).text,
    )


def _unusable(survey: MonitoringRound, unit: str, answer: str) -> Label:
    """What a code that stands for no answer means; ``{}`` for other answers."""
    declared = (survey.study.tables[one].missing for one in survey.dataset.lineage(unit) if one in survey.study.tables)
    meant = (Reason[reason] for codes in declared for reason, words in codes.items() if answer in words)
    return next((REASON_LABELS[reason] for reason in meant), {})
