"""Whatever has an address, and every action of the administration, declares what it needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from accounts.access import NOBODY, needs
from accounts.models import Role, User
from accounts.permissions import PERMISSIONS
from memshadow.api import api, mem0_api
from memshadow.api_openapi import declared_by, operations
from memshadow.lib.errors import PermissionRefused
from tests.contracts.routes import pages, routes

# The API's own pages about itself hold nothing of anybody. Its operations declare scopes, below.
API_PAGES = {"api:openapi-json", "api:openapi-view", "api:api-root", "api-unknown"}


def test_every_page_declares_what_it_needs() -> None:
    found = pages()
    assert len(found) > 45
    assert sorted(name for name, page in found.items() if not page.needs) == []
    assert {need for page in found.values() for need in page.needs} <= {NOBODY, *PERMISSIONS}


def test_a_page_without_sign_in_says_so_and_no_other_is_open() -> None:
    opened = {name for name, page in pages().items() if not getattr(page.callback, "login_required", True)}
    assert opened == {name for name, page in pages().items() if NOBODY in page.needs}


def test_every_address_of_the_api_declares_a_scope() -> None:
    by_id = {operation.view_func.__name__: operation for operation in operations(api)}
    names = {route.name.removesuffix("-alias") for route in routes() if route.name.startswith(("api", *by_id))}
    names -= API_PAGES
    assert {name.removeprefix("api:") for name in names} == set(by_id)
    assert [name for name, operation in by_id.items() if not declared_by(operation)] == []
    assert [operation.path for operation in operations(mem0_api) if not declared_by(operation)] == []


def test_every_action_of_the_administration_names_a_permission() -> None:
    found = 0
    for model, model_admin in admin.site._registry.items():
        for action in model_admin.actions or ():
            function: Any = getattr(type(model_admin), action) if isinstance(action, str) else action
            assert getattr(function, "allowed_permissions", None), f"{model.__name__}: {action}"
            found += 1
    assert found >= 5


def test_the_administration_lets_nobody_in_who_is_not_staff(other: User, client_for: Callable[[User], Client]) -> None:
    for route in routes():
        if route.namespaces == ("admin",) and not route.parameters and route.name != "admin:logout":
            response: Any = client_for(other).get(f"/admin/{'' if route.name == 'admin:index' else 'accounts/user/'}")
            assert response.status_code == 302 and "login" in response["Location"]


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("seen")


@pytest.mark.parametrize("role", Role.values)
@pytest.mark.parametrize("permission", sorted(PERMISSIONS))
def test_a_page_opens_for_the_roles_of_the_table_only(role: str, permission: str) -> None:
    get, post = RequestFactory().get("/"), RequestFactory().post("/")
    get.user = post.user = User(role=role)
    may = role in PERMISSIONS[permission].roles
    for view, request in ((needs(permission), get), (needs("any", post=permission), post)):
        if may:
            assert view(page)(request).status_code == 200
        else:
            with pytest.raises(PermissionRefused):
                view(page)(request)
    assert needs("any", post=permission)(page)(get).status_code == 200


def test_a_permission_that_is_not_in_the_table_is_found_at_once() -> None:
    with pytest.raises(KeyError):
        needs("memories:raed")
