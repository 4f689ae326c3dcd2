"""Near-duplicates: found by words and by meaning, decided by their owner or by the policy, and undone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User
from enrichment.duplicates.likeness import are_alike, shared_words, words_of
from enrichment.duplicates.sketching import bands_of
from enrichment.models import DuplicatePair, TextSketch
from enrichment.services.deciding_duplicates import keep_both, set_policy, undo_decision
from enrichment.services.requesting import request_enrichment
from enrichment.services.running import run_due
from memories.drafts import MemoryDraft
from memories.filters import MemoryFilter
from memories.models import Memory, MemoryLink, State
from memories.services.capture import capture_memory
from memories.services.revising import By, Change, edit_memory
from tests.api_client import ApiClient

pytestmark = pytest.mark.django_db

LEMON = "Recipe for lemon cake: flour, three eggs, sugar, two lemons, and no nuts at all."
LEMON_AGAIN = "Recipe for a lemon cake: flour, three eggs, sugar, two lemons and no nuts at all!"


def note(owner: User, text: str, **parts: object) -> Memory:
    return capture_memory(owner=owner, draft=MemoryDraft(content=text, language="en", **parts)).memory  # type: ignore[arg-type]


def look(owner: User) -> list[DuplicatePair]:
    """Have everything read by the step as the pipeline does it; returns the pairs."""
    request_enrichment(owner=owner, wanted=MemoryFilter(), step_names=["duplicates"])
    run_due()
    return list(DuplicatePair.objects.filter(owner=owner).order_by("found_at"))


@pytest.fixture
def pair(owner: User) -> DuplicatePair:
    note(owner, LEMON, tags=("cake",))
    note(owner, LEMON_AGAIN, tags=("baking",))
    (found,) = look(owner)
    return found


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (LEMON, LEMON_AGAIN, True),
        ("The meeting with Sam is on 14 March at nine", "The meeting with Sam is on 15 March at nine", False),
        ("I do not eat meat on most days of the week", "I do eat meat on most days of the week", False),
        ("I don't eat meat on most days of the week", "I do eat meat on most days of the week", False),
        ("The cat sat on the mat all day", "A wholly other thing was said about dogs", False),
    ],
)
def test_numbers_and_denials_make_another_statement(one: str, other: str, alike: bool) -> None:
    assert are_alike(shared_words(words_of(one), words_of(other)), None) is alike


def test_alike_texts_are_proposed_once_and_short_ones_never(owner: User, other: User, pair: DuplicatePair) -> None:
    note(owner, "Thanks, see you!")
    note(owner, "Thanks, see you, ok?")
    note(other, LEMON + " Really.")
    assert len(look(owner)) == 1
    assert look(other) == []
    found = DuplicatePair.objects.get(owner=owner)
    assert found.first.content == LEMON and found.words > 0.8 and found.state == "open"
    assert LEMON.split()[0] not in str(TextSketch.objects.values_list("bands", flat=True)[0])


def test_the_same_in_other_words_is_found_by_its_vector(owner: User, index_all: Callable[[], int]) -> None:
    note(owner, "My sister Anna moved to the city of Hamburg last summer.")
    note(owner, "Last summer Anna, my sister, moved to the big city of Hamburg.")
    note(owner, "The printer in the office is out of blue ink and paper.")
    index_all()
    (found,) = look(owner)
    assert found.meaning is not None and found.meaning > 0.9


def test_a_merge_by_hand_can_be_undone_to_what_both_were(owner: User, pair: DuplicatePair) -> None:
    api, first = ApiClient(owner), Memory.objects.get(id=pair.first_id)
    assert api.post(f"/duplicates/{pair.id}/merge", {"keep_id": str(pair.first_id)}).json()["state"] == "merged"
    assert Memory.objects.get(id=pair.second_id).state == State.SUPERSEDED
    assert {tag.name for tag in first.tags.all()} == {"cake", "baking"}
    assert api.get("/duplicates").json()["items"] == []
    assert api.post(f"/duplicates/{pair.id}/merge", {"keep_id": str(pair.first_id)}).status_code == 409
    assert api.post(f"/duplicates/{pair.id}/undo").json()["state"] == "open"
    assert Memory.objects.get(id=pair.second_id).state == State.ACTIVE
    assert {tag.name for tag in first.tags.all()} == {"cake"} and not MemoryLink.objects.exists()
    assert api.post(f"/duplicates/{pair.id}/undo").status_code == 409
    assert api.post(f"/duplicates/{pair.id}/merge", {"keep_id": str(pair.id)}).status_code == 422


def test_what_was_changed_since_a_merge_stays_when_it_is_undone(owner: User, pair: DuplicatePair) -> None:
    ApiClient(owner).post(f"/duplicates/{pair.id}/merge", {"keep_id": str(pair.first_id)})
    edit_memory(owner=owner, memory_id=pair.first_id, change=Change(content="Lemon cake, mine."), by=By(owner))
    undo_decision(owner=owner, pair=pair, by=By(owner))
    assert Memory.objects.get(id=pair.first_id).content == "Lemon cake, mine."
    assert Memory.objects.get(id=pair.second_id).state == State.ACTIVE


def test_both_kept_stays_when_texts_are_read_again(owner: User, pair: DuplicatePair) -> None:
    keep_both(owner=owner, pair=pair)
    assert [row.state for row in look(owner)] == ["kept"]


def test_the_policy_merges_what_is_the_same_word_for_word_and_asks_about_the_rest(owner: User) -> None:
    set_policy(owner=owner, choice="merge")
    note(owner, LEMON)
    note(owner, LEMON.upper())
    note(owner, LEMON_AGAIN.replace("flour", "spelt flour"))
    pairs = look(owner)
    merged = [row for row in pairs if row.state == "merged"]
    assert len(merged) == 1 and merged[0].is_by_machine
    assert Memory.objects.filter(state=State.SUPERSEDED).get().content == LEMON.upper()
    undo_decision(owner=owner, pair=merged[0], by=By(owner))
    look(owner)
    assert Memory.objects.filter(state=State.SUPERSEDED).count() == 0, "what was taken back is not done again"


def test_an_edit_ends_a_pair_that_is_none_any_more(owner: User, pair: DuplicatePair) -> None:
    edit_memory(owner=owner, memory_id=pair.second_id, change=Change(content="Something else entirely."), by=By(owner))
    assert look(owner) == []


def test_the_page_shows_decides_and_undoes(
    owner: User, pair: DuplicatePair, client_for: Callable[[User], Client]
) -> None:
    client = client_for(owner)
    page = client.get(reverse("enrichment:duplicates")).content.decode()
    assert "Keep the older" in page and "<ins>" in page
    url = reverse("enrichment:duplicate_decide", args=[pair.id])
    client.post(url, {"action": "second"})
    assert Memory.objects.get(id=pair.first_id).state == State.SUPERSEDED
    assert "Undo" in client.get(reverse("enrichment:duplicates"), {"state": "merged"}).content.decode()
    client.post(url, {"action": "undo"})
    client.post(url, {"action": "both"})
    assert DuplicatePair.objects.get().state == "kept"
    client.post(reverse("enrichment:duplicate_policy"), {"policy": "merge"})
    assert ApiClient(owner).get("/duplicates/policy").json() == {"policy": "merge"}


def test_someone_elses_pair_does_not_exist_and_a_viewer_decides_nothing(
    owner: User, other: User, pair: DuplicatePair, client_for: Callable[[User], Client]
) -> None:
    assert ApiClient(other).post(f"/duplicates/{pair.id}/keep-both").status_code == 404
    User.objects.filter(id=owner.id).update(role=Role.VIEWER)
    client = client_for(User.objects.get(id=owner.id))
    assert b"Keep the older" not in client.get(reverse("enrichment:duplicates")).content
    decided = client.post(reverse("enrichment:duplicate_decide", args=[pair.id]), {"action": "both"})
    assert decided.status_code == 403 and DuplicatePair.objects.get().state == "open"


def test_sketches_meet_where_texts_are_alike_and_need_the_owners_key() -> None:
    words = words_of(LEMON)
    mine, again = bands_of(words, b"k" * 32), bands_of(words_of(LEMON_AGAIN), b"k" * 32)
    assert set(mine) & set(again) and all(0 <= band < 2**63 for band in mine)
    assert not set(mine) & set(bands_of(words, b"x" * 32))
    assert not set(mine) & set(bands_of(words_of("Wholly other words were said about the dogs of Rome."), b"k" * 32))


def test_sketches_find_what_is_alike_under_every_key() -> None:
    """As often as theory says: 64 % at half of the words, practically always at four fifths."""
    words = [f"word{number}" for number in range(40)]
    met = {
        share: sum(
            bool(set(bands_of(words, bytes([n]) * 32)) & set(bands_of(words[: int(40 * share)], bytes([n]) * 32)))
            for n in range(200)
        )
        / 200
        for share in (0.5, 0.8)
    }
    assert 0.5 < met[0.5] < 0.8 and met[0.8] >= 0.99
