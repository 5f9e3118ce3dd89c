# SPDX-License-Identifier: Apache-2.0
"""Whether answers are kept: what Cache-Status says of them."""


def told(answer):
    return answer.headers.get("cache-status", "")


def is_kept(leat, path, **options):
    """Whether what is asked for now was kept; if not it may be from here on."""
    answer = leat.get(path, **options)
    assert answer.status_code in (200, 404), answer.text
    return "hit" in told(answer)


def keep(leat, *paths):
    for path in paths:
        is_kept(leat, path)
        assert is_kept(leat, path), path
