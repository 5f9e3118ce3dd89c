# SPDX-License-Identifier: Apache-2.0
"""How the client's modules are fetched: its tests are skipped for want of a registry alone."""
import shutil

from .conftest import HERE, UNREACHABLE, install


def test_a_registry_that_cannot_be_reached_is_told_apart_and_leaves_nothing(tmp_path):
    done = install(HERE, tmp_path / "modules", npm_config_registry="http://127.0.0.1:1/", npm_config_cache=str(tmp_path / "cache"))
    assert done.returncode == UNREACHABLE, done.stderr
    assert not (tmp_path / "modules/node_modules").exists()


def test_a_module_that_is_not_the_pinned_one_is_a_failure(modules, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, source / name)
    lock = source / "package-lock.json"
    lock.write_text(lock.read_text().replace("sha512-N3WMsuqV66lT30", "sha512-N3WMsuqV66lT31"))
    done = install(source, tmp_path / "modules")
    assert done.returncode == 1 and "EINTEGRITY" in done.stderr


def test_what_is_there_is_not_fetched_again(modules):
    assert install(HERE, modules.parent, npm_config_registry="http://127.0.0.1:1/").returncode == 0
