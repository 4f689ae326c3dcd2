"""The gate: a session without the second factor that its person has is nobody's, for pages, API and administration."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import SimpleLazyObject

from accounts.mfa.standing import has_factor, is_required_of, is_verified
from accounts.models import User

View = TypeVar("View", bound=Callable[..., Any])
_OPEN = "open_before_second_factor"


def open_before_second_factor(view: View) -> View:
    """Mark a page that stays open to who must set up a second factor and has not yet."""
    setattr(view, _OPEN, True)
    return view


class SecondFactorMiddleware:
    """Stands right after django-otp's, before anything asks who is signed in.

    By construction no page can forget the check: `request.user` itself is anonymous. Whoever must set up a factor is
    led to the security page, and is anonymous for everything that does not need a sign-in by the page's rules (the
    JSON API checks its callers itself).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Put the counted user in the place of the session's. Asks the database only when somebody asks who it is."""
        _replace_user(request, partial(_counted, request.user))
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """Lead those who must set up a second factor to where they can."""
        if getattr(view, _OPEN, False):
            return None
        if not getattr(view, "login_required", True):
            _replace_user(request, partial(_nobody_until_set_up, request.user))
        elif _must_set_up(request.user):
            return redirect("accounts:security")
        return None


def _replace_user(request: HttpRequest, counted: Callable[[], Any]) -> None:
    request.user = SimpleLazyObject(counted)  # type: ignore[assignment]
    request.auser = sync_to_async(lambda: request.user)


def _counted(user: User | AnonymousUser) -> User | AnonymousUser:
    if user.is_anonymous or is_verified(user) or not has_factor(user.pk):
        return user
    return AnonymousUser()


def _nobody_until_set_up(user: User | AnonymousUser) -> User | AnonymousUser:
    return AnonymousUser() if _must_set_up(user) else user


def _must_set_up(user: User | AnonymousUser) -> bool:
    """Of a counted user: who is not verified has no factor."""
    return isinstance(user, User) and not is_verified(user) and is_required_of(user)
