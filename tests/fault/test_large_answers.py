# SPDX-License-Identifier: Apache-2.0
"""Exports and other large answers when something breaks in their middle: the database, the network, the disk they wait on. What is broken
off is seen to be broken off, its cause is in the log, memory stays small, and the service goes on."""
import os
import pathlib
import socket

import pytest

from conftest import config
from leat import Leat
from proxy import Proxy
from sqlite_file import SqliteFile

MIB = 1024 * 1024
EXPORT = b"GET %s HTTP/1.1\r\nHost: x\r\nAccept: application/x-ndjson\r\n\r\n"
#: Some 3 MB come at once, then nothing for a long time.
STALLS = """/* leat
read: anonymous
*/
SELECT i AS id, CASE WHEN i = 3000 THEN pg_sleep(60)::text ELSE repeat('x', 1000) END AS text FROM generate_series(1, 5000) AS i
"""
#: Large notes: 1,000 rows of 4 KB, each 30 times over: 120 MB.
CROWD = "CREATE VIEW crowd AS SELECT notes.id * 100 + n AS id, text FROM notes, (%s) AS numbers;"
NUMBERS = {"sqlite": "WITH RECURSIVE n(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < 30) SELECT n FROM n",
           "postgresql": "SELECT n FROM generate_series(1, 30) AS n"}


def wire(leat, path, window=None):
    end = socket.socket()
    if window:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
    end.settimeout(60)
    end.connect((leat.host, leat.port))
    end.sendall(EXPORT % path.encode())
    return end


def read(end, bytes_max=1 << 40):
    """What comes, to the end or so many bytes."""
    data = bytearray()
    while len(data) < bytes_max:
        try:
            piece = end.recv(1 << 20)
        except ConnectionResetError:
            break
        if not piece:
            break
        data += piece
    return bytes(data)


@pytest.fixture
def proxy(server):
    with Proxy(server.port) as running:
        yield running


@pytest.fixture
def stalling(proxy, tmp_path):
    """Leat with a query that stalls, behind a proxy."""
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries/stalls.sql").write_text(STALLS)
    (tmp_path / "leat.yaml").write_text("leat: 1\nqueries: queries/\n" + config(timeout="40s"))
    with Leat(database=f"postgresql://leat@127.0.0.1:{proxy.port}/leat?sslmode=disable", config_file=str(tmp_path / "leat.yaml")) as leat:
        yield leat.await_ready()


def end_backends(server):
    server.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'leat'")


@pytest.mark.parametrize("how", ["terminated", "cancelled", "killed", "cut"])
def test_a_database_that_goes_in_the_middle_of_an_export_breaks_it_off(stalling, server, proxy, how):
    with wire(stalling, "/api/stalls") as end:
        came = read(end, MIB)
        assert came.startswith(b"HTTP/1.1 200 OK")
        if how == "terminated":
            end_backends(server)
        elif how == "cancelled":
            server.query("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()")
        elif how == "killed":
            server.kill()
        else:
            proxy.cut_all()
        assert not read(end).endswith(b"0\r\n\r\n")
    stalling.await_true(lambda: any(line["target"] == "/api/stalls" for line in stalling.lines("request")))
    line = next(line for line in stalling.lines("request") if line["target"] == "/api/stalls")
    assert line["status"] >= 500 and line["problem"] and line["cause"] and line["bytes"] >= MIB, line
    if how == "killed":
        server.start()
    stalling.await_true(lambda: stalling.get("/api/notes/1").status_code == 200)


def test_a_client_that_leaves_a_stalled_export_cancels_it_at_the_database(stalling, server):
    end = wire(stalling, "/api/stalls")
    read(end, MIB)
    end.close()
    stalling.await_true(lambda: server.query("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND state = 'active' "
                                             "AND pid <> pg_backend_pid()")[0][0] == 0)


def test_a_stop_does_not_wait_for_a_stalled_export(server, tmp_path):
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries/stalls.sql").write_text(STALLS)
    (tmp_path / "leat.yaml").write_text("leat: 1\nqueries: queries/\n" + config(timeout="40s", drain="1s"))
    with Leat(database=server.url, config_file=str(tmp_path / "leat.yaml")) as leat:
        end = wire(leat.await_ready(), "/api/stalls")
        read(end, MIB)
    assert not read(end).endswith(b"0\r\n\r\n")
    end.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def crowd(request):
    """A view of 30,000 rows: 120 MB."""
    view = CROWD % NUMBERS[request.param]
    if request.param == "postgresql":
        server = request.getfixturevalue("server")
        server.psql("UPDATE notes SET text = repeat('xy', 2000);" + view)
        return server.url
    file = request.getfixturevalue("file")
    file.sql("UPDATE notes SET text = replace(hex(zeroblob(2000)), '00', 'xy');" + view)
    return file.url


def crowd_config(more=""):
    return config(timeout="60s").replace("notes: {}", "notes: {}, crowd: {key: id}") + more


FREED_AT_ONCE = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=4"}


def test_an_export_of_any_size_to_any_reader_takes_little_memory(crowd):
    with Leat(database=crowd, config=crowd_config(), args=["--workers", "1"], env=FREED_AT_ONCE) as leat:
        leat.await_ready()
        with wire(leat, "/api/crowd?limit=2000") as end:
            assert read(end, 4 * MIB)
        before = leat.rss_bytes()
        most = 0
        with wire(leat, "/api/crowd", window=16384) as slow, wire(leat, "/api/crowd") as fast:
            came = 0
            while came < 100 * MIB:
                came += len(read(fast, 4 * MIB))
                most = max(most, leat.rss_bytes())
            assert read(slow, MIB).startswith(b"HTTP/1.1 200 OK")
        assert most - before < 32 * MIB, f"{(most - before) / MIB:.1f} MiB"


def test_what_waits_for_a_slow_reader_leaves_the_disk_when_he_leaves(crowd, tmp_path):
    with Leat(database=crowd, config=crowd_config(f"spool: {{folder: {tmp_path}}}\n")) as leat:
        def files():
            links = pathlib.Path(f"/proc/{leat.pid}/fd")
            return [os.readlink(link) for link in links.iterdir() if link.is_symlink() and str(tmp_path) in os.readlink(link) and "db" not in os.readlink(link)]
        with wire(leat.await_ready(), "/api/crowd", window=4096):
            leat.await_true(files)
            assert not list(tmp_path.glob("leat-*")), "its files have no name"
        leat.await_true(lambda: not files())


def test_without_a_folder_to_wait_in_slow_readers_are_cut_and_others_served(crowd, tmp_path):
    folder = tmp_path / "spool"
    folder.mkdir()
    with Leat(database=crowd, config=crowd_config(f"spool: {{folder: {folder}}}\nanswers: {{bytes_max: 1MiB}}\n")) as leat:
        leat.await_ready()
        folder.rmdir()
        with wire(leat, "/api/crowd", window=4096) as end:
            leat.await_true(lambda: any(line.get("problem") == "spool-full" for line in leat.lines("request")))
            assert not read(end).endswith(b"0\r\n\r\n")
        assert "No such file" in next(line["cause"] for line in leat.lines("request") if line.get("problem") == "spool-full")
        assert leat.problem("/api/crowd?limit=1000", 503, "spool-full")
        assert len(leat.rows("/api/crowd?limit=100")) == 100
