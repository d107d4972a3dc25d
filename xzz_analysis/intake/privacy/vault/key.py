"""The vault's key: one file of 32 random bytes, outside the study folder."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import sys
from pathlib import Path

from xzz_analysis.errors import InputError, make_folder

KEY_VARIABLE = "XZZ_VAULT_KEY_FILE"
"""Environment variable that names the key file; by default the key lies in the user's configuration folder."""


def key_file(study_folder: Path, name: str) -> Path:
    """Where the key of a vault lies; :class:`InputError` when that is inside the study folder."""
    given = os.environ.get(KEY_VARIABLE, "")
    path = Path(given).expanduser() if given else _configuration() / f"vault-{name}.key"
    if path.resolve().is_relative_to(study_folder.resolve()):
        raise InputError(
            f"the key {path} would lie inside the study folder, where whoever copies the study has it too; "
            f"name a file elsewhere in {KEY_VARIABLE}"
        )
    return path


def _configuration() -> Path:
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or home / "AppData" / "Roaming") / "xzz-analysis"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "xzz-analysis"
    return Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "xzz-analysis"


def write_key(path: Path) -> None:
    """Make a new key that nobody else may read; a key that is there is never overwritten."""
    make_folder(path.parent)
    line = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    note = (
        "# Key of an xzz vault: keep a copy in a safe place, never in the study folder. Lost, the vault stays shut.\n"
    )
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(f"{note}{line}\n")


def read_key(path: Path, folder: Path) -> bytes:
    """Read a key.

    Parameters
    ----------
    path : Path
    folder : Path
        The vault it belongs to, for messages.

    Returns
    -------
    bytes
        32 of them.

    Raises
    ------
    InputError
        The key is lost, damaged, or others may read it.
    """
    try:
        text = path.read_text(encoding="ascii")
        lines = [line for line in text.splitlines() if line and not line.startswith("#")]
        key = base64.urlsafe_b64decode(lines[0]) if len(lines) == 1 else b""
    except FileNotFoundError:
        raise InputError(
            f"the key of the vault {folder} is lost: there is no {path}; copy it back from the safe place, or name it "
            f"in {KEY_VARIABLE}. Without it the vault stays shut: to begin anew delete {folder}, and tell everybody "
            "that earlier rounds no longer link and that forgotten records must be forgotten again"
        ) from None
    except (OSError, UnicodeDecodeError, binascii.Error) as error:
        raise InputError(f"the vault's key {path} cannot be read ({type(error).__name__}); copy it back") from None
    if len(key) != 32:
        raise InputError(f"{path} is no key of a vault: it holds {len(key)} bytes, not 32; copy the whole file back")
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise InputError(f"others on this computer may read the vault's key {path}; run:  chmod 600 '{path}'")
    return key
