"""From a code to tokens and on to new ones: what is stolen, stale or used twice is worth nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from oauth2_provider.models import AccessToken, Application, Grant, RefreshToken

from accounts.models import AppConnection, AuditEvent, Role, User
from accounts.oauth import registration
from accounts.tests.oauth_dance import (
    REDIRECT,
    answered,
    begin_device,
    code_for,
    error_of,
    exchange,
    me,
    question,
    refresh,
    sent_back,
    tokens,
)
from memshadow.lib.clock import now

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": None},
        {"code_verifier": "w" * 50},
        {"redirect_uri": "https://evil.example/"},
        {"code": "guessed"},
        {"client_id": "memcli"},
        {"client_id": "nonsense"},
        {"client_secret": "guessed"},
    ],
)
def test_a_stolen_code_is_worth_nothing(alice: Client, app: Application, changes: dict[str, Any]) -> None:
    response = exchange(app, code_for(alice, app), **changes)
    assert response.status_code in (400, 401) and not AccessToken.objects.exists()


def test_a_code_ends_after_a_minute(alice: Client, app: Application) -> None:
    code = code_for(alice, app)
    lives = Grant.objects.get().expires - now()
    assert timedelta(seconds=50) < lives <= timedelta(seconds=60)
    Grant.objects.update(expires=now())
    assert error_of(exchange(app, code)) == (400, "invalid_grant")


def test_a_code_used_twice_ends_what_it_gave(alice: Client, app: Application) -> None:
    code = code_for(alice, app)
    first = exchange(app, code).json()
    assert me(first["access_token"]).status_code == 200
    assert error_of(exchange(app, code)) == (400, "invalid_grant")
    assert me(first["access_token"]).status_code == 401
    assert error_of(refresh(app, first["refresh_token"])) == (400, "invalid_grant")
    assert AuditEvent.objects.filter(action="oauth.code_reused").count() == 1


@pytest.mark.parametrize("grant", ["password", "client_credentials", "implicit", "", "nonsense"])
def test_other_grants_do_not_exist(app: Application, grant: str) -> None:
    asked = {"grant_type": grant, "client_id": app.client_id, "username": "alice@example.org", "password": "x"}
    assert error_of(Client().post("/oauth/token", asked)) == (400, "unsupported_grant_type")


def test_refresh_tokens_change_and_reuse_ends_the_family(alice: Client, app: Application) -> None:
    first = tokens(alice, app)
    second = refresh(app, first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert (me(first["access_token"]).status_code, me(second["access_token"]).status_code) == (401, 200)
    assert error_of(refresh(app, first["refresh_token"])) == (400, "invalid_grant")
    assert me(second["access_token"]).status_code == 401
    assert error_of(refresh(app, second["refresh_token"])) == (400, "invalid_grant")
    assert AuditEvent.objects.filter(action="oauth.refresh_reused").count() == 1


def test_refreshing_cannot_reach_further(alice: Client, app: Application) -> None:
    back = sent_back(answered(alice, question(app), scopes=["memories:read"]))
    body = exchange(app, back["code"]).json()
    assert error_of(refresh(app, body["refresh_token"], scope="memories:read memories:delete")) == (
        400,
        "invalid_scope",
    )


def test_another_app_cannot_refresh(alice: Client, app: Application, cli: Application) -> None:
    body = tokens(alice, app)
    assert error_of(refresh(cli, body["refresh_token"])) == (400, "invalid_grant")
    assert refresh(app, body["refresh_token"]).status_code == 200


def test_a_refresh_token_ends_after_thirty_days(alice: Client, app: Application) -> None:
    body = tokens(alice, app)
    AccessToken.objects.update(expires=now() - timedelta(days=30, seconds=1))
    assert error_of(refresh(app, body["refresh_token"])) == (400, "invalid_grant")


def test_who_is_locked_out_has_no_apps(alice: Client, owner: User, app: Application) -> None:
    body, code = tokens(alice, app), code_for(alice, app)
    get_user_model().objects.filter(pk=owner.pk).update(is_active=False)
    assert me(body["access_token"]).status_code == 401
    assert error_of(refresh(app, body["refresh_token"])) == (400, "invalid_grant")
    assert error_of(exchange(app, code)) == (400, "invalid_grant")


def test_a_token_reaches_what_the_role_still_allows(alice: Client, owner: User, app: Application) -> None:
    text = tokens(alice, app)["access_token"]
    User.objects.filter(pk=owner.pk).update(role=Role.VIEWER)
    assert me(text).json()["scopes"] == ["memories:read"]


def test_an_expired_token_is_401_and_says_where_to_get_another(alice: Client, app: Application) -> None:
    text = tokens(alice, app)["access_token"]
    AccessToken.objects.update(expires=now())
    response = me(text)
    assert response.status_code == 401 and 'error="invalid_token"' in response["WWW-Authenticate"]
    assert 'resource_metadata="http://testserver/.well-known/oauth-protected-resource"' in response["WWW-Authenticate"]


def test_a_token_for_one_part_is_for_no_other(alice: Client, app: Application) -> None:
    narrow = tokens(alice, app, resource="http://testserver/mcp")["access_token"]
    assert me(narrow).status_code == 401
    wide = tokens(alice, app, resource="http://testserver")["access_token"]
    assert me(wide).status_code == 200


def test_no_token_code_or_secret_lies_in_the_database(alice: Client, app: Application, cli: Application) -> None:
    made = registration.register(json.dumps({"redirect_uris": [REDIRECT]}).encode())
    code = code_for(alice, app)
    body = tokens(alice, app)
    again = refresh(app, body["refresh_token"]).json()
    device = begin_device(cli)
    planted = [made.secret, code, device["device_code"], device["user_code"].replace("-", "")]
    planted += [pair[kind] for pair in (body, again) for kind in ("access_token", "refresh_token")]
    with connection.cursor() as cursor:
        tables = [name for name in connection.introspection.table_names() if name.startswith(("oauth2", "accounts"))]
        assert {"oauth2_provider_accesstoken", "oauth2_provider_grant", "accounts_devicerequest"} <= set(tables)
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608 - a name from the schema
            dump = "\n".join(row[0] for row in cursor.fetchall())
            assert [text for text in planted if text in dump] == [], table


def test_disconnecting_ends_every_token_at_once(alice: Client, owner: User, app: Application) -> None:
    first, second, open_code = tokens(alice, app), tokens(alice, app), code_for(alice, app)
    row = AppConnection.objects.get(owner=owner)
    assert "Assistant" in alice.get("/account/apps/").content.decode()
    alice.post(f"/account/apps/{row.id}/disconnect/", {"confirmed": "1"})
    for body in (first, second):
        assert me(body["access_token"]).status_code == 401
        assert error_of(refresh(app, body["refresh_token"])) == (400, "invalid_grant")
    assert error_of(exchange(app, open_code)) == (400, "invalid_grant")
    assert not RefreshToken.objects.filter(revoked=None).exists()


def test_nobody_disconnects_someone_elses_app(
    alice: Client, owner: User, other: User, app: Application, client_for: Callable[[User], Client]
) -> None:
    text = tokens(alice, app)["access_token"]
    row = AppConnection.objects.get(owner=owner)
    response = client_for(other).post(f"/account/apps/{row.id}/disconnect/", {"confirmed": "1"})
    assert response.status_code == 404 and me(text).status_code == 200


def test_an_app_ends_its_own_token_only(alice: Client, app: Application, cli: Application) -> None:
    body = tokens(alice, app)
    asked = {"token": body["refresh_token"], "client_id": cli.client_id}
    assert Client().post("/oauth/revoke", asked).status_code == 200
    assert me(body["access_token"]).status_code == 200
    assert Client().post("/oauth/revoke", asked | {"client_id": app.client_id}).status_code == 200
    assert me(body["access_token"]).status_code == 401
    assert error_of(refresh(app, body["refresh_token"])) == (400, "invalid_grant")


def test_only_apps_with_a_secret_ask_about_tokens(alice: Client, owner: User, app: Application) -> None:
    text = tokens(alice, app)["access_token"]
    for asked in ({"client_id": app.client_id}, {"client_id": app.client_id, "client_secret": ""}, {}):
        assert error_of(Client().post("/oauth/introspect", {"token": text, **asked})) == (401, "invalid_client")
    made = registration.register(json.dumps({"redirect_uris": [REDIRECT]}).encode())
    proof = {"client_id": made.application.client_id, "client_secret": made.secret}
    assert Client().post("/oauth/introspect", {"token": text, **proof}).json() == {"active": False}
    Application.objects.filter(pk=made.application.pk).update(registration_source="manual")
    told = Client().post("/oauth/introspect", {"token": text, **proof}).json()
    assert (told["active"], told["sub"], told["client_id"]) == (True, str(owner.pk), app.client_id)


def test_a_nul_character_is_no_server_error() -> None:
    for path in ("token", "revoke", "introspect", "device-authorization"):
        assert Client().post(f"/oauth/{path}", {"client_id": "a\x00", "token": "b\x00"}).status_code == 400
