"""The JSON API of memories: one module a resource."""

from memories.api.context import router as context_router
from memories.api.conversations import router as conversations_router
from memories.api.embedding_models import router as embedding_models_router
from memories.api.exports import router as exports_router
from memories.api.feedback import router as feedback_router
from memories.api.gateway import router as gateway_router
from memories.api.gateway_usage import router as gateway_usage_router
from memories.api.imports import router as imports_router
from memories.api.ingest import router as ingest_router
from memories.api.memories import router as memories_router
from memories.api.moves import router as moves_router
from memories.api.query import router as query_router
from memories.api.saved_searches import router as saved_searches_router
from memories.api.sealed import router as sealed_router
from memories.api.search import router as search_router
from memories.api.stats import router as stats_router
from memories.api.tags import router as tags_router
from memories.api.trash import router as trash_router
from memories.api.versions import router as versions_router
from memories.api.webhooks import router as webhooks_router

routers = (
    memories_router,
    versions_router,
    trash_router,
    search_router,
    sealed_router,
    context_router,
    feedback_router,
    saved_searches_router,
    conversations_router,
    tags_router,
    imports_router,
    exports_router,
    moves_router,
    stats_router,
    embedding_models_router,
    ingest_router,
    webhooks_router,
    gateway_router,
    gateway_usage_router,
    query_router,
)

__all__ = ["routers"]
