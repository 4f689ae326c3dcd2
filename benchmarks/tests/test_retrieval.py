"""The retrieval benchmark takes any files of its shape: many conversations, questions without evidence, odd fields."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.conversations import read_conversations
from benchmarks.retrieval import ask, figures, store

PLACES = ["Oslo", "Lima", "Kyoto", "Turin", "Accra", "Quito", "Perth", "Dakar", "Sofia", "Bergen", "Tunis", "Hanoi"]


def written(path: Path, lines: list[dict[str, Any]]) -> Path:
    with gzip.open(path, "wt") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
    return path


@pytest.mark.django_db
def test_a_dozen_conversations_are_captured_asked_and_scored(tmp_path: Path) -> None:
    turns: list[dict[str, Any]] = []
    queries: list[dict[str, Any]] = []
    for number, place in enumerate(PLACES):
        id_ = f"conv-{number}"
        turns += [
            {"conversation_id": id_, "turn_id": f"{id_}/1", "session_id": "s1", "speaker": "Ana", "text": "Hello!"},
            {
                "conversation_id": id_,
                "turn_id": f"{id_}/2",
                "session_id": "s1",
                "timestamp": "2024-05-01T10:00:00",
                "speaker": "Ana",
                "text": f"I moved to {place} last week.",
                "image_caption": None,
                "unknown_field": [1, 2],
            },
        ]
        asked = {"conversation_id": id_, "question": "Where did Ana move to?", "question_time": "2024-06-01T00:00:00"}
        queries.append(asked | {"query_id": f"{id_}/q", "category": "x", "evidence_turn_ids": [f"{id_}/2"]})
        queries.append({"conversation_id": id_, "query_id": f"{id_}/n", "question": "Who won?", "question_time": None})
    stored = store(
        read_conversations(written(tmp_path / "t.jsonl.gz", turns), written(tmp_path / "q.jsonl.gz", queries))
    )
    run = ask(stored, 5)
    assert set(run.found) == {query["query_id"] for query in queries}
    measured = figures(stored, run)
    assert measured["memories"] == len(turns)
    assert measured["turn"] == {"questions": len(PLACES), "recall@10": 1.0, "mrr@10": 1.0}
