# SPDX-License-Identifier: Apache-2.0
"""Other services for Leat to stand before: one that speaks byte by byte, on threads, and a FastAPI application under uvicorn.

    with Service() as service:
        service.answers["/parse"] = reply(b"hello")
        ...
        assert [seen.target for seen in service.seen] == ["/parse"]
"""
import collections
import os
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

Seen = collections.namedtuple("Seen", "connection method target headers body raw")


def reply(body=b"", status="200 OK", headers=()):
    """A whole answer, as bytes."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Service:
    """answers: path → bytes, None (the connection's end), or a function(connection, seen) that returns one of them or, having sent
    all by itself, True (the connection goes on). Anything else is answered by what it was: "METHOD target body"."""

    def __init__(self):
        self.answers, self.seen, self.odd, self.connections = {}, [], [], 0
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.open = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
                self.open.add(connection)
                number = self.connections
            threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, connection, number):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        buffer = bytearray()
        try:
            while (seen := self._hear(connection, number, buffer)) and self._answer(connection, seen):
                pass
        except OSError:
            pass
        with self.lock:
            self.open.discard(connection)
            if buffer:
                self.odd.append(bytes(buffer))
        connection.close()

    def _hear(self, connection, number, buffer):
        while b"\r\n\r\n" not in buffer:
            data = connection.recv(65536)
            if not data:
                return None
            buffer += data
        head, _, rest = bytes(buffer).partition(b"\r\n\r\n")
        line, *lines = head.decode("latin-1").split("\r\n")
        method, target, version = line.split(" ")
        assert version == "HTTP/1.1"
        headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines]
        lengths = [int(value) for name, value in headers if name.lower() == "content-length"]
        length = lengths[0] if lengths else 0
        body = bytearray(rest)
        while len(body) < length:
            data = connection.recv(1 << 20)
            if not data:
                return None
            body += data
        buffer[:] = body[length:]
        seen = Seen(number, method, target, headers, bytes(body[:length]), head)
        with self.lock:
            self.seen.append(seen)
        return seen

    def _answer(self, connection, seen):
        answer = self.answers.get(seen.target.split("?")[0], reply(f"{seen.method} {seen.target} ".encode() + seen.body))
        if callable(answer):
            answer = answer(connection, seen)
        if answer is None or answer is True:
            return answer is True
        connection.sendall(answer if seen.method != "HEAD" else answer.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
        return True

    def targets(self):
        with self.lock:
            return [seen.target for seen in self.seen]

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.lock:
            for connection in self.open:
                connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def reset(connection):
    """Ends a connection by RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Application:
    """A FastAPI application (the text of a module with `app`) under uvicorn, on a free port."""

    def __init__(self, text):
        self.folder = tempfile.TemporaryDirectory(prefix="leat-app-")
        pathlib.Path(self.folder.name, "service.py").write_text(text)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = subprocess.Popen([sys.executable, "-m", "uvicorn", "service:app", "--port", str(self.port), "--log-level", "error"],
                                        cwd=self.folder.name, env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"})
        until = time.monotonic() + 60
        while not self._listens():
            assert self.process.poll() is None and time.monotonic() < until, "the application did not start"
            time.sleep(0.02)

    def _listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=60)
        self.folder.cleanup()
