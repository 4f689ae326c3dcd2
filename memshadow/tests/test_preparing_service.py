"""What is put in place before the product serves, when several of one checkout start together."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pytest_django import Settings

from memshadow.supervisor.preparing import prepare_static


def test_static_files_are_collected_once_whoever_else_starts(settings: Settings, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path / "static"
    said: list[str] = []
    with ThreadPoolExecutor(4) as starting:
        for done in [starting.submit(prepare_static, said.append) for _ in range(4)]:
            done.result()
    assert said == ["collecting the static files"]
    assert list((tmp_path / "static" / "css").iterdir())
    prepare_static(said.append)
    assert len(said) == 1
