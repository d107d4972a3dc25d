"""The command that plans a sample before a round."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from rich import box
from rich.console import Console
from rich.table import Table

from xzz_analysis.cli.app import Json, Quiet, app, say
from xzz_analysis.errors import InputError, StudyError, make_folder


@app.command(
    "plan-sample",
    epilog="Example:  "
    "xzz plan-sample --set share=0.3 --set clusters=20 --set per_cluster=15 --set icc=0.05 --change 0.1",
)
def plan_sample(
    communities: Annotated[
        Path | None,
        typer.Argument(help="CSV with one row per community and round: community, round, share, clusters, …"),
    ] = None,
    same: Annotated[
        list[str] | None,
        typer.Option("--set", help="Input of every row, name=value: share, clusters, per_cluster, icc, overlap, …"),
    ] = None,
    half_width: Annotated[float | None, typer.Option("--half-width", help="Wanted half width, such as 0.05.")] = None,
    change: Annotated[float | None, typer.Option("--change", help="Change to be found, such as -0.1.")] = None,
    repeats: Annotated[int, typer.Option("--simulate", help="Check by so many simulated surveys; 0 for none.")] = 0,
    out: Annotated[Path | None, typer.Option("--out", help="File to write: .csv.")] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Plan a sample: its precision, the smallest change it finds, and how large it must be."""
    from xzz_analysis.survey import planning

    if out is not None and communities is not None and out.resolve() == communities.resolve():
        raise StudyError(f"--out {out} is the table that is read, and it would be overwritten; choose another name")
    inputs = _named_values(same or [])
    frame = pd.DataFrame({"community": ["plan"]}) if communities is None else _read_communities(communities)
    table = planning.plan_sample(frame, half_width=half_width, change=change, **inputs)
    checks = _simulate(planning.plans_of(frame, **inputs), change, repeats) if repeats else None
    if out is not None:
        _write_plan(table, out)
    if as_json:
        parts = {"plan": table} if checks is None else {"plan": table, "simulation": checks}
        text = {name: json.loads(part.to_json(orient="records", double_precision=15)) for name, part in parts.items()}
        say(json.dumps(text, ensure_ascii=False, indent=1))
        return
    _show_plan(table, quiet=quiet)
    if checks is not None:
        _show_table(checks.drop(columns="reason").map(_short))


def _named_values(pairs: list[str]) -> dict[str, Any]:
    """``name=value`` as inputs of a plan; what is no number stays text, for the plan to refuse."""
    named: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise StudyError(f"--set {pair} has no value; write it as name=value, such as --set icc=0.05")
        try:
            named[name.strip()] = float(value)
        except ValueError:
            named[name.strip()] = value.strip()
    return named


def _read_communities(path: Path) -> pd.DataFrame:
    try:
        frame = pd.read_csv(path, encoding="utf-8-sig", dtype={"community": str, "round": str})
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is no CSV file in UTF-8 ({error}); save it again as CSV UTF-8") from None
    if not isinstance(frame.index, pd.RangeIndex):
        raise InputError(
            f"{path} has rows with more cells than its header; name every column, and separate cells by commas"
        )
    return frame


def _simulate(plans: list[Any], change: float | None, repeats: int) -> pd.DataFrame:
    from xzz_analysis.survey.planning import simulate

    parts = []
    for plan in plans:
        part = simulate(plan, change=change, repeats=repeats)
        part.insert(0, "community", plan.label)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _write_plan(table: pd.DataFrame, out: Path) -> None:
    if out.suffix != ".csv":
        raise StudyError(f"--out {out.name} ends in {out.suffix or 'nothing'}; write a .csv file")
    from xzz_analysis.intake.workbook.plain_text import write_csv

    make_folder(out.parent)
    write_csv(table, out)


PLAN_HEADS = {
    "clusters": "clusters",
    "per_cluster": "each",
    "n": "n",
    "n_eff": "n eff",
    "share": "share",
    "half_width": "±",
    "change_up": "found up",
    "change_down": "found down",
    "clusters_for_half_width": "clusters for ±",
    "per_cluster_for_half_width": "each for ±",
    "clusters_for_change": "clusters for change",
    "per_cluster_for_change": "each for change",
}
"""Columns of a plan that are shown, and their short heads."""


def _show_plan(table: pd.DataFrame, *, quiet: bool) -> None:
    """The numbers that decide, shares as percentages, and below them why a number is absent."""
    keys = [name for name in ("community", "round") if name in table]
    shown = table[keys].astype(str)
    for name, head in PLAN_HEADS.items():
        if name in table:
            percent = name in ("share", "half_width", "change_up", "change_down")
            texts = (100 * table[name]).map("{:.1f}%".format) if percent else table[name].map("{:.4g}".format)
            shown[head] = texts.where(table[name].notna(), "–")
    _show_table(shown)
    for row in table[table["reason"] != ""].to_dict("records") if not quiet else []:
        say(f"{' '.join(str(row[key]) for key in keys)}: {row['reason']}")


def _show_table(frame: pd.DataFrame) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in frame:
        table.add_column(str(column), justify="left" if column in ("community", "round", "quantity") else "right")
    for row in frame.itertuples(index=False):
        table.add_row(*map(str, row))
    Console(file=sys.stdout, width=None if sys.stdout.isatty() else 200, markup=False, highlight=False).print(table)


def _short(value: Any) -> str:
    return value if isinstance(value, str) else "–" if pd.isna(value) else f"{value:.4f}"
