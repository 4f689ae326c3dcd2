"""The JSON API of enrichment: one module a resource."""

from enrichment.api.code import router as code_router
from enrichment.api.duplicates import router as duplicates_router
from enrichment.api.entities import router as entities_router
from enrichment.api.importance import router as importance_router
from enrichment.api.insights import router as insights_router
from enrichment.api.llm import router as llm_router
from enrichment.api.maintenance import router as maintenance_router
from enrichment.api.pipeline import router as pipeline_router
from enrichment.api.points import router as points_router
from enrichment.api.relations import router as relations_router
from enrichment.api.review import router as review_router
from enrichment.api.sentiment import router as sentiment_router
from enrichment.api.summaries import router as summaries_router
from enrichment.api.topics import router as topics_router

routers = (
    code_router,
    duplicates_router,
    entities_router,
    importance_router,
    insights_router,
    llm_router,
    maintenance_router,
    pipeline_router,
    points_router,
    relations_router,
    review_router,
    sentiment_router,
    summaries_router,
    topics_router,
)

__all__ = ["routers"]
