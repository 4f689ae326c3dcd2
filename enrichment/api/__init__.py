"""The JSON API of enrichment: one module a resource."""

from enrichment.api.entities import router as entities_router

routers = (entities_router,)

__all__ = ["routers"]
