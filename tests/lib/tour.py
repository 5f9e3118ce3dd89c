# SPDX-License-Identifier: Apache-2.0
"""An example's README as a tour: its tables `| try | what it shows |`, whose first column are commands, and the shell functions that
these use, as indented lines."""
import pathlib
import re
import shlex
import subprocess


class Tour:
    def __init__(self, readme):
        text = pathlib.Path(readme).read_text(encoding="utf-8")
        self.functions = re.findall(r"^    ((?:login|ask)\(\) .*)$", text, re.M)
        # [[(command, what it shows), …] of each table]
        self.tables = [re.findall(r"^\| `((?:curl|login|ask) [^`]*)` \| (.*) \|$", table, re.M) for table in text.split("| try |")[1:]]

    def commands(self, table):
        return [command for command, _ in self.tables[table]]

    def paths(self, table):
        return [shlex.split(command)[1] for command in self.commands(table)]

    def run(self, leat, *commands):
        """The statuses of commands, run one after the other in one shell, by test@example.com; logins are not told."""
        functions = [line + " 2>/dev/null" * line.startswith("login") for line in self.functions]
        script = "\n".join(['curl() { command curl -sS -w "%{stderr}%{http_code}\n" "$@"; }', *functions, "login test", *commands])
        done = subprocess.run(["bash", "-eu", "-c", script.replace("localhost:8080", f"{leat.host}:{leat.port}")],
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return [int(line) for line in done.stderr.splitlines()]
