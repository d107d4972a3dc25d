"""The columns of every ledger, from fields.yml."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from xzz_analysis.declaration import read_yaml
from xzz_analysis.language import Label

DAYS: Mapping[str, str] = {
    "activities": "date",
    "attendance": "date",
    "vouchers_issued": "issued",
    "vouchers_redeemed": "redeemed",
    "merchant_visits": "date",
    "roles": "since",
    "points": "date",
    "ties": "date",
    "organisations": "since",
    "projects": "since",
    "scores": "date",
}
"""Column that says when a row happened, or began."""


class Column(NamedTuple):
    """One column of a ledger.

    Attributes
    ----------
    id : str
        Its name in code.
    kind : str
        key, name, text, words, choice, tags, day, moment, month, whole, number, money, flag or secret.
    label, meaning : Label
    also : tuple of str
        Other headers.
    required : bool
    choices : mapping of str to mapping
        Code → ``zh``, ``en`` and ``also``.
    """

    id: str
    kind: str
    label: Label
    meaning: Label
    also: tuple[str, ...]
    required: bool
    choices: Mapping[str, Mapping[str, Any]]


@cache
def _fields() -> dict[str, Any]:
    data, _ = read_yaml(Path(__file__).with_name("fields.yml"))
    return dict(data)


@cache
def ledger_columns(kind: str) -> tuple[Column, ...]:
    """Columns of a ledger, in the order of its table."""
    return tuple(
        Column(
            one["id"],
            one["kind"],
            one["label"],
            one["meaning"],
            tuple(one.get("also", ())),
            bool(one.get("required", False)),
            one.get("choices", {}),
        )
        for one in _fields()[kind]["columns"]
    )


COLUMNS: Mapping[str, tuple[Column, ...]] = {kind: ledger_columns(kind) for kind in _fields()}
"""Ledger → its columns."""


def ledger_label(kind: str) -> tuple[Label, Label]:
    """What a ledger is called, and what one row of it is."""
    told = _fields()[kind]
    return told["label"], told["meaning"]


def columns_table(kind: str) -> str:
    """Columns of a ledger as a table in Markdown, as docs/services.md prints it.

    Parameters
    ----------
    kind : str
        The ledger.
    """
    rows = ["| column | 表头 | header | 填写说明 | what to write | kind |", "| --- | --- | --- | --- | --- | --- |"]
    for one in ledger_columns(kind):
        name = f"`{one.id}`{' *' if one.required else ''}"
        cells = [
            name,
            "、".join([one.label["zh"], *one.also]),
            one.label["en"],
            *(one.meaning[at] for at in ("zh", "en")),
        ]
        choices = "; ".join(f"`{code}` {told['zh']}" for code, told in one.choices.items())
        rows.append(f"| {' | '.join(cells)} | {one.kind}{f': {choices}' if choices else ''} |")
    return "\n".join(rows)
