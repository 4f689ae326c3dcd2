"""Addresses of the pages of enrichment."""

from django.urls import path

from enrichment.views import entities, pipeline

app_name = "enrichment"
urlpatterns = [
    path("enrichment/", pipeline.pipeline, name="pipeline"),
    path("enrichment/retry/", pipeline.retry, name="retry"),
    path("enrichment/pause/", pipeline.pause, name="pause"),
    path("enrichment/schedules/<slug:schedule>/", pipeline.schedule, name="schedule"),
    path("entities/", entities.entities, name="entities"),
    path("entities/hidden/", entities.hidden, name="hidden_entities"),
    path("entities/<uuid:entity_id>/", entities.entity, name="entity"),
    path("entities/<uuid:entity_id>/change/", entities.change, name="entity_change"),
    path("entities/changes/<uuid:change_id>/undo/", entities.undo, name="entity_undo"),
]
