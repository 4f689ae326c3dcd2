"""Enrichment: what the background learns from each memory."""

from django.apps import AppConfig


class EnrichmentConfig(AppConfig):
    name = "enrichment"
    verbose_name = "Enrichment"

    def ready(self) -> None:
        """A memory's page shows what was found in it."""
        from enrichment.views.panels import entities_panel, entity_marks, sentiment_panel, topic_panel
        from memories.panels import add_marks, add_panel

        add_panel("topic", "beside", topic_panel)
        add_panel("entities", "beside", entities_panel)
        add_panel("sentiment", "beside", sentiment_panel)
        add_marks("entities", entity_marks)
