"""Topics are called by what sets their texts apart; a name that a person gave stays, and one that still fits too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from accounts.models import User
from accounts.sealed import opened_texts
from enrichment.models import Topic
from enrichment.topics.labelling import Told, label_of, still_fits, telling_terms
from enrichment.topics.nouns import is_noun
from enrichment.topics.terms import Counts, count_text
from memories.models import Memory
from memories.people import people_for

NAMELESS: Final = "Something without a name"


def name_topics(*, owner_id: UUID, members: Mapping[UUID, Sequence[UUID]]) -> None:
    """Give each of these topics (id → some of its memories) its terms, and a label where it needs one."""
    speakers = _speakers(owner_id)
    counted = [_counted(owner_id, memories, speakers) for memories in members.values()]
    rows = Topic.objects.in_bulk(list(members))
    for topic_id, terms in zip(members, telling_terms(counted, is_noun), strict=True):
        topic = rows[topic_id]
        topic.terms = {"terms": [[one.words, one.score] for one in terms]}
        if not topic.is_named_by_hand and not still_fits(topic.label, terms):
            topic.label = label_of(terms) or NAMELESS
        topic.save(update_fields=["label_sealed", "terms_sealed"])


def _counted(owner_id: UUID, memories: Sequence[UUID], speakers: frozenset[str]) -> Counts:
    counts = Counts()
    rows = list(Memory.objects.filter(id__in=memories).order_by("id").values_list("id", "language", "content_sealed"))
    languages = {key: language for key, language, _ in rows}
    for key, text in opened_texts(Memory, "content", owner_id, ((key, sealed) for key, _, sealed in rows)):
        count_text(counts, text, languages[key], speakers)
    return counts


def _speakers(owner_id: UUID) -> frozenset[str]:
    """Who speaks is in every talk, and no topic."""
    names = people_for(User.objects.get(id=owner_id))
    return frozenset(word.casefold() for name in names for word in name.split())


def told_of(topic: Topic) -> list[Told]:
    """The terms that set it apart."""
    return [Told(words, score) for words, score in topic.terms.get("terms", ())]
