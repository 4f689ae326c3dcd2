"""Enrichment: what the background learns from each memory."""

from django.apps import AppConfig


class EnrichmentConfig(AppConfig):
    name = "enrichment"
    verbose_name = "Enrichment"

    def ready(self) -> None:
        """Pages of memories and conversations show what was found in them, and lists what they are about."""
        from enrichment import review_sources  # noqa: F401  # what waits for a person's word
        from enrichment.exporting import add_formats
        from enrichment.summary_selectors import conversation_gists, gists
        from enrichment.views.facts import facts_panel
        from enrichment.views.llm import proposals_panel
        from enrichment.views.panels import (
            code_panel,
            entities_panel,
            entity_marks,
            sentiment_panel,
            topic_panel,
            weight_panel,
        )
        from enrichment.views.summary_panels import conversation_panel, points_panel, summary_panel
        from memories import panels

        add_formats()
        panels.add_panel("summary", "beside", summary_panel)
        panels.add_panel("points", "beside", points_panel)
        panels.add_panel("proposals", "under", proposals_panel)
        panels.add_panel("topic", "beside", topic_panel)
        panels.add_panel("code", "under", code_panel)
        panels.add_panel("entities", "beside", entities_panel)
        panels.add_panel("facts", "under", facts_panel)
        panels.add_panel("sentiment", "beside", sentiment_panel)
        panels.add_panel("weight", "beside", weight_panel)
        panels.add_marks("entities", entity_marks)
        panels.add_conversation_panel("summary", conversation_panel)
        panels.use_gists(memories=gists, conversations=conversation_gists)
