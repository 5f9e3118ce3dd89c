#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A private PostgreSQL for tests.

From Python:   with Postgres() as pg: pg.psql("CREATE TABLE t (id int)"); use(pg.url)
From C:        tests/lib/pg.c runs this file as a program and speaks to it in lines (see main below).

The cluster is made once by initdb into a template folder in the temporary directory, each server runs on a copy of it on a
free port of 127.0.0.1 and a socket in its own folder, with fsync off. As root the server runs as user postgres. Everything is
ended by process id and deleted at stop(); when the test itself is killed the kernel ends them (setpriv --pdeathsig), and only
their folders are left.

Users: `leat` (superuser, no password asked), `guarded` (password "right", asked for). Database: `leat`.
"""
import contextlib
import fcntl
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

BIN = os.environ.get("LEAT_PG_BIN", "/usr/lib/postgresql/15/bin")
SETTINGS = {
    "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "32MB",
    "max_wal_size": "256MB", "min_wal_size": "8MB", "max_connections": "100", "jit": "off", "timezone": "UTC",
    "log_min_messages": "warning", "logging_collector": "off", "autovacuum": "off", "max_worker_processes": "4",
    # how long a stop waits for a client that connected and then said nothing, as one that waits for the stop
    "authentication_timeout": "10s",
}
HBA = """local all all trust
host all guarded 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
"""
START_SECONDS_MAX = 60
MEMORY, MEMORY_BYTES_MIN = "/dev/shm", 4 << 30


def _owner():
    """Whom the server runs as: PostgreSQL refuses root."""
    return pwd.getpwnam("postgres") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


def _as_owner():
    owner = _owner()
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}


def _mortal(signal_name, *command):
    """The command, to be sent that signal when the thread that starts it is gone, however it went."""
    return ["setpriv", "--pdeathsig", signal_name, *command]


def _own(path):
    if os.geteuid() == 0:
        os.chown(path, _owner().pw_uid, _owner().pw_gid)


def _where():
    """The folder for clusters: in memory, where there is plenty; a thousand files are copied and deleted there eight times as fast."""
    try:
        room = os.statvfs(MEMORY)
    except OSError:
        return None
    return MEMORY if room.f_bavail * room.f_frsize >= MEMORY_BYTES_MIN and os.access(MEMORY, os.W_OK) else None


def _single_user(folder, database, sql):
    subprocess.run([f"{BIN}/postgres", "--single", "-D", folder, database], input=sql.encode(), check=True, cwd="/",
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **_as_owner())


def _template():
    """The folder of a fresh cluster, made at the first call on this machine."""
    folder = os.path.join(tempfile.gettempdir(), f"leat-pg15-template-{_owner().pw_uid}-2")
    with open(folder + ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.isdir(folder):
            return folder
        fresh = tempfile.mkdtemp(prefix="leat-pg-initdb-")
        _own(fresh)
        subprocess.run([f"{BIN}/initdb", "-D", fresh, "-U", "leat", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8",
                        "--wal-segsize=1", "--no-sync"], check=True, cwd="/", stdout=subprocess.DEVNULL, **_as_owner())
        _single_user(fresh, "template1", "ALTER DATABASE postgres RENAME TO leat\n")  # one database fewer to copy
        _single_user(fresh, "leat", "CREATE ROLE guarded LOGIN PASSWORD 'right'\n")
        with open(f"{fresh}/pg_hba.conf", "w", encoding="ascii") as hba:
            hba.write(HBA)
        os.rename(fresh, folder)
    return folder


class Pgbouncer:
    """A pgbouncer in transaction mode before a server: each transaction may run on another of its few connections."""

    def __init__(self, server, pool_size=4):
        self.folder = tempfile.mkdtemp(prefix="leat-pgbouncer-")
        self.port = free_port()
        with open(f"{self.folder}/users.txt", "w", encoding="ascii") as users:
            users.write('"leat" ""\n')
        with open(f"{self.folder}/pgbouncer.ini", "w", encoding="ascii") as ini:
            ini.write(f"[databases]\nleat = host=127.0.0.1 port={server.port} dbname=leat\n[pgbouncer]\n"
                      f"listen_addr = 127.0.0.1\nlisten_port = {self.port}\nunix_socket_dir =\nauth_type = trust\n"
                      f"auth_file = {self.folder}/users.txt\npool_mode = transaction\ndefault_pool_size = {pool_size}\n"
                      f"max_client_conn = 200\nserver_login_retry = 1\nquery_wait_timeout = 20\n")
        for path in (self.folder, f"{self.folder}/users.txt", f"{self.folder}/pgbouncer.ini"):
            _own(path)
        self.process = None
        self.start()

    @property
    def url(self):
        return f"postgresql://leat@127.0.0.1:{self.port}/leat"

    def start(self):
        with open(f"{self.folder}/log", "ab") as log:
            self.process = subprocess.Popen(_mortal("TERM", "/usr/sbin/pgbouncer", f"{self.folder}/pgbouncer.ini"), cwd="/",
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, **_as_owner())
        until = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < until and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.01)
        with open(f"{self.folder}/log", encoding="utf-8", errors="replace") as log:
            raise RuntimeError(f"pgbouncer does not start:\n{log.read()}")

    def end(self):
        """Ends it at once; all connections through it are cut."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()
        shutil.rmtree(self.folder, ignore_errors=True)


def free_port():
    """A port of 127.0.0.1 that is free at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Postgres:
    """One server. settings: more postgresql.conf settings, as {"max_connections": 5}."""

    def __init__(self, settings=None, start=True):
        self.settings = {**SETTINGS, **(settings or {})}
        self.folder = tempfile.mkdtemp(prefix="leat-pg-", dir=_where())
        _own(self.folder)
        self.data = f"{self.folder}/data"
        self.port = free_port()
        self.process = None
        subprocess.run(["cp", "-a", "--reflink=auto", _template(), self.data], check=True)
        if start:
            self.start()

    @property
    def url(self):
        return self.url_for()

    def url_for(self, user="leat", password=None, database="leat", host="127.0.0.1"):
        secret = f":{password}" if password is not None else ""
        return f"postgresql://{user}{secret}@{host}:{self.port}/{database}"

    @property
    def socket_url(self):
        """Over the unix socket instead."""
        return f"postgresql:///leat?host={self.folder}&port={self.port}&user=leat"

    @property
    def log(self):
        with open(f"{self.folder}/log", encoding="utf-8", errors="replace") as log:
            return log.read()

    def ran(self, pattern):
        """How many statements like the pattern it ran, where `log_statement` has them logged."""
        return len(re.findall(pattern, self.log))

    def start(self):
        """Starts (again, after stop_server or kill) and returns when it answers."""
        assert self.process is None, "it runs"
        for _ in range(3):
            self._spawn()
            if self._wait_until_ready():
                return self
            self.process = None
        raise RuntimeError(f"PostgreSQL does not start:\n{self.log}")

    def _spawn(self):
        settings = [word for key, value in self.settings.items() for word in ("-c", f"{key}={value}")]
        with open(f"{self.folder}/log", "ab") as log:
            self.process = subprocess.Popen(
                _mortal("QUIT", f"{BIN}/postgres", "-D", self.data, "-p", str(self.port), "-h", "127.0.0.1", "-k", self.folder,
                        *settings),
                cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **_as_owner())

    def _wait_until_ready(self):
        """The eighth line of postmaster.pid says `ready`: cheaper than knocking."""
        until = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < until:
            if self.process.poll() is not None:
                return False
            try:
                with open(f"{self.data}/postmaster.pid", encoding="ascii") as file:
                    lines = file.read().split("\n")
                if len(lines) > 7 and lines[0] == str(self.process.pid) and lines[7].strip() == "ready":
                    return True
            except OSError:
                pass
            time.sleep(0.01)
        return False

    def stop_server(self, mode="fast"):
        """Ends the server, keeps the data: fast (sessions are cut), smart (waits for them), immediate (as a crash)."""
        if self.process is None:
            return
        names = {"fast": signal.SIGINT, "smart": signal.SIGTERM, "immediate": signal.SIGQUIT}
        self.process.send_signal(names[mode])
        self.process.wait()
        self.process = None

    def children(self):
        try:
            with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as file:
                return [int(pid) for pid in file.read().split()]
        except OSError:
            return []

    def kill(self):
        """kill -9 of the server and all its backends."""
        children = self.children()
        self.process.kill()
        for pid in children:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        self.process = None

    def pause(self):
        """SIGSTOP to the server and all its backends: reachable, but silent."""
        for pid in [self.process.pid, *self.children()]:
            try:
                os.kill(pid, signal.SIGSTOP)
            except ProcessLookupError:
                pass

    def resume(self):
        for pid in [*self.children(), self.process.pid]:
            try:
                os.kill(pid, signal.SIGCONT)
            except ProcessLookupError:
                pass  # a backend that ended just now

    def signal(self, pid, number):
        """A signal to one backend."""
        assert pid in self.children()
        os.kill(pid, number)

    def restart(self, mode="fast"):
        self.stop_server(mode)
        return self.start()

    def stop(self):
        """Ends the server, paused or not, and deletes everything."""
        if self.process is not None:
            self.resume()
            self.stop_server("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def psql(self, sql=None, file=None, database="leat"):
        """Runs a script with psql, stops at its first error; returns what it printed (unaligned, tuples only)."""
        what = ["-f", file] if file else ["-f", "-"]
        done = subprocess.run([f"{BIN}/psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-p",
                               str(self.port), "-U", "leat", "-d", database, *what], input=sql, text=True,
                              capture_output=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"psql: {done.stderr.strip()}")
        return done.stdout.rstrip("\n")

    @contextlib.contextmanager
    def own_database(self, name="test"):
        """An empty database of that name for the time of the block; it goes, and with it the roles made meanwhile."""
        with contextlib.closing(self.connect()) as connection, connection.cursor() as cursor:
            roles = self._roles(cursor)
            cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0 STRATEGY file_copy")
            try:
                yield name
            finally:
                cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
                for role in self._roles(cursor) - roles:
                    cursor.execute(f'DROP ROLE "{role}"')

    @staticmethod
    def _roles(cursor):
        cursor.execute("SELECT rolname FROM pg_roles")
        return {name for (name,) in cursor.fetchall()}

    def connect(self, database="leat"):
        """A psycopg2 connection in autocommit."""
        import psycopg2  # only those who need it need it installed
        connection = psycopg2.connect(host=self.folder, port=self.port, user="leat", dbname=database)
        connection.autocommit = True
        return connection

    def query(self, sql, *args):
        """The rows of one statement."""
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql, args or None)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()


def main(arguments):
    """postgres.py [SETTING=VALUE…]: a server that lives as long as standard input does, told what to do by its lines.

    start → "PORT FOLDER" is printed at once; then each line (stop_server, start, kill, restart, pause, resume, psql SQL on one
    line) is answered by "ok" or "error: …".
    """
    # Interrupting a test program must not leave the server behind: it ends when our standard input does.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with Postgres(dict(argument.split("=", 1) for argument in arguments)) as server:
        print(server.port, server.folder, flush=True)
        for line in sys.stdin:
            verb, _, rest = line.rstrip("\n").partition(" ")
            try:
                if verb == "psql":
                    server.psql(rest)
                else:
                    getattr(server, verb)()
                print("ok", flush=True)
            except (RuntimeError, AssertionError, AttributeError, OSError) as error:
                print("error:", " ".join(str(error).split()), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
