# SPDX-License-Identifier: Apache-2.0
"""Health: live, ready, and the whole picture."""
import os
import subprocess

from leat import BIN, command_prefix


def test_live_ready_and_health_say_so(sentinel):
    assert sentinel.get("/health/live").json() == {"status": "alive"}
    assert sentinel.get("/health/ready").json() == {"status": "ready"}
    health = sentinel.get("/health").json()
    assert health["status"] == "up" and health["checks"]["database"]["status"] == "up"
    assert health["checks"]["database"]["age_ms"] >= 0 and health["version"]


def test_health_is_never_cached(sentinel):
    for path in ("/health/live", "/health/ready", "/health"):
        assert sentinel.get(path).headers["cache-control"] == "no-store"


def health(*args):
    return subprocess.run([*command_prefix(), BIN, "health", *args], capture_output=True, text=True, env=os.environ, check=False)


def test_the_command_health_exits_0_when_ready(sentinel):
    assert health("--url", sentinel.url).returncode == 0


def test_the_command_health_exits_1_when_nobody_answers():
    done = health("--url", "http://127.0.0.1:1")
    assert done.returncode == 1 and done.stderr.strip()
