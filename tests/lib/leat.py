# SPDX-License-Identifier: Apache-2.0
"""Leat under test: the program of LEAT_BIN (default build-san/leat) on a free port, its log, and a socket to speak to it byte by byte.

    with Leat(config="resources: {users: {read: anonymous}}", database=url) as leat:
        leat.get("/api/users").json()

A process that dies, or that a sanitizer complains about, fails the test at stop().
"""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time

import httpx

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BIN = os.environ.get("LEAT_BIN", str(ROOT / "build-san/leat"))
START_SECONDS_MAX = 60


def client_of(url, timeout=60):
    """An httpx.Client without what it would read of the machine first: certificates of authorities alone take it 35 ms."""
    return httpx.Client(base_url=url, timeout=timeout, verify=False, trust_env=False)


def command_prefix():
    """gcc 12's TSan cannot live with the 32 random bits that newer kernels put into addresses."""
    return ["setarch", "-R"] if "tsan" in BIN else []


class Leat:
    def __init__(self, database=None, config=None, config_file=None, args=(), env=None, listen="127.0.0.1:0", expect_up=True,
                 preexec=None, stderr=None, prefix=(), pass_fds=()):
        """preexec: called in the child before the program. stderr: another file for its log, which then cannot be read here;
        `listen` must name a port. prefix: a command that ends by executing ours; pass_fds: descriptors it inherits."""
        self.folder = tempfile.TemporaryDirectory(prefix="leat-flow-")
        self.log_path = os.path.join(self.folder.name, "log")
        if config is not None:
            config_file = os.path.join(self.folder.name, "leat.yaml")
            head = "" if re.search(r"^leat:", config, re.M) else "leat: 1\n"
            pathlib.Path(config_file).write_text(head + config, encoding="utf-8")
        self.config_file = config_file
        command = [*prefix, *command_prefix(), BIN, "serve"]
        if config_file:
            command += ["-c", config_file]
            if database:
                command += ["--database", database]
        else:
            command += [database]
        command += ["--listen", listen, *args]
        self.log_file = open(self.log_path, "wb")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log_file, stderr=stderr or self.log_file,
                                        env=os.environ | (env or {}), cwd=self.folder.name, preexec_fn=preexec,
                                        pass_fds=pass_fds)
        self.pid = self.process.pid
        try:
            if expect_up:
                self._await_up(listen, unheard=stderr is not None)
        except BaseException:
            self.kill()
            raise

    # --- life ---

    def _await_up(self, listen, unheard):
        until = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < until:
            address = listen if unheard else next((line["address"] for line in self.lines("listening")), None)
            if address:
                host, port = address.rsplit(":", 1)
                self.host, self.port = host.strip("[]"), int(port)
                self.url = f"http://{address}"
                self.client = client_of(self.url)
                self.await_true(lambda: self.get("/health/live").status_code == 200)
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.01)
        raise AssertionError(f"leat did not start (exit {self.process.poll()}):\n{self.log()}")

    def came_up(self, port):
        """For expect_up=False and a port of one's own: waits until it listens there or is gone; False: gone."""
        self.host, self.port = "127.0.0.1", port

        def look():
            if self.process.poll() is not None:
                return True
            with socket.socket() as probe:
                return probe.connect_ex((self.host, port)) == 0
        self.await_true(look)
        return self.process.poll() is None

    def await_ready(self):
        self.await_true(lambda: self.get("/health/ready").status_code == 200)
        return self

    @staticmethod
    def await_true(condition, seconds_max=60):
        """Waits for something that will happen; fails when it does not."""
        until = time.monotonic() + seconds_max
        while True:
            try:
                if condition():
                    return
            except (httpx.HTTPError, OSError):
                pass
            assert time.monotonic() < until, "waited in vain"
            time.sleep(0.01)

    def signal(self, number):
        self.process.send_signal(number)

    def reload(self, before="", after=""):
        """Has it read its configuration anew, in which `after` stands for `before`; it must be taken."""
        file = pathlib.Path(self.config_file)
        file.write_text(file.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")
        ended = self.get("/health").json()["reloads"]["ended"]
        self.signal(signal.SIGHUP)
        self.await_true(lambda: self.get("/health").json()["reloads"]["ended"] > ended)
        assert self.get("/health").json()["reloads"]["last"] == "taken"

    def wait(self):
        """Its exit code; it must end."""
        try:
            return self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            log = self.log()
            self.kill()
            raise AssertionError(f"leat does not end:\n{log[-8000:]}") from None

    def stop(self, expect=0):
        """Drains; the exit code must be as expected and no sanitizer may have complained."""
        if hasattr(self, "client"):
            self.client.close()  # else its idle connections have drain.idle to live
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        code = self.wait()
        log = self.log()
        self._close()
        complaint = re.search(r"(ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:|leat: (precondition|postcondition|implication|unreachable) failed).*", log)
        assert code == expect and not complaint, f"exit code {code}:\n{log[-8000:]}"

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._close()

    def _close(self):
        if hasattr(self, "client"):
            self.client.close()
        self.log_file.close()
        self.folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind:
            print(self.log()[-8000:])
            self.kill()
        else:
            self.stop()

    # --- what it says ---

    def log(self):
        return pathlib.Path(self.log_path).read_text(errors="replace") if os.path.exists(self.log_path) else ""

    def lines(self, event=None):
        """The log's lines, parsed; of one event."""
        out = []
        for line in self.log().splitlines():
            try:
                parsed = json.loads(line)
            except ValueError:
                continue
            if event is None or parsed.get("event") == event:
                out.append(parsed)
        return out

    def rss_bytes(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no VmRSS")

    # --- speaking to it ---

    def get(self, path, **options):
        return self.client.get(path, **options)

    def rows(self, path, **options):
        """The rows of a list, whatever its envelope."""
        answer = self.get(path, **options)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        return body if isinstance(body, list) else next(value for value in body.values() if isinstance(value, list))

    def problem(self, path, status, code=None, **options):
        """A problem's members; the status and the code must be these."""
        answer = self.get(path, **options)
        assert answer.status_code == status, f"{answer.status_code}: {answer.text}"
        body = answer.json()
        if code:
            assert body["code"] == code, body
        return body

    def connect(self):
        return Wire(self.host, self.port)

    def status_of(self, request):
        """The status of one request on a connection of its own; None: closed without an answer."""
        with self.connect() as wire:
            wire.send(request)
            answer = wire.answer()
            return answer and answer[0]


class Wire:
    """A bare connection: bytes out, answers in."""

    def __init__(self, host, port):
        self.socket = socket.create_connection((host, port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    @classmethod
    def over(cls, connected):
        """A connection that was made elsewhere."""
        wire = cls.__new__(cls)
        wire.socket, wire.buffer = connected, b""
        return wire

    def send(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has answered and closed already: what it said can still be read

    def _more(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            return False
        self.buffer += data
        return bool(data)

    def answer(self, head_only=False):
        """(status, headers, body) of the next answer, or None when the connection was closed."""
        while b"\r\n\r\n" not in self.buffer:
            if not self._more():
                assert not self.buffer, f"half an answer: {self.buffer!r}"
                return None
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        status = int(lines[0].split()[1])
        headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines[1:])}
        if "chunked" in headers.get("transfer-encoding", "") and not head_only:
            return status, headers, self._chunks()
        length = 0 if head_only or status < 200 or status in (204, 304) else int(headers.get("content-length", 0))
        while len(self.buffer) < length:
            assert self._more(), "the body is cut"
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return status, headers, body

    def _chunks(self):
        """The body of an answer in chunks."""
        body = b""
        while True:
            while b"\r\n" not in self.buffer:
                assert self._more(), "the body is cut"
            line, self.buffer = self.buffer.split(b"\r\n", 1)
            size = int(line, 16)
            while len(self.buffer) < size + 2:
                assert self._more(), "the body is cut"
            piece, end, self.buffer = self.buffer[:size], self.buffer[size:size + 2], self.buffer[size + 2:]
            assert end == b"\r\n", "a chunk does not end"
            body += piece
            if size == 0:
                return body

    def whole_answer(self):
        """As answer(), but one that is cut is None too."""
        try:
            return self.answer()
        except AssertionError:
            return None

    def closed(self):
        """Reads to the end; what else came. The peer must close."""
        while self._more():
            pass
        rest, self.buffer = self.buffer, b""
        return rest

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
