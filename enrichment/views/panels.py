"""What a memory's page shows of entities: its words marked, and a list beside the text."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from accounts.models import User
from enrichment import entity_selectors as selectors
from enrichment.code import label as code_label
from enrichment.entities import KINDS, label
from enrichment.models import Mention
from enrichment.selectors import code_of, result_of
from enrichment.steps.sentiment import NAME as SENTIMENT
from enrichment.topic_selectors import topics_of
from enrichment.weighing import weight_of
from memories.models import Memory


def entities_panel(request: HttpRequest, owner: User, memory: Memory) -> SafeString:
    """Everything that the memory names, by kind; empty when it names nothing."""
    standing = _standing(owner, memory)
    order = list(KINDS)
    rows = sorted(standing, key=lambda one: order.index(one.kind) if one.kind in order else len(order))
    groups = [(label(kind), _unique(list(found))) for kind, found in groupby(rows, key=lambda one: one.kind)]
    if not groups:
        return SafeString("")
    return SafeString(render_to_string("enrichment/_memory_entities.html", {"groups": groups}, request=request))


def sentiment_panel(request: HttpRequest, owner: User, memory: Memory) -> SafeString:
    """How the memory sounds, with the sentences that lean most; empty while it is not read, or cannot be."""
    found = result_of(owner, memory.id, SENTIMENT)
    if not found:
        return SafeString("")
    return SafeString(render_to_string("enrichment/_memory_sentiment.html", {"found": found}, request=request))


def weight_panel(request: HttpRequest, owner: User, memory: Memory) -> SafeString:
    """How much the memory matters, and why."""
    weight = weight_of(owner, memory)
    context = {
        "weight": weight,
        "percent": round(100 * weight.score),
        "kept_percent": round(100 * weight.kept),
    }
    return SafeString(render_to_string("enrichment/_memory_weight.html", context, request=request))


def topic_panel(request: HttpRequest, owner: User, memory: Memory) -> SafeString:
    """What the memory is about; empty while it has no topic."""
    found = topics_of(owner, [memory.id]).get(memory.id)
    if found is None:
        return SafeString("")
    topic, _ = found
    context = {"topic": {"label": topic.label, "url": reverse("enrichment:topic", args=[topic.id])}}
    return SafeString(render_to_string("enrichment/_memory_topic.html", context, request=request))


def code_panel(request: HttpRequest, owner: User, memory: Memory) -> SafeString:
    """Each block of code in the memory: its language, what it defines and imports, how branched it is."""
    blocks = code_of(owner, memory)
    if not blocks:
        return SafeString("")
    shown = [one | {"label": code_label(one["language"])} for one in blocks]
    return SafeString(render_to_string("enrichment/_memory_code.html", {"blocks": shown}, request=request))


def entity_marks(owner: User, memory: Memory) -> dict[str, str]:
    """The words that name something, and the page of each."""
    return {
        str(one.said["words"]): reverse("enrichment:entity", args=[one.entity_id])
        for one in _standing(owner, memory)
        if one.entity_id
    }


def _standing(owner: User, memory: Memory) -> list[Mention]:
    """The mentions whose words still stand where they were found."""
    text = memory.content
    rows = selectors.mentions_in(owner, [memory.id])
    return [one for one in rows if text[one.start : one.end] == one.said.get("words")]


def _unique(mentions: list[Mention]) -> list[dict[str, Any]]:
    """Each entity or value once, with how often it stands there."""
    found: dict[str, dict[str, Any]] = {}
    for one in mentions:
        name = one.entity.name if one.entity else str(one.said["words"])
        value = "" if one.entity else str(one.said.get("value", ""))
        url = reverse("enrichment:entity", args=[one.entity_id]) if one.entity_id else ""
        row = found.setdefault(url or f"{name} {value}", {"name": name, "value": value, "url": url, "times": 0})
        row["times"] += 1
        row["why"] = one.reason or one.rule
    return list(found.values())
