"""Devices, second factors and notices through the API, and the proof that what weakens an account asks for."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client

from accounts.mfa.backup_codes import new_backup_codes
from accounts.models import AuditEvent, BackupSheet, SecuritySignal, Session, TotpDevice, User
from accounts.tests.authenticators import app_of, code_of
from conftest import PASSWORD
from tests.api_client import ApiClient

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def api(owner: User) -> ApiClient:
    return ApiClient(owner, scopes=("admin",))


def browser_of(user: User) -> Client:
    client = Client(headers={"User-Agent": FIREFOX})
    client.post("/account/login/", {"username": user.email, "password": PASSWORD})
    return client


def test_devices_are_listed_and_signed_out(api: ApiClient, owner: User, other: User) -> None:
    first, second = browser_of(owner), browser_of(owner)
    theirs = browser_of(other)
    items = api.get("/devices").json()["items"]
    assert [(item["browser"], item["system"], item["is_this_one"]) for item in items] == [
        ("Firefox", "Linux", False)
    ] * 2
    assert all(item["address"] == "127.0.0.1" and item["first_seen_at"] <= item["last_seen_at"] for item in items)
    asked_by_itself = second.get("/api/v1/devices").json()["items"]
    (this,) = [item["id"] for item in asked_by_itself if item["is_this_one"]]
    assert api.delete(f"/devices/{this}").status_code == 204
    assert api.delete(f"/devices/{this}").status_code == 404
    assert (second.get("/").status_code, first.get("/").status_code) == (302, 200)
    assert api.post("/devices/end-others").json() == {"ended": 1}
    assert (first.get("/").status_code, theirs.get("/").status_code) == (302, 200)
    assert Session.objects.filter(user=owner).count() == 0


def test_a_browser_that_signs_out_the_others_stays(owner: User) -> None:
    first, second = browser_of(owner), browser_of(owner)
    assert second.post("/api/v1/devices/end-others", headers={"X-CSRFToken": "x"}).json() == {"ended": 1}
    assert (first.get("/").status_code, second.get("/").status_code) == (302, 200)


def test_second_factors_are_listed_and_named(api: ApiClient, owner: User) -> None:
    assert api.get("/second-factors").json() == {"items": [], "is_required": False, "backup_codes_left": None}
    phone = app_of(owner)
    new_backup_codes(user=owner)
    renamed = api.patch(f"/second-factors/{phone.id}", {"name": "Old phone"}).json()
    assert [(item["id"], item["kind"], item["name"]) for item in renamed["items"]] == [
        (str(phone.id), "app", "Old phone")
    ]
    assert renamed["backup_codes_left"] == 10
    assert phone.secret not in str(renamed)


@pytest.mark.parametrize("body", [{}, {"password": "", "code": ""}, {"password": "wrong"}, {"code": "000000"}])
def test_a_key_alone_removes_nothing(api: ApiClient, owner: User, body: dict[str, str]) -> None:
    phone = app_of(owner)
    new_backup_codes(user=owner)
    hashes = set(BackupSheet.objects.get(owner=owner).codes.values_list("code_hash", flat=True))
    for path in (f"/second-factors/{phone.id}/remove", "/second-factors/backup-codes"):
        refused = api.post(path, body)
        assert (refused.status_code, refused.json()["code"]) == (422, "validation-failed"), refused.content
    assert TotpDevice.objects.filter(id=phone.id).exists()
    assert set(BackupSheet.objects.get(owner=owner).codes.values_list("code_hash", flat=True)) == hashes
    wrong = AuditEvent.objects.filter(action="identity.refused", actor=owner).count()
    assert wrong == (2 if any(body.values()) else 0)


def test_a_code_or_the_password_proves_the_person(api: ApiClient, owner: User) -> None:
    phone = app_of(owner)
    code = code_of(phone)
    codes = api.post("/second-factors/backup-codes", {"code": code}).json()["codes"]
    assert len(codes) == 10 and len(set(codes)) == 10
    assert api.post("/second-factors/backup-codes", {"code": code}).status_code == 422, "a code works once"
    removed = api.post(f"/second-factors/{phone.id}/remove", {"code": codes[0]})
    assert removed.json() == {"items": [], "is_required": False, "backup_codes_left": None}
    refused = api.post("/second-factors/backup-codes", {"password": PASSWORD})
    assert refused.status_code == 422 and "set one up first" in refused.json()["detail"]
    app_of(owner)
    assert len(api.post("/second-factors/backup-codes", {"password": PASSWORD}).json()["codes"]) == 10
    assert set(AuditEvent.objects.filter(action="identity.confirmed").values_list("details__by", flat=True)) == {
        "code",
        "password",
    }


def test_who_guesses_through_a_stolen_key_is_locked_out(api: ApiClient, owner: User) -> None:
    phone = app_of(owner)
    path = f"/second-factors/{phone.id}/remove"
    answers = [api.post(path, {"password": f"guess {n}"}).status_code for n in range(settings.AXES_FAILURE_LIMIT)]
    assert answers == [422] * (settings.AXES_FAILURE_LIMIT - 1) + [429]
    locked = api.post(path, {"password": PASSWORD})
    assert (locked.status_code, locked["Content-Type"]) == (429, "application/problem+json")
    assert int(locked["Retry-After"]) > 0
    assert TotpDevice.objects.filter(id=phone.id).exists()


def test_notices_are_listed_and_put_away(api: ApiClient, owner: User, other: User) -> None:
    mine = SecuritySignal.objects.create(owner=owner, kind="new_sign_in", device="Firefox", address="203.0.113.7")
    servers = SecuritySignal.objects.create(owner=None, kind="many_accounts", address="203.0.113.9")
    theirs = SecuritySignal.objects.create(owner=other, kind="burst")
    items = {item["id"]: item for item in api.get("/security-notices").json()["items"]}
    assert set(items) == {str(mine.id), str(servers.id)}
    told = items[str(mine.id)]
    assert told["text"] == "New sign-in from Firefox, 203.0.113.7." and "change your password" in told["advice"]
    assert api.post(f"/security-notices/{mine.id}/seen").status_code == 204
    assert [api.post(f"/security-notices/{id}/seen").status_code for id in (theirs.id, uuid4())] == [404, 404]
    unseen = api.get("/security-notices", unseen="true").json()["items"]
    assert [item["id"] for item in unseen] == [str(servers.id)]
    seen = {item["id"]: item["seen_at"] for item in api.get("/security-notices").json()["items"]}
    assert seen[str(mine.id)] and not seen[str(servers.id)]
    theirs_only = ApiClient(other, scopes=("admin",)).get("/security-notices").json()["items"]
    assert [item["id"] for item in theirs_only] == [str(theirs.id)]
