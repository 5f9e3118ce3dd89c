# SPDX-License-Identifier: Apache-2.0
"""No answer shows a value of another tenant, whatever is asked: random requests under random rights, and what they leave behind.
LEAT_TENANT_REQUESTS says how many on each store; LEAT_TENANT_SEED which."""
import asyncio
import os
import random

from leat import Leat
from tenant_walk import QUERY, SCHEMA, TenantWalk

REQUESTS = int(os.environ.get("LEAT_TENANT_REQUESTS", "50000"))
ROUNDS = 5  # each with rights of its own

LEFT_BEHIND = (
    "SELECT count(*) FROM cases WHERE org NOT LIKE 'tn_' OR title NOT LIKE 'zz' || substr(org, 3, 1) || '%'",
    "SELECT count(*) FROM users WHERE org NOT LIKE 'tn_' OR name NOT LIKE 'zz' || substr(org, 3, 1) || '%'",
    "SELECT count(*) FROM cases c JOIN users u ON u.id = c.user_id WHERE c.org <> u.org AND c.id LIKE 'new%'",
    "SELECT count(*) FROM cases c JOIN cases p ON p.id = c.parent WHERE c.org <> p.org",
    "SELECT count(*) FROM users u JOIN users b ON b.id = u.boss WHERE u.org <> b.org",
)


def test_no_answer_shows_what_is_anothers(database, tmp_path):
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries/of_tenant.sql").write_text(QUERY, encoding="utf-8")
    seed = int(os.environ.get("LEAT_TENANT_SEED", random.randrange(1 << 30)))
    print("LEAT_TENANT_SEED", seed)
    first = TenantWalk(seed)
    database.sql(SCHEMA)
    database.sql("BEGIN;" + "".join(first.rows()) + "COMMIT;")
    asked = 0
    for number in range(ROUNDS):
        walk = TenantWalk(seed + number)
        walk.fresh = number * 1000000
        with Leat(config=walk.config(tmp_path / "queries") + "http: {per_address: 1000}\n", database=database.url) as leat:
            leat.await_ready()
            asked += asyncio.run(walk.run(leat.host, leat.port, REQUESTS // ROUNDS))
        assert not walk.leaks, f"seed {seed}, round {number}: {len(walk.leaks)} leaks, such as {walk.leaks[:3]}"
        assert not walk.failures, f"seed {seed}, round {number}: {walk.failures[:3]}"
        good = sum(count for status, count in walk.statuses.items() if status < 300)
        assert good > asked // ROUNDS // 4 and min(walk.shown.values()) > 100, (walk.statuses, walk.shown)
    assert asked >= REQUESTS
    assert [database.sql(sql).strip() for sql in LEFT_BEHIND] == ["0"] * len(LEFT_BEHIND)


def test_the_walk_finds_what_is_not_bound(database, tmp_path):
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries/of_tenant.sql").write_text(QUERY, encoding="utf-8")
    walk = TenantWalk(1)
    database.sql(SCHEMA)
    database.sql("BEGIN;" + "".join(walk.rows()) + "COMMIT;")
    config = walk.config(tmp_path / "queries").replace("  tags: {", "  tags: {tenant: none, ").replace("read: anonymous", "read: viewer")
    with Leat(config=config + "http: {per_address: 1000}\n", database=database.url) as leat:
        leat.await_ready()
        asyncio.run(walk.run(leat.host, leat.port, 2000))
    assert walk.leaks and all(b"tags" in asked or b"of_tenant" in asked for _, asked, _, _ in walk.leaks)
