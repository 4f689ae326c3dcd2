"""What enrichment finds out, and what people say to it."""

from enrichment.models.entity import Entity, EntityChange, EntityName, Mention, entity_name_key, entity_part_keys

__all__ = ["Entity", "EntityChange", "EntityName", "Mention", "entity_name_key", "entity_part_keys"]
