# SPDX-License-Identifier: Apache-2.0
"""A transaction pooler between: `prepared: off`, because each transaction may meet another server connection."""
import pytest

from conftest import PATHS, config
from leat import Leat
from load import Load
from postgres import Pgbouncer

AWAY = (503, "database-unavailable")


@pytest.fixture
def bouncer(server):
    with Pgbouncer(server) as running:
        yield running


def test_reads_through_a_transaction_pooler_are_served_by_fewer_connections_than_asked_for(server, bouncer):
    with Leat(database=bouncer.url, config=config(prepared="off", size=20)) as leat, Load(leat, PATHS, clients=12) as load:
        load.good(times=500)
        held = server.query("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'leat%' OR backend_type = 'client backend'")
        assert held[0][0] <= 4 + 1
    load.check([])


def test_a_pooler_that_is_killed_and_started_again(server, bouncer):
    with Leat(database=bouncer.url, config=config(prepared="off")) as leat, Load(leat, PATHS) as load:
        load.good()
        bouncer.end()
        load.see(AWAY, times=50)
        leat.await_true(lambda: leat.get("/health/ready").status_code == 503)
        bouncer.start()
        load.good(times=200)
        leat.await_ready()
    load.check([AWAY, (503, "pool-exhausted")])


def test_a_server_that_restarts_behind_the_pooler(server, bouncer):
    with Leat(database=bouncer.url, config=config(prepared="off")) as leat, Load(leat, PATHS) as load:
        load.good()
        server.restart()
        load.good(times=200)
        leat.await_ready()
    load.check([AWAY, (503, "pool-exhausted"), (504, "query-timeout")])
