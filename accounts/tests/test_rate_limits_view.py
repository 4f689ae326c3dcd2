"""Rate limits on pages and in the API: who is counted, what is refused, and what the answer says."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.limits.charging import charge_caller
from accounts.limits.counting import RateLimited
from accounts.models import ApiKey, User
from conftest import PASSWORD
from tests.api_client import ApiClient

FROM: dict[str, Any] = {"REMOTE_ADDR": "203.0.113.7"}
ME = "/api/v1/me"
LOGIN = "/account/login/"


@pytest.fixture(autouse=True)
def tight(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = (ip_network("127.0.0.1"),)
    settings.RATE_LIMIT_USER = settings.RATE_LIMIT_KEY = (4, 60.0)
    settings.RATE_LIMIT_ADDRESS = (4, 60.0)
    settings.RATE_LIMIT_ATTEMPTS_ADDRESS = settings.RATE_LIMIT_ATTEMPTS_ACCOUNT = (3, 60.0)


def statuses(ask: Callable[[], Any], times: int) -> list[int]:
    return [ask().status_code for _ in range(times)]


def test_an_api_refusal_is_a_problem_with_the_time_to_wait(owner: User) -> None:
    api = ApiClient(owner)
    first = api.get("/me")
    assert (first["RateLimit-Limit"], first["RateLimit-Remaining"]) == ("4", "3")
    assert statuses(lambda: api.get("/me"), 3) == [200] * 3
    refused = api.get("/me")
    assert refused.status_code == 429 and refused["Content-Type"] == "application/problem+json"
    assert refused.json()["code"] == "rate-limited"
    assert int(refused["Retry-After"]) == refused.json()["retry_after_s"] > 0
    assert refused["RateLimit-Remaining"] == "0"


def test_a_person_has_one_limit_whatever_they_come_with(owner: User, client_for: Callable[[User], Client]) -> None:
    api, browser = ApiClient(owner), client_for(owner)
    assert statuses(lambda: browser.get("/account/"), 2) + statuses(lambda: api.get("/me"), 2) == [200] * 4
    assert api.get("/me").status_code == 429
    page = browser.get("/account/")
    assert page.status_code == 429 and b"try again in" in page.content and page["Retry-After"]


def test_people_do_not_use_up_each_others_limits(owner: User, other: User) -> None:
    alice, bob = ApiClient(owner), ApiClient(other)
    assert statuses(lambda: alice.get("/me"), 5)[-1] == 429
    assert bob.get("/me").status_code == 200


def test_a_key_with_a_rate_of_its_own_follows_that(owner: User) -> None:
    key = ApiKey(owner=owner)
    key.requests_per_minute = 6
    for _ in range(6):
        charge_caller(HttpRequest(), owner, key)
    with pytest.raises(RateLimited, match="try again in 10 seconds"):
        charge_caller(HttpRequest(), owner, key)


@pytest.mark.parametrize("headers", [{}, {"X-API-Key": "msh_nonsense"}, {"Authorization": "Bearer x"}])
@pytest.mark.django_db
def test_strangers_are_limited_by_address(headers: dict[str, str]) -> None:
    client = Client(headers=headers, **FROM)
    assert statuses(lambda: client.get(ME), 5) == [401] * 4 + [429]
    assert Client(headers=headers, REMOTE_ADDR="203.0.113.8").get(ME).status_code == 401


@pytest.mark.django_db
def test_an_invented_address_does_not_help() -> None:
    asked = iter(range(100))
    ask = lambda: Client(**FROM).get(ME, headers={"X-Forwarded-For": f"198.51.100.{next(asked)}"})  # noqa: E731
    assert statuses(ask, 5) == [401] * 4 + [429]


@pytest.mark.django_db
def test_behind_a_proxy_each_client_counts_for_itself() -> None:
    def ask(address: str) -> Any:
        return Client(REMOTE_ADDR="127.0.0.1").get(ME, headers={"X-Forwarded-For": f"1.2.3.4, {address}"})

    assert statuses(lambda: ask("198.51.100.1"), 5)[-1] == 429
    assert ask("198.51.100.2").status_code == 401


def test_failed_sign_ins_are_limited_strictly(owner: User) -> None:
    def fail(address: str, email: str) -> Any:
        return Client(REMOTE_ADDR=address).post(LOGIN, {"username": email, "password": "wrong"})

    assert statuses(lambda: fail("203.0.113.7", owner.email), 4) == [200] * 3 + [429]
    assert fail("203.0.113.7", "bob@example.org").status_code == 429
    assert fail("203.0.113.8", owner.email.upper()).status_code == 429, "one account, from all addresses"
    assert fail("203.0.113.8", "bob@example.org").status_code == 200


def test_those_that_succeed_do_not_count(owner: User) -> None:
    def enter() -> Any:
        return Client(**FROM).post(LOGIN, {"username": owner.email, "password": PASSWORD})

    assert statuses(enter, 8) == [302] * 8


def test_the_right_password_does_not_pass_a_refusal(owner: User) -> None:
    client = Client(**FROM)
    statuses(lambda: client.post(LOGIN, {"username": owner.email, "password": "wrong"}), 3)
    refused = client.post(LOGIN, {"username": owner.email, "password": PASSWORD})
    assert refused.status_code == 429 and "_auth_user_id" not in client.session


def test_health_is_never_refused(owner: User) -> None:
    assert set(statuses(lambda: Client(**FROM).get(reverse("health_live")), 9)) == {200}


def test_it_can_be_turned_off(owner: User, settings: Settings) -> None:
    settings.RATE_LIMITS = False
    api = ApiClient(owner)
    assert statuses(lambda: api.get("/me"), 9) == [200] * 9
    assert "RateLimit-Limit" not in api.get("/me")


def test_a_read_costs_one_statement_more(
    owner: User, settings: Settings, django_assert_num_queries: Callable[..., Any]
) -> None:
    settings.RATE_LIMIT_USER = (1000, 60.0)
    settings.RATE_LIMIT_KEY = (1000, 60.0)
    api = ApiClient(owner)
    api.get("/me")
    settings.RATE_LIMITS = False
    with django_assert_num_queries(2):
        api.get("/me")
    settings.RATE_LIMITS = True
    with django_assert_num_queries(3):
        api.get("/me")


def test_a_strangers_form_is_refused_by_its_length_before_it_is_read(
    owner: User, client_for: Callable[[User], Client]
) -> None:
    form = {"username": "ada@example.org", "password": "x" * 70_000}
    refused = Client(enforce_csrf_checks=True).post(LOGIN, form, **FROM)
    assert refused.status_code == 413 and b"too long for this page" in refused.content
    note = client_for(owner).post(reverse("memories:create"), {"content": "x" * 70_000})
    assert note.status_code == 302
