"""The command ``xzz``: what all its commands share, and how it is run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from xzz_analysis.errors import XzzError

app = typer.Typer(
    name="xzz",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
    help="Needs assessment and monitoring for children who move: from raw exports to a published report.",
)

StudyFolder = Annotated[Path | None, typer.Argument(help="Study folder (holds study.yml); the demo by default.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print results only.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def say(text: str = "", *, err: bool = False) -> None:
    """Print one line."""
    typer.echo(text, err=err)


def _spread_by(arguments: list[str]) -> list[str]:
    """Let ``--by a b c`` mean ``--by a --by b --by c``; a folder that holds a study ends the list."""
    spread: list[str] = []
    inside = False
    for argument in arguments:
        if inside and not argument.startswith("-") and not (Path(argument) / "study.yml").is_file():
            spread += [argument] if spread[-1] == "--by" else ["--by", argument]
            continue
        inside = argument == "--by"
        spread.append(argument)
    return spread


def main(arguments: list[str] | None = None) -> None:
    """Run the command; problems are printed as sentences, with exit code 1 (data) or 2 (declarations)."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        app(args=_spread_by(sys.argv[1:] if arguments is None else arguments))
    except XzzError as error:
        say(f"error: {error}", err=True)
        sys.exit(error.exit_code)
    except OSError as error:
        say(
            f"error: {error.filename or 'a file'}: {error.strerror}; free the disk or correct the path",
            err=True,
        )
        sys.exit(1)
