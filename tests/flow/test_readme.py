# SPDX-License-Identifier: Apache-2.0
"""README's promises: its commands are run, and what they say has the shape that README shows; its leat.yaml is served; its links lead
somewhere. The data are fewer here, so numbers may differ, but no member, type or line may.

In README an output may be shortened by `…`, which stands for anything."""
import contextlib
import json
import pathlib
import re
import shlex
import subprocess
import sys

import pytest

from leat import BIN, ROOT, Leat, command_prefix
from postgres import free_port
from redis_server import Redis

README = (ROOT / "README.md").read_text(encoding="utf-8")
# What stands under this head is asked of other examples, in a shell.
BEFORE, _, REST = README.partition("## Who may, how much, how fresh\n")
USERS, _, AFTER = REST.partition("\n## ")
ELSEWHERE = BEFORE + "## " + AFTER
ROWS = "5000"
# What is shown but cannot be run here: it needs the network, root, or another server.
NOT_RUN = ("build/leat serve -c examples/minixdr/leat.yaml", "git clone", "make demo", "createdb", "examples/sentinel/load postgresql:",
           "build/leat serve -c examples/sentinel/leat.yaml --database postgresql:")


def blocks(language, text=README):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.S | re.M)


def commands(text=README):
    """(command, what README shows of its output) for each line that begins with `$ `; those that begin with `> ` go on with it."""
    for block in blocks("console", text):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, output = re.sub(r"\n> *", " ", part).partition("\n")
            yield command, output.strip()


def to_run(*words):
    return [pair for pair in commands(ELSEWHERE) if pair[0].startswith(words) and not pair[0].startswith(NOT_RUN)]


def shown_json(text):
    """README's JSON with its `…` taken out."""
    text = re.sub(r",?\s*…(?=[}\]])", "", text.replace("\n", ""))
    return json.loads(text)


def same_shape(shown, found, where="$"):
    """Every member shown is there, and of the shown type; lists are compared by their first elements."""
    assert type(shown) is type(found) or isinstance(shown, (int, float)) and isinstance(found, (int, float)), (where, shown, found)
    if isinstance(shown, dict):
        assert [name for name in found if name in shown] == list(shown), f"{where}: {list(shown)} is not in {list(found)}"
        for name, value in shown.items():
            same_shape(value, found[name], f"{where}.{name}")
    elif isinstance(shown, list):
        for index, (one, other) in enumerate(zip(shown, found)):
            same_shape(one, other, f"{where}[{index}]")


def same_lines(shown, found):
    pattern = "".join(r"(.*\n)*" if line == "…" else re.sub(r"\d+", r"\\d+", re.escape(line)) + "\n" for line in shown.splitlines())
    assert re.fullmatch(pattern, found if found.endswith("\n") or not found else found + "\n"), found


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A folder that looks like a clone in which `make demo` was run, with a smaller database."""
    folder = tmp_path_factory.mktemp("clone")
    (folder / "build").mkdir()
    (folder / "examples").symlink_to(ROOT / "examples")
    (folder / "build/leat").write_text("#!/bin/sh\nexec " + shlex.join([*command_prefix(), str(pathlib.Path(BIN).resolve())]) + ' "$@"\n')
    (folder / "build/leat").chmod(0o755)
    subprocess.run(["examples/sentinel/load", "sqlite:build/demo.db", ROWS], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def demo(clone):
    with Leat(database=f"sqlite:{clone}/build/demo.db", config_file=str(ROOT / "examples/sentinel/leat.yaml")) as leat:
        yield leat.await_ready()


def test_every_command_is_run_or_said_not_to_be():
    for command, _ in commands(ELSEWHERE):
        assert command.startswith(("curl ", "build/leat ", *NOT_RUN)), command
    assert len(to_run("curl ")) >= 6 and len(to_run("build/leat ")) >= 4


@pytest.mark.parametrize("command,shown", to_run("curl "))
def test_a_request_is_answered_as_shown(demo, command, shown):
    words = shlex.split(command)
    assert len(words) == 2 and words[1].startswith("localhost:8080/"), command
    answer = demo.get(words[1].removeprefix("localhost:8080"))
    expected = shown_json(shown)
    status = expected.get("status") if isinstance(expected, dict) else None
    assert answer.status_code == (status if isinstance(status, int) else 200), answer.text
    same_shape(expected, answer.json())


def test_a_row_is_the_very_row_that_is_shown(demo):
    """The example's rows are made from their numbers: on every machine row 42 is the same."""
    shown = next(shown_json(shown) for command, shown in to_run("curl ") if command.endswith("/42"))
    assert shown.items() <= demo.get("/api/transactions/42").json().items()


def test_commands_say_what_is_shown(clone, demo):
    for command, shown in to_run("build/leat "):
        words = shlex.split(command)
        if words[1] == "serve":
            continue
        if words[1] == "health":
            words += ["--url", demo.url]
        done = subprocess.run(words, cwd=clone, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done
        same_lines(shown, done.stdout)


def test_a_database_is_served_without_a_file_as_said(clone):
    (command, _), = to_run("build/leat serve")
    url = shlex.split(command)[2].replace("sqlite:", f"sqlite:{clone}/")
    with Leat(database=url) as leat:
        assert leat.rows("/api/users?limit=1")
        assert leat.client.post("/api/users", json={}).status_code == 405


def test_the_file_shown_does_what_its_comments_say(clone):
    text, = blocks("yaml", ELSEWHERE)
    assert len(text.splitlines()) == 15
    file = clone / "leat.yaml"
    file.write_text(text, encoding="utf-8")
    # Relative paths start at the file's folder.
    with Leat(config_file=str(file)) as leat:
        page = leat.get("/api/transactions").json()
        assert list(page) == ["transactions", "next_cursor", "has_more"] and len(page["transactions"]) == 50
        assert "metadata" not in page["transactions"][0]
        leat.problem("/api/transactions?metadata=is.null", 400, "unknown-column")
        assert set(leat.rows("/api/users?limit=1")[0]) == {"id", "name", "industry"}
        numbered = leat.get("/api/rules?page=2&page_size=10").json()
        assert numbered["page"] == 2 and numbered["total"] == 36 and numbered["pages"] == 4
        assert leat.rows("/api/top_users?top=1")
        assert isinstance(leat.get("/rest/v1/users").json(), list)


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    """{name: Leat serving it}; planner with its service behind it."""
    with contextlib.ExitStack() as running:
        served, port = {}, free_port()
        service = running.enter_context(subprocess.Popen([sys.executable, ROOT / "examples/planner/parse.py", str(port)]))
        running.callback(service.kill)
        for name in ("minixdr", "planner"):
            url = f"sqlite:{tmp_path_factory.mktemp(name)}/{name}.db"
            subprocess.run([ROOT / "examples" / name / "load", url, ROWS], check=True, capture_output=True)
            served[name] = running.enter_context(Leat(database=url, config_file=str(ROOT / "examples" / name / "leat.yaml"),
                                                      env={"PARSER": f"http://127.0.0.1:{port}/parse"})).await_ready()
        yield served


def users_commands():
    """(example, command, what is shown of its output), in the order in which one types them."""
    example = None
    for command, shown in commands(USERS):
        if command.startswith("make demo"):
            example = re.search(r"EXAMPLE=(\w+)", command)[1]
        elif not command.startswith(("build/leat serve", "examples/planner/parse.py")):
            yield example, command, shown


def test_users_are_told_apart_as_shown(examples, tmp_path):
    """One shell; before each command a line that parts outputs."""
    script, pairs = ["set -u"], list(users_commands())
    for example, command, _ in pairs:
        ours = examples[example]
        script += ["printf '\\n%s\\n' ---"]
        script += [f'ask() {{ curl -s "{ours.url}$1" -H "Authorization: Bearer $TOKEN" "${{@:2}}"; }}' if command.startswith("ask()")
                   else command.replace("localhost:8080", "$AT")]
        script[-2:-2] = [f"AT={ours.host}:{ours.port}"]
    text = "\n".join(script).replace(examples["minixdr"].url, "$AT")
    done = subprocess.run(["bash", "-c", text], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert not done.stderr
    outputs = [part.strip() for part in done.stdout.split("\n---\n")[1:]]
    assert len(outputs) == len(pairs) >= 12
    for (_, command, shown), found in zip(pairs, outputs):
        if shown.startswith("{"):
            same_shape(shown_json(shown), json.loads(found))
            for name in {"status", "code"} & set(shown_json(shown)):
                assert json.loads(found)[name] == shown_json(shown)[name], command
        else:
            same_lines(shown, found)


def test_the_heart_of_minixdr_is_in_its_file_and_serves():
    text, = blocks("yaml", USERS)
    whole = re.sub(r" *#.*", "", (ROOT / "examples/minixdr/leat.yaml").read_text(encoding="utf-8"))
    for line in re.sub(r" *#.*", "", text).splitlines():
        if line.startswith("  ") and not line.startswith(("  incidents", "  action_logs")):
            assert line in whole, line


def test_instances_meet_in_redis_as_shown(tmp_path):
    command, = (command for command, _ in commands(USERS) if command.startswith("build/leat serve"))
    words = shlex.split(command)
    url = f"sqlite:{tmp_path}/minixdr.db"
    subprocess.run([ROOT / "examples/minixdr/load", url, "10"], check=True, capture_output=True)
    with Redis() as redis:
        setting = words[words.index("--set") + 1].replace("redis://127.0.0.1:6379", redis.url)
        with Leat(database=url, config_file=str(ROOT / words[words.index("-c") + 1]), args=["--set", setting]) as leat:
            leat.await_true(lambda: leat.get("/health").json()["checks"]["redis"]["hears"])


def test_requests_of_the_examples_readme_are_answered(demo):
    shown = re.findall(r"`curl '?localhost:8080([^'`]*)'?`", (ROOT / "examples/sentinel/README.md").read_text(encoding="utf-8"))
    assert len(shown) >= 8
    for target in shown:
        assert demo.get(target).status_code == (400 if "amuont" in target else 200), target


@pytest.mark.parametrize("file", sorted(str(path.relative_to(ROOT)) for top in (".", "doc", "doc/decisions", "examples/sentinel", "examples/minixdr", "examples/planner", "bench", "load_tests")
                                        for path in (ROOT / top).glob("*.md")))
def test_links_lead_somewhere(file):
    folder = (ROOT / file).parent
    text = re.sub(r"^```.*?^```$|`[^`\n]*`", "", (ROOT / file).read_text(encoding="utf-8"), flags=re.S | re.M)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        if ":" in path:
            continue
        there = folder / path if path else ROOT / file
        assert there.exists(), f"{file}: {target}"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", there.read_text(encoding="utf-8"), re.M)
            assert anchor in {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}, f"{file}: {target}"
