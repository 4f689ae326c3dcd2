"""Switching the embedding model: built beside the active one, flipped in one step, rolled back, dropped."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from uuid import UUID

import pytest
from django.db import connection
from pytest_django import Settings

from accounts.models import User
from memories import backlog, generations, vector_indexes
from memories.drafts import MemoryDraft
from memories.embedding import ModelSpec
from memories.generations import State
from memories.indexing import index_pending
from memories.models import EmbeddingModel, IndexState, Memory
from memories.retrieval import SIGNALS, SearchRequest, search
from memories.services import embedding_models, switching
from memories.services.capture import capture_memories, capture_memory
from memories.services.embedding_models import activate, add_embedding_model, drop, pause, resume, roll_back
from memories.services.lifecycle import delete_memory, empty_trash
from memories.services.revising import By, Change, edit_memory
from memories.tests.embedding_server import EmbeddingServer
from memories.tests.threads import in_thread
from memshadow.lib.clock import now
from memshadow.lib.errors import Conflict, MemshadowError, Unavailable

pytestmark = pytest.mark.django_db(transaction=True)

TOPICS = ("garden", "bread", "taxes", "piano", "hiking", "chess", "pottery", "birds")
QUESTIONS = tuple(f"what about {topic} in the evening?" for topic in TOPICS)


@pytest.fixture
def server() -> Iterator[EmbeddingServer]:
    """A server of a model with 64 dimensions, another number than the built-in model's."""
    running = EmbeddingServer(64)
    yield running
    running.close()


@pytest.fixture
def words(server: EmbeddingServer) -> EmbeddingModel:
    """That model, added and not in use."""
    return add_embedding_model(by=None, spec=spec_of(server))


def spec_of(server: EmbeddingServer) -> ModelSpec:
    return ModelSpec(provider="openai", model="words", dimension=0, endpoints=(server.url,), api_keys=("secret-key",))


def remember(owner: User, texts: list[str]) -> list[UUID]:
    drafts = [MemoryDraft(content=text) for text in texts]
    return [captured.memory.id for captured in capture_memories(owner=owner, drafts=drafts)]


def some_texts(start: int = 0, number: int = 40) -> list[str]:
    return [f"Note {n} says that {TOPICS[n % 8]} is for the {n}th evening" for n in range(start, start + number)]


def built(model: EmbeddingModel) -> EmbeddingModel:
    """The model, activated and built to the end."""
    activate(by=None, model=model)
    switching.build_pending()
    model.refresh_from_db()
    assert model.state == State.ACTIVE, model.error
    return model


# What a generation's vectors say, and nothing that changes with every capture, as the weights of words do.
BY_MEANING = {name: float(name == "meaning") for name in SIGNALS}


def answer(owner: User, question: str, *, hits: int = 5) -> tuple[UUID, ...]:
    request = SearchRequest(owner, question, limit=hits, arms=("vector",), weights=BY_MEANING)
    return tuple(hit.memory.id for hit in search(request).hits)


def vectors_of(model_id: int) -> dict[UUID, int]:
    """Chunks with a vector of each memory in one generation."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT memory_id, count(embedding) FROM memories_searchentry WHERE embedding_model_id = %s GROUP BY 1",
            [model_id],
        )
        return dict(cursor.fetchall())


def uncovered(model_id: int) -> set[UUID]:
    """Memories without a vector in that generation."""
    there = {memory_id for memory_id, vectors in vectors_of(model_id).items() if vectors}
    return set(Memory.objects.values_list("id", flat=True)) - there


def test_adding_a_model_measures_it_and_changes_nothing_else(words: EmbeddingModel, owner: User) -> None:
    assert (words.name, words.dimension, words.state) == ("words", 64, State.ADDED)
    assert generations.active().name == "all-MiniLM-L6-v2"
    assert b"secret-key" not in bytes(words.api_keys_sealed)
    assert generations.generation_of(words).spec.api_keys == ("secret-key",)


def test_a_switch_to_another_dimension_finds_everything_by_the_new_model(owner: User, words: EmbeddingModel) -> None:
    remember(owner, some_texts())
    index_pending()
    built(words)
    assert not uncovered(words.id) and not uncovered(1)
    assert vector_indexes.has_index(words.id)
    found = search(SearchRequest(owner, "piano evening", limit=5))
    assert all("piano" in hit.memory.content for hit in found.hits)
    assert EmbeddingModel.objects.get(id=1).state == State.RETIRED


def test_what_is_captured_while_it_is_built_has_rows_in_both(owner: User, words: EmbeddingModel) -> None:
    remember(owner, some_texts())
    activate(by=None, model=words)
    (late,) = remember(owner, ["The late harmonica"])
    assert {1, words.id} <= rows_of(late), "found by its words in either, at once"
    index_pending()
    assert late not in uncovered(1)
    switching.build_pending()
    assert not uncovered(words.id)


def rows_of(memory_id: UUID) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT embedding_model_id FROM memories_searchentry WHERE memory_id = %s", [memory_id])
        return {number for (number,) in cursor.fetchall()}


def test_going_back_loses_nothing_captured_since(owner: User, words: EmbeddingModel) -> None:
    remember(owner, some_texts())
    built(words)
    (late,) = remember(owner, ["The late harmonica"])
    index_pending()
    assert roll_back(by=None).id == 1
    assert not uncovered(1)
    assert answer(owner, "harmonica")[0] == late
    (later,) = remember(owner, ["The later accordion"])
    index_pending()
    switching.build_pending()
    assert roll_back(by=None).id == words.id
    assert not uncovered(words.id)
    assert answer(owner, "accordion")[0] == later


def test_paused_it_only_notes_what_it_lacks(owner: User, words: EmbeddingModel) -> None:
    remember(owner, some_texts())
    activate(by=None, model=words)
    pause(by=None, model=words)
    (late,) = remember(owner, ["The late harmonica"])
    assert switching.build_pending() == 0
    index_pending()
    assert late not in vectors_of(words.id)
    with pytest.raises(Conflict):
        pause(by=None, model=EmbeddingModel.objects.get(id=1))
    resume(by=None, model=words)
    switching.build_pending()
    words.refresh_from_db()
    assert words.state == State.ACTIVE and not uncovered(words.id)


def test_progress_counts_and_estimates(owner: User, words: EmbeddingModel, settings: Settings) -> None:
    remember(owner, some_texts())
    activate(by=None, model=words)
    assert switching.progress_of(words).fraction == 0
    words.refresh_from_db()
    assert switching._is_prepared(words)
    generation = generations.generation_of(words)
    settings.INDEX_BATCH_MEMORIES = 10
    switching._build_batch(generation)
    progress = switching.progress_of(words)
    assert (progress.total, progress.done, progress.failed) == (40, 10, 0)
    assert progress.rate_per_s and progress.seconds_left
    assert progress.seconds_left == pytest.approx(30 / progress.rate_per_s, rel=0.2)


def test_a_model_that_does_not_answer_is_not_added_or_activated(
    owner: User, server: EmbeddingServer, words: EmbeddingModel
) -> None:
    server.close()
    with pytest.raises(Unavailable, match="does not answer"):
        activate(by=None, model=words)
    with pytest.raises(Unavailable):
        add_embedding_model(by=None, spec=spec_of(server), name="again")
    words.refresh_from_db()
    assert words.state == State.ADDED and generations.active().id == 1


def test_an_outage_while_it_is_built_is_said_and_survived(
    owner: User, server: EmbeddingServer, words: EmbeddingModel
) -> None:
    remember(owner, some_texts())
    activate(by=None, model=words)
    server.next_answers.append(401)
    switching.build_pending()
    words.refresh_from_db()
    assert "refuses the API key" in words.error and words.state == State.BUILDING
    (late,) = remember(owner, ["Captured during the outage"])
    index_pending()
    assert answer(owner, "outage")[0] == late, "the active one serves"
    EmbeddingModel.objects.filter(id=words.id).update(build_due_at=now())
    switching.build_pending()
    words.refresh_from_db()
    assert (words.state, words.error) == (State.ACTIVE, "")


def test_a_text_that_the_model_refuses_does_not_hold_up_the_others(
    owner: User, server: EmbeddingServer, words: EmbeddingModel, settings: Settings
) -> None:
    settings.INDEX_MAX_ATTEMPTS = 1
    remember(owner, [*some_texts(), "unspeakable"])
    server.refused = lambda text: "unspeakable" in text
    activate(by=None, model=words)
    switching.build_pending()
    words.refresh_from_db()
    assert words.state == State.BUILDING and words.error.startswith("1 memories could not be embedded")
    assert switching.progress_of(words).failed == 1
    activate(by=None, model=words, despite_failures=True)
    assert generations.active().id == words.id
    assert len(uncovered(words.id)) == 1


def test_a_retired_model_that_is_away_keeps_nobody_waiting(
    owner: User, server: EmbeddingServer, words: EmbeddingModel
) -> None:
    built(words)
    roll_back(by=None)
    server.close()
    (late,) = remember(owner, ["The late harmonica"])
    index_pending()
    assert Memory.objects.get(id=late).index_state == IndexState.DONE
    assert backlog.lacking(words.id).memories == 1


def test_edits_and_erasures_during_the_build_are_followed(owner: User, words: EmbeddingModel) -> None:
    kept, erased, *_ = remember(owner, some_texts())
    activate(by=None, model=words)
    edit_memory(owner=owner, memory_id=kept, change=Change(content="The edited harmonica"), by=By(owner))
    delete_memory(owner=owner, memory_id=erased, by=By(owner))
    empty_trash(owner=owner, by=owner)
    index_pending()
    switching.build_pending()
    assert not uncovered(words.id)
    assert answer(owner, "harmonica")[0] == kept
    assert erased not in vectors_of(words.id) and backlog.lacking(words.id).memories == 0


def test_a_dropped_model_leaves_nothing(owner: User, words: EmbeddingModel) -> None:
    remember(owner, some_texts())
    built(words)
    with pytest.raises(Conflict):
        drop(by=None, model=words)
    roll_back(by=None)
    drop(by=None, model=EmbeddingModel.objects.get(id=words.id))
    switching.build_pending()
    assert vectors_of(words.id), "a search that began before may still read them"
    EmbeddingModel.objects.filter(id=words.id).update(retired_at=now() - timedelta(minutes=2))
    switching.build_pending()
    assert not vectors_of(words.id) and not EmbeddingModel.objects.filter(id=words.id).exists()
    assert not vector_indexes.has_index(words.id)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relname LIKE %s", [f"%vector_{words.id}"])
        assert cursor.fetchone()[0] == 0


def test_a_half_made_index_is_completed(words: EmbeddingModel) -> None:
    with connection.cursor() as cursor:
        partition, definition = "memories_searchentry_p03", vector_indexes._definition(words.id, words.dimension)
        child = f"{partition}_vector_{words.id}"
        cursor.execute(f"CREATE INDEX {child} ON {partition} {definition}")
        cursor.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = to_regclass(%s)", [child])
    vector_indexes.ensure_index(words.id, words.dimension)
    assert vector_indexes.has_index(words.id)


def test_one_is_built_at_a_time_and_the_same_one_is_not_added_twice(
    owner: User, server: EmbeddingServer, words: EmbeddingModel
) -> None:
    with pytest.raises(Conflict, match="already, as words"):
        add_embedding_model(by=None, spec=spec_of(server), name="twin")
    other = add_embedding_model(
        by=None, spec=ModelSpec(provider="openai", model="words", dimension=32, endpoints=(server.url,)), name="short"
    )
    assert other.config["shortened"] and server.requests[-1][0]["dimensions"] == 32
    remember(owner, some_texts())
    activate(by=None, model=words)
    with pytest.raises(Conflict, match="being built"):
        activate(by=None, model=other)


def test_members_may_not_choose_models(other: User, viewer: User, words: EmbeddingModel) -> None:
    for person in (other, viewer):
        for act in (lambda p: activate(by=p, model=words), lambda p: drop(by=p, model=words)):
            with pytest.raises(MemshadowError, match="owner or an administrator"):
                act(person)
    words.refresh_from_db()
    assert words.state == State.ADDED


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 180
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.02)


def is_active(model: EmbeddingModel) -> bool:
    switching.build_pending()
    model.refresh_from_db()
    return model.state == State.ACTIVE


def test_every_answer_under_traffic_is_one_generations_whole(owner: User, words: EmbeddingModel) -> None:
    """Searchers ask while the model is built, flipped, rolled back and flipped again, and somebody captures."""
    remember(owner, some_texts(number=80))
    index_pending()
    old = {question: answer(owner, question) for question in QUESTIONS}
    given: list[tuple[str, tuple[UUID, ...]]] = []

    def ask(stop: threading.Event) -> None:
        for number in count():
            if stop.is_set():
                return
            question = QUESTIONS[number % len(QUESTIONS)]
            given.append((question, answer(owner, question)))

    def capture(stop: threading.Event) -> None:
        # About other things, so that the expected answers stay what they are.
        for number in count():
            if stop.wait(0.02):
                return
            capture_memory(owner=owner, draft=MemoryDraft(content=f"zebra{number} xylophone{number} quasar{number}"))

    def work(stop: threading.Event) -> None:
        while not stop.is_set():
            index_pending()
            stop.wait(0.05)

    seen: list[int] = []
    with in_thread(ask, ask, capture, work) as errors:
        activate(by=None, model=words)
        for _ in range(2):
            before = len(given)
            until(lambda before=before: (is_active(words) and len(given) > before + 20) or bool(errors))  # type: ignore[misc]
            seen.append(generations.active().id)
            before = len(given)
            assert roll_back(by=None).id == 1
            until(lambda before=before: len(given) > before + 20 or bool(errors))  # type: ignore[misc]
            seen.append(generations.active().id)
            roll_back(by=None)
    assert errors == []
    assert seen == [words.id, 1] * 2
    index_pending()
    switching.build_pending()
    assert generations.active().id == words.id
    new = {question: answer(owner, question) for question in QUESTIONS}
    assert all(old[question] != new[question] for question in QUESTIONS), "the test can tell the two apart"
    wrong = [(question, hits) for question, hits in given if hits not in (old[question], new[question])]
    assert wrong == []
    assert {hits == new[question] for question, hits in given} == {True, False}
    assert not uncovered(1) and not uncovered(words.id)


def test_captures_wait_for_no_switch_longer_than_a_slice(owner: User, words: EmbeddingModel) -> None:
    """A writer that holds the generations keeps the flip out, and not for good."""
    taken, release = threading.Event(), threading.Event()

    def hold(stop: threading.Event) -> None:
        from django.db import transaction

        with transaction.atomic():
            generations.held()
            taken.set()
            release.wait(20)

    with in_thread(hold) as errors:
        taken.wait(10)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = 100")
        generations._LOCK_WAIT_MS, kept = 100, generations._LOCK_WAIT_MS
        generations._TRIES, tries = 2, generations._TRIES
        try:
            with pytest.raises(Unavailable, match="without a pause"):
                activate(by=None, model=words)
        finally:
            generations._LOCK_WAIT_MS, generations._TRIES = kept, tries
            release.set()
    assert errors == []
    words.refresh_from_db()
    assert words.state == State.ADDED
    embedding_models.activate(by=None, model=words)


def test_the_precision_setting_is_followed_and_vectors_never_mix(owner: User, settings: Settings) -> None:
    remember(owner, some_texts(number=8))
    index_pending()
    assert embedding_models.follow_precision_setting() is None
    settings.EMBEDDING_PRECISION = "float32"
    model = embedding_models.follow_precision_setting()
    assert model is not None and (model.name, model.state) == ("all-MiniLM-L6-v2-float32", State.BUILDING)
    switching.build_pending()
    assert generations.active().provider.name == "local/all-MiniLM-L6-v2/float32"
    assert not uncovered(1) and not uncovered(model.id)
    assert embedding_models.follow_precision_setting() is None
    settings.EMBEDDING_PRECISION = "int8"
    back = embedding_models.follow_precision_setting()
    assert back is not None and back.id == 1 == generations.active().id


def test_another_provider_is_left_alone_by_the_precision_setting(words: EmbeddingModel, settings: Settings) -> None:
    built(words)
    settings.EMBEDDING_PRECISION = "float32"
    assert embedding_models.follow_precision_setting() is None
