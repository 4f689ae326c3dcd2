"""Random damage to exports: readers may fail on a conversation, but never raise."""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memories.importers import DEFAULT, UnknownFormat, _json, read
from memories.importers._json import split
from memories.importers.items import Failed, Item, ParsedConversation, ParsedDocument, ParsedRecord, Skipped
from memories.tests.samples import chatgpt, claude, google, others
from memories.tests.samples.archives import dumps
from memories.tests.samples.build import SAMPLES

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
KINDS = (ParsedConversation, ParsedDocument, ParsedRecord, Skipped, Failed)
EXPORTS: dict[str, Callable[[], list[Any]]] = {
    "chatgpt": chatgpt.all_conversations,
    "claude": lambda: [claude.simple("a"), claude.rich(), claude.branched()],
    "projects": claude.projects,
    "memories": claude.memories,
    "activity": google.activity,
    "workspace": lambda: [google.workspace()],
    "studio": lambda: [google.studio()],
    "deepseek": others.deepseek,
    "grok": lambda: [others.grok()],
    "perplexity": lambda: [others.perplexity()],
    "gemini-cli": lambda: [others.gemini_cli()],
}
SINGLE = {"workspace", "studio", "grok", "perplexity", "gemini-cli"}


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value in a structure."""
    found = [path] if path else []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inner:
        found += places(child, (*path, key))
    return found


def put(value: Any, path: tuple[Any, ...], new: Any) -> None:
    for key in path[:-1]:
        value = value[key]
    value[path[-1]] = new


def survive(data: bytes, name: str) -> list[Item]:
    try:
        items = [item for _, item in read(io.BytesIO(data), name)]
    except UnknownFormat:
        return []
    assert all(isinstance(item, KINDS) for item in items)
    for item in items:
        # What comes out must be storable: no NUL, no lone surrogate, aware times within reason.
        repr(item).encode()
        assert "\\x00" not in repr(item)
    return items


@pytest.mark.parametrize("kind", sorted(EXPORTS))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(data=st.data())
def test_any_value_replaced_by_any_other_is_survived(kind: str, data: st.DataObject) -> None:
    export = copy.deepcopy(EXPORTS[kind]())
    for _ in range(data.draw(st.integers(1, 4))):
        path = data.draw(st.sampled_from(places(export)))
        try:
            put(export, path, data.draw(JSON))
        except (KeyError, IndexError, TypeError):
            continue
    survive(dumps(export[0] if kind in SINGLE and export else export), "export.json")


@pytest.mark.parametrize(
    "sample", [s for s in SAMPLES if not s.name.startswith("chatgpt-shards")], ids=lambda s: s.name
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(data=st.data())
def test_any_damage_to_the_bytes_is_survived(sample: Any, data: st.DataObject) -> None:
    raw = bytearray(sample.make())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(raw)))
        raw[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=40))
    survive(bytes(raw[: data.draw(st.integers(0, len(raw)))] if data.draw(st.booleans()) else raw), sample.name)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(values=st.lists(JSON, max_size=12), window=st.integers(1, 40), indent=st.sampled_from([None, 1]))
def test_splitting_gives_every_element_whatever_the_chunks(values: list[Any], window: int, indent: int | None) -> None:
    data = json.dumps(values, indent=indent).encode()
    saved = _json.CHUNK, _json.WINDOW
    _json.CHUNK = _json.WINDOW = window
    try:
        pieces = list(split(io.BytesIO(data), DEFAULT))
    finally:
        _json.CHUNK, _json.WINDOW = saved

    assert [piece.load(DEFAULT) for piece in pieces] == values


@settings(max_examples=300, deadline=None, derandomize=True)
@given(data=st.text(alphabet='[]{},:"\\ab1 \n', max_size=80), window=st.integers(1, 16))
def test_splitting_anything_ends(data: str, window: int) -> None:
    saved = _json.CHUNK, _json.WINDOW
    _json.CHUNK = _json.WINDOW = window
    try:
        assert len(list(split(io.BytesIO(data.encode()), DEFAULT, frozenset("a")))) <= len(data) + 1
    finally:
        _json.CHUNK, _json.WINDOW = saved
