# SPDX-License-Identifier: Apache-2.0
"""SQLite and PostgreSQL hold the same sentinel data and give the same answers, but for how a timestamp writes UTC. (The key that ends
an order goes the way that the store's index goes: where there are ties it is named.)"""
import os
import subprocess

import pytest

from conftest import ROOT, STORES
from leat import Leat

pytestmark = pytest.mark.skipif(len(STORES) < 2, reason="needs both stores")

PATHS = [
    "/api/transactions?order=created_at.desc,id.desc&limit=200",
    "/api/transactions?order=amount.desc&limit=300",
    "/api/transactions?fraud_score=gte.0.5&order=fraud_score.desc,id&limit=300",
    "/api/transactions?status=in.(declined,review)&industry=neq.crypto&order=industry,created_at.desc&limit=100",
    "/api/transactions?user_id=7&order=created_at.desc&limit=100",
    "/api/transactions?amount=gte.999.99&order=amount,id",
    "/api/transactions/42",
    "/api/users?email=ilike.*1*&order=email.desc&limit=50",
    "/api/users?page=2&page_size=7&order=name",
    "/api/fraud_flags?severity=eq.high&reason=is.null&order=id",
    "/api/rules?order=industry,name.desc",
    "/api/rules_by_industry?industry=crypto",
    "/api/top_users?top=20",
    "/api/dashboard/stats",
    "/rest/v1/transactions?created_at=gte.2025-01-01T05:00:00&created_at=lt.2025-01-01T06:00:00&order=created_at,id",
    "/rest/v1/fraud_flags?created_at=gt.2025-01-01&order=created_at.desc,id.desc&limit=20",
]


@pytest.fixture(scope="module")
def both(postgres_server, tmp_path_factory):
    sqlite = f"sqlite:{tmp_path_factory.mktemp('both')}/sentinel.db"
    servers = []
    try:
        for url in (sqlite, postgres_server.url):
            subprocess.run([ROOT / "examples/sentinel/load", url, "5000"], check=True, capture_output=True, env=os.environ)
            servers.append(Leat(database=url, config_file=str(ROOT / "examples/sentinel/leat.yaml")).await_ready())
        yield servers
    finally:
        for server in servers:
            server.stop()


@pytest.mark.parametrize("path", PATHS)
def test_the_answers_are_the_same(both, path):
    sqlite, postgresql = (leat.get(path) for leat in both)
    assert sqlite.status_code == postgresql.status_code == 200

    def same_time(text):
        import re
        text = re.sub(r'"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+?)?0*(Z|\+00:00)"', r'"\1\2Z"', text)
        return re.sub(r'"next_cursor":"[^"]*"|"prev_cursor":"[^"]*"', "", text).replace(".000000Z", "Z").replace(".Z", "Z")
    assert same_time(sqlite.text) == same_time(postgresql.text)
