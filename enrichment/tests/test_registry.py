"""Steps are found by themselves: ours in their folder, those of installed packages by their entry points."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from enrichment import registry
from memshadow.lib.errors import NotFound

STEP = """
from enrichment.protocol import Outcome, Step

class Shout(Step):
    name, label, inputs = {name!r}, "Shouting", {inputs!r}

    def run(self, batch):
        return [Outcome({{"text": item.text.upper()}}) for item in batch]
"""
Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Installs a package with one step, as pip would leave it."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def put(module: str, name: str, inputs: tuple[str, ...] = (), points_to: str = "Shout") -> None:
        (tmp_path / f"{module}.py").write_text(STEP.format(name=name, inputs=inputs), encoding="utf-8")
        info = tmp_path / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n", encoding="utf-8")
        (info / "entry_points.txt").write_text(f"[memshadow.steps]\n{name} = {module}:{points_to}\n", encoding="utf-8")
        registry.steps.cache_clear()

    yield put
    monkeypatch.undo()
    registry.steps.cache_clear()


def test_a_package_adds_a_step_which_comes_after_what_it_reads(install: Install) -> None:
    install("a_package", "a-late", inputs=("z-early",))
    install("z_package", "z-early")
    names = list(registry.steps())
    assert names.index("z-early") < names.index("a-late")
    assert [step.name for step in registry.readers_of("z-early")] == ["a-late"]
    assert registry.step_named("z-early").label == "Shouting"


def test_what_cannot_be_used_is_left_out_and_stops_nobody(install: Install, caplog: pytest.LogCaptureFixture) -> None:
    install("good_package", "good")
    install("missing_package", "gone", points_to="NotThere")
    install("stray_package", "stray", inputs=("nowhere",))
    install("second_package", "good")
    assert "good" in registry.steps() and not {"gone", "stray"} & set(registry.steps())
    assert all(word in caplog.text for word in ("missing_package:NotThere", "nowhere", "good of a package is left out"))
    with pytest.raises(NotFound, match="good"):
        registry.step_named("stray")
