"""A forgotten password, attacked: who has an account, links used twice, too late, or after the password changed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth import tokens
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.flows.password_reset import answer_resets, reset_link
from accounts.flows.passwords import change_password
from accounts.models import AuditEvent, PasswordReset, Session, User
from conftest import PASSWORD
from memshadow.lib.clock import now

pytestmark = pytest.mark.django_db
URL = "/account/password/forgotten/"
NEW = "another unusual phrase"
FORM = {"new": NEW, "new_again": NEW}


def path_of(link: str) -> str:
    return "/" + link.split("/", 3)[3]


def mailed_link() -> str:
    found = re.search(r"http\S+/account/password/forgotten/\S+/", str(mail.outbox[-1].body))
    assert found is not None
    return path_of(found.group())


def test_a_forgotten_password_is_replaced_by_mail_and_every_session_ends(
    client: Client, owner: User, client_for: Callable[[User], Client]
) -> None:
    stolen = client_for(owner)
    client.post(URL, {"email": "ALICE@example.org"})
    assert answer_resets() == 1 and answer_resets() == 0
    assert (mail.outbox[0].to, mail.outbox[0].subject) == ([owner.email], "MEMSHADOW: Choose a new password")
    link = mailed_link()
    assert owner.email.encode() in client.get(link).content
    assert client.post(link, FORM)["Location"] == reverse("accounts:login")
    owner.refresh_from_db()
    assert owner.check_password(NEW) and not Session.objects.filter(user=owner).exists()
    assert stolen.get("/").status_code == 302
    assert "_auth_user_id" not in client.session
    assert AuditEvent.objects.filter(action="password.reset").exists()


def test_the_answer_and_the_work_are_the_same_for_everybody(client: Client, owner: User) -> None:
    client.post(URL, {"email": "first@example.org"})
    answers, statements = [], []
    for email in (owner.email, "nobody@example.org"):
        with CaptureQueriesContext(connection) as seen:
            answers.append(client.post(URL, {"email": email}).content)
        statements.append([query["sql"].split(" ")[:3] for query in seen.captured_queries])
    assert statements[0] == statements[1] and len(statements[0]) > 0
    assert answers[0] == answers[1] and owner.email.encode() not in answers[0]
    assert mail.outbox == []
    answer_resets()
    assert [message.to for message in mail.outbox] == [[owner.email]]


def test_a_link_works_once(client: Client, owner: User) -> None:
    link = path_of(reset_link(owner))
    client.post(link, FORM)
    again = Client().post(link, {"new": "a third unusual phrase", "new_again": "a third unusual phrase"})
    assert again.status_code == 404 and b"used already" in again.content
    owner.refresh_from_db()
    assert owner.check_password(NEW)


@pytest.mark.parametrize("spoil", ["password", "sign-in", "hour", "inactive", "address"])
def test_what_happened_meanwhile_makes_a_link_worthless(
    client: Client, owner: User, spoil: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = path_of(reset_link(owner))
    if spoil == "password":
        change_password(user=owner, new="changed in the meantime")
    elif spoil == "sign-in":
        Client().post(reverse("accounts:login"), {"username": owner.email, "password": PASSWORD})
    elif spoil == "hour":
        late = tokens.default_token_generator._now() + timedelta(hours=1, seconds=1)
        monkeypatch.setattr(tokens.PasswordResetTokenGenerator, "_now", lambda self: late)
    else:
        change = {"is_active": False} if spoil == "inactive" else {"email": "moved@example.org"}
        User.objects.filter(pk=owner.pk).update(**change)
    assert client.post(link, FORM).status_code == 404
    assert not User.objects.get().check_password(NEW)


@pytest.mark.parametrize("token", ["x", "x.y", f"{'0' * 32}.abc-def", f"{'ü' * 32}.x", ".", f"{'F' * 32}.a-b"])
def test_a_made_up_link_is_404(client: Client, token: str) -> None:
    assert client.get(f"{URL}{token}/").status_code == 404


def test_one_persons_token_does_not_open_anothers_account(client: Client, owner: User, other: User) -> None:
    mine = path_of(reset_link(other))
    theirs = mine.replace(other.pk.hex, owner.pk.hex)
    assert client.post(theirs, FORM).status_code == 404
    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)


def test_a_bad_new_password_is_explained_and_the_link_still_works(client: Client, owner: User) -> None:
    link = path_of(reset_link(owner))
    for bad, words in (("short", b"12"), (PASSWORD, b"last 5")):
        client.post(link, {"new": bad, "new_again": bad})
        assert words in client.post(link, {"new": bad, "new_again": bad}).content
    assert b"differ" in client.post(link, {"new": NEW, "new_again": "typo"}).content
    assert client.post(link, FORM).status_code == 302


def test_a_mailbox_cannot_be_flooded(client: Client, owner: User) -> None:
    for _ in range(6):
        client.post(URL, {"email": owner.email})
        answer_resets()
    assert len(mail.outbox) == 3
    PasswordReset.objects.update(asked_at=now() - timedelta(minutes=61))
    client.post(URL, {"email": owner.email})
    answer_resets()
    assert len(mail.outbox) == 4 and PasswordReset.objects.count() == 1


@override_settings(EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend", EMAIL_HOST="127.0.0.1", EMAIL_PORT=1)
def test_a_mail_server_that_is_away_gets_it_later(client: Client, owner: User) -> None:
    client.post(URL, {"email": owner.email})
    assert answer_resets() == 0
    with override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"):
        assert answer_resets() == 1
    assert len(mail.outbox) == 1


def test_who_has_no_password_here_gets_no_link(client: Client, owner: User) -> None:
    owner.set_unusable_password()
    owner.save()
    client.post(URL, {"email": owner.email})
    answer_resets()
    assert mail.outbox == []


def test_the_mailed_address_is_the_servers_not_the_browsers(client: Client, owner: User) -> None:
    with override_settings(ALLOWED_HOSTS=["*"]):
        client.post(URL, {"email": owner.email}, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    answer_resets()
    assert "evil.example" not in str(mail.outbox[0].body)


def test_a_server_without_mail_says_so(client: Client) -> None:
    assert b"sends no mail" not in client.get(URL).content
    with override_settings(EMAIL_BACKEND="django.core.mail.backends.console.EmailBackend"):
        assert b"sends no mail" in client.get(URL).content


def test_the_command_prints_a_link_that_works(client: Client, owner: User) -> None:
    out = StringIO()
    call_command("reset_password", "Alice@example.org", stdout=out)
    assert client.post(path_of(out.getvalue().strip()), FORM).status_code == 302
    with pytest.raises(CommandError, match="No active account"):
        call_command("reset_password", "nobody@example.org")
