"""What communities, domains and ledgers are called in reports on services, and tables with several measures in a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from xzz_analysis.disclosure.protect import Policy, Protected
from xzz_analysis.disclosure.wide import HIDDEN, RESULTS
from xzz_analysis.language import REPORT_LANGUAGES, Label
from xzz_analysis.needs.indicator import DOMAINS
from xzz_analysis.report.blocks import Column, Table
from xzz_analysis.report.tables import NOTES, Naming, counts_table
from xzz_analysis.report.theme import NOTHING
from xzz_analysis.services.ledgers import COLUMNS
from xzz_analysis.services.opening import Ledgers

Bilingual = dict[str, str]

COMMUNITY: Label = {"zh": "社区", "en": "Community"}
DOMAIN: Label = {"zh": "领域", "en": "Domain"}
ELSEWHERE: Label = {"zh": "未注明", "en": "Not stated"}
UNKNOWN: Label = {"zh": "不详", "en": "not known"}


def policy_of(ledgers: Ledgers) -> Policy:
    """How small a group may be shown."""
    return Policy.of(ledgers.study)


def community_naming(ledgers: Ledgers, column: str = "community") -> Naming:
    """Rows named by community; an empty cell is one that no ledger states."""
    return Naming(column, {**ledgers.communities, "": ELSEWHERE}, dict(COMMUNITY))


def domain_naming(column: str = "domain") -> Naming:
    """Rows named by domain; an empty cell is none of the four."""
    return Naming(column, {**DOMAINS, "": ELSEWHERE}, dict(DOMAIN))


def choice_naming(ledger: str, column: str, heading: Label) -> Naming:
    """Rows named by the choices of a ledger's column."""
    found = next(one for one in COLUMNS[ledger] if one.id == column)
    labels = {code: {"zh": told["zh"], "en": told["en"]} for code, told in found.choices.items()}
    return Naming(column, {**labels, "": ELSEWHERE}, dict(heading))


def code_naming(ledgers: Ledgers, codes: Sequence[str], column: str, heading: Label) -> Naming:
    """Rows named by categories, reasons or instruments that study.yml gives names to."""
    return Naming(column, {**{code: ledgers.called(code) for code in codes}, "": ELSEWHERE}, dict(heading))


def wide_table(
    safe: Protected,
    *,
    caption: Bilingual,
    rows: Naming,
    columns: Sequence[Column],
    section: Naming | None = None,
    notes: Sequence[Bilingual] = (),
) -> Table:
    """Lay figures that stand side by side out as a table; every cell keeps the id of its result.

    Parameters
    ----------
    safe : Protected
        From :func:`~xzz_analysis.disclosure.wide.side_by_side`.
    caption : bilingual text
    rows : Naming
    columns : sequence of Column
        Measures, in the order they are printed; columns of texts may stand among them.
    section : Naming, optional
    notes : sequence of bilingual texts
    """
    table = counts_table(safe, caption=caption, rows=rows, columns=columns, section=section, notes=notes)
    shown = {column.name for column in columns}
    body = [
        {
            **row,
            RESULTS: {name: one for name, one in ids.items() if name in shown},
            HIDDEN: [name for name in hidden if name in shown],
        }
        for row, ids, hidden in zip(table.rows, safe.frame[RESULTS], safe.frame[HIDDEN], strict=True)
    ]
    return _with_notes(replace(table, rows=body), safe)


def _with_notes(table: Table, safe: Protected) -> Table:
    """The table with the notes that explain its marks, and no others."""
    dashes = any(cell.text == NOTHING for row in table.rows for cell in table.printed(row, "en"))
    notes = [note for note in table.notes if dashes or note != NOTES["nothing"]]
    if any(row[HIDDEN] for row in table.rows):
        notes.append(suppressed_note(safe.policy))
    return replace(table, notes=notes)


def suppressed_note(policy: Policy) -> Bilingual:
    """What the mark of a suppressed figure means."""
    return {language: text.format(threshold=policy.threshold) for language, text in NOTES["suppressed_counts"].items()}


def filled(text: Mapping[str, str], **parts: Mapping[str, str] | str) -> Bilingual:
    """A text in both languages with labels in its places."""
    return {
        language: text[language].format(
            **{name: part if isinstance(part, str) else part[language] for name, part in parts.items()}
        )
        for language in REPORT_LANGUAGES
    }
