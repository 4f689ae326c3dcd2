"""Which generations of vectors there are: the one that search reads, and those that indexing writes.

Nothing here is remembered between calls, so that a switch of the model is seen by every process at its next request.
Whoever writes rows of the index holds the generations as they are until its transaction ends (`held`); whoever
changes them (`changing`) waits for all of those. So no memory can slip between two generations.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from django.conf import settings
from django.db import OperationalError, connection, transaction

from accounts.keys import open_for_server, seal_for_server
from memories.embedding import EmbeddingProvider, Machine, ModelSpec, open_provider
from memories.models import EmbeddingModel
from memshadow.lib.errors import Unavailable

State = EmbeddingModel.State
WRITTEN: Final = (State.ACTIVE, State.BUILDING, State.RETIRED)

_LOCK = 0x6D656D03
_LOCK_WAIT_MS = 2_000
_TRIES = 10
_READ = (
    "SELECT id, name, provider, dimension, state, paused, config::text, api_keys_sealed FROM memories_embeddingmodel"
)
_ACTIVE = f"{_READ} WHERE state = 'active'"
_LIVE = f"{_READ} WHERE state IN ('active', 'building', 'retired') ORDER BY state <> 'active', id"


@dataclass(frozen=True, slots=True)
class Generation:
    """One generation of vectors: the model's row in short. A paused one is not written, only noted as lacking."""

    id: int
    name: str
    dimension: int
    state: str
    paused: bool
    spec: ModelSpec

    @property
    def provider(self) -> EmbeddingProvider:
        """The provider of this process for the model."""
        return open_provider(self.spec, this_machine(), label=self.name)


def this_machine() -> Machine:
    """What the settings let a provider use."""
    return Machine(settings.MODELS_DIR, settings.EMBEDDING_THREADS, settings.MODEL_DOWNLOADS)


def active() -> Generation:
    """The generation that search reads, as of now. Raises Unavailable before the first migration."""
    found = _read(_ACTIVE)
    if not found:
        raise Unavailable("No embedding model is active; run manage.py migrate.")
    return found[0]


def live() -> list[Generation]:
    """The generations that indexing writes, the active one first. Raises Unavailable before the first migration."""
    found = _read(_LIVE)
    if not found or found[0].state != State.ACTIVE:
        raise Unavailable("No embedding model is active; run manage.py migrate.")
    return found


def held() -> list[Generation]:
    """`live`, which stays true until the current transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [_LOCK])
    return live()


@contextmanager
def changing() -> Iterator[None]:
    """A short transaction in which nobody else writes the index or changes generations.

    Waits in slices, so that captures never queue behind it for longer than one. Raises Unavailable when the index is
    written without a gap for longer than all of them.
    """
    with transaction.atomic():
        for attempt in range(_TRIES):
            if _locked_alone():
                break
            time.sleep(0.05 * (attempt + 1))
        else:
            raise Unavailable("The search index is being written without a pause; try again in a minute.")
        yield


def _locked_alone() -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {_LOCK_WAIT_MS}")
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            cursor.execute("SET LOCAL lock_timeout = DEFAULT")
    except OperationalError:
        return False
    return True


def generation_of(row: EmbeddingModel) -> Generation:
    """The generation of a model's row."""
    config, keys = json.dumps(row.config), bytes(row.api_keys_sealed)
    return Generation(
        row.id, row.name, row.dimension, row.state, row.paused, _spec(row.id, row.provider, row.dimension, config, keys)
    )


def seal_api_keys(model_id: int, keys: tuple[str, ...]) -> bytes:
    """The keys under the server's master key, bound to the model's row; empty for none."""
    return seal_for_server(json.dumps(keys).encode(), bound_to=_binding(model_id)) if keys else b""


def open_api_keys(model_id: int, sealed: bytes) -> tuple[str, ...]:
    """The keys that `seal_api_keys` sealed."""
    return tuple(json.loads(open_for_server(sealed, bound_to=_binding(model_id)))) if sealed else ()


def _read(sql: str) -> list[Generation]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        rows = cursor.fetchall()
    return [
        Generation(number, name, dimension, state, paused, _spec(number, provider, dimension, config, bytes(keys)))
        for number, name, provider, dimension, state, paused, config, keys in rows
    ]


@lru_cache(maxsize=32)
def _spec(model_id: int, provider: str, dimension: int, config: str, keys: bytes) -> ModelSpec:
    return ModelSpec.of(provider, dimension, json.loads(config), open_api_keys(model_id, keys))


def _binding(model_id: int) -> bytes:
    return f"memories_embeddingmodel|api_keys|{model_id}".encode()
