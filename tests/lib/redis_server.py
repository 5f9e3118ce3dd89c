#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A private Redis for tests: one server, or a cluster of three.

From Python:   with Redis() as redis: redis.cli("SET", "a", "1"); use(redis.url)
From C:        tests/lib/redis.c runs this file as a program and speaks to it in lines (see main below).

Kinds: "plain"; "password" (`leat` with the password "p@ss:w/rd"); "tls" (a certificate of its own making for 127.0.0.1 and
localhost; redis.cacert names the file); "cluster" (three masters, nothing kept on disk). Further settings are redis.conf's, as
{"maxmemory": "2mb"}. On free ports of 127.0.0.1, in a folder that is deleted at stop(); when the test itself is killed the kernel
ends the servers (setpriv --pdeathsig).
"""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from postgres import free_port  # noqa: E402
from proxy import Proxy  # noqa: E402

#: As doc/redis.md says.
ACL = "+hello +ping +select +publish +subscribe +del +get +set +pttl +eval +cluster|slots ~leat:* &leat:*"
PASSWORD, PASSWORD_IN_URL = "p@ss:w/rd", "p%40ss%3Aw%2Frd"
SETTINGS = {"save": "", "appendonly": "no", "bind": "127.0.0.1", "loglevel": "warning", "daemonize": "no", "protected-mode": "no"}
START_SECONDS_MAX = 20


def make_certificate(folder):
    """A key and a certificate that signs itself, for 127.0.0.1 and localhost."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                    "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"], check=True, capture_output=True)


class Node:
    """One redis-server."""

    def __init__(self, folder, settings, tls):
        self.folder, self.tls, self.process = folder, tls, None
        self.port = free_port()
        os.makedirs(folder, exist_ok=True)
        self.settings = {**SETTINGS, "dir": folder, "tls-port" if tls else "port": str(self.port), **settings}
        if tls:
            self.settings["port"] = "0"

    def cli(self, *arguments, check=True):
        command = ["redis-cli", "-h", "127.0.0.1", "-p", str(self.port)]
        if self.tls:
            command += ["--tls", "--cacert", self.settings["tls-cert-file"]]
        done = subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True, check=False,
                              env={**os.environ, "REDISCLI_AUTH": self.settings.get("requirepass", "")})
        if check and done.returncode:
            raise RuntimeError(f"redis-cli {arguments}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def start(self):
        with open(f"{self.folder}/redis.conf", "w", encoding="ascii") as conf:
            conf.writelines(f'{name} "{value}"\n' if name == "save" else f"{name} {value}\n" for name, value in self.settings.items())
        with open(f"{self.folder}/log", "ab") as log:
            self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "redis-server", f"{self.folder}/redis.conf"],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        end = time.monotonic() + START_SECONDS_MAX
        while self.cli("PING", check=False) != "PONG":
            if time.monotonic() > end or self.process.poll() is not None:
                raise RuntimeError(f"redis-server does not start: {open(self.folder + '/log', encoding='utf-8').read()}")
            time.sleep(0.02)

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Redis:
    """One server, or a cluster: `nodes` has them all; what is done to no one of them is done to the first."""

    def __init__(self, kind="plain", settings=None, start=True):
        self.kind, self.folder = kind, tempfile.mkdtemp(prefix="leat-redis-")
        settings = dict(settings or {})
        if kind == "tls":
            make_certificate(self.folder)
            settings |= {"tls-cert-file": self.cacert, "tls-key-file": f"{self.folder}/key.pem", "tls-auth-clients": "no"}
        if kind == "password":
            settings |= {"requirepass": "other", "user": f"leat on >{PASSWORD} {ACL} +incr +mget"}
        if kind == "cluster":
            settings |= {"cluster-enabled": "yes", "cluster-node-timeout": "1000", "cluster-require-full-coverage": "no"}
        self.nodes = []
        for attempt in range(3):  # a port that was free may be another's by the time it is listened on
            self.nodes = [self._node(i, settings) for i in range(3 if kind == "cluster" else 1)]
            try:
                if start:
                    self.start()
                return
            except RuntimeError:
                self.kill()
                for node in self.nodes:
                    shutil.rmtree(node.folder, ignore_errors=True)
                if attempt == 2:
                    self.stop()
                    raise

    def _node(self, number, settings):
        more = {"cluster-port": str(free_port())} if self.kind == "cluster" else {}
        return Node(f"{self.folder}/{number}", {**settings, **more}, self.kind == "tls")

    @property
    def cacert(self):
        return f"{self.folder}/cert.pem"

    @property
    def port(self):
        return self.nodes[0].port

    @property
    def url(self):
        if self.kind == "tls":
            return f"rediss://127.0.0.1:{self.port}/?cacert={self.cacert}"
        if self.kind == "password":
            return f"redis://leat:{PASSWORD_IN_URL}@127.0.0.1:{self.port}"
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        return f"redis://{hosts}"

    def cli(self, *arguments, node=0, check=True):
        return self.nodes[node].cli(*arguments, check=check)

    def _join(self):
        share = 16384 // len(self.nodes) + 1
        first = self.nodes[0]
        for i, node in enumerate(self.nodes):
            node.cli("CLUSTER", "ADDSLOTSRANGE", i * share, min((i + 1) * share, 16384) - 1)
            if i:
                node.cli("CLUSTER", "MEET", "127.0.0.1", first.port, first.settings["cluster-port"])

    def _await_joined(self):
        def is_whole(node):
            info = node.cli("CLUSTER", "INFO")
            return "cluster_state:ok" in info and "cluster_slots_assigned:16384" in info and \
                f"cluster_known_nodes:{len(self.nodes)}" in info and node.cli("CLUSTER", "SLOTS").count("127.0.0.1") == len(self.nodes)
        end = time.monotonic() + START_SECONDS_MAX
        while not all(is_whole(node) for node in self.nodes):
            if time.monotonic() > end:
                raise RuntimeError("the cluster does not come together")
            time.sleep(0.05)

    def start(self):
        fresh = self.kind == "cluster" and not os.path.exists(f"{self.folder}/0/nodes.conf")
        for node in self.nodes:
            node.start()
        if fresh:
            self._join()
        if self.kind == "cluster":
            self._await_joined()

    def kill(self, node=None):
        """As a crash: with all its data."""
        for one in self.nodes if node is None else [self.nodes[int(node)]]:
            one.kill()

    def start_node(self, node):
        self.nodes[int(node)].start()

    def restart(self):
        self.kill()
        self.start()

    def pause(self):
        for node in self.nodes:
            node.process.send_signal(signal.SIGSTOP)
            while open(f"/proc/{node.process.pid}/stat", encoding="ascii").read().split(")")[1].split()[0] != "T":
                time.sleep(0.002)

    def resume(self):
        for node in self.nodes:
            node.process.send_signal(signal.SIGCONT)

    def flush(self):
        for node in self.nodes:
            node.cli("FLUSHALL")

    def stop(self):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Told:
    """What main's lines may say."""

    def __init__(self, redis):
        self.redis, self.proxy = redis, None

    def proxy_on(self):
        self.proxy = Proxy(self.redis.port)
        return str(self.proxy.port)

    def proxy_set(self, name, value):
        """piece, delay, silent, cut_after"""
        setattr(self.proxy, name, {"None": None, "True": True, "False": False}.get(value) if value[0].isalpha() else
                float(value) if "." in value else int(value))

    def proxy_cut(self):
        self.proxy.cut_all()

    def cli(self, *words):
        return self.redis.cli(*words)

    def cli_at(self, node, *words):
        return self.redis.cli(*words, node=int(node))

    def __getattr__(self, verb):
        return getattr(self.redis, verb)


def main(arguments):
    """redis_server.py [KIND [SETTING=VALUE…]]: a server that lives as long as standard input does, told what to do by its lines.

    start → its URL is printed; then each line, a verb and its words, is answered by "ok ANSWER" or "error: …".
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    settings = dict(argument.split("=", 1) for argument in arguments[1:])
    with Redis(arguments[0] if arguments else "plain", settings) as redis:
        told = Told(redis)
        print(redis.url, flush=True)
        for line in sys.stdin:
            verb, *words = line.split()
            try:
                print("ok", " ".join(str(getattr(told, verb)(*words) or "").split()), flush=True)
            except (RuntimeError, AttributeError, OSError, TypeError, ValueError) as error:
                print("error:", " ".join(str(error).split()), flush=True)
        if told.proxy:
            told.proxy.__exit__()


if __name__ == "__main__":
    main(sys.argv[1:])
