# SPDX-License-Identifier: Apache-2.0
"""A bad network: a proxy on loopback that cuts connections after so many bytes, dribbles, or swallows what it is given.

    with Proxy(server.port) as proxy:
        proxy.cut_after = 500     # each connection from now on is cut when so many bytes came back through it; None: never
        proxy.silent_after = 500  # likewise, but it stays, and nothing comes any more
        proxy.piece = 1           # at most so many bytes are passed on at a time; None: as they come
        proxy.silent = True       # nothing is passed on, nobody is told
        proxy.delay = 0.1         # so many seconds before each piece
"""
import selectors
import socket
import threading
import time


class Proxy:
    def __init__(self, port):
        self.target, self.cut_after, self.silent_after, self.piece, self.silent = port, None, None, None, False
        self.delay = 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.threads, self.sockets, self.ended = [], set(), False
        self._start(self._accept)

    def _start(self, run, *args):
        thread = threading.Thread(target=run, args=args)
        self.threads.append(thread)
        thread.start()

    def _accept(self):
        while not self.ended:
            try:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                continue
            self.sockets |= {client, server}
            self._start(self._carry, client, server, self.cut_after, self.silent_after)

    def cut_all(self):
        """Cuts what stands at the moment."""
        for end in list(self.sockets):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it went by itself

    def _carry(self, client, server, cut_after, silent_after):
        came = 0
        ready = selectors.DefaultSelector()
        for end, other in ((client, server), (server, client)):
            ready.register(end, selectors.EVENT_READ, other)
        while not self.ended and (cut_after is None or came < cut_after):
            for key, _ in ready.select(timeout=0.1):
                if self.silent or (silent_after is not None and came >= silent_after):
                    time.sleep(0.05)
                    continue
                data = self._pass_on(key.fileobj, key.data, cut_after or silent_after, came if key.fileobj is server else None)
                if not data:
                    came = cut_after = 0
                    break
                came += len(data) if key.fileobj is server else 0
        for end in (client, server):
            self.sockets.discard(end)
            end.close()

    def _pass_on(self, end, other, limit, came):
        """What was passed on; empty when that is over."""
        most = self.piece or 65536
        if came is not None and limit is not None:
            most = min(most, limit - came)
        try:
            data = end.recv(most)
            time.sleep(self.delay)
            other.sendall(data)
            return data
        except OSError:
            return b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ended = True
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join()
