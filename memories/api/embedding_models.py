"""Embedding models: list, add, switch without downtime, go back, drop. For the managers of the server."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from ninja import Router
from ninja.responses import Status
from pydantic import BaseModel, Field

from accounts.scopes import ApiRequest, scope
from memories import embedding_usage
from memories.embedding import ModelSpec, Pooling, Precision
from memories.models import EmbeddingModel
from memories.services import embedding_models as services
from memories.services.embedding_models import embedding_model_or_404
from memories.services.switching import progress_of
from memshadow.lib.strict import Flag, StrictModel, StrictQuery

router = Router(tags=["Embedding models"])

Url = Annotated[str, Field(max_length=500)]
Key = Annotated[str, Field(max_length=1000)]


class EmbeddingModelIn(StrictModel):
    """A model to add. What is left out is learnt from the model itself."""

    provider: Literal["local", "sentence-transformers", "openai"]
    model: str = Field(default="", max_length=500, description="Its name at the provider, or a folder on the server.")
    name: str = Field(default="", max_length=100, description="What it is called here.")
    dimension: int = Field(default=0, ge=0, le=4000, description="openai: shorten the vectors to so many numbers.")
    max_tokens: int = Field(default=512, ge=32, le=8192, description="Longest chunk.")
    query_prefix: str = Field(default="", max_length=500, description="Put before every question.")
    document_prefix: str = Field(default="", max_length=500, description="Put before every text.")
    pooling: Pooling = Field(default="", description="Instead of the model's own.")
    normalise: Flag = Field(default=True, description="false for models that were trained for the dot product.")
    precision: Precision = Field(default="int8", description="local: of its computation.")
    endpoints: list[Url] = Field(default=[], max_length=10, description="openai: servers of this model, best first.")
    api_keys: list[Key] = Field(default=[], max_length=10, description="One for all endpoints, or one each. Sealed.")

    def spec(self) -> ModelSpec:
        """As the providers take it."""
        given = self.model_dump(exclude={"name"})
        return ModelSpec(**given | {"endpoints": tuple(self.endpoints), "api_keys": tuple(self.api_keys)})


class EndpointsIn(StrictModel):
    """Where the servers of the same model are now."""

    endpoints: list[Url] = Field(min_length=1, max_length=10)
    api_keys: list[Key] | None = Field(default=None, max_length=10, description="Left out, they stay as they are.")


class ActivateQuery(StrictModel):
    """How to activate."""

    despite_failures: bool = Field(default=False, description="Although some memories could not be embedded.")


class ProgressOut(BaseModel):
    """How far the model's vectors are."""

    total: int
    done: int
    failed: int
    rate_per_s: float | None = Field(description="Memories a second, while it is built.")
    seconds_left: float | None


class EmbeddingModelOut(BaseModel):
    """A model. Keys are never shown."""

    name: str
    provider: str
    dimension: int
    state: str = Field(description="added, building, active, retired (kept for going back) or dropping.")
    paused: bool
    error: str
    model: str
    max_tokens: int
    query_prefix: str
    document_prefix: str
    pooling: str
    normalise: bool
    precision: str
    endpoints: list[str]
    has_api_keys: bool
    progress: ProgressOut
    created_at: datetime
    activated_at: datetime | None
    retired_at: datetime | None

    @classmethod
    def of(cls, row: EmbeddingModel) -> EmbeddingModelOut:
        """From a row."""
        progress = progress_of(row)
        spec = ModelSpec.of(row.provider, row.dimension, row.config)
        own = ("name", "provider", "dimension", "state", "paused", "error", "created_at", "activated_at", "retired_at")
        said = ("model", "max_tokens", "query_prefix", "document_prefix", "pooling", "normalise", "precision")
        return cls(
            **{name: getattr(row, name) for name in own},
            **{name: getattr(spec, name) for name in said},
            endpoints=list(spec.endpoints),
            has_api_keys=bool(row.api_keys_sealed),
            progress=ProgressOut(**{name: getattr(progress, name) for name in ProgressOut.model_fields}),
        )


class EmbeddingModelListOut(BaseModel):
    """All models, in the order in which they were added."""

    items: list[EmbeddingModelOut]


class EmbeddingUsageOut(BaseModel):
    """What one model did for one purpose. Latency is of one run of the model."""

    model_name: str
    purpose: str = Field(description="document or query.")
    texts: int
    tokens: int
    cached: int = Field(description="Texts that the cache answered.")
    calls: int = Field(description="Runs of the model.")
    errors: int
    busy_s: float
    hit_rate: float | None
    texts_per_s: float | None
    p50_ms: float | None
    p95_ms: float | None

    @classmethod
    def of(cls, usage: embedding_usage.Usage) -> EmbeddingUsageOut:
        """From summed counters."""
        return cls(**{name: getattr(usage, name) for name in cls.model_fields})


class EmbeddingStatisticsOut(BaseModel):
    """Counters of every model and purpose, summed over all processes of the server."""

    last_day: list[EmbeddingUsageOut]
    all_time: list[EmbeddingUsageOut] = Field(description="Of the ninety days that are kept.")


@router.get("/embedding-models", auth=scope("server"), response=EmbeddingModelListOut)
def list_embedding_models(request: ApiRequest) -> EmbeddingModelListOut:
    """List the embedding models with their state and progress."""
    return EmbeddingModelListOut(items=[EmbeddingModelOut.of(row) for row in EmbeddingModel.objects.order_by("id")])


@router.post("/embedding-models", auth=scope("server"), response={201: EmbeddingModelOut})
def add_embedding_model(request: ApiRequest, body: EmbeddingModelIn) -> Status[EmbeddingModelOut]:
    """Add a model, after running it once. Search does not change."""
    row = services.add_embedding_model(by=request.auth.person, spec=body.spec(), name=body.name)
    return Status(201, EmbeddingModelOut.of(row))


@router.post("/embedding-models/rollback", auth=scope("server"), response=EmbeddingModelOut)
def roll_back_embedding_model(request: ApiRequest) -> EmbeddingModelOut:
    """Go back to the model that was active before, at once."""
    return EmbeddingModelOut.of(services.roll_back(by=request.auth.person))


@router.get("/embedding-models/statistics", auth=scope("server"), response=EmbeddingStatisticsOut)
def get_embedding_statistics(request: ApiRequest) -> EmbeddingStatisticsOut:
    """Texts, tokens, cache hits, errors and latency by model."""
    return EmbeddingStatisticsOut(
        last_day=[EmbeddingUsageOut.of(usage) for usage in embedding_usage.usage_of_last_day()],
        all_time=[EmbeddingUsageOut.of(usage) for usage in embedding_usage.usage_since()],
    )


@router.get("/embedding-models/{model_name}", auth=scope("server"), response=EmbeddingModelOut)
def get_embedding_model(request: ApiRequest, model_name: str) -> EmbeddingModelOut:
    """Follow one model."""
    return EmbeddingModelOut.of(embedding_model_or_404(model_name))


@router.patch("/embedding-models/{model_name}", auth=scope("server"), response=EmbeddingModelOut)
def edit_embedding_model(request: ApiRequest, model_name: str, body: EndpointsIn) -> EmbeddingModelOut:
    """Change endpoints and keys; nothing that would change the vectors."""
    model = embedding_model_or_404(model_name)
    row = services.set_endpoints(by=request.auth.person, model=model, endpoints=body.endpoints, api_keys=body.api_keys)
    return EmbeddingModelOut.of(row)


@router.post("/embedding-models/{model_name}/activate", auth=scope("server"), response={202: EmbeddingModelOut})
def activate_embedding_model(
    request: ApiRequest, model_name: str, query: Annotated[ActivateQuery, StrictQuery(...)]
) -> Status[EmbeddingModelOut]:
    """Have search use the model as soon as its vectors are complete."""
    by = request.auth.person
    model = embedding_model_or_404(model_name)
    row = services.activate(by=by, model=model, despite_failures=query.despite_failures)
    return Status(202, EmbeddingModelOut.of(row))


@router.post("/embedding-models/{model_name}/pause", auth=scope("server"), response=EmbeddingModelOut)
def pause_embedding_model(request: ApiRequest, model_name: str) -> EmbeddingModelOut:
    """Stop building for now; what is done stays."""
    return EmbeddingModelOut.of(services.pause(by=request.auth.person, model=embedding_model_or_404(model_name)))


@router.post("/embedding-models/{model_name}/resume", auth=scope("server"), response=EmbeddingModelOut)
def resume_embedding_model(request: ApiRequest, model_name: str) -> EmbeddingModelOut:
    """Go on building, and try again what failed."""
    return EmbeddingModelOut.of(services.resume(by=request.auth.person, model=embedding_model_or_404(model_name)))


@router.delete("/embedding-models/{model_name}", auth=scope("server"), response={202: None})
def drop_embedding_model(request: ApiRequest, model_name: str) -> Status[None]:
    """Remove a model and its vectors; never the active one."""
    services.drop(by=request.auth.person, model=embedding_model_or_404(model_name))
    return Status(202, None)
