"""Adding embedding models and choosing the one in use: what a manager of the server decides.

`by` is the manager, or None for whoever runs commands on the machine itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from django.conf import settings

from accounts.access import require
from accounts.audit import record
from accounts.models import User
from memories import backlog, generations
from memories.embedding import PRECISIONS, ModelSpec, Precision, check_works, described, local_spec
from memories.generations import State, generation_of, this_machine
from memories.indexing import queue_again
from memories.models import EmbeddingModel, IndexState, Memory
from memories.vector_indexes import MAX_DIMENSION
from memshadow.lib.clock import now
from memshadow.lib.errors import Conflict, NotFound, ValidationFailed
from memshadow.lib.jobs import wake

_DEFAULT_ID = 1  # migration 0001 made its index
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")


def embedding_model_or_404(name: str) -> EmbeddingModel:
    """The model of that name."""
    found = EmbeddingModel.objects.filter(name=name).first()
    if found is None:
        known = ", ".join(EmbeddingModel.objects.order_by("id").values_list("name", flat=True))
        raise NotFound(f"There is no embedding model {name}. There are: {known}.")
    return found


def add_embedding_model(*, by: User | None, spec: ModelSpec, name: str = "") -> EmbeddingModel:
    """Add a model, after running it once to learn what it says of itself. Search does not change.

    Raises ValidationFailed, Conflict for a name or model that is there already, and Unavailable when the model is not
    there or does not answer: nothing is added then.
    """
    _require(by)
    name = name or suggested_name(spec)
    _check(name, spec)
    complete = described(spec, this_machine())
    if not 1 <= complete.dimension <= MAX_DIMENSION:
        raise ValidationFailed(
            f"The model's vectors have {complete.dimension} numbers; an index holds at most {MAX_DIMENSION}. "
            "Ask for fewer, if the model can be shortened.",
            field="dimension",
        )
    _check_new(complete)
    row = EmbeddingModel.objects.create(
        name=name, provider=complete.provider, dimension=complete.dimension, config=complete.config()
    )
    row.api_keys_sealed = generations.seal_api_keys(row.id, complete.api_keys)
    row.save(update_fields=["api_keys_sealed"])
    record("embedding_model.added", actor=by, target=row, name=row.name, provider=row.provider)
    return row


def suggested_name(spec: ModelSpec) -> str:
    """A name made of the model's own."""
    if spec.provider == "local":
        own = local_spec(spec.precision).model
        return own if spec.precision == "int8" else f"{own}-{spec.precision}"
    return _NOT_IN_A_NAME.sub("-", spec.model.rstrip("/").rsplit("/", 1)[-1]).strip("-.")[:100] or spec.provider


def set_endpoints(
    *, by: User | None, model: EmbeddingModel, endpoints: Sequence[str], api_keys: Sequence[str] | None = None
) -> EmbeddingModel:
    """Say anew where the servers of the same model are, and with which keys (None: as before).

    Raises ValidationFailed, and Unavailable when none of them answers with vectors of the model's length.
    """
    _require(by)
    if model.provider != "openai":
        raise ValidationFailed(f"{model.name} runs on this machine and has no endpoints.", field="endpoints")
    _check_endpoints(endpoints)
    model.config = {**model.config, "endpoints": list(endpoints)}
    if api_keys is not None:
        model.api_keys_sealed = generations.seal_api_keys(model.id, tuple(api_keys))
    check_works(generation_of(model).spec, this_machine(), label=model.name)
    model.save(update_fields=["config", "api_keys_sealed"])
    record("embedding_model.endpoints_changed", actor=by, target=model, name=model.name)
    wake(backlog.TASK)
    return model


def activate(*, by: User | None, model: EmbeddingModel, despite_failures: bool = False) -> EmbeddingModel:
    """Have search use the model: at once when its vectors are there, else as soon as they have been made.

    Search goes on with the active model meanwhile. `despite_failures`: memories that the model refuses stay without a
    vector. Raises Unavailable when the model cannot be run, Conflict when another one is being built.
    """
    _require(by)
    if model.state == State.ACTIVE:
        return model
    if model.state == State.DROPPING:
        raise Conflict(f"{model.name} is being dropped; add it again when that is done.")
    if model.state == State.BUILDING and not despite_failures:
        return resume(by=by, model=model)
    check_works(generation_of(model).spec, this_machine(), label=model.name)
    if model.state == State.ADDED:
        _start_building(model)
    elif not flip(model, despite_failures=despite_failures):
        raise Conflict(f"{model.name} still lacks vectors that are being made; wait for them.")
    record("embedding_model.activated", actor=by, target=model, name=model.name)
    return model


def pause(*, by: User | None, model: EmbeddingModel) -> EmbeddingModel:
    """Stop building for now; what is done stays. Raises Conflict when it is not being built."""
    _require(by)
    _set_paused(model, paused=True)
    record("embedding_model.paused", actor=by, target=model, name=model.name)
    return model


def resume(*, by: User | None, model: EmbeddingModel) -> EmbeddingModel:
    """Go on building, and give what failed another chance. Raises Conflict when it is not being built."""
    _require(by)
    _set_paused(model, paused=False)
    backlog.retry_failed(model.id)
    record("embedding_model.resumed", actor=by, target=model, name=model.name)
    wake(backlog.TASK)
    return model


def roll_back(*, by: User | None) -> EmbeddingModel:
    """Go back to the model that was active before. Nothing captured meanwhile is lost: its vectors were made too.

    Raises Conflict when there is none, and as `activate`.
    """
    _require(by)
    before = EmbeddingModel.objects.filter(state=State.RETIRED).order_by("-retired_at").first()
    if before is None:
        raise Conflict("There is no model to go back to: no other one has vectors.")
    return activate(by=by, model=before)


def drop(*, by: User | None, model: EmbeddingModel) -> None:
    """Remove a model and, in the background, its vectors. Raises Conflict for the active one."""
    _require(by)
    with generations.changing():
        row = EmbeddingModel.objects.select_for_update().get(id=model.id)
        if row.state == State.ACTIVE:
            raise Conflict(f"Search uses {row.name}; activate another model first.")
        row.state, row.paused = State.DROPPING, False
        row.save(update_fields=["state", "paused"])
        model.state = row.state
    record("embedding_model.dropped", actor=by, target=model, name=model.name)
    wake(backlog.TASK)


def flip(model: EmbeddingModel, *, despite_failures: bool = False) -> bool:
    """Make the model the active one in one step, if its vectors are complete; whether it is active then.

    Each search reads the active model once, at its beginning, so that no answer holds vectors of two. The one before
    is kept up to date.
    """
    with generations.changing():
        row = EmbeddingModel.objects.select_for_update().get(id=model.id)
        lacking = backlog.lacking(row.id)
        missing = lacking.memories - (lacking.failed if despite_failures else 0)
        is_complete = row.state == State.RETIRED or (
            row.state == State.BUILDING and not row.paused and row.build_listed_at is not None and not missing
        )
        if is_complete:
            moment = now()
            EmbeddingModel.objects.filter(state=State.ACTIVE).update(state=State.RETIRED, retired_at=moment)
            row.state, row.activated_at, row.retired_at, row.error = State.ACTIVE, moment, None, ""
            row.save(update_fields=["state", "activated_at", "retired_at", "error"])
        model.refresh_from_db()
    if is_complete:
        # What the model before could not embed, this one may.
        queue_again(Memory.objects.filter(index_state=IndexState.FAILED))
        wake(backlog.TASK)
    return is_complete


def follow_precision_setting() -> EmbeddingModel | None:
    """Start the switch to the built-in model in MEMSHADOW_EMBEDDING_PRECISION, if it is set and another one is in use.

    A model of another provider that was activated is left alone. Returns the model that is switched to.
    """
    wanted: Precision | None = settings.EMBEDDING_PRECISION
    current = EmbeddingModel.objects.get(state=State.ACTIVE)
    if wanted is None or current.provider != "local" or current.config.get("precision", PRECISIONS[0]) == wanted:
        return None
    spec = local_spec(wanted)
    found = EmbeddingModel.objects.filter(provider="local", config__precision=wanted).exclude(state=State.DROPPING)
    model = found.first() or add_embedding_model(by=None, spec=spec)
    return activate(by=None, model=model)


def keep_default_model() -> None:
    """If there is no model at all, the built-in one is the active one again, under the number of its index."""
    if not EmbeddingModel.objects.exists():
        spec = local_spec(PRECISIONS[0])
        EmbeddingModel.objects.create(
            id=_DEFAULT_ID,
            name=suggested_name(spec),
            provider=spec.provider,
            dimension=spec.dimension,
            config=spec.config(),
            state=State.ACTIVE,
            activated_at=now(),
        )


def _start_building(model: EmbeddingModel) -> None:
    with generations.changing():
        other = EmbeddingModel.objects.filter(state=State.BUILDING).exclude(id=model.id).first()
        if other is not None:
            raise Conflict(f"{other.name} is being built; wait for it, or drop it first.")
        model.state, model.paused, model.error = State.BUILDING, False, ""
        model.build_listed_at, model.build_due_at = None, now()
        model.save(update_fields=["state", "paused", "error", "build_listed_at", "build_due_at"])
    wake(backlog.TASK)


def _set_paused(model: EmbeddingModel, *, paused: bool) -> None:
    with generations.changing():
        row = EmbeddingModel.objects.select_for_update().get(id=model.id)
        if row.state != State.BUILDING:
            raise Conflict(f"{row.name} is not being built: it is {row.get_state_display().lower()}.")
        row.paused, row.error, row.build_due_at = paused, "", now()
        row.build_resumed_at = now()
        row.build_done_at_resume = max(0, row.build_total - backlog.lacking(row.id).memories)
        row.save(update_fields=["paused", "error", "build_due_at", "build_resumed_at", "build_done_at_resume"])
        model.refresh_from_db()


def _require(by: User | None) -> None:
    if by is not None:
        require(by, "server")


def _check(name: str, spec: ModelSpec) -> None:
    if not _NAME.fullmatch(name):
        raise ValidationFailed("A name has up to 100 letters, digits, dots, hyphens and underscores.", field="name")
    if EmbeddingModel.objects.filter(name=name).exists():
        raise Conflict(f"There is a model {name} already; choose another name, or drop that one first.")
    if spec.provider != "local" and not spec.model:
        raise ValidationFailed("Say which model: its name at the provider, or a folder.", field="model")
    _check_endpoints(spec.endpoints)
    if len(spec.api_keys) not in (0, 1, len(spec.endpoints)):
        raise ValidationFailed("Give one API key for all endpoints, or one for each.", field="api_keys")


def _check_endpoints(endpoints: Sequence[str]) -> None:
    for endpoint in endpoints:
        parts = urlsplit(endpoint)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise ValidationFailed(
                f"{endpoint[:100]} is no address of a server; write https://api.example.org/v1, and the key apart.",
                field="endpoints",
            )


def _check_new(spec: ModelSpec) -> None:
    """Refuse a second model with the same vectors."""
    for row in EmbeddingModel.objects.filter(provider=spec.provider, dimension=spec.dimension):
        theirs = ModelSpec.of(row.provider, row.dimension, row.config).config()
        if theirs == spec.config():
            raise Conflict(f"That model is there already, as {row.name}.")


def seal_api_keys_again() -> int:
    """Seal the keys of all models' servers under the newest server key; returns how many models have some."""
    rows = EmbeddingModel.objects.select_for_update().exclude(api_keys_sealed=b"")
    for model in rows:
        keys = generations.open_api_keys(model.id, bytes(model.api_keys_sealed))
        model.api_keys_sealed = generations.seal_api_keys(model.id, keys)
        model.save(update_fields=["api_keys_sealed"])
    return len(rows)
