"""What enrichment finds out, how far it is, and what people say to it."""

from enrichment.models.enrichment import Enrichment
from enrichment.models.entity import Entity, EntityChange, EntityName, Mention, entity_name_key, entity_part_keys
from enrichment.models.job import EnrichmentJob
from enrichment.models.schedule import EnrichmentSchedule, StepPause

__all__ = [
    "Enrichment",
    "EnrichmentJob",
    "EnrichmentSchedule",
    "Entity",
    "EntityChange",
    "EntityName",
    "Mention",
    "StepPause",
    "entity_name_key",
    "entity_part_keys",
]
