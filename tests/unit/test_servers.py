"""The Redis that `make demo` starts."""

from pathlib import Path

import pytest
import redis

from recovery_portal.demo.servers import RedisServer, redis_executable


def test_a_machine_without_redis_has_one_from_a_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Path(redis_executable()).is_file()
    server = RedisServer(tmp_path)
    server.start()
    try:
        answering = redis.Redis.from_url(server.url(3))
        assert answering.set("a", "b", nx=True)
        assert answering.get("a") == b"b"
        answering.close()
    finally:
        server.stop()
