# SPDX-License-Identifier: Apache-2.0
"""doc/operations.md promises only what tests show."""
import re

from conftest import ROOT


def test_every_test_that_the_document_names_is_there():
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "doc/operations.md").read_text(encoding="utf-8"))
    assert len(named) > 50
    for file, name in named:
        assert re.search(rf"^def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.M), f"{file} has no {name}"


def test_every_fault_test_is_named_in_the_document():
    document = (ROOT / "doc/operations.md").read_text(encoding="utf-8")
    for file in sorted((ROOT / "tests/fault").glob("test_*.py")):
        for name in re.findall(r"^def (test_\w+)\(", file.read_text(encoding="utf-8"), re.M):
            assert f"{file.name}::{name}`" in document or file.name == "test_operations.py", f"{file.name}::{name} is not in the document"
