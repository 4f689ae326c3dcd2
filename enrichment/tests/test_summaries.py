"""What texts say in short: the sentences that are chosen, and where they are used."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from enrichment.summaries import chosen, how_many, sentences_of, word_count
from enrichment.summaries.candidates import SENTENCES_MAX
from enrichment.tests.reading_texts import kept, read
from memories.services.revising import By, Change, edit_memory
from tests.api_client import ApiClient

LONG = (
    "# Minutes\n\nThe garden project needs a new fence before the winter."
    " The old fence of the garden fell in the storm."
    " Wood for the garden fence is expensive this year. My cousin plays the drums in a band."
    " A neighbour offered to help with the fence of the garden. We bought apples yesterday."
    "\n\n```sh\nrm -rf fence garden fence garden\n```\n| fence | garden | table | row |\n"
    "- The **garden** fence will be painted green, as the old garden fence was.\nIt was late when we went home again."
)


def test_who_has_the_most_votes_stands_for_all_and_nothing_is_said_twice() -> None:
    topic, other = np.eye(4, dtype=np.float32)[:2]
    near = np.array([0.8, 0, 0.6, 0], np.float32)
    also = np.array([0.8, 0, 0, 0.6], np.float32)
    vectors = np.stack([near, other, topic, topic, also])
    assert chosen(vectors, 1) == [2]
    assert 3 not in chosen(vectors, 4), "it says what the third says"
    assert chosen(np.empty((0, 4), np.float32), 3) == [] and chosen(np.stack([topic]), 3) == [0]
    assert [how_many(n) for n in (1, 4, 5, 40, 200, 5000)] == [1, 1, 2, 3, 5, 5]


def test_code_tables_and_marks_are_no_sentences_and_long_texts_are_looked_at_evenly() -> None:
    words = [said.words for said in sentences_of(LONG)]
    assert words[0].startswith("The garden project") and "The garden fence will be painted green" in words[6]
    assert not any("rm -rf" in one or "|" in one or "**" in one or one.startswith(("#", "-")) for one in words)
    assert all(LONG[said.start : said.end].endswith(said.words[-8:]) for said in sentences_of(LONG))
    many = sentences_of("".join(f"This is sentence number {n} of all. " for n in range(3000)))
    assert len(many) == SENTENCES_MAX and "299" in many[-1].words
    assert word_count("two words") == 2 and word_count("これは長い文章です") == 4


@pytest.mark.django_db
def test_a_long_memory_is_summed_up_by_its_own_sentences(owner: User, other: User) -> None:
    memory, short = kept(owner, LONG), kept(owner, "Just a few words. And a few more of them.")
    read("summary", [memory, short])
    answer = ApiClient(owner).get(f"/memories/{memory.id}/summary").json()
    assert answer["state"] == "done" and len(answer["sentences"]) == 2
    assert all("fence" in LONG[one["start"] : one["end"]] for one in answer["sentences"])
    assert ApiClient(owner).get(f"/memories/{short.id}/summary").json()["state"] == "short"
    unread = kept(owner, LONG + " And something new at its end.")
    assert ApiClient(owner).get(f"/memories/{unread.id}/summary").json()["state"] == "waiting"
    assert ApiClient(other).get(f"/memories/{memory.id}/summary").status_code == 404


@pytest.mark.django_db
def test_it_stands_on_the_page_and_in_lists_until_the_text_is_another(
    owner: User, client_for: Callable[[User], Client]
) -> None:
    memory, client = kept(owner, LONG), client_for(owner)
    (result,) = read("summary", [memory])
    said = result["sentences"][0]["words"]
    page = client.get(reverse("memories:detail", args=[memory.id])).content.decode()
    assert "In short" in page and said in page.partition('id="memory-summary"')[2].partition("</section>")[0]
    library = client.get(reverse("memories:library")).content.decode()
    assert "In short:" in library and said in library
    edit_memory(owner=owner, memory_id=memory.id, change=Change(content="Other words. " * 40), by=By(owner))
    assert "In short:" not in client.get(reverse("memories:library")).content.decode()
    page = client.get(reverse("memories:detail", args=[memory.id])).content.decode()
    assert 'id="memory-summary"' not in page
