# SPDX-License-Identifier: Apache-2.0
"""Thousands of connections at once."""

import socket

from .process import Failed

PER_ADDRESS = 1000  # from each of 127.0.0.2, 127.0.0.3, …


def connect(port, i):
    """The i-th connection of the crowd."""
    address = f"127.0.0.{2 + i // PER_ADDRESS}"
    try:
        return socket.create_connection(("127.0.0.1", port), timeout=30, source_address=(address, 0))
    except OSError as error:
        raise Failed(f"connection {i} from {address}: {error}") from error


def ask_all(sockets, target):
    """Sends on every connection, then reads each answer; how many were 200."""
    request = f"GET {target} HTTP/1.1\r\nHost: leat\r\n\r\n".encode()
    for one in sockets:
        one.sendall(request)
    return sum(_is_served(one) for one in sockets)


def _is_served(one):
    try:
        return one.recv(1 << 16).startswith(b"HTTP/1.1 200 ")
    except OSError:
        return False  # counted by not being counted
