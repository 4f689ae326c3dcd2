"""Sealed memories: what a client encrypted with a key that the server never has, kept, listed and found by vectors."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from ninja import Router
from ninja.responses import Status
from pydantic import BaseModel, Field, Strict

from accounts.scopes import ApiRequest, require_confirmed_session, scope
from memories import retrieval
from memories.access import memory_or_404
from memories.api.parameters import FilterIn
from memories.drafts import EXTERNAL_ID_MAX_CHARS, MemoryDraft
from memories.schemas import Importance, KindName, MemoryOut, MemoryPageOut, Source, Tags
from memories.sealed_index import GivenVectors
from memories.selectors import with_parts
from memories.services import sealing
from memshadow.lib.paging import paginate
from memshadow.lib.strict import LIMIT_MAX, Flag, Moment, PageQuery, StrictModel, StrictQuery

router = Router(tags=["Sealed memories"])

_DIMENSION_MAX = 16_000  # what a halfvec holds
Number = Annotated[float, Strict(), Field(allow_inf_nan=False)]
Vector = Annotated[list[Number], Field(min_length=1, max_length=_DIMENSION_MAX)]
ModelName = Annotated[
    str, Field(min_length=1, max_length=100, description="Whose vectors: a name as in `GET /sealed`.")
]


class VectorsIn(StrictModel):
    """What the client's embedding model made of the text."""

    embedding_model: ModelName
    vectors: list[Vector] = Field(
        min_length=1, max_length=settings.SEALED_VECTORS_MAX, description="One a stretch of the text, in order."
    )

    def given(self) -> GivenVectors:
        """As the index takes them."""
        return GivenVectors(self.embedding_model, self.vectors)


Ciphertext = Annotated[
    str,
    Field(
        min_length=1,
        description=f"An armoured age file (age-encryption.org/v1) of at most {settings.SEALED_MAX_BYTES} characters.",
    ),
]


class SealIn(StrictModel):
    """What takes the place of a memory's text."""

    ciphertext: Ciphertext
    embedding: VectorsIn | None = Field(default=None, description="Without it, search does not find the memory.")
    updated_at: Moment = Field(description="The memory's when you read the text that you sealed: 409 if it changed.")


class SealedIn(StrictModel):
    """A memory to store sealed. Everything but the ciphertext can be read by the server: send what you choose."""

    ciphertext: Ciphertext
    embedding: VectorsIn | None = Field(
        default=None, description="Without it, search does not find the memory; vectors tell roughly what it is about."
    )
    kind: KindName = "note"
    source: Source = Field("api", description="Where it comes from, such as `api` or `cli`.")
    external_id: str = Field(default="", max_length=EXTERNAL_ID_MAX_CHARS, description="The source's own id.")
    persona_id: UUID | None = None
    tags: Tags = Field(default=[], description="In the open.")
    importance: Importance = Field(default=0.5)
    pinned: Flag = False
    occurred_at: Moment | None = Field(default=None, description="When it happened; now when left out.")

    def draft(self) -> MemoryDraft:
        """As capture takes it."""
        given = {name: getattr(self, name) for name in SealedIn.model_fields if name != "embedding"}
        return MemoryDraft(**{**given, "content": "", "tags": tuple(self.tags)})


class SealedStatusOut(BaseModel):
    """Whose vectors search compares here, and which sealed memories it cannot find."""

    embedding_model: str
    dimension: int
    memories: int = Field(description="Sealed memories, the trash left out.")
    without_vectors: int = Field(description="Those of them without vectors of this model: search misses them.")
    other_models: dict[str, int] = Field(description="How many of those have vectors of another model, by its name.")


class VectorSearchIn(StrictModel):
    """A question as a vector: the server does not learn its words."""

    vector: Vector
    embedding_model: ModelName
    limit: int = Field(default=10, ge=1, le=LIMIT_MAX)
    filters: FilterIn = Field(default_factory=FilterIn, description="Which memories, such as only sealed ones.")


class NearOut(BaseModel):
    """A memory that lies near the vector."""

    memory: MemoryOut
    similarity: float = Field(description="The cosine of the nearest of its vectors: 1 is the same direction.")


class VectorSearchOut(BaseModel):
    """The nearest memories, best first. Nothing of it is logged."""

    items: list[NearOut]
    embedding_model: str


@router.get("/sealed", auth=scope("memories:read"), response=SealedStatusOut)
def get_sealed_status(request: ApiRequest) -> SealedStatusOut:
    """Say which embedding model a client must use, and how many sealed memories have no vectors of it."""
    status = sealing.sealed_status(request.auth.owner)
    return SealedStatusOut(
        embedding_model=status.model_name,
        dimension=status.dimension,
        memories=status.memories,
        without_vectors=status.without_vectors,
        other_models=status.other_models,
    )


@router.post("/sealed", auth=scope("memories:write"), response={201: MemoryOut, 200: MemoryOut})
def create_sealed_memory(request: ApiRequest, response: HttpResponse, sealed: SealedIn) -> Status[MemoryOut]:
    """Store a memory that the client encrypted, and the vectors that it made of the text, if it likes.

    201: it is new. 200: exactly this ciphertext was there already. 409: the vectors are of another model than
    search uses.
    """
    owner = request.auth.owner
    given = sealed.embedding.given() if sealed.embedding else None
    captured = sealing.capture_sealed(owner=owner, draft=sealed.draft(), given=given)
    response["Location"] = f"/api/v1/memories/{captured.memory.id}"
    return Status(201 if captured.created else 200, MemoryOut.of(memory_or_404(owner, captured.memory.id)))


@router.get("/sealed/without-vectors", auth=scope("memories:read"), response=MemoryPageOut)
def list_sealed_without_vectors(request: ApiRequest, query: Annotated[PageQuery, StrictQuery(...)]) -> MemoryPageOut:
    """List the sealed memories that search cannot find, such as after a change of the embedding model."""
    rows = with_parts(sealing.without_vectors(request.auth.owner))
    page = paginate(rows, cursor=query.cursor, limit=query.limit, by="created_at")
    return MemoryPageOut(items=[MemoryOut.of(memory) for memory in page.items], next_cursor=page.next_cursor)


@router.post("/memories/{uuid:memory_id}/seal", auth=scope("memories:write"), response=MemoryOut)
def seal_memory(request: ApiRequest, memory_id: UUID, sealed: SealIn) -> MemoryOut:
    """Put a ciphertext in the place of a memory's text, and erase its earlier versions, author and metadata.

    Needs the scope `memories:delete` too. Tags, kind, persona, conversation, times and source stay in the open.
    """
    request.auth.require("memories:delete")
    owner, given = request.auth.owner, sealed.embedding.given() if sealed.embedding else None
    memory_or_404(owner, memory_id)
    require_confirmed_session(request)
    sealing.seal_memory(
        owner=owner,
        memory_id=memory_id,
        ciphertext=sealed.ciphertext,
        updated_at=sealed.updated_at,
        given=given,
        by=request.auth.person,
    )
    return MemoryOut.of(memory_or_404(owner, memory_id))


@router.put("/sealed/{uuid:memory_id}/vectors", auth=scope("memories:write"), response=MemoryOut)
def put_sealed_vectors(request: ApiRequest, memory_id: UUID, embedding: VectorsIn) -> MemoryOut:
    """Store the vectors that a client made of a sealed memory, in place of those by the same model."""
    owner = request.auth.owner
    sealing.give_vectors(owner=owner, memory_id=memory_id, given=embedding.given())
    return MemoryOut.of(memory_or_404(owner, memory_id))


@router.post("/search/vector", auth=scope("memories:read"), response=VectorSearchOut)
def search_by_vector(request: ApiRequest, search: VectorSearchIn) -> VectorSearchOut:
    """Find the memories nearest to a vector, sealed ones among them. 409: it is of another model than search uses."""
    found = retrieval.by_vector(
        request.auth.owner,
        GivenVectors(search.embedding_model, [search.vector]),
        search.filters.wanted(),
        limit=search.limit,
    )
    items = [NearOut(memory=MemoryOut.of(memory), similarity=cosine) for memory, cosine in found]
    return VectorSearchOut(items=items, embedding_model=search.embedding_model)
