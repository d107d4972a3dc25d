"""The vault: direct identifiers and original keys, encrypted, with the key outside the study folder.

In the study lie ``vault/identifiers.vault`` (AES-256-GCM, NIST SP 800-38D) and ``vault/forgotten.txt`` (keyed hashes
of those who asked to be forgotten, and of rounds whose time is over). The key is one file of 32 random bytes elsewhere. Whoever has both has the names;
without the key nobody has them.
"""

from __future__ import annotations

import base64
import datetime as dt
import hmac
import io
import json
import os
import secrets
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from filelock import FileLock

from xzz_analysis.errors import InputError, make_folder
from xzz_analysis.intake.privacy.vault.key import KEY_VARIABLE, key_file, read_key, write_key

PSEUDONYM = 20
"""Length of a pseudonym: 100 bits of HMAC-SHA256 in base 32, so that a million keys collide once in 10^18 studies."""

_MAGIC = b"xzz-vault-1\n"
_COLUMNS = ["unit", "round", "pseudonym", "parent", "column", "value"]
_INVISIBLE = dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF))


@dataclass(frozen=True)
class Forgotten:
    """What was removed from the vault.

    Attributes
    ----------
    pseudonyms : tuple of str
        The record, and the records that hang on it (a family's children); never those it hangs on.
    values : dict of str to int
        Unit → values removed.
    words : tuple of str
        The values themselves, to look for elsewhere; they are not shown.
    """

    pseudonyms: tuple[str, ...]
    values: dict[str, int]
    words: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Forgotten({len(self.pseudonyms)} records, {sum(self.values.values())} values)"


class Vault:
    """Direct identifiers of one study, by pseudonym; made by :meth:`open`."""

    def __init__(self, folder: Path, name: str, key: bytes, rows: pd.DataFrame) -> None:
        self.folder = folder
        self._name = name
        self._key = key
        self._rows = rows

    def __repr__(self) -> str:
        return f"Vault({len(self._rows)} values)"

    @classmethod
    def open(cls, study_folder: Path, folder: Path | None = None) -> Vault:
        """Open the vault of a study, making it and its key when there is none.

        Parameters
        ----------
        study_folder : Path
        folder : Path, optional
            Where the encrypted file lies, ``vault`` in the study folder by default.

        Returns
        -------
        Vault

        Raises
        ------
        InputError
            The key is inside the study folder, lost, readable by others, or another vault's; or the vault was
            changed or cut off. The message says what to do; nothing is overwritten.
        """
        folder = make_folder(folder or Path(study_folder) / "vault")
        with FileLock(folder / ".lock"):
            name, stamp = _header(folder)
            path = key_file(Path(study_folder), name or (name_new := secrets.token_hex(4)))
            if not name and not path.exists():
                write_key(path)
            key = read_key(path, folder)
            vault = cls(folder, name or name_new, key, pd.DataFrame(columns=_COLUMNS, dtype=str))
            if name:
                vault._check_key(stamp, path)
            if (folder / "identifiers.vault").is_file():
                vault._rows = vault._decrypt()
            else:
                vault._write()
            return vault

    def pseudonyms(self, keys: pd.Series) -> pd.Series:
        """Keyed hashes of keys: the same key has the same pseudonym in every unit and round.

        Parameters
        ----------
        keys : Series of str
            As written; full-width characters and spaces around count as nothing, capitals count.

        Returns
        -------
        Series of str
            Same index, :data:`PSEUDONYM` letters and digits each; ``""`` where the key is empty.

        Notes
        -----
        HMAC-SHA256 (RFC 2104) under a key derived from the vault's. A plain hash would be no protection: the identity
        numbers of a district's children are few enough to try them all.
        """
        codes, different = pd.factorize(keys, use_na_sentinel=False)
        secret = self._derived(b"pseudonym")
        hashed = np.array([_hash(secret, normal_key(key), PSEUDONYM) for key in different], dtype=object)
        hashed = np.append(hashed, "")  # for a series without rows
        return pd.Series(hashed[codes], index=keys.index, name=keys.name, dtype="str")

    def remember(
        self,
        unit: str,
        round_name: str,
        pseudonyms: pd.Series,
        identifiers: pd.DataFrame,
        parents: pd.Series | None = None,
    ) -> None:
        """Keep the identifiers of one table of one round in place of what was kept of it before.

        Parameters
        ----------
        unit, round_name : str
        pseudonyms : Series of str
            Of each record; for the rows of a repeat, of the record that holds them.
        identifiers : DataFrame of str
            Same rows; original keys and direct identifiers. Empty cells are not kept.
        parents : Series of str, optional
            Pseudonyms of the records that these belong to.
        """
        about = pd.DataFrame({"pseudonym": pseudonyms.to_numpy(), "parent": "" if parents is None else list(parents)})
        table = identifiers.reset_index(drop=True).set_axis(identifiers.columns.map(str), axis=1)
        long = about.join(table).melt(["pseudonym", "parent"], var_name="column", value_name="value")
        long = long[(long["value"] != "") & ~self.forgotten(long["pseudonym"]) & ~self.forgotten(long["parent"])]
        long = long.assign(unit=unit, round=round_name)[_COLUMNS].astype(str)
        with FileLock(self.folder / ".lock"):
            rows = self._decrypt()
            others = rows[(rows["unit"] != unit) | (rows["round"] != round_name)]
            made = pd.concat([others, long], ignore_index=True).sort_values(_COLUMNS, ignore_index=True)
            if not made.equals(rows):
                self._rows = made
                self._write()

    def known_words(self) -> list[str]:
        """Every different value that the vault holds, to search outputs for."""
        return sorted(set(self._rows["value"]))

    def rows(self) -> pd.DataFrame:
        """The vault's content: unit, round, pseudonym, parent, column and value, one row per value."""
        return self._rows.copy()

    def forget(self, who: str) -> Forgotten:
        """Remove a record and the records that hang on it, for ever.

        Parameters
        ----------
        who : str
            Pseudonym or original key.

        Returns
        -------
        Forgotten

        Raises
        ------
        InputError
            Neither the vault nor the list of the forgotten knows the key; nothing is changed.
        """
        with FileLock(self.folder / ".lock"):
            rows = self._decrypt()
            hashed = _hash(self._derived(b"pseudonym"), normal_key(who), PSEUDONYM)
            gone = set(rows["pseudonym"]) & {who, hashed}
            known = pd.Series([who, hashed])
            if not gone and not self.forgotten(known).any():
                raise InputError(
                    f"no record of {rows['pseudonym'].nunique():,} in the vault has this key, so nobody was forgotten; "
                    "write it as the raw export does, and run `xzz check` first if the export is new"
                )
            while more := set(rows.loc[rows["parent"].isin(gone), "pseudonym"]) - gone:
                gone |= more
            taken = rows[rows["pseudonym"].isin(gone)]
            self._bury(gone)
            self._rows = rows.drop(index=taken.index).reset_index(drop=True)
            self._write()
        counts = {str(unit): int(count) for unit, count in taken["unit"].value_counts().items()}
        return Forgotten(tuple(sorted(gone)), counts, tuple(sorted(set(taken["value"]))))

    def close(self, unit: str, round_name: str, repeats: Iterable[str] = ()) -> int:
        """Remove everything about one unit in one round, whose time is over, and never let it back in.

        Parameters
        ----------
        unit, round_name : str
        repeats : iterable of str
            Names of the unit's repeats, which go with it.

        Returns
        -------
        int
            Values removed.
        """
        with FileLock(self.folder / ".lock"):
            rows = self._decrypt()
            gone = rows["unit"].isin([unit, *repeats]) & (rows["round"] == round_name)
            if not self.closed(unit, round_name):
                self._bury([_round(unit, round_name)])
            self._rows = rows[~gone].reset_index(drop=True)
            self._write()
        return int(gone.sum())

    def closed(self, unit: str, round_name: str) -> bool:
        """Whether a unit's round has gone because its time was over."""
        return bool(self.forgotten(pd.Series([_round(unit, round_name)])).any())

    def forgotten(self, pseudonyms: pd.Series) -> np.ndarray:
        """Whose records may never come back.

        Parameters
        ----------
        pseudonyms : Series of str

        Returns
        -------
        bool array of the same length
        """
        buried = self._graves()
        if not buried:
            return np.zeros(len(pseudonyms), dtype=bool)
        codes, different = pd.factorize(pseudonyms)
        secret = self._derived(b"forgotten")
        return np.array([_hash(secret, one, 32) in buried for one in different] + [False], dtype=bool)[codes]

    def buried(self) -> int:
        """How many records, and units' rounds whose time was over, may never come back."""
        return len(self._graves())

    def _graves(self) -> set[str]:
        """The hashes of what may never come back; the first line says which vault it is."""
        path = self.folder / "forgotten.txt"
        lines = path.read_text(encoding="utf-8").splitlines()[1:] if path.is_file() else []
        return {line.split()[0] for line in lines if line.strip()}

    def _bury(self, pseudonyms: Iterable[str]) -> None:
        path = self.folder / "forgotten.txt"
        text = path.read_text(encoding="utf-8") if path.is_file() else self._first_line()
        secret = self._derived(b"forgotten")
        today = dt.date.today().isoformat()
        text += "".join(f"{_hash(secret, pseudonym, 32)} {today}\n" for pseudonym in sorted(pseudonyms))
        _replace(path, text.encode())

    def _first_line(self) -> str:
        return json.dumps({"vault": self._name, "key": self._stamp()}) + "\n"

    def _derived(self, purpose: bytes) -> bytes:
        return hmac.digest(self._key, purpose, "sha256")

    def _stamp(self) -> str:
        return self._derived(b"stamp").hex()[:16]

    def _check_key(self, stamp: str, path: Path) -> None:
        if stamp != self._stamp():
            raise InputError(
                f"the key in {path} is not the one this vault was made with: with another key every child would get "
                "another pseudonym, rounds would no longer link and the forgotten would come back, so it was refused; "
                f"put the first key back, or name it in {KEY_VARIABLE}"
            )

    def _write(self) -> None:
        content = io.BytesIO()
        self._rows.astype(str).to_parquet(content, index=False)
        head = _MAGIC + self._first_line().encode()
        nonce = secrets.token_bytes(12)
        sealed = AESGCM(self._derived(b"encrypt")).encrypt(nonce, content.getvalue(), head)
        _replace(self.folder / "identifiers.vault", head + nonce + sealed)

    def _decrypt(self) -> pd.DataFrame:
        path = self.folder / "identifiers.vault"
        data = path.read_bytes()
        place = data.index(b"\n", len(_MAGIC)) + 1
        try:
            content = AESGCM(self._derived(b"encrypt")).decrypt(
                data[place : place + 12], data[place + 12 :], data[:place]
            )
        except (InvalidTag, ValueError):
            raise InputError(
                f"{path} was changed or cut off after it was written, so nothing in it can be trusted; put back the "
                "last good copy, or delete it and run `xzz check`: it is filled again from the raw exports"
            ) from None
        return pd.read_parquet(io.BytesIO(content)).astype(str)


def normal_key(key: str) -> str:
    """A key as it is hashed: full-width characters narrow, invisible ones and spaces around gone."""
    return unicodedata.normalize("NFKC", str(key).translate(_INVISIBLE)).strip()


def _round(unit: str, round_name: str) -> str:
    """What stands for a unit's round in the list of the forgotten; no pseudonym looks like it."""
    return f"{unit}\0{round_name}"


def _header(folder: Path) -> tuple[str, str]:
    """The vault's name and the stamp of its key, from the vault or else from the list of the forgotten."""
    for path, start in ((folder / "identifiers.vault", _MAGIC), (folder / "forgotten.txt", b"")):
        if path.is_file():
            with path.open("rb") as file:
                head, _, _ = file.read(len(start) + 200).removeprefix(start).partition(b"\n")
            try:
                said = json.loads(head)
                return str(said["vault"]), str(said["key"])
            except (ValueError, KeyError, TypeError):
                raise InputError(
                    f"{path} is not a vault's file, or its beginning is damaged; put back the last good copy"
                ) from None
    return "", ""


_LETTERS = str.maketrans("qvw", "980")
"""Without q, v and w no pseudonym reads as an account (qq…, vx…, wx…), and without 1 none holds a mobile number."""


def _hash(secret: bytes, text: str, length: int) -> str:
    if not text:
        return ""
    code = base64.b32encode(hmac.digest(secret, text.encode(), "sha256")).decode().lower()
    return code.translate(_LETTERS)[:length]


def _replace(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
