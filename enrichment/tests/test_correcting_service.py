"""What a person corrects holds when the step runs again, and can be undone."""

from __future__ import annotations

import pytest

from accounts.models import User
from enrichment.access import entity_or_404
from enrichment.entity_selectors import counted_entities
from enrichment.models import EntityChange
from enrichment.services import correcting
from enrichment.tests.naming_people import entity, known, meant, record_again, told
from memshadow.lib.errors import Conflict, NotFound, ValidationFailed

pytestmark = pytest.mark.django_db
TEXT = "[Anna] met [Mum] and [Annie]."


def test_a_merge_holds_and_can_be_undone(owner: User) -> None:
    memory = told(owner, TEXT)
    mum, anna = entity(owner, "Mum"), entity(owner, "Anna")
    change = correcting.merge_entities(owner=owner, into=anna, others=[mum, entity(owner, "Annie")])
    record_again(memory, TEXT)
    later = told(owner, "[Mum] called.")
    assert meant(memory) == ["Anna"] * 3 and meant(later) == ["Anna"]
    assert entity_or_404(owner, mum.id) == anna
    correcting.undo_change(owner=owner, change=change)
    assert meant(memory) == ["Anna", "Mum", "Annie"] and meant(later) == ["Mum"]
    record_again(memory, TEXT)
    assert meant(memory) == ["Anna", "Mum", "Annie"] and entity_or_404(owner, mum.id).id == mum.id
    with pytest.raises(Conflict):
        correcting.undo_change(owner=owner, change=change)


def test_a_split_holds_and_can_be_undone(owner: User) -> None:
    text = "[Anna Schmidt] came, and [Anna]."
    memory = told(owner, text)
    whole = entity(owner, "Anna Schmidt")
    alone = whole.names.exclude(part_keys__len=2).get()
    fresh, change = correcting.split_entity(owner=owner, entity=whole, names=[alone.id])
    record_again(memory, text)
    told(owner, "[Dr. Anna Schmidt] and [Anna] again.")
    assert meant(memory) == ["Anna Schmidt", "Anna"] and fresh.name == "Anna"
    assert known(owner) == {"Anna Schmidt": ["Anna Schmidt"], "Anna": ["Anna"]}
    correcting.undo_change(owner=owner, change=change)
    assert len(set(meant(memory))) == 1


@pytest.mark.parametrize("chosen", ["none", "all"])
def test_a_split_leaves_something_on_both_sides(owner: User, chosen: str) -> None:
    told(owner, "[Anna Schmidt] came, and [Anna].")
    whole = entity(owner, "Anna")
    names = [row.id for row in whole.names.all()] if chosen == "all" else []
    with pytest.raises(ValidationFailed):
        correcting.split_entity(owner=owner, entity=whole, names=names)
    assert EntityChange.objects.count() == 0


def test_a_name_and_a_kind_given_by_hand_stay(owner: User) -> None:
    memory = told(owner, "[Mercedes] is fast.")
    row = entity(owner, "Mercedes")
    correcting.sort_entity(owner=owner, entity=row, kind="product")
    renamed = correcting.rename_entity(owner=owner, entity=row, name="  My  car ")
    record_again(memory, "[Mercedes] is fast.")
    told(owner, "[Mercedes Benz] is here.")
    row.refresh_from_db()
    assert (row.name, row.kind) == ("My car", "product") and meant(memory) == ["My car"]
    assert correcting.undo_change(owner=owner, change=renamed).name == "Mercedes"


def test_what_is_hidden_stays_hidden(owner: User) -> None:
    memory = told(owner, "[Wow] said [Anna].")
    change = correcting.hide_entity(owner=owner, entity=entity(owner, "Wow"))
    record_again(memory, "[Wow] said [Anna].")
    told(owner, "[Wow]!")
    shown, count = counted_entities(owner)
    assert ([one.entity.name for one in shown], count) == (["Anna"], 1)
    correcting.undo_change(owner=owner, change=change)
    assert counted_entities(owner)[1] == 2


def test_nobody_else_s(owner: User, other: User) -> None:
    told(owner, "[Anna] came.")
    with pytest.raises(NotFound):
        entity_or_404(other, entity(owner, "Anna").id)
