"""The commands about what tells who somebody is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xzz_analysis.cli.app import Quiet, StudyFolder, app, say
from xzz_analysis.cli.commands import study_folder
from xzz_analysis.errors import StudyError, make_folder
from xzz_analysis.study import Study, open_study

if TYPE_CHECKING:
    from xzz_analysis.intake.privacy.vault import Vault


def _with_privacy(folder: Path | None) -> Study:
    """The study; :class:`StudyError` where it declares no vault."""
    study = open_study(study_folder(folder))
    if study.settings.privacy is None:
        raise StudyError(f"{study.path.name} declares no vault; write `privacy: {{}}` there, then run this again")
    return study


@app.command(epilog="Example:  xzz classify my-study")
def classify(study: StudyFolder = None, quiet: Quiet = False) -> None:
    """Propose what every column tells of somebody, in privacy.yml, for a person to confirm."""
    from xzz_analysis.intake.door import Door
    from xzz_analysis.intake.privacy import read_classes, write_classes
    from xzz_analysis.intake.store import read_study

    opened = _with_privacy(study)
    assert opened.settings.privacy is not None
    path = opened.settings.privacy.classes
    door = Door.of(opened)
    read_study(opened, door)
    write_classes(path, door.classes, read_classes(path))
    if not quiet:
        say(f"{path}: look every column through, and write `confirmed: true` where the class is right")


@app.command(epilog="Example:  xzz forget C10023 my-study    xzz forget --expired my-study")
def forget(
    key: Annotated[str, typer.Argument(help="Key of the child or family, as in the raw export.")] = "",
    study: StudyFolder = None,
    rewrite: Annotated[Path | None, typer.Option(help="Folder for copies of raw files without the record.")] = None,
    expired: Annotated[bool, typer.Option("--expired", help="Rounds whose time is over, instead of one key.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --expired: remove them, not only list them.")] = False,
    quiet: Quiet = False,
) -> None:
    """Remove a child, or a family with its children, from every store, and never let it back in."""
    from xzz_analysis.intake.privacy.vault import Vault

    if expired and key and study is not None:
        raise StudyError("--expired goes by the days that study.yml declares; name no key with it")
    if not expired and not key:
        raise StudyError("name the key of the child or family, or write --expired for rounds whose time is over")
    opened = _with_privacy(Path(key) if expired and key else study)
    assert opened.settings.privacy is not None
    vault = Vault.open(opened.folder, opened.settings.privacy.vault)
    if expired:
        _forget_rounds(opened, vault, quiet=quiet, remove=yes)
    else:
        _forget_record(opened, vault, key, rewrite, quiet=quiet)


def _forget_rounds(study: Study, vault: Vault, *, quiet: bool, remove: bool) -> None:
    """List the rounds whose time is over, and remove them if the person says so."""
    from xzz_analysis.intake.privacy.retention import expire, expired

    today = dt.date.today()
    listed = expired(study, vault, today)
    for unit, name, until, records in listed.itertuples(index=False):
        say(f"{unit}, round {name}: {records:,} record(s), to be deleted by {until.isoformat()}")
    if not remove or listed.empty:
        if not quiet:
            say("nothing was removed; run again with --yes" if len(listed) else "no round is kept longer than declared")
        return
    done = expire(study, vault, today)
    say(f"forgotten: {len(done.records)} round(s) of units, {done.records['records'].sum():,} record(s) in the vault")
    _say_what_was_made(done.deleted, done.regenerate)
    for path in done.raw:
        say(f"delete it, and take the round out of {study.path.name}: {path}")


def _forget_record(study: Study, vault: Vault, key: str, rewrite: Path | None, *, quiet: bool) -> None:
    """Remove one record, and say what still holds it."""
    from xzz_analysis.intake.privacy.forgetting import forget as forget_record
    from xzz_analysis.intake.privacy.forgetting import one_log, rewrite_raw

    erasure = forget_record(study, vault, key)
    count = len(erasure.forgotten.pseudonyms)
    say(f"forgotten: {count} record(s), {sum(erasure.forgotten.values.values())} value(s) in the vault")
    _say_what_was_made(erasure.deleted, erasure.regenerate)
    for file in map(Path, erasure.raw["file"]):
        if one_log(file):
            say(f"holds nothing but the record, delete it: {file}")
            continue
        say(f"still holds the record: {file}")
        if rewrite is not None:
            copy = make_folder(rewrite) / file.name
            say(f"  a copy without {rewrite_raw(file, copy, erasure.drop)} row(s): {copy}")
    if study.themes.quotations and not quiet:
        say("themes.yml holds quotations: if one of them is theirs, delete it there")
    if rewrite is None and len(erasure.raw) and not quiet:
        say("raw exports are yours: delete the record there, or run again with --rewrite FOLDER for copies without it")


def _say_what_was_made(deleted: Iterable[Path], regenerate: Iterable[Path]) -> None:
    for path in deleted:
        say(f"deleted: {path}")
    for path in regenerate:
        say(f"made with the record, build and publish again: {path}")
