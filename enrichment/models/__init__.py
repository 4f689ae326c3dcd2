"""What enrichment finds out, how far it is, and what people say to it."""

from enrichment.models.enrichment import Enrichment
from enrichment.models.entity import Entity, EntityChange, EntityName, Mention, entity_name_key, entity_part_keys

__all__ = ["Enrichment", "Entity", "EntityChange", "EntityName", "Mention", "entity_name_key", "entity_part_keys"]
