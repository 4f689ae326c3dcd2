"""What is remembered, and what is derived from it."""

from memories.models.context import ContextTarget, ContextVerdict
from memories.models.conversation import Conversation
from memories.models.embedding_model import EmbeddingModel
from memories.models.embedding_usage import EmbeddingUsage
from memories.models.feedback import Feedback, LearntRule, Retrieval, RuleEvidence, Use, Verdict, Via
from memories.models.gateway import GatewayCall, GatewayLimit, GatewayUpstream, Provider
from memories.models.idempotency import IdempotencyRecord
from memories.models.import_job import ImportJob
from memories.models.index_report import IndexReport
from memories.models.lexeme import IndexSize, Lexeme
from memories.models.link import MemoryLink
from memories.models.memory import IndexState, Kind, Memory, MemoryRole, State, author_key
from memories.models.move import MemoryMove
from memories.models.pending_embedding import PendingEmbedding
from memories.models.revision import MemoryRevision
from memories.models.saved_search import SavedSearch
from memories.models.sealed_vectors import SealedVectors
from memories.models.search_entry import SearchEntry
from memories.models.tag import MemoryTag, Tag
from memories.models.webhook import Webhook, WebhookDelivery, WebhookEvent

__all__ = [
    "ContextTarget",
    "ContextVerdict",
    "Conversation",
    "EmbeddingModel",
    "EmbeddingUsage",
    "Feedback",
    "GatewayCall",
    "GatewayLimit",
    "GatewayUpstream",
    "IdempotencyRecord",
    "ImportJob",
    "IndexReport",
    "IndexSize",
    "IndexState",
    "Kind",
    "LearntRule",
    "Lexeme",
    "Memory",
    "MemoryLink",
    "MemoryMove",
    "MemoryRevision",
    "MemoryRole",
    "MemoryTag",
    "PendingEmbedding",
    "Provider",
    "Retrieval",
    "RuleEvidence",
    "SavedSearch",
    "SealedVectors",
    "SearchEntry",
    "State",
    "Tag",
    "Use",
    "Verdict",
    "Via",
    "Webhook",
    "WebhookDelivery",
    "WebhookEvent",
    "author_key",
]
