# SPDX-License-Identifier: Apache-2.0
"""Rows for the table of readings/schema.sql, as an object of JSON; %d stands where a number varies."""

import os

COLUMNS = 15
ROW = (
    '{"device":"device-%d","site":"Harbour & Sons, hall 3","kind":"temperature","taken_at":"2025-06-23T14:40:05.052792Z",'
    '"value":21.625,"low":-40.5,"high":125.25,"price":1249.95,"count":%d,"valid":true,"note":"read by hand, “twice”",'
    '"unit":"°C","source":"6f1b5a0e-7c56-4f43-9d38-0a4f6f3c2b11","serial":9007199254740993,'
    '"details":{"firmware":"2.4.1","battery":0.87,"tags":["indoor","spare"]}}'
)
NAMES = "device, site, kind, taken_at, value, low, high, price, count, valid, note, unit, source, serial, details"
VALUES = (
    "('device-%d', 'Harbour & Sons, hall 3', 'temperature', '2025-06-23T14:40:05.052792Z', 21.625, -40.5, 125.25, 1249.95, "
    "%d, true, 'read by hand, “twice”', '°C', '6f1b5a0e-7c56-4f43-9d38-0a4f6f3c2b11', 9007199254740993, "
    """'{"firmware": "2.4.1", "battery": 0.87, "tags": ["indoor", "spare"]}')"""
)
TEXTS = {  # of the columns but device and count, as a client sends them
    "site": "Harbour & Sons, hall 3", "kind": "temperature", "taken_at": "2025-06-23T14:40:05.052792Z", "value": "21.625",
    "low": "-40.5", "high": "125.25", "price": "1249.95", "valid": "true", "note": "read by hand, “twice”", "unit": "°C",
    "source": "6f1b5a0e-7c56-4f43-9d38-0a4f6f3c2b11", "serial": "9007199254740993",
    "details": '{"firmware":"2.4.1","battery":0.87,"tags":["indoor","spare"]}',
}  # fmt: skip
CHUNK_ROWS = 10000


def body(rows):
    """What is posted: one object, or a list of them."""
    return ROW if rows == 1 else "[" + ",".join([ROW] * rows) + "]"


def insert(rows):
    """One INSERT of so many rows, as SQL."""
    return f"INSERT INTO readings ({NAMES}) VALUES {', '.join([VALUES] * rows)};\n".replace("%d", "7")


def ndjson(path, size_bytes):
    """A file of readings, one a line, of at least that size, made unless it is there; how many there are in it."""
    chunk = "".join(ROW.replace("%d", str(i)) + "\n" for i in range(CHUNK_ROWS)).encode()
    chunks = -(-size_bytes // len(chunk))
    if not os.path.exists(path) or os.path.getsize(path) != chunks * len(chunk):
        with open(path + ".part", "wb") as file:
            for _ in range(chunks):
                file.write(chunk)
        os.rename(path + ".part", path)
    return chunks * CHUNK_ROWS
