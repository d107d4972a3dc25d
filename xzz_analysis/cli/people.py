"""The commands about what tells who somebody is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xzz_analysis.cli.app import Quiet, StudyFolder, app, say
from xzz_analysis.cli.commands import study_folder
from xzz_analysis.errors import StudyError, make_folder
from xzz_analysis.study import Study, open_study


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


@app.command(epilog="Example:  xzz forget C10023 my-study")
def forget(
    key: Annotated[str, typer.Argument(help="Key of the child or family, as in the raw export.")],
    study: StudyFolder = None,
    rewrite: Annotated[Path | None, typer.Option(help="Folder for copies of raw files without the record.")] = None,
    quiet: Quiet = False,
) -> None:
    """Remove a child, or a family with its children, from every store, and never let it back in."""
    from xzz_analysis.intake.privacy.forgetting import forget as forget_record
    from xzz_analysis.intake.privacy.forgetting import rewrite_raw
    from xzz_analysis.intake.privacy.vault import Vault

    opened = _with_privacy(study)
    assert opened.settings.privacy is not None
    erasure = forget_record(opened, Vault.open(opened.folder, opened.settings.privacy.vault), key)
    count = len(erasure.forgotten.pseudonyms)
    say(f"forgotten: {count} record(s), {sum(erasure.forgotten.values.values())} value(s) in the vault")
    for path in erasure.deleted:
        say(f"deleted: {path}")
    for path in erasure.regenerate:
        say(f"made with the record, build and publish again: {path}")
    for file in map(Path, erasure.raw["file"]):
        say(f"still holds the record: {file}")
        if rewrite is not None:
            copy = make_folder(rewrite) / file.name
            say(f"  a copy without {rewrite_raw(file, copy, erasure.drop)} row(s): {copy}")
    if rewrite is None and len(erasure.raw) and not quiet:
        say("raw exports are yours: delete the record there, or run again with --rewrite FOLDER for copies without it")
