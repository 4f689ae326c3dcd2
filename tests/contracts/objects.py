"""One object of every kind that an address can name, all of one person's, and a cheap look at every table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client, RequestFactory
from oauth2_provider.models import Application

from accounts.flows.api_keys import create_api_key
from accounts.flows.creating import create_account
from accounts.flows.invitations import invite
from accounts.flows.tokens import sign_in
from accounts.models import Role, SecuritySignal, Session, TokenFamily, User
from accounts.oauth.connections import connect
from accounts.spaces.making import create_space
from accounts.spaces.offering import offer_space
from accounts.tests.authenticators import app_of
from conftest import PASSWORD
from enrichment.entities import Found
from enrichment.models import (
    Cluster,
    DuplicatePair,
    Entity,
    LlmCall,
    Placement,
    Point,
    Proposal,
    Relation,
    Rollup,
    RollupPart,
    Topic,
)
from enrichment.relations import Phrase, Statement
from enrichment.services.correcting import hide_entity
from enrichment.services.correcting_topics import rename_topic
from enrichment.services.judging import reject_fact
from enrichment.services.recording import record_mentions
from enrichment.services.recording_points import record_points
from enrichment.services.requesting import request_enrichment
from enrichment.services.scheduling import keep_schedules
from enrichment.services.stating import record_relations
from memories.context.adding import add_target
from memories.drafts import ConversationRef, MemoryDraft
from memories.filters import MemoryFilter
from memories.models import GatewayLimit, GatewayUpstream, ImportJob, Memory, MemoryMove, Webhook, WebhookDelivery
from memories.services.capture import capture_memory
from memories.services.feedback import give_feedback
from memories.services.revising import By, Change, edit_memory
from memories.services.saved_searches import save_search
from memories.tests.lessons import taught_rule
from personas.services import create_persona

SECRET = "Alicequokka"  # a word that no page escapes and no other text holds

GROUP = 2**31 - 1  # of everybody who has objects; past what the sequence gives

# Parameters that name nothing of a person's: numbers, formats, words and one-time links.
NOT_OBJECTS = {
    "entity_type": "user",
    "entity_name": "nobody",
    "number": 1,
    "schedule": "missing",
    "maintenance_run_id": UUID(int=1),
    "path": "mcp",
    "format": "csv",
    "model_name": "all-MiniLM-L6-v2",
    "token": "nonsense",
}


def objects_of(user: User) -> dict[str, Any]:
    """The value of every parameter, by its name. A parameter that is missing here fails the tests: add its object."""
    return objects_within(user, user)


def objects_within(owner: User, person: User) -> dict[str, Any]:
    """The same where memories, and what sorts them, are a space's: what only people have is the person's."""
    return {**_of_memories(owner, person), **_of_people(person), **NOT_OBJECTS}


def _of_memories(user: User, person: User) -> dict[str, Any]:
    draft = MemoryDraft(
        content=f"{SECRET} memory",
        kind="turn",
        tags=("t",),
        conversation=ConversationRef(external_id="c", title="Talk"),
    )
    memory = capture_memory(owner=user, draft=draft).memory
    edit_memory(owner=user, memory_id=memory.id, change=Change(content=f"{SECRET} edit"), by=By(person))
    job = _import(user)
    named = _named(user, memory)
    return {
        **named,
        **_said(user, memory),
        "memory_id": memory.id,
        "conversation_id": memory.conversation_id,
        "tag_id": memory.tags.get().id,
        "job_id": job,
        "import_id": job,
        "persona_id": create_persona(owner=user, name="Work").id,
        "feedback_id": give_feedback(owner=user, memory_id=memory.id, verdict="useful").id,
        "rule_id": taught_rule(user, memory.id).id,
        "target_id": add_target(owner=user, values={"name": f"{SECRET} model", "provider": "local"}).id,
        "search_id": save_search(owner=user, name=f"{SECRET} search", query="Alice").id,
    }


def _named(user: User, memory: Memory) -> dict[str, UUID]:
    """Something that the memory names, and a correction of it."""
    seen = Found("person", 0, len(SECRET), SECRET, SECRET, "test")
    record_mentions(owner_id=user.id, found={memory: [seen]})
    entity = Entity.objects.get(owner=user)
    change = hide_entity(owner=user, entity=entity, hidden=False)
    keep_schedules()
    job = request_enrichment(owner=user, wanted=MemoryFilter())
    found = {"entity_id": entity.id, "node_id": entity.id, "change_id": change.id, "enrichment_job_id": job.id}
    return {**found, **_about(user, memory), **_stated(user)}


def _stated(user: User) -> dict[str, UUID]:
    """A fact about it, and what a person said to another."""
    memory = capture_memory(owner=user, draft=MemoryDraft(content=f"{SECRET} likes {SECRET} tea. No.")).memory
    who, what = Phrase(SECRET, 0, len(SECRET), 0), Phrase(f"{SECRET} tea", 20, 40, 20)
    common: dict[str, Any] = {"start": 0, "end": 10, "rule": "test", "confidence": 0.9}
    likes = Statement(subject=who, predicate="like", object=what, **common)
    loves = Statement(subject=who, predicate="love", object=what, **common)
    record_relations(owner_id=user.id, stated={memory: [likes, loves]})
    first, second = Relation.objects.filter(owner=user).order_by("id")
    said = reject_fact(owner=user, relation=second)
    return {"relation_id": first.id, "newer_id": second.id, "verdict_id": said.id}


def _about(user: User, memory: Memory) -> dict[str, UUID]:
    """A topic of the memory, and a correction of it."""
    topic = Topic(owner=user)
    topic.label = f"{SECRET} topic"
    topic.save()
    change = rename_topic(owner=user, topic=topic, label=f"{SECRET} theme")
    cluster = Cluster.objects.create(owner=user, topic=topic, centre=bytes(384 * 4), reach=0.5)
    Placement.objects.create(owner=user, memory=memory, cluster=cluster, x=0.5, y=0.5)
    twin = capture_memory(owner=user, draft=MemoryDraft(content=f"{SECRET} memory, again")).memory
    pair = DuplicatePair.objects.create(owner=user, first=memory, second=twin, words=0.9)
    return {"pair_id": pair.id, "topic_id": topic.id, "topic_change_id": change.id}


def _said(user: User, memory: Memory) -> dict[str, UUID]:
    """What the memory says is to be done, and a summary of its conversation that cites it."""
    said = {"words": SECRET, "task": SECRET, "who": "speaker", "who_start": 0, "who_end": 0, "due_words": ""}
    plain = said | {"kind": "action", "start": 0, "end": len(SECRET), "due_on": None, "is_done": False}
    record_points(owner_id=user.id, found={memory.id: [plain]})
    of = {"kind": "conversation", "key": f"conversation:{memory.conversation_id}"}
    rollup = Rollup.objects.create(
        owner=user, conversation_id=memory.conversation_id, made_at=memory.created_at, is_due=False, **of
    )
    part = RollupPart(owner=user, rollup=rollup, memory=memory, number=0, start=0, end=len(SECRET), revision=1)
    part.words = SECRET
    part.save()
    return {
        "summary_id": rollup.id,
        "point_id": Point.objects.get(memory=memory).id,
        "proposal_id": _proposal(user, memory).id,
    }


def _proposal(user: User, memory: Memory) -> Proposal:
    """What a model made of it, and the question to the model."""
    call = LlmCall(owner=user, memory=memory, step="llm-questions", host="example.org", model="m")
    call.said = {"system": SECRET, "prompt": SECRET, "answers": [SECRET]}
    call.save()
    row = Proposal(owner=user, memory=memory, call=call, kind="question", model="m", said_key=b"k")
    row.said = {"text": SECRET, "quote": SECRET, "reason": ""}
    row.save()
    return row


def _of_people(user: User) -> dict[str, Any]:
    return {
        "key_id": create_api_key(owner=user, name="k", scopes=["memories:read"])[0].id,
        "family_id": _program(user),
        "device_id": _device(user),
        "factor_id": app_of(user).id,
        "person_id": user.id,
        "invitation_id": invite(by=user)[0].id,
        "signal_id": SecuritySignal.objects.create(owner=user, kind="burst").id,
        "connection_id": _app(user),
        **_space(user),
        **_webhook(user),
        "upstream_id": _upstream(user),
        "limit_id": GatewayLimit.objects.create(owner=user, tokens_a_day=5).id,
    }


def _webhook(user: User) -> dict[str, UUID]:
    hook = Webhook(owner=user, events=["memory.created"], is_active=True)
    hook.url, hook.secret = f"https://example.org/{SECRET}", "whsec_YQ=="
    hook.save()
    message = WebhookDelivery.objects.create(owner=user, webhook=hook, event="webhook.test")
    return {"webhook_id": hook.id, "delivery_id": message.id}


def _space(user: User) -> dict[str, UUID]:
    """A space of theirs, what it is offered to, and a space that they are offered."""
    mine = create_space(by=user, name=f"{SECRET} space")
    giver = create_account(email=f"giver-of-{user.email}", password=PASSWORD, role=Role.MEMBER)
    given = offer_space(manager=create_space(by=giver, name=f"{SECRET} gift"), email=user.email, role="reader")
    Group.objects.get_or_create(id=GROUP, defaults={"name": "Band"})[0].user_set.add(user)
    return {
        "space_id": mine.space.id,
        "share_id": mine.space.shares.get().id,
        "move_id": MemoryMove.objects.create(owner=user, space=mine.space, way="into", what="tag", state="done").id,
        "offer_id": offer_space(manager=mine, email="nobody@example.org", role="reader").id,
        "received_id": given.id,
    }


def _upstream(user: User) -> UUID:
    row = GatewayUpstream(owner=user, name=f"{SECRET} server", provider="openai", base_url="http://127.0.0.1:1/v1")
    row.api_key = f"sk-{SECRET}-{SECRET}"
    row.save()
    return row.id


def _import(user: User) -> UUID:
    job = ImportJob(owner=user, state=ImportJob.State.DONE)
    job.filename = f"{SECRET} chats.zip"
    job.save()
    return job.id


def _device(user: User) -> UUID:
    Client().force_login(user)
    return Session.objects.get(user=user).device_id


def _app(user: User) -> UUID:
    application = Application.objects.create(name=f"{SECRET} app", client_type="public")
    return connect(owner=user, application=application, scopes=["memories:read"]).id


def _program(user: User) -> UUID:
    sign_in(RequestFactory().post("/"), email=user.email, password=PASSWORD)
    return TokenFamily.objects.get(owner=user).id


# What a refused request may still change: the trail of it, counters, and when and where a key or device was seen.
_UNWATCHED = ("accounts_audit%", "accounts_rate%", "accounts_knownplace", "axes_%", "django_q_%", "django_migrations")
_WATCHED_PART = {
    "accounts_session": "(t.device_id, t.user_id)",
    "accounts_apikey": "(t.id, t.revoked_at, t.secret_hash, t.scopes, t.name)",
}


def watching() -> Callable[[], list[tuple[Any, ...]]]:
    """A look at all tables: (name, rows, checksum) of each that holds rows, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
            " AND relnamespace = 'public'::regnamespace AND relname NOT LIKE ALL(%s) ORDER BY relname",
            [list(_UNWATCHED)],
        )
        names = [name for (name,) in cursor.fetchall()]
    one = "SELECT '{0}', count(*), sum(hashtextextended({1}::text, 0)) FROM {0} t"
    statement = " UNION ALL ".join(one.format(name, _WATCHED_PART.get(name, "t")) for name in names)

    def look() -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return [row for row in cursor.fetchall() if row[1]]

    return look
