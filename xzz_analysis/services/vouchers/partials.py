"""What is kept of one file of a large ledger of vouchers, so that it is read once.

A partial is a folder in the store, named by what the file holds. That of a file of issues keeps every voucher in a few
bytes; that of a file of redemptions keeps monthly cells, what a person should look at, and which vouchers were used, by
the file of issues that they come from. Keys of vouchers and people are kept as hashes of 64 bits: among ten million
people the odds that any two share one are three in a million.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pandas as pd

from xzz_analysis.errors import InputError
from xzz_analysis.services.vouchers.anomalies import find_many_merchants, judge_round
from xzz_analysis.study.services import Anomalies

if TYPE_CHECKING:
    from collections.abc import Iterator

LAYOUT = "1"
"""Version of what partials hold; another one makes them anew."""

NEEDED = {
    "issued": ("voucher", "issued", "amount"),
    "redeemed": ("voucher", "redeemed", "merchant", "amount"),
}
OPTIONAL = {"issued": ("person", "currency", "category", "community"), "redeemed": ("currency",)}


@dataclass(frozen=True)
class Settings:
    """How large ledgers are read.

    Attributes
    ----------
    currency : str
        Lines in another one are counted and left out.
    limits : Anomalies
    memory : str
        What DuckDB may hold; more goes to the store's folder.
    threads : int
    """

    currency: str = "CNY"
    limits: Anomalies = field(default_factory=Anomalies)
    memory: str = "1400MB"
    threads: int = 2


def _own(path: str) -> str:
    return path.replace("'", "''")


class Store:
    """A folder of partials, and the database that makes them.

    Parameters
    ----------
    folder : Path
    settings : Settings
    """

    def __init__(self, folder: Path, settings: Settings) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.settings = settings
        self.read: list[str] = []
        self._index = folder / "files.json"
        self.files: dict[str, dict[str, object]] = json.loads(self._index.read_text()) if self._index.exists() else {}
        self.database = duckdb.connect()
        scratch = folder / f"scratch-{os.getpid()}"
        for name, value in {
            "memory_limit": settings.memory,
            "threads": settings.threads,
            "temp_directory": str(scratch),
            "preserve_insertion_order": False,
            "enable_progress_bar": False,
        }.items():
            self.database.execute(f"SET {name} = {value!r}" if isinstance(value, str) else f"SET {name} = {value}")

    def close(self) -> None:
        """Close the database and take its scratch folder away."""
        self.database.close()
        shutil.rmtree(self.folder / f"scratch-{os.getpid()}", ignore_errors=True)

    def key(self, path: Path, kind: str) -> str:
        """The name of a file's partial, made of its bytes and of everything else that its content hangs on.

        A file whose size and time of change are those of last time is not opened. The footer of a Parquet file alone
        would not do: two amounts that change places leave sizes and statistics as they are.
        """
        stands = path.stat()
        now = {"size": stands.st_size, "changed": stands.st_mtime_ns, "made": self._made(kind)}
        known = self.files.get(f"{kind}/{path.name}")
        if known is not None and {name: known.get(name) for name in now} == now and self.at(str(known["key"])).exists():
            return str(known["key"])
        with path.open("rb") as file:
            told = hashlib.file_digest(file, "sha256").hexdigest()
        key = f"{kind}-{hashlib.sha256(f'{told} {self._made(kind)}'.encode()).hexdigest()[:24]}"
        self.files[f"{kind}/{path.name}"] = {**now, "key": key}
        return key

    def _made(self, kind: str) -> str:
        """What a partial hangs on beside its file: hashes hang on DuckDB's version."""
        limits = self.settings.limits.model_dump_json() if kind == "redeemed" else ""
        return f"{LAYOUT} {duckdb.__version__} {self.settings.currency} {limits}"

    def at(self, key: str) -> Path:
        """Folder of a partial."""
        return self.folder / key

    def keep_index(self) -> None:
        """Write down which file has which partial."""
        draft = self._index.with_suffix(".draft")
        draft.write_text(json.dumps(self.files, indent=1, sort_keys=True), encoding="utf-8")
        draft.replace(self._index)

    def columns(self, path: Path, kind: str) -> Mapping[str, str]:
        """What stands for each column in a query of a file; an absent one is empty.

        Raises
        ------
        InputError
            The file cannot be read, or lacks a column that is needed.
        """
        try:
            told = self.database.execute(f"DESCRIBE SELECT * FROM read_parquet('{_own(str(path))}')").fetchall()
        except duckdb.Error as error:
            raise InputError(f"{path.name} cannot be read as Parquet ({type(error).__name__})") from None
        found = {str(row[0]) for row in told}
        lost = [name for name in NEEDED[kind] if name not in found]
        if lost:
            raise InputError(f"{path.name} has no column {', '.join(lost)}; large ledgers use the columns' own names")
        return {name: f"coalesce(\"{name}\", '')" if name in found else "''" for name in OPTIONAL[kind]}

    @contextmanager
    def draft(self, key: str) -> Iterator[Path]:
        """A folder that takes the partial's place once it is complete."""
        draft = self.folder / f"{key}.draft-{os.getpid()}"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        try:
            yield draft
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        shutil.rmtree(self.at(key), ignore_errors=True)
        draft.replace(self.at(key))


def issued_partial(store: Store, path: Path) -> str:
    """Make the partial of a file of issues where there is none; returns its name."""
    key = store.key(path, "issued")
    if store.at(key).exists():
        return key
    store.read.append(path.name)
    told = store.columns(path, "issued")
    source = f"read_parquet('{_own(str(path))}')"
    # a voucher without a person stands for a person of its own
    person = f"hash(CASE WHEN {told['person']} = '' THEN 'voucher ' || voucher ELSE {told['person']} END)"
    place = f"hash({told['community']}, {told['category']})"
    run = store.database.execute
    with store.draft(key) as folder:
        run(
            f"""COPY (SELECT hash(voucher) AS v, {person} AS p, {place} AS place,
            date_trunc('month', issued)::DATE AS month, round(amount * 100)::BIGINT AS cents FROM {source}
            WHERE {_in_currency(store, told)}) TO '{folder}/vouchers.parquet'"""
        )
        run(
            f"""COPY (SELECT DISTINCT {place} AS place, {told["community"]} AS community, {told["category"]} AS category
            FROM {source}) TO '{folder}/places.parquet'"""
        )
        kept = f"'{folder}/vouchers.parquet'"
        run(f"COPY ({_cells(kept, 'p')}) TO '{folder}/cells.parquet'")
        _keep_elsewhere(store, source, told["currency"], folder)
    return key


def _in_currency(store: Store, told: Mapping[str, str]) -> str:
    return f"{told['currency']} IN ('', '{_own(store.settings.currency)}')"


def _cells(rows: str, person: str) -> str:
    """A query of cells by month and place: lines, money, and different people."""
    each = f"SELECT month, place, {person} AS p, count(*) AS lines, sum(cents) AS cents FROM {rows} GROUP BY ALL"
    return f"""SELECT month, place, sum(lines)::BIGINT AS lines, sum(cents)::BIGINT AS cents, count(*) AS persons
        FROM ({each}) GROUP BY ALL"""


def _keep_elsewhere(store: Store, source: str, currency: str, folder: Path) -> None:
    """Count lines in other currencies."""
    others: dict[str, int] = {}
    if currency != "''":
        found = store.database.execute(f"SELECT {currency} AS currency, count(*) FROM {source} GROUP BY 1").fetchall()
        others = {name: count for name, count in found if name not in ("", store.settings.currency)}
    (folder / "elsewhere.json").write_text(json.dumps(others, sort_keys=True), encoding="utf-8")


def redeemed_partial(store: Store, path: Path, issues: Sequence[str]) -> str:
    """Make the partial of a file of redemptions where there is none, or where its files of issues changed.

    Parameters
    ----------
    store : Store
    path : Path
    issues : sequence of str
        Partials of the files of issues, latest first: a voucher that is in several belongs to the latest.

    Returns
    -------
    str
        Name of the partial.
    """
    key = store.key(path, "redeemed")
    if store.at(key).exists() and _still_holds(store, store.at(key), issues):
        return key
    store.read.append(path.name)
    told = store.columns(path, "redeemed")
    source = f"read_parquet('{_own(str(path))}')"
    with store.draft(key) as folder:
        store.database.execute(
            f"""CREATE OR REPLACE TEMP VIEW remaining AS SELECT hash(voucher) AS v, merchant,
            redeemed::TIMESTAMP AS redeemed, round(amount * 100)::BIGINT AS cents FROM {source}
            WHERE {_in_currency(store, told)}"""
        )
        _match(store, issues, folder)
        _keep_elsewhere(store, source, told["currency"], folder)
        store.database.execute(f"COPY ({_cells('matched', 'coalesce(p, v)')}) TO '{folder}/cells.parquet'")
        _look(store, folder, issues)
        (folder / "tried.json").write_text(json.dumps(list(issues)), encoding="utf-8")
        store.database.execute("DROP TABLE matched")
    return key


def _still_holds(store: Store, at: Path, issues: Sequence[str]) -> bool:
    """Whether a partial of redemptions agrees with the files of issues that there are.

    A new file matters only where it holds vouchers that no file held so far.
    """
    tried = set(json.loads((at / "tried.json").read_text()))
    if not tried <= set(issues):
        return False
    fresh = [one for one in issues if one not in tried]
    if not fresh or not _count(store, f"'{at}/left.parquet'"):
        return True
    files = ", ".join(f"'{_own(str(store.at(key)))}/vouchers.parquet'" for key in fresh)
    return not _count(store, f"'{at}/left.parquet' SEMI JOIN read_parquet([{files}]) USING (v)")


def _count(store: Store, rows: str) -> int:
    return int(store.database.execute(f"SELECT count(*) FROM {rows}").fetchall()[0][0])


def _match(store: Store, issues: Sequence[str], folder: Path) -> None:
    """Find the voucher of every redemption, in the latest file of issues first, until none is left."""
    run = store.database.execute
    run(
        """CREATE OR REPLACE TEMP TABLE matched (v UBIGINT, p UBIGINT, place UBIGINT, issue_month DATE, cents BIGINT,
        month DATE, merchant VARCHAR, redeemed TIMESTAMP)"""
    )
    left = "remaining"
    for key in issues:
        count = _count(store, left)
        if not count:
            break
        vouchers = f"'{_own(str(store.at(key)))}/vouchers.parquet'"
        _join(store, left, vouchers)
        if _count(store, "joined") != count:  # a voucher was issued twice in one file
            _join(store, left, f"(SELECT v, last(COLUMNS(* EXCLUDE v)) FROM {vouchers} GROUP BY v)")
        run("INSERT INTO matched SELECT * FROM joined WHERE place IS NOT NULL")
        run(
            f"COPY (SELECT v, p, place, issue_month, cents, month FROM joined WHERE place IS NOT NULL) "
            f"TO '{folder}/used-{key}.parquet'"
        )
        run(
            "CREATE OR REPLACE TEMP TABLE unmatched AS SELECT v, merchant, redeemed, cents FROM joined "
            "WHERE place IS NULL"
        )
        left = "unmatched"
    rest = f"""SELECT v, NULL::UBIGINT AS p, 0::UBIGINT AS place, NULL::DATE AS issue_month, cents,
        date_trunc('month', redeemed)::DATE AS month, merchant, redeemed FROM {left}"""
    run(f"INSERT INTO matched {rest}")
    run(f"COPY ({rest}) TO '{folder}/left.parquet'")
    run("DROP TABLE IF EXISTS joined; DROP TABLE IF EXISTS unmatched")


def _join(store: Store, left: str, vouchers: str) -> None:
    store.database.execute(
        f"""CREATE OR REPLACE TEMP TABLE joined AS SELECT r.v, p, place, i.month AS issue_month, r.cents,
        date_trunc('month', redeemed)::DATE AS month, merchant, redeemed FROM {left} r LEFT JOIN {vouchers} i
        ON r.v = i.v"""
    )


def _look(store: Store, folder: Path, issues: Sequence[str]) -> None:
    """What a person should look at: bursts, round amounts, one person at many merchants."""
    limits = store.settings.limits
    found: list[dict[str, Any]] = [{"rule": "voucher_burst", **row} for row in _bursts(store)]
    round_ones = judge_round(_round_amounts(store, issues), limits)
    found += [{"rule": "voucher_round_amounts", **row} for row in round_ones]
    found += [{"rule": "voucher_many_merchants", **row} for row in find_many_merchants(_close(store), limits)]
    lines = [{**one, "day": f"{one['day']:%Y-%m-%d}"} for one in found]
    (folder / "look.json").write_text(json.dumps(lines, ensure_ascii=False, default=float), encoding="utf-8")


def _crowded(who: str, seconds: float, fewest: int) -> str:
    """Rows of those who may have so many redemptions within some time: of two bins that hold them, one holds half."""
    return f"""(SELECT * FROM matched SEMI JOIN (SELECT {who} FROM matched WHERE redeemed <> date_trunc('day', redeemed)
        AND {who} IS NOT NULL GROUP BY {who}, epoch_us(redeemed) // {round(seconds * 1_000_000)}
        HAVING count(*) >= {-(-fewest // 2)}) USING ({who}) WHERE redeemed <> date_trunc('day', redeemed))"""


def _bursts(store: Store) -> list[dict[str, Any]]:
    limits = store.settings.limits
    seconds = limits.burst_minutes * 60
    window = f"INTERVAL ({seconds}) SECOND"
    found = store.database.execute(
        f"""WITH lagged AS (SELECT merchant, redeemed, redeemed - lag(redeemed, {limits.burst - 1}) OVER (
        PARTITION BY merchant ORDER BY redeemed) <= {window} AS ends
        FROM {_crowded("merchant", seconds, limits.burst)}),
        busy AS (SELECT * FROM lagged SEMI JOIN (SELECT merchant FROM lagged WHERE ends) USING (merchant)),
        following AS (SELECT merchant, redeemed, min(CASE WHEN ends THEN redeemed END) OVER (PARTITION BY merchant
        ORDER BY redeemed ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS next FROM busy)
        SELECT merchant, date_trunc('day', next)::DATE AS day, count(*) AS count FROM following
        WHERE next - redeemed <= {window} GROUP BY ALL ORDER BY ALL"""
    )
    return [{str(name): cell for name, cell in row.items()} for row in found.df().to_dict("records")]


def _round_amounts(store: Store, issues: Sequence[str]) -> pd.DataFrame:
    """Redemptions in round amounts by category and merchant, as :func:`judge_round` takes them."""
    even = f"cents > 0 AND cents % {round(store.settings.limits.round_to * 100)} = 0"
    table = store.database.execute(
        f"""SELECT category, merchant, count_if({even})::BIGINT AS sum, count(*) AS size,
        min(CASE WHEN {even} THEN date_trunc('day', redeemed) END)::TIMESTAMP AS first
        FROM matched JOIN {places(store, issues)} USING (place) GROUP BY ALL ORDER BY ALL"""
    ).df()
    return pd.DataFrame(table).set_index(["category", "merchant"])


def places(store: Store, issues: Sequence[str]) -> str:
    """A query of what hashes of community and category stand for; of redemptions without a voucher, for nothing."""
    files = ", ".join(f"'{_own(str(store.at(key)))}/places.parquet'" for key in issues)
    known = f"SELECT DISTINCT place, community, category FROM read_parquet([{files}]) UNION ALL" if files else ""
    return f"({known} SELECT 0::UBIGINT AS place, '' AS community, '' AS category)"


def _close(store: Store) -> pd.DataFrame:
    """Redemptions of people who were at several merchants within minutes, as :func:`find_many_merchants` takes them."""
    limits = store.settings.limits
    seconds = limits.minutes * 60
    found = store.database.execute(
        f"""WITH lagged AS (SELECT p, v, merchant, redeemed, redeemed - lag(redeemed, {limits.merchants - 1}) OVER (
        PARTITION BY p ORDER BY redeemed) <= INTERVAL ({seconds}) SECOND AS near
        FROM {_crowded("p", seconds, limits.merchants)})
        SELECT p AS person, v AS voucher, merchant, redeemed FROM lagged
        SEMI JOIN (SELECT p FROM lagged WHERE near) USING (p) ORDER BY ALL"""
    )
    return pd.DataFrame(found.df())
