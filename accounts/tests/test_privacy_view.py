"""The privacy page and its API: policy, data key, agreements, erasing and the download of everything."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.flows.consenting import has_refused_models
from accounts.flows.erasing import ask_for_erasure
from accounts.models import AccountErasure, AuditEvent, Consent, KeyRotation, User
from accounts.tests.test_erasing_service import fill
from tests.api_client import ApiClient

pytestmark = pytest.mark.django_db
PAGE = "/account/privacy/"


@pytest.fixture
def browser(other: User, owner: User, client_for: Callable[[User], Client]) -> Client:
    return client_for(other)


def test_the_policy_is_saved(browser: Client, other: User) -> None:
    assert browser.post(PAGE, {"secret_policy": "mask"}).status_code == 302
    assert User.objects.get(id=other.id).secret_policy == "mask"
    assert b"Select a valid choice" in browser.post(PAGE, {"secret_policy": "nonsense"}).content
    assert User.objects.get(id=other.id).secret_policy == "mask"


def test_a_new_data_key_is_asked_about_first(browser: Client, other: User) -> None:
    assert b"Encrypt everything under a new key?" in browser.post(f"{PAGE}key/").content
    assert not KeyRotation.objects.exists()
    browser.post(f"{PAGE}key/", {"confirmed": "1"})
    assert KeyRotation.objects.get().owner_id == other.id
    assert b"Encrypting again" in browser.get(PAGE).content


def test_an_account_is_erased_only_by_its_own_address_and_kept_by_a_button(browser: Client, other: User) -> None:
    browser.post(f"{PAGE}erase/", {"email": "alice@example.org"})
    assert not AccountErasure.objects.exists()
    browser.post(f"{PAGE}erase/", {"email": other.email})
    assert AccountErasure.objects.get().account_id == other.id
    assert b"This account will be erased on" in browser.get(PAGE).content
    browser.post(f"{PAGE}keep/")
    assert AccountErasure.objects.get().state == "cancelled"
    assert b"will be erased on" not in browser.get(PAGE).content


def test_agreeing_and_withdrawing_stay_on_record(browser: Client, other: User) -> None:
    assert not has_refused_models(other)
    for given in ("1", "1", "0"):
        browser.post(f"{PAGE}consent/", {"purpose": "models", "given": given})
    row = Consent.objects.get()
    assert row.given_at and row.withdrawn_at and has_refused_models(other)
    assert [e.action for e in AuditEvent.objects.filter(action__startswith="consent.").order_by("position")] == [
        "consent.given",
        "consent.withdrawn",
    ]


def test_only_the_owner_is_offered_to_hand_over(
    browser: Client, owner: User, other: User, client_for: Callable[[User], Client]
) -> None:
    assert b"Hand this server over" not in browser.get(PAGE).content
    browser.post(f"{PAGE}hand-over/", {"to": str(other.id), "confirmed": "1"})
    assert not User.objects.get(id=other.id).is_owner
    page = client_for(owner)
    assert b"Hand this server over" in page.get(PAGE).content
    page.post(f"{PAGE}hand-over/", {"to": str(other.id), "confirmed": "1"})
    assert User.objects.get(id=other.id).is_owner


def archive_of(response: Any) -> dict[str, str]:
    packed = zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content)))
    assert packed.testzip() is None
    return {name: packed.read(name).decode() for name in packed.namelist()}


def test_the_download_holds_everything_of_this_person_and_nothing_else(
    browser: Client, owner: User, other: User, api_key: Callable[..., str]
) -> None:
    fill(other)
    fill(owner)
    secret = api_key(other)
    files = archive_of(browser.get("/exports/personal-data/"))
    everything = "".join(files.values())
    assert "about the ship" in files["memories/0001.jsonl"] and "about the boat" in files["memories/0001.jsonl"]
    assert json.loads(files["account.json"])["email"] == other.email
    rows = {name.removeprefix("rows/").rpartition("-")[0] for name in files if name.startswith("rows/")}
    assert {"accounts.apikey", "accounts.session", "accounts.auditevent", "memories.feedback"} <= rows
    assert "Boats" in files["rows/memories.savedsearch-0001.jsonl"]
    assert secret not in everything and other.password not in everything and str(owner.id) not in everything
    assert AuditEvent.objects.filter(action="personal_data.downloaded", actor=other).exists()


def test_the_api_does_the_same(other: User, owner: User) -> None:
    api = ApiClient(other, scopes=("admin",))
    assert api.patch("/privacy", {"secret_policy": "refuse"}).json()["secret_policy"] == "refuse"
    agreed = api.post("/privacy/consents", {"purpose": "notice", "given": True}).json()
    assert [row["purpose"] for row in agreed["consents"]] == ["notice"]
    assert api.post("/privacy/data-key").status_code == 202
    assert api.post("/privacy/data-key").status_code == 409
    assert api.post("/privacy/erasure", {"email": owner.email}).status_code == 422
    assert api.post("/privacy/erasure", {"email": other.email}).status_code == 202
    assert api.get("/privacy").json()["erasure"]["state"] == "pending"
    assert api.delete("/privacy/erasure").status_code == 204
    assert "account.json" in archive_of(api.get("/personal-data"))


def test_an_administrator_erases_from_the_administration(owner: User, other: User, client_for: Any) -> None:
    data = {"action": "erase_accounts", "_selected_action": [str(other.id), str(owner.id)]}
    page = client_for(owner).post("/admin/accounts/user/", data, follow=True)
    assert AccountErasure.objects.get().account_id == other.id
    assert "only owner of this server" in page.content.decode()


def test_someone_elses_erasure_is_not_shown(browser: Client, owner: User, staff: User) -> None:
    ask_for_erasure(user=staff, by=owner)
    assert b"will be erased on" not in browser.get(PAGE).content
