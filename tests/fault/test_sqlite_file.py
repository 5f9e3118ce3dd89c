# SPDX-License-Identifier: Apache-2.0
"""What may happen to the file of a SQLite database while it is served."""
import os
import resource
import shutil
import signal

import pytest

from conftest import PATHS, config
from leat import Leat
from load import Load
from postgres import free_port
from sqlite_file import SqliteFile

AWAY = (503, "database-unavailable")
BUSY = (503, "database-busy")
EXHAUSTED = (503, "pool-exhausted")
LATE = (504, "query-timeout")


@pytest.fixture
def leat(file):
    """Leat before that file."""
    with Leat(database=file.url, config=config()) as running:
        yield running.await_ready()


def another(file, text):
    """A database of the same tables beside it, with one other row."""
    return SqliteFile(file.path + ".new", f"CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT); INSERT INTO notes VALUES (1, '{text}');")


def test_a_file_locked_by_another_process_is_waited_for_then_told_then_served(file):
    file.sql("PRAGMA journal_mode=DELETE;")  # in WAL mode no writer can lock readers out
    with Leat(database=file.url, config=config(timeout="1s", wait="1s")) as leat, Load(leat, PATHS) as load:
        load.good()
        locker = file.begin("EXCLUSIVE")
        load.see(BUSY, EXHAUSTED, LATE, times=8)
        assert leat.get("/health/live").status_code == 200
        locker.close()
        load.good(times=200)
        leat.await_ready()
    load.check([BUSY, EXHAUSTED, LATE])


def test_a_long_write_by_another_process_holds_up_no_read(leat, file):
    with Load(leat, PATHS) as load:
        load.good()
        writer = file.begin()
        writer.execute("UPDATE notes SET text = 'changed'")
        load.good(times=300)
        writer.execute("COMMIT")
        leat.await_true(lambda: leat.get("/api/notes/1").json()["text"] == "changed")
        writer.close()
    load.check([])


def test_a_deleted_file_is_told_as_unavailable_until_there_is_one_again(leat, file):
    with Load(leat, PATHS) as load:
        load.good()
        new = another(file, "back")
        for suffix in ("", "-wal", "-shm"):
            if os.path.exists(file.path + suffix):
                os.unlink(file.path + suffix)
        load.see(AWAY, times=50)
        leat.await_true(lambda: leat.get("/health/ready").status_code == 503)
        os.rename(new.path, file.path)
        leat.await_true(lambda: leat.get("/api/notes/1").text.find("back") > 0)
        leat.await_ready()
    load.check([AWAY, (404, "not-found")])


def test_a_file_replaced_by_another_is_served_without_an_error(leat, file):
    with Load(leat, ["/api/notes/1", "/api/notes?order=text.desc&limit=5"]) as load:
        for number in range(3):
            load.good()
            new = another(file, f"new {number}")
            for suffix in ("-wal", "-shm"):
                if os.path.exists(new.path + suffix):
                    os.unlink(new.path + suffix)
            os.rename(new.path, file.path)
            leat.await_true(lambda number=number: leat.get("/api/notes/1").text.find(f"new {number}") > 0)
    load.check([])


@pytest.mark.parametrize("to", [0, 100, 4096])
def test_a_truncated_file_is_told_and_mended_is_served(leat, file, to):
    file.sql("PRAGMA wal_checkpoint(TRUNCATE);")
    shutil.copy(file.path, file.path + ".copy")
    with Load(leat, PATHS) as load:
        load.good()
        os.truncate(file.path, to)
        load.see(AWAY, (500, "database-error"), times=50)
        assert leat.get("/health/live").status_code == 200
        os.rename(file.path + ".copy", file.path)
        load.good(times=200)
        leat.await_ready()
    load.check([AWAY, (500, "database-error"), BUSY, EXHAUSTED])


def test_a_file_overwritten_with_rubbish_ends_nobody_is_refused_at_a_start_and_replaced_is_served(leat, file):
    """What SQLite has of it in its cache is served on; what it must read is told as damaged."""
    file.sql("PRAGMA wal_checkpoint(TRUNCATE);")
    shutil.copy(file.path, file.path + ".copy")
    with Load(leat, PATHS) as load:
        load.good()
        with open(file.path, "r+b") as rubbish:
            rubbish.write(os.urandom(file.size()))
        load.see((200, None), AWAY, (500, "database-error"), times=200)
        refused = Leat(database=file.url, config=config(), expect_up=False)
        assert refused.wait() in (1, 2) and "not a SQLite database" in refused.log()
        refused.kill()
        os.rename(file.path + ".copy", file.path)
        load.good(times=200)
        leat.await_ready()
    load.check([AWAY, (500, "database-error"), BUSY, EXHAUSTED])


@pytest.fixture
def large(tmp_path):
    """A file of some 10 MB: enough pages for a fault to meet a read."""
    return SqliteFile(tmp_path / "large.db", LARGE % "note")


LARGE = ("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT); WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n "
         "WHERE i < 100000) INSERT INTO notes SELECT i, '%s ' || i || printf('%%.*c', 60, 'x') FROM n; PRAGMA wal_checkpoint(TRUNCATE);")
KEYS = [f"/api/notes/{key}" for key in range(1, 100000, 1237)]


def right(leat, *words):
    """Every row that is given is one that was written; how many were given."""
    given = 0
    for path in KEYS:
        answer = leat.get(path)
        key = path.rsplit("/", 1)[1]
        if answer.status_code == 200:
            assert answer.json()["text"] in [f"{word} {key}" + 60 * "x" for word in words]
            given += 1
    return given


def write_over(path, source):
    """As cp does: the file is emptied, then filled."""
    with open(source, "rb") as new, open(path, "wb") as old:
        shutil.copyfileobj(new, old)


def test_a_mapped_file_that_is_truncated_again_and_again_ends_nobody_and_mended_is_served(large):
    shutil.copy(large.path, large.path + ".copy")
    with Leat(database=large.url, config=config()) as leat, Load(leat, KEYS) as load:
        for to in (4096, 0, 1 << 20, 100, 5 << 20) * 2:
            load.good()
            os.truncate(large.path, to)
            load.see(AWAY, (500, "database-error"), times=20)
            right(leat, "note")
            write_over(large.path, large.path + ".copy")
            leat.await_true(lambda: right(leat, "note") == len(KEYS))
            leat.await_ready()
    load.check([AWAY, (500, "database-error"), BUSY, EXHAUSTED])


def test_a_database_copied_over_the_served_one_ends_nobody_and_is_served(large):
    others = [SqliteFile(large.path + f".{word}", LARGE % word) for word in ("other", "third")]
    with Leat(database=large.url, config=config()) as leat, Load(leat, KEYS + PATHS) as load:
        for other in others * 4:
            load.good()
            write_over(large.path, other.path)
            word = other.path.rsplit(".", 1)[1]
            leat.await_true(lambda word=word: leat.get("/api/notes/1").text.find(word) > 0)
            leat.await_true(lambda word=word: right(leat, word, "note", "other", "third") == len(KEYS))
            assert right(leat, word) == len(KEYS)
            leat.await_ready()
    load.check([AWAY, (404, "not-found"), (500, "database-error"), BUSY, EXHAUSTED])


@pytest.mark.parametrize("how", ["emptied", "written over"])
def test_a_shm_file_that_is_damaged_ends_nobody_and_loses_no_commit(leat, file, how):
    with Load(leat, PATHS) as load:
        for number in range(5):
            load.good()
            file.sql(f"INSERT INTO notes VALUES ({2000 + number}, 'kept');")
            if how == "emptied":
                os.truncate(file.path + "-shm", 0)
            else:
                with open(file.path + "-shm", "r+b") as shm:
                    shm.write(os.urandom(32768))
            leat.await_true(lambda number=number: leat.get(f"/api/notes/{2000 + number}").status_code == 200)
            leat.await_ready()
    load.check([AWAY, BUSY, EXHAUSTED, (500, "database-error")])
    leat.stop()
    assert file.sql("SELECT count(*) FROM notes WHERE text = 'kept'").strip() == "5"


def test_a_file_that_may_only_be_read_in_a_folder_that_may_only_be_read_is_served(file):
    """In WAL mode SQLite wants to write beside the file: so it is served in the other mode, or refused in words."""
    file.sql("PRAGMA journal_mode=DELETE;")
    folder = os.path.dirname(file.path)
    os.chmod(file.path, 0o444)
    os.chmod(folder, 0o555)
    try:
        with Leat(database=file.url, config=config()) as leat:
            assert leat.get("/api/notes/1").status_code == 200 and len(leat.rows("/api/notes?order=text&limit=1000")) == 1000
    finally:
        os.chmod(folder, 0o755)


def small_files():
    """No file may grow beyond a MiB, as on a full disk: writes fail, and SQLite's sorts find no room."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))


def test_a_sort_that_finds_no_room_for_its_temporary_file_is_told_as_unavailable(file):
    file.sql("WITH RECURSIVE n(i) AS (VALUES (1001) UNION ALL SELECT i + 1 FROM n WHERE i < 30000) "
             "INSERT INTO notes SELECT i, hex(randomblob(400)) FROM n;"
             "CREATE VIEW sums AS SELECT text AS id, count(*) AS n FROM notes GROUP BY text;")
    resources = config(timeout="20s").replace("{notes: {}}", "{notes: {}, sums: {key: id}}")
    with Leat(database=file.url, config=resources, preexec=small_files) as leat:
        leat.problem("/api/sums?limit=1", *AWAY)
        assert leat.get("/api/notes/1").status_code == 200
        leat.await_ready()


def test_a_log_on_a_full_disk_holds_up_no_request(file):
    with open("/dev/full", "wb") as full:
        with Leat(database=file.url, config=config(), stderr=full, listen=f"127.0.0.1:{free_port()}") as leat:
            for _ in range(20):
                assert leat.get("/api/notes/1").status_code == 200 and leat.get("/api/none").status_code == 404


def test_a_log_that_may_grow_no_more_ends_nobody(file):
    with Leat(database=file.url, config=config(), preexec=small_files) as leat:
        long = "/api/none?" + "x" * 8000
        while os.path.getsize(leat.log_path) < 1 << 20:
            assert leat.get(long).status_code == 404
        for _ in range(20):
            assert leat.get(long).status_code == 404 and leat.get("/api/notes/1").status_code == 200
