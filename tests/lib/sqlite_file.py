# SPDX-License-Identifier: Apache-2.0
"""A SQLite file for tests, in WAL mode, and what may happen to such a file."""
import os
import sqlite3
import subprocess


class SqliteFile:
    def __init__(self, path, sql):
        self.path = str(path)
        self.sql("PRAGMA journal_mode=WAL;\n" + sql)

    @property
    def url(self):
        return f"sqlite:{self.path}"

    def sql(self, text):
        """Runs statements by the sqlite3 program: another process, as a real neighbour is."""
        done = subprocess.run(["sqlite3", "-bail", self.path], input=text, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def begin(self, how="IMMEDIATE"):
        """A connection in a transaction that writes; EXCLUSIVE, but in WAL mode, lets no reader in either, until it is closed."""
        connection = sqlite3.connect(self.path, timeout=60, isolation_level=None)
        connection.execute(f"BEGIN {how}")
        return connection

    def size(self):
        return os.path.getsize(self.path)
