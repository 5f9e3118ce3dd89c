# SPDX-License-Identifier: Apache-2.0
"""Servers that keep answers, and what Leat does beside answering: the cases of kept answers, limits, compression, another service behind Leat.

Whoever keeps answers keeps the same: its origin is a Leat that keeps none.
"""

import os
import shutil
import signal
import string
import subprocess

from .contender import Http
from .process import Failed, NotYet, free_port
from .world import BENCH, SENTINEL_CONFIG, UNCACHED_CONFIG, ask, get

LIMITED_CONFIG = os.path.join(BENCH, "limited", "leat.yaml")
UPSTREAM_CONFIG = os.path.join(BENCH, "upstream", "leat.yaml")
NOT_BUILT = ("is not built yet", "has no key")


def leat_by(world, config, **environment):
    """Leat on SQLite by that configuration; NotYet where it says of a key that it is of later work."""
    try:
        return world.once(("leat", config), lambda: world.start_leat(world.data("sqlite"), config, **environment))
    except Failed as failure:
        if any(words in str(failure) for words in NOT_BUILT):
            raise NotYet(str(failure).split(": ", 1)[-1]) from failure
        raise


def uncached(world):
    return leat_by(world, UNCACHED_CONFIG)


def cached(world):
    return leat_by(world, SENTINEL_CONFIG)


def limited(world):
    return leat_by(world, LIMITED_CONFIG)


def before_fastapi(world):
    """Leat in front of FastAPI, which goes on being asked by others."""
    return leat_by(world, UPSTREAM_CONFIG, UPSTREAM=f"http://127.0.0.1:{world.fastapi().port}")


def fill(world, template, name, **values):
    """Writes a peer's configuration into a folder of its own; returns the folder."""
    folder = os.path.join(world.scratch, name)
    os.makedirs(folder)
    with open(os.path.join(BENCH, "peers", template)) as file:
        text = string.Template(file.read()).substitute(**values)
    with open(os.path.join(folder, os.path.basename(template)), "w") as file:
        file.write(text)
    return folder


def nginx_cache(world):
    return world.once("nginx-cache", lambda: start_nginx_cache(world))


def start_nginx_cache(world):
    port = free_port()
    folder = fill(world, "nginx/cache.conf", "nginx-cache", PORT=port, WORKERS=world.options.workers, ORIGIN=uncached(world).port,
                  USER_LINE="user www-data;" if os.geteuid() == 0 else "")  # fmt: skip
    os.makedirs(os.path.join(folder, "kept"))
    if os.geteuid() == 0:
        shutil.chown(os.path.join(folder, "kept"), "www-data", "www-data")
        for above in (world.scratch, folder):
            os.chmod(above, 0o755)
    return world.serve("nginx-cache", ["nginx", "-p", folder, "-c", "cache.conf"], port,
                       lambda: get(port, "/health/live") is not None, stop_signal=signal.SIGQUIT)  # fmt: skip


def varnish(world):
    return world.once("varnish", lambda: start_varnish(world))


def start_varnish(world):
    if not shutil.which("varnishd"):
        raise Failed("varnishd is needed; on Debian: apt-get install varnish")
    port = free_port()
    folder = fill(world, "varnish/cache.vcl", "varnish", ORIGIN=uncached(world).port)
    command = ["varnishd", "-F", "-j", "none", "-n", os.path.join(folder, "work"), "-a", f"127.0.0.1:{port}",
               "-f", os.path.join(folder, "cache.vcl"), "-s", "malloc,256m"]  # fmt: skip
    return world.serve("varnish", command, port, lambda: get(port, "/health/live") is not None)


def redis(world):
    return world.once("redis", lambda: start_redis(world))


def start_redis(world):
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", world.scratch]
    pings = ["redis-cli", "-p", str(port), "ping"]
    return world.serve("redis", command, port, lambda: subprocess.run(pings, capture_output=True).stdout == b"PONG\n")


def fastapi_cached(world):
    return world.once("fastapi-cached", lambda: world.start_fastapi(
        "cached:app", REDIS_URL=f"redis://127.0.0.1:{redis(world).port}"))  # fmt: skip


class Kept(Http):
    """An Http whose answer is a kept one once it was asked for. Leat's says so itself."""

    def prepare(self, world):
        super().prepare(world)
        status, _, headers = ask(self.server(world).port, self.target, with_headers=True, **self.headers)
        if status != 200 or (self.needs_leat and "hit" not in headers.get("Cache-Status", "")):
            raise Failed(f"{self.name} does not keep {self.target}: {status} {dict(headers)}")


class Redis(Kept):
    """Its Redis works for it, too."""

    def processes(self, world):
        return [*super().processes(world), redis(world).process]
