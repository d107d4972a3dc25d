"""A codebook as an XLSForm workbook with the columns that a person checks and completes."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from xzz_analysis.errors import Finding, InputError
from xzz_analysis.intake.answers import Option, Question
from xzz_analysis.intake.codebook.doubts import DOUBTS
from xzz_analysis.intake.form import Form
from xzz_analysis.language import Label

LANGUAGES = {"zh": "中文 (zh)", "en": "English (en)"}
"""How XLSForm names the languages that a report needs."""

README = (
    (
        "这是从导出数据推测的编码本，请逐行核对，补全后在 study.yml 中作为 form 使用。",
        "This codebook was derived from an export. Check every line, complete it, and name it as `form` in study.yml.",
    ),
    (
        "survey 表：一行一题。请核对 type（题型），可以修改 name（题目名称，英文字母开头），请填写标黄的英文。",
        "Sheet survey: one line per question. Check the type; you may change the name; fill the yellow cells.",
    ),
    (
        "source 是导出文件中的题头，用于找到这一题；请勿修改，除非题头变了。",
        "`source` is the header of the export, by which the question is found; change it only if the header changed.",
    ),
    (
        "source 末尾的〖〗表示“其他”后面的补充文字（内容不保留）；→1、→2 表示排序题的第一选择、第二选择。",
        "〖〗 at the end of a source: words beside an option (never kept); →1, →2: first, second choice of a ranking.",
    ),
    (
        "choices 表：一行一个选项。中文必须与导出的选项文字完全一致；code 是按序号导出时的数字。",
        "Sheet choices: one line per option. The Chinese wording must be that of the export; `code` is the number that "
        "an export by number (按序号) writes.",
    ),
    (
        "exclusive 为 yes 表示该选项不能与其他选项同选（如“以上都没有”）。",
        "`exclusive` yes: the option cannot be chosen together with others, such as none of the above.",
    ),
    (
        "选项若表示“不知道”或“拒绝回答”，请在 study.yml 的 missing 中声明。",
        "Options that mean don't know or refused: declare them under `missing` in study.yml.",
    ),
    (
        "check 列写明疑问，核对后可以删除。跳题逻辑请写在 relevant 列。",
        "Column check tells the doubts; clear it when done. Write skip logic into the column relevant.",
    ),
)
"""What the sheet 说明 says, in Chinese and English."""

_SURVEY = ("relevant", "constraint", "required", "calculation", "source", "check")
_CHOICES = ("code", "exclusive", "check")
_TYPES = {"column": "text", "other": "note"}
_MADE = datetime(2000, 1, 1)
"""Written into the workbook as its date, so that the same codebook has the same bytes."""


def write_codebook(form: Form, path: Path) -> None:
    """Write a form as an XLSForm workbook for a person to check and complete.

    Parameters
    ----------
    form : Form
        Findings of the rules in :data:`xzz_analysis.intake.codebook.DOUBTS` go into the column ``check``.
    path : Path
        ``.xlsx`` file; never overwritten, since a person may have completed it.

    Raises
    ------
    InputError
        The file exists, or cannot be written.
    """
    if path.exists():
        raise InputError(
            f"{path.name} exists, and somebody may have completed it, so it was not written again; "
            "give another name, or move the file away"
        )
    doubts = _doubts(form.findings)
    lists = _lists(form.questions.values())
    memory = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(memory, options) as book:
        book.set_properties({"created": _MADE})
        languages = tuple(dict.fromkeys((*form.languages, *LANGUAGES)))
        shown = {language: LANGUAGES.get(language, language) for language in languages}
        sheets = _Sheets(book, shown)
        sheets.write("survey", ("type", "name"), _SURVEY, _survey_rows(form, lists, doubts))
        sheets.write("choices", ("list_name", "name"), _CHOICES, _choice_rows(lists))
        settings = {"form_title": form.title, "form_id": _identifier(form.title), "version": form.version}
        settings["default_language"] = shown[languages[0]]
        sheets.write("settings", tuple(settings), (), [(settings, None)])
        sheets.explain()
    try:
        path.write_bytes(memory.getvalue())
    except OSError as error:
        raise InputError(f"{path.name} cannot be written ({error.strerror}); choose another folder") from None


class _Sheets:
    """Sheets of the workbook, and how their cells look."""

    def __init__(self, book: Any, languages: Mapping[str, str]) -> None:
        self.book, self.languages = book, languages
        self.head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self.body = book.add_format({"text_wrap": True, "valign": "top"})
        self.open = book.add_format({"bg_color": "#FFF2CC", "text_wrap": True, "valign": "top"})
        self.doubt = book.add_format({"font_color": "#9C0006", "text_wrap": True, "valign": "top"})

    def write(
        self,
        title: str,
        first: Sequence[str],
        last: Sequence[str],
        rows: Iterable[tuple[Mapping[str, str], Label | None]],
    ) -> None:
        """Write a sheet: first columns, a label per language, last columns; labels to complete are marked."""
        sheet = self.book.add_worksheet(title)
        written = list(rows)
        labels = self.languages if any(label is not None for _, label in written) else {}
        headers = [*first, *(f"label::{shown}" for shown in labels.values()), *last]
        for place, header in enumerate(headers):
            sheet.write_string(0, place, header, self.head)
            sheet.set_column(place, place, 44 if header.startswith(("label", "check", "source")) else 18)
        for line, (cells, label) in enumerate(written, start=1):
            texts = [*(cells.get(header, "") for header in first), *((label or {}).get(one, "") for one in labels)]
            texts += [cells.get(header, "") for header in last]
            for place, (header, text) in enumerate(zip(headers, texts, strict=True)):
                to_fill = header.startswith("label") and label is not None and not text
                form = self.open if to_fill else self.doubt if header == "check" else self.body
                (sheet.write_string if text else sheet.write_blank)(line, place, text or None, form)
        sheet.freeze_panes(1, len(first))

    def explain(self) -> None:
        """Write the sheet that tells what to check."""
        sheet = self.book.add_worksheet("说明")
        sheet.set_column(0, 1, 70)
        for line, words in enumerate((("说明", "Read me"), *README)):
            for place, text in enumerate(words):
                sheet.write_string(line, place, text, self.body if line else self.head)


def _lists(questions: Iterable[Question]) -> dict[str, tuple[str, tuple[Option, ...]]]:
    """Lists of options, by what they hold → name and options; questions with the same options share one."""
    lists: dict[str, tuple[str, tuple[Option, ...]]] = {}
    for question in questions:
        if question.options:
            lists.setdefault(_key(question.options), (f"{question.name}_options", question.options))
    return lists


def _key(options: Sequence[Option]) -> str:
    return repr([(option.name, sorted(option.label.items()), option.code, option.exclusive) for option in options])


def _survey_rows(
    form: Form, lists: Mapping[str, tuple[str, tuple[Option, ...]]], doubts: Mapping[str, str]
) -> Iterator[tuple[dict[str, str], Label | None]]:
    group: tuple[str, ...] = ()
    for question in form.questions.values():
        yield from _group_rows(group, question.group, form.repeats)
        group = question.group
        options = lists[_key(question.options)][0] if question.options else ""
        kind = "rank" if question.kind == "other" and options else question.kind
        cells = {
            "type": f"{kind} {options}" if options else _TYPES.get(kind, kind),
            "name": question.name,
            "relevant": " and ".join(f"({text})" for text in question.relevant),
            "constraint": question.constraint,
            "required": "yes" if question.required else "",
            "calculation": question.calculation,
            "source": question.source,
            "check": doubts.get(question.name, ""),
        }
        yield cells, question.label
    yield from _group_rows(group, (), form.repeats)


def _group_rows(
    before: Sequence[str], after: Sequence[str], repeats: Sequence[str]
) -> Iterator[tuple[dict[str, str], Label | None]]:
    """Lines that end and begin the groups between two questions."""
    same = next(
        (place for place, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]),
        min(len(before), len(after)),
    )
    for name in reversed(before[same:]):
        yield {"type": "end_repeat" if name in repeats else "end_group"}, None
    for name in after[same:]:
        yield {"type": "begin_repeat" if name in repeats else "begin_group", "name": name}, {}


def _choice_rows(lists: Mapping[str, tuple[str, tuple[Option, ...]]]) -> Iterator[tuple[dict[str, str], Label | None]]:
    for name, options in lists.values():
        for option in options:
            cells = {
                "list_name": name,
                "name": option.name,
                "code": option.code,
                "exclusive": "yes" if option.exclusive else "",
            }
            yield cells, option.label


def _doubts(findings: Iterable[Finding]) -> dict[str, str]:
    """Question → its doubts, in both languages."""
    doubts: dict[str, list[str]] = {}
    for finding in findings:
        if finding.rule in DOUBTS:
            words = DOUBTS[finding.rule]
            doubts.setdefault(finding.where.rpartition(": ")[2], []).append(f"{words['zh']} / {words['en']}")
    return {name: "\n".join(texts) for name, texts in doubts.items()}


def _identifier(title: str) -> str:
    """A form id: letters, digits and underscores."""
    return re.sub(r"\W+", "_", title, flags=re.ASCII).strip("_") or "codebook"
