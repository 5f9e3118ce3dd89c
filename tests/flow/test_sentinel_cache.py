# SPDX-License-Identifier: Apache-2.0
"""What the sentinel example keeps, and for how long: as its README says, by the answers' own Cache-Status. Times are
cut a little at random, so that not all end at once."""
import re

import pytest

from conftest import ROOT
from leat import Leat


@pytest.fixture(scope="module")
def sentinel(sentinel_url):
    """One that has kept nothing yet: what the shared one keeps may be about to end."""
    with Leat(database=sentinel_url, config_file=str(ROOT / "examples/sentinel/leat.yaml")) as leat:
        yield leat.await_ready()


def seconds_left(answer):
    status = answer.headers["cache-status"]
    assert re.match(r"Leat; (hit|fwd=miss; stored)", status), status
    return int(re.search(r"ttl=(\d+)", status)[1])


@pytest.mark.parametrize("path, seconds, client", [
    ("/api/users/7", 3600, None),
    ("/api/users?limit=3", 600, None),
    ("/api/rules?limit=3", 86400, 3600),
    ("/api/rules/3", 86400, 3600),
    ("/api/rules_by_industry?industry=crypto", 86400, 3600),
    ("/api/transactions/77", 300, None),
    ("/api/transactions?limit=3", 600, None),
    ("/api/fraud_flags?limit=3", 600, None),
    ("/api/dashboard/stats", 60, None),
    ("/api/top_users?top=3", 300, None),
])
def test_answers_are_kept_as_long_as_the_readme_says(sentinel, path, seconds, client):
    first, second = sentinel.get(path), sentinel.get(path)
    for answer in (first, second):
        assert answer.status_code == 200 and seconds * 0.8 - 20 <= seconds_left(answer) <= seconds
        assert (f"max-age={client}" in answer.headers.get("cache-control", "")) == bool(client)
    assert second.headers["cache-status"].startswith("Leat; hit") and second.content == first.content
