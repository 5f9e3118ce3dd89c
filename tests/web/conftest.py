# SPDX-License-Identifier: Apache-2.0
"""A Chromium that nobody sees, and Leat over a small SQLite file with odd names and numbers that JavaScript would round."""
import pathlib
import subprocess
import sys

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/lib"))

from leat import Leat  # noqa: E402

SQL = """
PRAGMA journal_mode=WAL;
CREATE TABLE makers (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 40),
    state TEXT NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'sold')), big INTEGER,
    "<img src=x onerror=document.title='broken'>" TEXT, maker INTEGER REFERENCES makers);
INSERT INTO makers VALUES (1, 'Brook & Sons');
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250)
INSERT INTO items SELECT i, 'item ' || i, iif(i % 2, 'new', 'sold'), 9007199254740993, '<b>bold</b>', 1 FROM n;
"""
CONFIG = """
serve: {/api: plain, /rest/v1: postgrest}
defaults: {read: anonymous}
resources:
  items: {write: anonymous}
  makers: {}
queries: queries/
"""
QUERY = """/* leat
summary: Rename a maker
write: anonymous
params: {id: int, name: text}
*/
UPDATE makers SET name = :name WHERE id = :id
"""


@pytest.fixture(scope="session")
def leat(tmp_path_factory):
    path = tmp_path_factory.mktemp("web") / "web.db"
    subprocess.run(["sqlite3", "-bail", str(path)], input=SQL, text=True, check=True, capture_output=True)
    (path.parent / "queries").mkdir()
    (path.parent / "queries/rename.sql").write_text(QUERY)
    (path.parent / "leat.yaml").write_text("leat: 1\n" + CONFIG)
    with Leat(database=f"sqlite:{path}", config_file=str(path.parent / "leat.yaml")) as running:
        yield running.await_ready()


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1400,1000",
                     "--force-prefers-reduced-motion",
                     f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
    yield driver
    driver.quit()
