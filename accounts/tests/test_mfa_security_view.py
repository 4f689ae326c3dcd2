"""The security page: adding, naming and removing factors, new codes; and the page of people that resets them."""

from __future__ import annotations

from base64 import b32decode
from collections.abc import Callable
from io import StringIO
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.mfa.backup_codes import new_backup_codes
from accounts.mfa.policy import require_mfa_of
from accounts.models import AuditEvent, BackupCode, BackupSheet, Passkey, ServerPolicy, TotpDevice, User
from accounts.tests.authenticators import SoftPasskey, app_of, code_of, passkey_of
from conftest import PASSWORD
from memshadow.lib.errors import PermissionRefused

pytestmark = pytest.mark.django_db
ClientFor = Callable[[User], Client]


def post(client: Client, page: str, *args: Any, **data: str) -> Any:
    return client.post(reverse(f"accounts:{page}", args=args), data | {"confirmed": "1"})


def test_an_app_is_scanned_proved_and_shown(owner: User, client_for: ClientFor) -> None:
    client = client_for(owner)
    page = client.get(reverse("accounts:app_add"))
    device = TotpDevice.objects.get()
    assert not device.confirmed and device.secret in page.content.decode()
    assert b"<svg" in page.content and b"style=" not in page.content and "no-store" in page["Cache-Control"]
    assert client.get(reverse("accounts:app_add")).context["secret"] == device.secret, "reloading keeps the secret"
    assert len(b32decode(device.secret)) == 20
    with patch("accounts.mfa.factors.tell") as told:
        response = post(client, "app_add", code=code_of(device), name="Phone")
    assert told.call_count == 1 and len(response.context["codes"]) == 10
    page = client.get(reverse("accounts:security"))
    assert b"Phone" in page.content and b"10 of ten codes are left" in page.content
    assert AuditEvent.objects.filter(action="mfa.factor_added", actor=owner).exists()


def test_a_wrong_first_code_sets_nothing_up(owner: User, client_for: ClientFor) -> None:
    client = client_for(owner)
    client.get(reverse("accounts:app_add"))
    response = post(client, "app_add", code="000000")
    assert b"not right" in response.content and not TotpDevice.objects.filter(confirmed=True).exists()
    assert not BackupCode.objects.exists() and client.get("/account/").status_code == 200


def test_setting_one_up_ends_every_other_session(owner: User, client_for: ClientFor) -> None:
    elsewhere, client = client_for(owner), client_for(owner)
    client.get(reverse("accounts:app_add"))
    post(client, "app_add", code=code_of(TotpDevice.objects.get()))
    assert elsewhere.get("/account/").status_code == 302 and client.get("/account/").status_code == 200


def test_the_file_of_codes_holds_what_the_page_shows(owner: User, client_for: ClientFor) -> None:
    app_of(owner)
    response = post(client_for(owner), "backup_codes")
    page = response.content.decode()
    link = page.partition('href="data:text/plain;charset=utf-8,')[2].partition('"')[0]
    codes = response.context["codes"]
    assert all(code in unquote(link) and f"<code>{code}</code>" in page for code in codes)
    assert "no-store" in response["Cache-Control"]


def test_new_codes_are_asked_about_first_and_need_a_factor(owner: User, client_for: ClientFor) -> None:
    client = client_for(owner)
    post(client, "backup_codes")
    assert not BackupSheet.objects.exists()
    app_of(owner)
    client = client_for(owner)
    assert b"Make new backup codes?" in client.post(reverse("accounts:backup_codes")).content
    assert not BackupSheet.objects.exists()


def test_a_factor_is_renamed_and_removed(owner: User, client_for: ClientFor) -> None:
    device = app_of(owner)
    new_backup_codes(user=owner)
    client = client_for(owner)
    post(client, "factor_rename", device.id, name="Old <phone>")
    assert b"Old &lt;phone&gt;" in client.get(reverse("accounts:security")).content
    post(client, "factor_rename", device.id, name="  ")
    assert TotpDevice.objects.get().name == "Old <phone>"
    post(client, "factor_remove", device.id)
    assert not TotpDevice.objects.exists() and not BackupSheet.objects.exists()
    assert client.get("/account/").status_code == 200 and AuditEvent.objects.filter(action="mfa.factor_removed")


def test_removing_one_of_two_keeps_the_session_and_the_codes(owner: User, client_for: ClientFor) -> None:
    first = app_of(owner)
    new_backup_codes(user=owner)
    client = client_for(owner)
    passkey_of(client, SoftPasskey())
    post(client, "factor_remove", first.id)
    assert client.get("/account/").status_code == 200
    assert Passkey.objects.count() == 1 and BackupCode.objects.count() == 10


def test_the_last_one_stays_where_the_server_requires_one(owner: User, client_for: ClientFor) -> None:
    device = app_of(owner)
    require_mfa_of(by=owner, whom="staff")
    post(client_for(owner), "factor_remove", device.id)
    assert TotpDevice.objects.count() == 1


@pytest.mark.parametrize("name", ["factor_rename", "factor_remove"])
def test_another_persons_factor_does_not_exist(owner: User, other: User, client_for: ClientFor, name: str) -> None:
    device = app_of(owner)
    assert post(client_for(other), name, device.id, name="mine").status_code == 404
    assert TotpDevice.objects.get().name == "Phone"


def test_the_policy_is_set_by_managers_only(owner: User, other: User, staff: User, client_for: ClientFor) -> None:
    assert post(client_for(other), "people", mfa_required="nobody").status_code == 403
    assert post(client_for(staff), "people", mfa_required="all").status_code == 200
    assert not ServerPolicy.objects.exists()
    post(client_for(owner), "people", mfa_required="staff")
    assert ServerPolicy.objects.get().mfa_required == "staff"
    assert AuditEvent.objects.get(action="policy.mfa_required").details == {"whom": "staff"}
    with pytest.raises(PermissionRefused):
        require_mfa_of(by=other, whom="nobody")


def test_an_administrator_resets_a_member(
    owner: User, staff: User, other: User, client_for: ClientFor, django_capture_on_commit_callbacks: Any
) -> None:
    app_of(other)
    new_backup_codes(user=other)
    theirs, manager = client_for(other), client_for(staff)
    page = manager.get(reverse("accounts:people")).content.decode()
    assert other.email in page and "Reset second factor" in page
    with django_capture_on_commit_callbacks(execute=True):
        post(manager, "person_reset_mfa", other.id)
    assert not TotpDevice.objects.exists() and not BackupSheet.objects.exists()
    assert theirs.get("/account/").status_code == 302, "whoever holds the lost phone is signed out"
    event = AuditEvent.objects.get(action="mfa.reset")
    assert (event.actor, event.object_id, event.address) == (staff, str(other.id), "127.0.0.1")
    assert mail.outbox[-1].to == [other.email] and staff.email in mail.outbox[-1].body
    client = Client()
    client.post(reverse("accounts:login"), {"username": other.email, "password": PASSWORD})
    assert client.get("/account/").status_code == 200


def test_an_administrator_weakens_no_equal(owner: User, staff: User, make_user: Any, client_for: ClientFor) -> None:
    equal = make_user("dora@example.org", "administrator")
    for person in (owner, equal):
        app_of(person)
        assert post(client_for(staff), "person_reset_mfa", person.id).status_code == 403
    assert TotpDevice.objects.count() == 2
    post(client_for(owner), "person_reset_mfa", equal.id)
    assert TotpDevice.objects.get().owner == owner


def test_a_mail_server_that_is_away_stops_nothing(owner: User, django_capture_on_commit_callbacks: Any) -> None:
    app_of(owner)
    away = patch("accounts.mail.send_mail", side_effect=ConnectionRefusedError)
    with away as sent, django_capture_on_commit_callbacks(execute=True):
        call_command("reset_mfa", owner.email, stdout=StringIO())
    assert sent.call_count == 1 and not TotpDevice.objects.exists()


def test_the_command_lets_the_locked_out_owner_in(owner: User) -> None:
    app_of(owner)
    for _ in range(5):
        Client().post(reverse("accounts:login"), {"username": owner.email, "password": "wrong"})
    out = StringIO()
    call_command("reset_mfa", "ALICE@example.org", stdout=out)
    assert "alice@example.org: 1 removed" in out.getvalue()
    response = Client().post(reverse("accounts:login"), {"username": owner.email, "password": PASSWORD})
    assert response["Location"] == "/"
    assert AuditEvent.objects.get(action="mfa.reset").actor is None
    with pytest.raises(CommandError, match="Nobody here has the address"):
        call_command("reset_mfa", "nobody@example.org")
