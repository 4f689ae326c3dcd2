"""Addresses of the pages of enrichment."""

from django.urls import path

from enrichment.views import entities

app_name = "enrichment"
urlpatterns = [
    path("entities/", entities.entities, name="entities"),
    path("entities/hidden/", entities.hidden, name="hidden_entities"),
    path("entities/<uuid:entity_id>/", entities.entity, name="entity"),
    path("entities/<uuid:entity_id>/change/", entities.change, name="entity_change"),
    path("entities/changes/<uuid:change_id>/undo/", entities.undo, name="entity_undo"),
]
