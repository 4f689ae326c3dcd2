"""Signing a program in with a password: tokens through the JSON API."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.flows import tokens
from accounts.flows.passwords import change_password
from accounts.mfa.backup_codes import new_backup_codes
from accounts.mfa.policy import require_mfa_of
from accounts.models import AuditEvent, Role, Token, TokenFamily, TotpDevice, User
from accounts.permissions import SCOPES
from accounts.tests.authenticators import app_of, code_of
from accounts.tokens import ACCESS, REFRESH, prefix_of
from conftest import PASSWORD
from memshadow.lib.clock import now
from tests.api_client import ApiClient


def post(path: str, body: dict[str, Any]) -> Any:
    return ApiClient().post(path, body)


def signed_in(user: User, **more: Any) -> dict[str, Any]:
    response = post("/auth/token", {"user": user.email, "password": PASSWORD, **more})
    assert response.status_code == 200, response.content
    body: dict[str, Any] = response.json()
    return body


def me(token: str) -> Any:
    return Client().get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})


def renewed(token: str) -> Any:
    return post("/auth/refresh", {"refresh_token": token})


def test_a_password_gives_tokens_that_work_like_keys(owner: User) -> None:
    body = signed_in(owner)
    assert (body["token_type"], body["expires_in_s"], body["refresh_expires_in_s"]) == ("Bearer", 900, 30 * 86_400)
    assert prefix_of(body["access_token"], ACCESS) and prefix_of(body["refresh_token"], REFRESH)
    seen = me(body["access_token"]).json()
    assert (seen["email"], seen["scopes"], seen["api_key"]) == (owner.email, sorted(SCOPES), None)
    assert Client().get("/api/v1/me", headers={"X-API-Key": body["access_token"]}).status_code == 200
    assert AuditEvent.objects.filter(action="token.issued", actor=owner).exists()


def test_tokens_are_stored_hashed(owner: User) -> None:
    body = signed_in(owner)
    stored = str(list(Token.objects.values())) + str(list(TokenFamily.objects.values()))
    assert body["access_token"] not in stored and body["refresh_token"] not in stored
    kinds = {token.kind: token.expires_at - token.created_at for token in Token.objects.all()}
    assert kinds == {"access": timedelta(minutes=15), "refresh": timedelta(days=30)}


def test_fewer_scopes_on_request_and_never_more_than_the_role(owner: User, viewer: User) -> None:
    body = signed_in(owner, scopes=["memories:read"])
    assert me(body["access_token"]).json()["scopes"] == body["scopes"] == ["memories:read"]
    headers = {"Authorization": f"Bearer {body['access_token']}"}
    send: Any = {"data": {"content": "x"}, "content_type": "application/json", "headers": headers}
    assert Client().post("/api/v1/memories", **send).status_code == 403
    wide = {"user": viewer.email, "password": PASSWORD, "scopes": ["memories:write"]}
    assert post("/auth/token", wide).status_code == 403
    assert signed_in(viewer)["scopes"] == ["admin", "export", "memories:read"]
    assert TokenFamily.objects.count() == 2


def test_wrong_password_and_unknown_user_are_told_the_same_after_the_same_work(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(self: MD5PasswordHasher, password: str, salt: str) -> str:
        hashed.append(salt)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    answers, work = [], []
    for user in (owner.email, "nobody@example.org"):
        hashed.clear()
        response = post("/auth/token", {"user": user, "password": "not the password"})
        answers.append((response.status_code, response.json()["detail"], response.json()["code"]))
        work.append(len(hashed))
    assert answers[0] == answers[1] and answers[0][0] == 401
    assert work[0] == work[1] == 1
    assert not TokenFamily.objects.exists()


def test_someone_who_was_locked_out_gets_no_tokens(other: User) -> None:
    User.objects.filter(id=other.id).update(is_active=False)
    assert post("/auth/token", {"user": other.email, "password": PASSWORD}).status_code == 401


def test_a_refresh_token_renews_both_once(owner: User) -> None:
    first = signed_in(owner, scopes=["memories:read"])
    second = renewed(first["refresh_token"]).json()
    assert {first["access_token"], first["refresh_token"]}.isdisjoint(map(str, second.values()))
    assert second["scopes"] == ["memories:read"]
    assert me(second["access_token"]).status_code == me(first["access_token"]).status_code == 200


def test_reuse_ends_the_whole_family_and_no_other(owner: User) -> None:
    first, elsewhere = signed_in(owner), signed_in(owner)
    second = renewed(first["refresh_token"]).json()
    response = renewed(first["refresh_token"])
    assert response.status_code == 401 and "used before" in response.json()["detail"]
    for token in (first["access_token"], second["access_token"]):
        assert me(token).status_code == 401
    assert renewed(second["refresh_token"]).status_code == 401
    assert me(elsewhere["access_token"]).status_code == 200
    assert AuditEvent.objects.filter(action="token.reused", result="refused").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_renewals_at_once_exactly_one_wins_and_the_family_ends(make_user: Callable[..., User]) -> None:
    first = signed_in(make_user("alice@example.org", Role.OWNER))
    start, statuses = threading.Barrier(4), []

    def renew() -> None:
        start.wait()
        statuses.append(renewed(first["refresh_token"]).status_code)
        connection.close()

    threads = [threading.Thread(target=renew) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 401, 401, 401]
    assert TokenFamily.objects.get().revoked_at is not None
    assert Token.objects.filter(kind="refresh").count() == 2


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_revoking_either_token_ends_both(owner: User, kind: str) -> None:
    body = signed_in(owner)
    assert post("/auth/revoke", {"token": body[kind]}).status_code == 204
    assert me(body["access_token"]).status_code == renewed(body["refresh_token"]).status_code == 401


@pytest.mark.parametrize("text", ["", "msa_x", "msr_x", "nonsense", "msh_abc"])
def test_nonsense_is_no_token(owner: User, text: str) -> None:
    assert me(text).status_code == renewed(text).status_code == 401
    assert post("/auth/revoke", {"token": text}).status_code == 204


def test_each_kind_is_good_for_one_thing(owner: User) -> None:
    body = signed_in(owner)
    assert me(body["refresh_token"]).status_code == 401
    assert renewed(body["access_token"]).status_code == 401
    assert me(body["access_token"]).status_code == 200


@pytest.mark.parametrize("kind", ["access", "refresh"])
def test_expired_tokens_do_not_work(owner: User, kind: str) -> None:
    body = signed_in(owner)
    Token.objects.filter(kind=kind).update(expires_at=now())
    response = me(body["access_token"]) if kind == "access" else renewed(body["refresh_token"])
    assert response.status_code == 401


def test_after_half_a_year_the_password_is_asked_for_again_however_busy_a_program_was(owner: User) -> None:
    body = signed_in(owner)
    TokenFamily.objects.update(created_at=now() - timedelta(days=170))
    renewed_late = renewed(body["refresh_token"]).json()
    last = Token.objects.get(kind="refresh", used_at=None)
    assert timedelta(days=9) < last.expires_at - now() <= timedelta(days=10)
    TokenFamily.objects.update(created_at=now() - timedelta(days=180))
    again = renewed(renewed_late["refresh_token"]).json()
    assert me(again["access_token"]).status_code == renewed(again["refresh_token"]).status_code == 401


def test_a_changed_password_or_role_ends_all_tokens(owner: User, other: User) -> None:
    mine, theirs = signed_in(owner), signed_in(other)
    change_password(user=owner, new="another long password")
    User.objects.filter(id=other.id).update(role=Role.VIEWER)
    for body in (mine, theirs):
        assert me(body["access_token"]).status_code == renewed(body["refresh_token"]).status_code == 401


def test_expired_tokens_are_pruned_and_used_ones_kept_until_then(owner: User) -> None:
    first = signed_in(owner)
    renewed(first["refresh_token"])
    Token.objects.filter(kind="access").update(expires_at=now())
    assert tokens.prune_tokens() == 2
    assert Token.objects.filter(kind="refresh").count() == 2
    Token.objects.update(expires_at=now())
    tokens.prune_tokens()
    assert not Token.objects.exists() and not TokenFamily.objects.exists()


def test_a_program_is_listed_and_signed_out_on_the_page(
    owner: User, other: User, client_for: Callable[[User], Client]
) -> None:
    body = signed_in(owner)
    page, family = client_for(owner).get(reverse("accounts:api_keys")), TokenFamily.objects.get()
    url = reverse("accounts:program_revoke", args=[family.id])
    assert (
        url in page.content.decode() and url not in client_for(other).get(reverse("accounts:api_keys")).content.decode()
    )
    assert client_for(other).post(url).status_code == 404
    assert me(body["access_token"]).status_code == 200
    assert b"signed out" in client_for(owner).post(url, follow=True).content
    assert me(body["access_token"]).status_code == 401
    assert url not in client_for(owner).get(reverse("accounts:api_keys")).content.decode()


def test_a_second_factor_is_asked_for_and_wrong_ones_get_nothing(owner: User) -> None:
    app = app_of(owner)
    given = {"user": owner.email, "password": PASSWORD}
    missing, wrong = post("/auth/token", given), post("/auth/token", given | {"otp": "000000"})
    assert (missing.status_code, missing.json()["second_factor"]) == (401, "required")
    assert (wrong.status_code, wrong.json()["second_factor"]) == (401, "wrong")
    assert not TokenFamily.objects.exists()
    # A wrong password tells nothing of the second factor.
    assert "second_factor" not in post("/auth/token", given | {"password": "not the password"}).json()
    TotpDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    right = code_of(app)
    assert me(signed_in(owner, otp=right)["access_token"]).status_code == 200
    assert post("/auth/token", given | {"otp": right}).status_code in (401, 429)


def test_a_backup_code_works_once(owner: User) -> None:
    app_of(owner)
    code = new_backup_codes(user=owner)[0]
    assert me(signed_in(owner, otp=code)["access_token"]).status_code == 200
    again = {"user": owner.email, "password": PASSWORD, "otp": code}
    assert post("/auth/token", again).status_code == 401


def test_who_must_set_up_a_second_factor_gets_no_tokens_without(owner: User) -> None:
    require_mfa_of(by=owner, whom="everyone")
    response = post("/auth/token", {"user": owner.email, "password": PASSWORD})
    assert response.status_code == 403 and "second factor" in response.json()["detail"]
    assert not TokenFamily.objects.exists()


@pytest.mark.parametrize("name", ["alice@example.org", "nobody@example.org"])
def test_guessing_is_locked_out_in_the_words_of_the_api(owner: User, name: str) -> None:
    wrong = {"user": name, "password": "not the password"}
    statuses = [post("/auth/token", wrong).status_code for _ in range(5)]
    assert statuses == [401, 401, 401, 401, 429]
    locked = post("/auth/token", {"user": name, "password": PASSWORD})
    assert (locked.status_code, locked.json()["code"]) == (429, "too-many-attempts")
    assert int(locked["Retry-After"]) > 0 and locked["Content-Type"] == "application/problem+json"
    assert not TokenFamily.objects.exists()


def test_a_privilege_that_changed_ends_the_programs(owner: User, client_for: Callable[[User], Client]) -> None:
    body, client = signed_in(owner), client_for(owner)
    change = {"current": PASSWORD, "new": "another long password", "new_again": "another long password"}
    client.post(reverse("accounts:password"), change)
    assert TokenFamily.objects.get().revoked_at is not None
    assert me(body["access_token"]).status_code == 401
