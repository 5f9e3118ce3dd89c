# SPDX-License-Identifier: Apache-2.0
"""A bad network between Leat and PostgreSQL."""
import random
import signal

import pytest

from conftest import PATHS, config
from leat import Leat
from load import Load
from proxy import Proxy

AWAY = (503, "database-unavailable")
EXHAUSTED = (503, "pool-exhausted")
LATE = (504, "query-timeout")


@pytest.fixture
def proxy(server):
    with Proxy(server.port) as running:
        yield running


def url(proxy):
    return f"postgresql://leat@127.0.0.1:{proxy.port}/leat?sslmode=disable"


@pytest.mark.parametrize("prepared", ["on", "off"])
def test_connections_cut_after_any_number_of_bytes_are_made_anew(proxy, prepared):
    chance = random.Random(7)
    with Leat(database=url(proxy), config=config(prepared=prepared)) as leat, Load(leat.await_ready(), PATHS) as load:
        load.good()
        for _ in range(60):
            proxy.cut_after = chance.choice([chance.randint(1, 600), chance.randint(600, 5000)])
            proxy.cut_all()
            load.see((200, None), AWAY, EXHAUSTED, times=10)
        proxy.cut_after = None
        load.good(times=300)
        leat.await_ready()
    load.check([AWAY, EXHAUSTED])


def test_answers_that_come_byte_by_byte_are_put_together(proxy):
    with Leat(database=url(proxy), config=config(timeout="20s")) as leat:
        leat.await_ready()
        whole = leat.get("/api/notes?limit=50").json()
        proxy.piece = 1
        assert leat.get("/api/notes?limit=50").json() == whole
        assert leat.get("/api/notes/7").json() == {"id": 7, "text": "note 7"}


def test_a_network_that_swallows_everything_is_told_and_recovered_from(proxy):
    with Leat(database=url(proxy), config=config()) as leat, Load(leat.await_ready(), PATHS) as load:
        load.good()
        proxy.silent = True
        leat.await_true(lambda: leat.get("/health/ready").status_code == 503)
        load.see(AWAY, EXHAUSTED, LATE, times=8)
        proxy.silent = False
        proxy.cut_all()
        load.good(times=200)
        leat.await_ready()
    load.check([AWAY, EXHAUSTED, LATE])


@pytest.mark.parametrize("after", [0, 1000])
def test_a_start_before_a_network_that_swallows_everything_gives_up(proxy, after):
    proxy.silent_after = after
    leat = Leat(database=url(proxy), config=config(timeout="100ms"), expect_up=False)
    assert leat.wait() == 1 and "database" in leat.log() and "Sanitizer" not in leat.log()
    leat.kill()


def test_a_start_that_waits_for_the_database_can_be_interrupted(proxy):
    proxy.silent = True
    leat = Leat(database=url(proxy), config=config(), expect_up=False)
    leat.await_true(lambda: proxy.sockets)
    leat.signal(signal.SIGTERM)
    assert leat.wait() == -signal.SIGTERM
    leat.kill()


def test_a_reload_that_the_network_swallows_is_refused_and_the_process_can_be_stopped(proxy):
    with Leat(database=url(proxy), config=config(timeout="100ms")) as leat:
        leat.await_ready()
        proxy.silent_after = 1000
        leat.signal(signal.SIGHUP)
        leat.await_true(lambda: "reload refused" in leat.log())
        assert leat.get("/api/notes/1").status_code == 200
