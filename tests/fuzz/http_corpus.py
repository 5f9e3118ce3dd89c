#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the corpus of the http fuzz target, tests/fuzz/corpus/http, from the requests of tests/data/http.

One file a case, named after it; cases of more than 2 KB are left out. Files that fuzzing added are kept.
The format of the data files is described in tests/data/http/README.md; read_cases may be used by other tests.
"""
import pathlib
import re

TESTS = pathlib.Path(__file__).resolve().parent.parent
ESCAPE = re.compile(rb"\\(?:(x)([0-9A-Fa-f]{2})|(\*)(\d+)\{([^}]*)\}|([rnt\\]))")
LETTERS = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"\\": b"\\"}


def unescape(text):
    """The bytes that a line of a data file spells."""

    def one(match):
        if match[1]:
            return bytes([int(match[2], 16)])
        return unescape(match[5]) * int(match[4]) if match[3] else LETTERS[match[6]]

    return ESCAPE.sub(one, text)


def read_cases(path):
    """Yields (name, status or None, request bytes, [(key, value bytes)]) for each case of a file."""
    case = None
    for line in pathlib.Path(path).read_bytes().split(b"\n"):
        if line.startswith(b"== "):
            if case:
                yield case
            name, _, status = line[3:].decode().partition("|")
            case = (name.strip(), int(status) if status else None, b"", [])
        elif line.startswith(b"-> "):
            key, _, value = line[3:].partition(b" ")
            case[3].append((key.decode(), unescape(value)))
        elif line and not line.startswith(b"#"):
            case = (case[0], case[1], case[2] + unescape(line), case[3])
    if case:
        yield case


def main():
    corpus = TESTS / "fuzz" / "corpus" / "http"
    corpus.mkdir(parents=True, exist_ok=True)
    for path in sorted((TESTS / "data" / "http").glob("*/*.txt")):
        for name, _, request, _ in read_cases(path):
            if len(request) <= 2048:
                (corpus / re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower()).write_bytes(request)


if __name__ == "__main__":
    main()
