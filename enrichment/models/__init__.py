"""What enrichment finds out, how far it is, and what people say to it."""

from enrichment.models.duplicate import DuplicatePair, DuplicatePolicy, TextSketch
from enrichment.models.enrichment import Enrichment
from enrichment.models.entity import Entity, EntityChange, EntityName, Mention, entity_name_key, entity_part_keys
from enrichment.models.job import EnrichmentJob
from enrichment.models.llm import LlmCall, LlmSetting, Proposal, proposal_key
from enrichment.models.maintenance import MaintenanceRun
from enrichment.models.point import Point, point_key
from enrichment.models.relation import FactVerdict, Relation, fact_key, phrase_node, predicate_key
from enrichment.models.rollup import Rollup, RollupPart
from enrichment.models.schedule import EnrichmentSchedule, StepPause
from enrichment.models.topic import Cluster, Placement, Topic, TopicChange, TopicRun

__all__ = [
    "Cluster",
    "DuplicatePair",
    "DuplicatePolicy",
    "Enrichment",
    "EnrichmentJob",
    "EnrichmentSchedule",
    "Entity",
    "EntityChange",
    "EntityName",
    "FactVerdict",
    "LlmCall",
    "LlmSetting",
    "MaintenanceRun",
    "Mention",
    "Placement",
    "Point",
    "Proposal",
    "Relation",
    "Rollup",
    "RollupPart",
    "StepPause",
    "TextSketch",
    "Topic",
    "TopicChange",
    "TopicRun",
    "entity_name_key",
    "entity_part_keys",
    "fact_key",
    "phrase_node",
    "point_key",
    "predicate_key",
    "proposal_key",
]
