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

    def lock(self):
        """A connection that lets nobody else in, readers neither, until it is closed. There must be no other at the moment it
        takes the file, which is why it goes over to another journal."""
        locker = sqlite3.connect(self.path, timeout=60, isolation_level=None)
        locker.execute("PRAGMA locking_mode=EXCLUSIVE")
        locker.execute("BEGIN EXCLUSIVE")
        return locker

    def size(self):
        return os.path.getsize(self.path)
