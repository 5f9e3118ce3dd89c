# SPDX-License-Identifier: Apache-2.0
"""What the figures were measured on, in lines of Markdown."""

import json
import os
import platform
import subprocess

PACKAGES = [
    "postgresql-15", "libpq5", "libsqlite3-0", "nginx-light", "varnish", "redis-server", "wrk", "python3-fastapi", "uvicorn",
    "python3-uvloop", "python3-httptools", "python3-sqlalchemy", "python3-asyncpg", "nodejs",
]  # fmt: skip


def _first(path, prefix):
    with open(path) as file:
        return next((line.partition(":")[2].strip() for line in file if line.startswith(prefix)), "unknown")


def _versions():
    command = ["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *PACKAGES]
    found = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return ", ".join(found.stdout.split("\n")[:-1])


def _modules(root):
    with open(os.path.join(root, "bench", "peers", "fastify", "package.json")) as file:
        return ", ".join(f"{name} {version}" for name, version in json.load(file)["dependencies"].items())


def describe(root):
    commit = subprocess.run(
        ["git", "-C", root, "describe", "--always", "--dirty", "--exclude=*"], stdout=subprocess.PIPE, text=True
    ).stdout.strip()
    memory_gib = int(_first("/proc/meminfo", "MemTotal").split()[0]) / (1 << 20)
    return [
        f"- Machine: {_first('/proc/cpuinfo', 'model name')}, {os.cpu_count()} cores, {memory_gib:.0f} GiB, "
        f"Linux {platform.release()}; all share cores {sorted(os.sched_getaffinity(0))}",
        f"- Packages: {_versions()}; from npm {_modules(root)}",
        f"- Leat: commit {commit}",
    ]
