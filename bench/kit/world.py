# SPDX-License-Identifier: Apache-2.0
"""The servers of a run, each started when first asked for and all stopped at the end; the data they serve.

Everything lies under build/bench/: the PostgreSQL data folder and the SQLite file stay there for the next run.
"""

import glob
import json
import os
import pwd
import shutil
import signal
import string
import subprocess
import urllib.error
import urllib.request

from .process import Failed, Process, free_port

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WORK = os.path.join(ROOT, "build", "bench")
BENCH = os.path.join(ROOT, "bench")
LEAT = os.path.join(ROOT, "build", "leat")
SENTINEL = os.path.join(ROOT, "examples", "sentinel")
SENTINEL_CONFIG = os.path.join(SENTINEL, "leat.yaml")
UNCACHED_CONFIG = os.path.join(BENCH, "uncached", "leat.yaml")
READINGS_CONFIG = os.path.join(BENCH, "readings", "leat.yaml")

# Only what differs from Debian's defaults: fsync, synchronous_commit and autovacuum are on.
POSTGRESQL = {
    "shared_buffers": "1GB",
    "max_wal_size": "4GB",
    "max_connections": "400",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
}
# Keyset pages need an index for the whole order; the example's own has no tie-breaker.
PAGE_INDEX = "CREATE INDEX IF NOT EXISTS bench_fraud_score_id ON transactions (fraud_score DESC, id DESC)"


def ask(port, target, body=None, with_headers=False, **headers):
    """(status, body) of an answer, with_headers: (status, body, headers); (0, b"") when there is none (yet). With a body, some JSON, it is a POST."""
    if body is not None:
        headers |= {"Content-Type": "application/json", "Prefer": "return=minimal"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{target}", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            got = answer.status, answer.read()
            return (*got, answer.headers) if with_headers else got
    except urllib.error.HTTPError as refusal:
        got = refusal.code, refusal.read()
        return (*got, refusal.headers) if with_headers else got
    except OSError:
        return (0, b"", {}) if with_headers else (0, b"")


def get(port, target):
    """The body of a 200; None when there is no such answer (yet)."""
    status, body = ask(port, target)
    return body if status == 200 else None


def run(args, **keywords):
    done = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **keywords)
    if done.returncode:
        raise Failed(f"{' '.join(args)[:200]}: {done.stderr.strip()[-600:]}")
    return done.stdout


class Server:
    """A process and the port it answers on."""

    def __init__(self, process, port):
        self.process = process
        self.port = port


class World:
    def __init__(self, options):
        self.options = options
        self.rows = options.rows
        self.started = {}
        self.scratch = os.path.join(WORK, "run")
        # Each of these older users has more than 100 transactions (see examples/sentinel/README.md).
        self.users = max(1, min(self.rows // 200 * 13 // 25, 20 + self.rows // 200))
        shutil.rmtree(self.scratch, ignore_errors=True)
        os.makedirs(self.scratch)

    def close(self):
        for server in reversed(list(self.started.values())):
            server.process.stop()

    def once(self, key, start):
        """What start() gave for this key, now or earlier."""
        if key not in self.started:
            self.started[key] = start()
        return self.started[key]

    def stop(self, key):
        self.started.pop(key).process.stop()

    def serve(self, name, command, port, ready, **keywords):
        """Starts a server and returns it when ready() is true."""
        process = Process(command, os.path.join(self.scratch, f"{name}-{port}.log"), **keywords)
        try:
            process.wait_for(ready, 60)
        except BaseException:
            process.stop()
            raise
        return Server(process, port)

    # PostgreSQL

    def postgresql(self):
        return self.once("postgresql", self._start_postgresql)

    def _start_postgresql(self):
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
        if not found:
            raise Failed("PostgreSQL is needed; on Debian: apt-get install postgresql-15")
        programs, data = found[-1], os.path.join(WORK, "postgresql")
        account = self._postgresql_account()
        if not os.path.exists(os.path.join(data, "PG_VERSION")):
            os.makedirs(data, exist_ok=True)
            if account:
                shutil.chown(data, account["user"], account["group"])
            locale = ["-E", "UTF8", "--locale=C.UTF-8"]
            run([f"{programs}/initdb", "-D", data, "-U", "bench", "--auth=trust", *locale], cwd="/", **account)
        port = free_port()
        settings = [word for name, value in POSTGRESQL.items() for word in ("-c", f"{name}={value}")]
        command = [f"{programs}/postgres", "-D", data, "-p", str(port), *settings]
        answers = [f"{programs}/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
        return self.serve("postgresql", command, port, lambda: subprocess.run(answers).returncode == 0,
                          stop_signal=signal.SIGINT, cwd="/", **account)  # fmt: skip

    @staticmethod
    def _postgresql_account():
        """PostgreSQL refuses to run as root: then it runs as its own user."""
        if os.geteuid() != 0:
            return {}
        try:
            pwd.getpwnam("postgres")
        except KeyError as none:
            raise Failed("there is no user postgres; on Debian: apt-get install postgresql-15") from none
        return {"user": "postgres", "group": "postgres", "extra_groups": []}

    def pg_url(self, database):
        return f"postgresql://bench@127.0.0.1:{self.postgresql().port}/{database}"

    def sql(self, database, text):
        command = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", self.pg_url(database), "-c", text]
        return run(command).strip()

    # The data

    def data(self, store):
        """The URL of the loaded sentinel example."""
        return self.data_pg() if store == "pg" else self.data_sqlite()

    def data_pg(self):
        name = f"sentinel_{self.rows}"
        url = self.pg_url(name)
        if not self.sql("postgres", f"SELECT 1 FROM pg_database WHERE datname = '{name}'"):
            self.sql("postgres", f"CREATE DATABASE {name}")
        if not self.sql(name, "SELECT to_regclass('bench_fraud_score_id')"):
            self.load(url)
            self.sql(name, PAGE_INDEX)
            self.sql(name, "VACUUM ANALYZE transactions")
        return url

    def data_sqlite(self):
        path = os.path.join(WORK, f"sentinel_{self.rows}.db")
        there = "SELECT count(*) FROM sqlite_master WHERE name = 'bench_fraud_score_id'"
        if run(["sqlite3", path, there]).strip() == "0":
            self.load(f"sqlite:{path}")
            run(["sqlite3", path, f"{PAGE_INDEX}; ANALYZE;"])
        return f"sqlite:{path}"

    def load(self, url):
        print(f"loading {self.rows} transactions into {url} …", flush=True)
        run([os.path.join(SENTINEL, "load"), url, str(self.rows)])

    def readings(self):
        """The URL of a database with nothing but an empty table of the name, to be written to."""
        url = self.pg_url("readings")
        if not self.sql("postgres", "SELECT 1 FROM pg_database WHERE datname = 'readings'"):
            self.sql("postgres", "CREATE DATABASE readings")
        with open(os.path.join(BENCH, "readings", "schema.sql")) as schema:
            self.sql("readings", schema.read())
        return url

    def empty_readings(self):
        self.sql("readings", "TRUNCATE readings RESTART IDENTITY")
        self.sql("readings", "CHECKPOINT")

    # Leat

    def leat(self, url, config=UNCACHED_CONFIG):
        """Leat on a database, ready; one for each database."""
        return self.once(("leat", url, config), lambda: self.start_leat(url, config))

    def leat_command(self, url, config, port):
        """config: its file; None: as `leat serve URL`."""
        source = ["-c", config, "--database", url] if config else [url]
        return [LEAT, "serve", *source, "--listen", f"127.0.0.1:{port}", "--workers", str(self.options.workers),
                "--set", "log.sample=0", *self.options.leat_option]  # fmt: skip

    def start_leat(self, url, config=UNCACHED_CONFIG, **environment):
        port = free_port()
        command = self.leat_command(url, config, port)
        return self.serve("leat", command, port, lambda: get(port, "/health/ready") is not None, cwd=self.scratch,
                          env={**os.environ, **environment})  # fmt: skip

    # The peers

    def yardstick(self, program, *words):
        return self.once((program, words), lambda: self._start_yardstick(program, words))

    def _start_yardstick(self, program, words):
        sources = os.path.join(BENCH, "yardsticks")
        binary, port = os.path.join(WORK, program), free_port()
        includes = run(["pkg-config", "--cflags", "libpq"]).split()
        files = [f"{sources}/{program}.c", f"{sources}/yardstick.c"]
        run(["cc", "-O2", "-std=gnu11", *includes, "-o", binary, *files, "-lpq"])
        command = [binary, self.data_pg(), str(port), "2", *words]
        return self.serve(program, command, port, lambda: get(port, "/api/transactions/1") is not None)

    def fastapi(self):
        return self.once("fastapi", lambda: self.start_fastapi("app:app"))

    def start_fastapi(self, application, **more):
        port = free_port()
        environment = {
            **os.environ,
            "DATABASE_URL": self.data_pg().replace("postgresql:", "postgresql+asyncpg:"),
            "PYTHONDONTWRITEBYTECODE": "1",
            **more,
        }
        command = ["/usr/bin/python3", "-m", "uvicorn", application, "--host", "127.0.0.1", "--port", str(port),
                   "--loop", "uvloop", "--no-access-log", "--log-level", "warning",
                   "--workers", str(self.options.workers)]  # fmt: skip
        return self.serve("fastapi", command, port, lambda: get(port, "/health/ready") is not None,
                          cwd=os.path.join(BENCH, "peers", "fastapi"), env=environment)  # fmt: skip

    def fastify(self):
        return self.once("fastify", self._start_fastify)

    def _start_fastify(self):
        port, modules = free_port(), os.path.join(WORK, "fastify")
        run([os.path.join(ROOT, "tools", "npm-ci"), os.path.join(BENCH, "peers", "fastify"), modules])
        environment = {
            **os.environ,
            "DATABASE_URL": self.readings(),
            "PORT": str(port),
            "NODE_PATH": os.path.join(modules, "node_modules"),
            "NODE_ENV": "production",
        }
        command = ["node", os.path.join(BENCH, "peers", "fastify", "app.js")]
        return self.serve("fastify", command, port, lambda: get(port, "/health/ready") is not None, env=environment)

    def nginx(self):
        return self.once("nginx", self._start_nginx)

    def _start_nginx(self):
        if not shutil.which("nginx"):
            raise Failed("nginx is needed; on Debian: apt-get install nginx-light")
        port, prefix = free_port(), os.path.join(self.scratch, "nginx")
        os.makedirs(prefix)
        row, live = self._constants()
        with open(os.path.join(BENCH, "peers", "nginx", "nginx.conf")) as file:
            template = string.Template(file.read())
        with open(os.path.join(prefix, "nginx.conf"), "w") as file:
            file.write(template.substitute(
                PORT=port, WORKERS=self.options.workers, ROW=row, LIVE=live,
                USER_LINE="user www-data;" if os.geteuid() == 0 else "",
            ))  # fmt: skip
        command = ["nginx", "-p", prefix, "-c", "nginx.conf"]
        return self.serve("nginx", command, port, lambda: get(port, "/health/live") is not None,
                          stop_signal=signal.SIGQUIT)  # fmt: skip

    def nginx_list(self, body):
        """nginx, answering /list.json with that."""
        server = self.nginx()
        with open(os.path.join(self.scratch, "nginx", "list.json"), "wb") as file:
            file.write(body)
        return server

    def _constants(self):
        """What nginx is to answer: as many bytes as Leat answers (for a row: as row 42 has in SQLite)."""
        if self.options.peers_only:
            return "x" * 400, "x" * 16
        port = self.leat(self.data_sqlite()).port
        row, live = get(port, "/api/transactions/42"), get(port, "/health/live")
        if row is None or live is None or json.loads(row)["id"] != 42:
            raise Failed("Leat does not answer /api/transactions/42 and /health/live")
        return "x" * len(row), "x" * len(live)
