# SPDX-License-Identifier: Apache-2.0
"""Whatever happened to the first one, a write that is asked for again with its key is done once."""
import concurrent.futures
import threading

from leat import Leat
from proxy import Proxy

CONFIG = """
defaults: {read: anonymous, write: anonymous}
resources: {notes: {}}
"""
SLOW_COMMIT = """
CREATE FUNCTION nap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER naps AFTER INSERT ON notes DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION nap();
"""
NAPPING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"


def post(leat, key="k"):
    return leat.client.post("/api/notes", json={"id": 5000, "text": "once"}, headers={"Idempotency-Key": key})


def through(proxy):
    return f"postgresql://leat@127.0.0.1:{proxy.port}/leat?sslmode=disable"


def test_a_connection_cut_while_it_commits_and_the_same_key_again(server):
    server.psql(SLOW_COMMIT)
    with Proxy(server.port) as proxy, Leat(database=through(proxy), config=CONFIG) as leat:
        leat.await_ready()
        with concurrent.futures.ThreadPoolExecutor() as pool:
            first = pool.submit(post, leat)
            leat.await_true(lambda: server.query(NAPPING)[0][0] == 1)
            proxy.cut_all()
            assert (first.result().status_code, first.result().json()["code"]) == (503, "outcome-unknown")
        again = post(leat)
        assert (again.status_code, again.json()) == (201, {"id": 5000, "text": "once"}), again.text
        assert again.headers["idempotency-replayed"] == "true" and again.headers["location"] == "/api/notes/5000"
        assert post(leat).content == again.content and post(leat, "other").status_code == 409
        assert server.query("SELECT count(*) FROM notes WHERE id >= 5000")[0][0] == 1


def test_a_server_killed_while_it_commits_and_the_same_key_again(server):
    server.psql(SLOW_COMMIT)
    with Leat(database=server.url, config=CONFIG) as leat:
        leat.await_ready()
        assert leat.client.delete("/api/notes/1", headers={"Idempotency-Key": "warm"}).status_code == 204
        with concurrent.futures.ThreadPoolExecutor() as pool:
            first = pool.submit(post, leat)
            leat.await_true(lambda: server.query(NAPPING)[0][0] == 1)
            server.kill()
            assert first.result().status_code == 503
        server.start()
        leat.await_ready()
        leat.await_true(lambda: post(leat).status_code == 201)
        assert post(leat).headers["idempotency-replayed"] == "true"
        assert server.query("SELECT count(*) FROM notes WHERE id >= 5000")[0][0] == 1


def test_a_connection_cut_at_each_moment_and_the_same_key_until_it_is_done(server):
    with Proxy(server.port) as proxy, Leat(database=through(proxy), config=CONFIG) as leat:
        leat.await_ready()
        for n in range(60):
            def write():
                return leat.client.post("/api/notes", json={"id": 6000 + n, "text": "once"},
                                        headers={"Idempotency-Key": f"k-{n}"}).status_code
            cut = threading.Timer(n / 10000, proxy.cut_all)
            cut.start()
            assert write() in (201, 503)
            cut.join()
            leat.await_true(lambda write=write: write() == 201)
        assert server.query("SELECT count(*) FROM notes WHERE id >= 6000")[0][0] == 60
