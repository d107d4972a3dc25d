"""Ledgers in tables of databases give the same bytes as in files, and their errors show no user and no password."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import duckdb
import pytest

from tests.typed_ledgers import SAMPLES, as_text, read, stored, typed
from xzz_analysis.errors import InputError, StudyError
from xzz_analysis.services.ledgers.sources.databases import quoted

SERVERS = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))


def csv_route(folder, kind):
    path = folder / f"{kind}.csv"
    as_text(typed(kind, SAMPLES[kind])).to_csv(path, index=False)
    return stored(read(folder, kind, {"file": path}))


def write_duckdb(path, kind, name):
    rows = typed(kind, SAMPLES[kind][::-1])
    with duckdb.connect(str(path)) as connection:
        connection.register("rows", rows)
        connection.execute(f"CREATE TABLE {name} AS SELECT * FROM rows")


@pytest.mark.parametrize("kind", SAMPLES)
def test_a_duckdb_table_gives_the_bytes_of_the_csv_file(tmp_path, kind):
    (tmp_path / "study").mkdir()
    write_duckdb(tmp_path / "study" / "ledgers.duckdb", kind, "t")
    made = read(tmp_path, kind, {"url": "duckdb:///ledgers.duckdb", "table": "t"})
    assert stored(made) == csv_route(tmp_path, kind)
    assert made.table["line"].tolist() == list(range(2, len(made.table) + 2))  # the places in the order of all columns


def test_a_path_may_be_absolute_and_a_table_may_have_a_schema_and_any_name(tmp_path):
    path = tmp_path / "ledgers.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute('CREATE SCHEMA "our work"; CREATE TABLE "our work"."a""; DROP TABLE x" (person text)')
        connection.execute('INSERT INTO "our work"."a""; DROP TABLE x" VALUES (\'P1\')')
    for name in ('our work.a"; DROP TABLE x', 'a"; DROP TABLE x'):
        made = read(tmp_path, "people", {"url": f"duckdb:///{path}", "table": name})
        assert made.table["person"].tolist() == ["P1"]
    assert quoted('a"b') == '"a""b"'


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ({"url": "duckdb:///none.duckdb", "table": "t"}, "none.duckdb does not exist"),
        ({"url": "duckdb:///x.duckdb", "table": "peopl"}, "did you mean 'people'?"),
        ({"url": "duckdb:///broken.duckdb", "table": "t"}, "cannot be read (IOException)"),
        ({"url": "duckdb:///x.duckdb", "table": "outside"}, "hold their rows themselves"),
        ({"url": "mysql://root:s3cret@host/db", "table": "t"}, "begins with neither duckdb:/// nor postgresql://"),
        ({"url": "postgresql://user:s3cret@127.0.0.1:1/db", "table": "t"}, "no server answers there"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_without_user_and_password(tmp_path, source, told):
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "broken.duckdb").write_bytes(b"nothing of the kind" * 1000)
    (folder / "secret.csv").write_text("person\nP1\n")
    with duckdb.connect(str(folder / "x.duckdb")) as connection:
        connection.execute("CREATE TABLE people (person text)")
        connection.execute(f"CREATE VIEW outside AS SELECT * FROM read_csv('{folder / 'secret.csv'}')")
    with pytest.raises(InputError) as caught:
        read(tmp_path, "people", source)
    assert told in str(caught.value)
    assert not {"s3cret", "root", "user:"} & set(str(caught.value).replace("@", " ").split())
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_the_url_is_not_shown_and_takes_its_password_from_the_environment(tmp_path, monkeypatch):
    from xzz_analysis.study.services import Ledger

    named = Ledger(url="postgresql://user:s3cret@host/db", table="t")
    assert "s3cret" not in repr(named)
    assert "s3cret" not in str(named)
    with pytest.raises(StudyError, match="XZZ_NO_SUCH_URL is not set"):
        read(tmp_path, "people", {"url": "${XZZ_NO_SUCH_URL}", "table": "t"})
    with duckdb.connect(str(tmp_path / "study" / "e.duckdb")) as connection:
        connection.execute("CREATE TABLE t AS SELECT 'P1' AS person")
    monkeypatch.setenv("XZZ_LEDGERS", "duckdb:///e.duckdb")
    assert len(read(tmp_path, "people", {"url": "${XZZ_LEDGERS}", "table": "t"}).table) == 1


# A PostgreSQL server of the test's own ------------------------------------------------------------------------------


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """URL of a server that this test starts on loopback, with a superuser who needs no password."""
    if not SERVERS:
        pytest.skip("no PostgreSQL server: /usr/lib/postgresql/*/bin/postgres is not there (apt install postgresql)")
    dbapi = pytest.importorskip("adbc_driver_postgresql.dbapi", reason="adbc-driver-postgresql is not installed")
    binaries, folder, port = SERVERS[-1].parent, Path("/tmp") / f"xzz-postgres-{os.getpid()}", free_port()
    who = []
    folder.mkdir()
    if os.getuid() == 0:  # a server refuses to run as root
        who = ["runuser", "-u", "nobody", "--"]
        shutil.chown(folder, "nobody")
    data, log = folder / "data", (tmp_path_factory.mktemp("server") / "log").open("wb")
    subprocess.run(
        [*who, binaries / "initdb", "-A", "trust", "-U", "xzz", "-E", "UTF8", "--no-sync", "-D", data],
        check=True, stdout=log, stderr=log, cwd="/",
    )  # fmt: skip
    settings = ["-p", str(port), "-k", folder, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
    process = subprocess.Popen([*who, binaries / "postgres", "-D", data, *settings], stdout=log, stderr=log, cwd="/")
    url = f"postgresql://xzz@127.0.0.1:{port}/postgres"
    try:
        _wait(dbapi, url, process)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=30)
        log.close()
        shutil.rmtree(folder, ignore_errors=True)


def _wait(dbapi, url, process):
    for _ in range(150):
        assert process.poll() is None, "the server did not start"
        try:
            dbapi.connect(url).close()
            return
        except dbapi.Error:
            time.sleep(0.2)
    raise AssertionError("the server does not answer")


def write_postgres(url, name, table):
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(url) as connection:
        with connection.cursor() as cursor:
            cursor.adbc_ingest(name, table, mode="replace")
        connection.commit()


def without_decimals(table):
    """The driver writes no decimals: amounts become floating numbers."""
    import pyarrow as pa

    fields = [pa.field(one.name, pa.float64() if pa.types.is_decimal(one.type) else one.type) for one in table.schema]
    return table.cast(pa.schema(fields))


@pytest.mark.parametrize("kind", SAMPLES)
def test_a_postgresql_table_gives_the_bytes_of_the_csv_file(tmp_path, server, kind):
    write_postgres(server, kind, without_decimals(typed(kind, SAMPLES[kind][::-1])))
    made = read(tmp_path, kind, {"url": server, "table": kind})
    assert stored(made) == csv_route(tmp_path, kind)


def test_numeric_padded_and_zoned_columns_of_postgresql_are_read(tmp_path, server):
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(server) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA IF NOT EXISTS work")
        cursor.execute("DROP TABLE IF EXISTS work.issued")
        cursor.execute(
            "CREATE TABLE work.issued (voucher char(6), issued timestamptz, amount numeric(10,2), note text)"
        )
        cursor.execute("INSERT INTO work.issued VALUES ('V1', '2025-03-04 23:30:00+00', 12.5, 'never read')")
        connection.commit()
    table = read(tmp_path, "vouchers_issued", {"url": server, "table": "work.issued"}).table
    row = table.iloc[0]
    assert (row["voucher"], str(row["issued"]), row["amount"]) == (
        "V1",
        "2025-03-05 07:30:00",
        12.5,
    )  # Shanghai's clock


def test_what_a_server_refuses_is_told_without_user_and_password(tmp_path, server):
    wrong = server.replace("xzz@", "nobody_known:s3cret@")
    for url, table, told in (
        (wrong, "t", "the server refuses the user or the password"),
        (server.replace("/postgres", "/no_such_database"), "t", "no such database"),
        (server, "no_such_table", "has no table 'no_such_table'"),
    ):
        with pytest.raises(InputError) as caught:
            read(tmp_path, "people", {"url": url, "table": table})
        assert told in str(caught.value)
        assert not any(word in str(caught.value) for word in ("s3cret", "nobody_known", "127.0.0.1", "xzz@"))
