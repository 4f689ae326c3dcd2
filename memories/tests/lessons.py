"""Rules that tests need to have been learnt."""

from __future__ import annotations

from uuid import UUID

from accounts.models import User
from memories.fingerprints import rule_key
from memories.models import LearntRule
from memories.services.rules import Lesson, teach


def taught_rule(
    owner: User, memory_id: UUID, *, given: tuple[str, ...] = ("slo",), added: tuple[str, ...] = ("level", "objective")
) -> LearntRule:
    """An acronym that is in use because of this memory."""
    lesson = Lesson("acronym", given, added, memory_id, because={"memory": "theirs"})
    teach(owner_id=owner.id, lessons=[lesson])
    return LearntRule.objects.get(rule_key=rule_key(owner.id, "acronym", given, added))
