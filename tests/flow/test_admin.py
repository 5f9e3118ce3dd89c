# SPDX-License-Identifier: Apache-2.0
"""`admin: ADDR:PORT`: what is for operators is there, and nowhere else; all else is not there."""
import os
import pathlib
import signal
import socket
import subprocess

import httpx
import metrics
import pytest
from leat import BIN, Leat, Wire, client_of, command_prefix
from postgres import free_port

CONFIG = "admin: 127.0.0.1:0\ndatabase: {url: \"%s\"}\nworkers: 2\ndefaults: {read: anonymous}\nresources: {notes: {}}\n%s"


@pytest.fixture
def notes(database):
    database.sql("CREATE TABLE notes (id INTEGER PRIMARY KEY); INSERT INTO notes VALUES (1);")
    return database


def serve(database, more="", **options):
    return Leat(config=CONFIG % (database.url, more), **options).await_ready()


def admin_of(leat):
    """A client of the admin address."""
    address = leat.lines("listening for operators")[0]["address"]
    return client_of(f"http://{address}")


def test_operators_pages_are_at_the_admin_address_alone(notes):
    with serve(notes) as leat, admin_of(leat) as admin:
        leat.problem("/metrics", 404, "unknown-path")
        page = metrics.parse(admin.get("/metrics").text)
        assert page.value("leat_request_seconds_count", route="/metrics", method="GET", **{"class": "4xx"}) == 1


def test_the_inside_of_health_is_told_at_the_admin_address_alone(notes):
    with serve(notes) as leat, admin_of(leat) as admin:
        assert "pid" not in leat.get("/health").json()
        assert admin.get("/health").json()["pid"] == leat.pid
        assert admin.get("/health/live").status_code == admin.get("/health/ready").status_code == 200
        assert leat.get("/health/ready").status_code == 200


def test_the_api_is_not_at_the_admin_address(notes):
    with serve(notes) as leat, admin_of(leat) as admin:
        assert leat.get("/api/notes").status_code == 200
        for path in ("/api/notes", "/api/notes/1", "/openapi.json", "/docs"):
            assert leat.get(path).status_code == 200
            answer = admin.get(path)
            assert (answer.status_code, answer.json()["code"]) == (404, "unknown-path"), path
            assert "operators" in answer.json()["hint"]


def test_a_web_page_that_led_a_browser_there_is_no_operator(notes):
    with serve(notes) as leat, admin_of(leat) as admin:
        for headers in ({"Host": "rebound.example.com"}, {"X-Forwarded-For": "192.0.2.7"}):
            answer = admin.get("/metrics", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "operators-only")


def test_operators_are_let_in_when_clients_are_too_many(notes):
    with serve(notes, "http: {connections: 3, per_address: 3}\n") as leat, admin_of(leat) as admin:
        leat.client.close()
        leat.await_true(lambda: metrics.parse(admin.get("/metrics").text).value("leat_connections") == 0)
        held = [socket.create_connection((leat.host, leat.port), timeout=60) for _ in range(3)]
        leat.await_true(lambda: metrics.parse(admin.get("/metrics").text).value("leat_connections") == 3)
        with leat.connect() as refused:
            assert refused.answer()[0] == 503
        page = metrics.parse(admin.get("/metrics").text)
        assert page.value("leat_connections_refused_total") == 1 and page.value("leat_connections") == 3
        for client in held:
            client.close()


def test_operators_too_are_bounded(notes):
    with serve(notes) as leat, admin_of(leat) as admin:
        host, port = leat.lines("listening for operators")[0]["address"].rsplit(":", 1)
        held = [socket.create_connection((host, int(port)), timeout=60) for _ in range(64)]
        with Wire(host, int(port)) as refused:
            assert refused.answer()[0] == 503
        for client in held:
            client.close()
        leat.await_true(lambda: admin.get("/health/live").status_code == 200)


def test_the_admin_address_does_not_change_by_a_reload(notes):
    with serve(notes) as leat, admin_of(leat) as admin:
        file = pathlib.Path(leat.config_file)
        file.write_text(file.read_text().replace("admin: 127.0.0.1:0", "admin: 127.0.0.1:1"), encoding="utf-8")
        leat.signal(signal.SIGHUP)
        leat.await_true(lambda: admin.get("/health").json()["reloads"].get("last") == "refused")
        assert "leat.yaml:2:8: the admin address cannot change" in admin.get("/health").json()["reloads"]["why"]


def test_leat_reload_asks_at_the_admin_address(notes, tmp_path):
    file = tmp_path / "leat.yaml"
    file.write_text("leat: 1\nlisten: 127.0.0.1:%d\n" % (port := free_port()) +
                    (CONFIG % (notes.url, "")).replace("127.0.0.1:0", f"127.0.0.1:{free_port()}"), encoding="utf-8")
    with Leat(config_file=str(file), listen=f"127.0.0.1:{port}") as leat:
        leat.await_ready()
        done = subprocess.run([*command_prefix(), BIN, "reload", "-c", str(file)], capture_output=True, text=True, env=os.environ,
                              timeout=90, check=False)
        assert (done.returncode, done.stdout) == (0, f"process {leat.pid} has reloaded\n"), done.stderr


def test_a_successor_has_the_admin_address_too(notes):
    leat = serve(notes, "drain: {idle: 100ms}\n")
    successor = None
    try:
        with admin_of(leat) as admin:
            leat.signal(signal.SIGUSR2)
            leat.await_true(lambda: leat.process.poll() is not None)
            successor = leat.lines("successor started")[0]["pid"]
            assert admin.get("/health").json()["pid"] == successor
            assert leat.get("/metrics").status_code == 404 and leat.get("/api/notes").status_code == 200
    finally:
        if successor:
            os.kill(successor, signal.SIGTERM)
            Leat.await_true(lambda: not pathlib.Path(f"/proc/{successor}").exists() or
                            pathlib.Path(f"/proc/{successor}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z")
        leat.kill()


def test_a_socket_named_admin_is_the_admin_address(notes):
    """As systemd hands it over: FileDescriptorName=admin."""
    with socket.create_server(("127.0.0.1", 0)) as api, socket.create_server(("127.0.0.1", 0)) as admin:
        shell = (f'exec 3<&{admin.fileno()} 4<&{api.fileno()}; '
                 'LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=admin:leat.socket exec "$@"')
        config = (CONFIG % (notes.url, "")).replace("127.0.0.1:0", "127.0.0.1:2")
        with Leat(config=config, listen="127.0.0.1:1", prefix=["bash", "-c", shell, "bash"],
                  pass_fds=(api.fileno(), admin.fileno())) as leat:
            leat.await_ready()
            assert leat.port == api.getsockname()[1] and leat.get("/metrics").status_code == 404
            assert httpx.get(f"http://127.0.0.1:{admin.getsockname()[1]}/metrics").status_code == 200
