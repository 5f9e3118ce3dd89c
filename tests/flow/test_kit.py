# SPDX-License-Identifier: Apache-2.0
"""What the tests stand on: a server of theirs does not outlive them."""
import os
import pathlib
import select
import shutil
import subprocess
import sys

import pytest
from conftest import STORES

LIB = pathlib.Path(__file__).resolve().parent.parent / "lib"
ENDS_SECONDS_MAX = 30
TEST = f"""
import sys
sys.path.insert(0, {str(LIB)!r})
from postgres import Postgres
with Postgres() as server:
    print(server.process.pid, server.folder, flush=True)
    sys.stdin.read()
"""


@pytest.mark.skipif("postgresql" not in STORES, reason="no server, no orphan")
def test_a_postgresql_ends_with_the_test_that_was_killed():
    test = subprocess.Popen([sys.executable, "-c", TEST], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        pid, folder = test.stdout.readline().split()
        server = os.pidfd_open(int(pid))
        test.kill()
        test.wait()
        ended, _, _ = select.select([server], [], [], ENDS_SECONDS_MAX)
        assert ended, "the server lives on"
        os.close(server)
        shutil.rmtree(folder)
    finally:
        test.kill()
        test.wait()
