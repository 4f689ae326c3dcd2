"""A person is asked whether an app may come in: the checked question, and the two answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from oauth2_provider.exceptions import OAuthToolkitError
from oauth2_provider.models import Application
from oauth2_provider.oauth2_backends import _add_iss_to_redirect
from oauthlib.common import add_params_to_uri
from oauthlib.oauth2 import FatalClientError, OAuth2Error

from accounts.audit import Result, record
from accounts.models import User
from accounts.oauth.clients import offered
from accounts.oauth.connections import connect
from accounts.oauth.issuing import core
from accounts.oauth.resources import check_resources, issuer
from memshadow.lib.errors import MemshadowError, ValidationFailed

_DAMAGED = "The address of this page is damaged. Start again from the app."


class BadQuestion(MemshadowError):
    """The app or its address is not to be trusted: nobody is sent anywhere, the message goes to the person."""


class AnsweredAtOnce(Exception):
    """The question has a fault that its app must hear of: `uri` is where the browser goes with it."""

    def __init__(self, uri: str) -> None:
        super().__init__(uri)
        self.uri = uri


@dataclass(frozen=True, slots=True)
class Question:
    """What an app asks for, checked: nothing in it depends on what a form sends back."""

    application: Application
    scopes: list[str]
    redirect_uri: str
    credentials: dict[str, Any]

    def offered_to(self, user: User) -> list[str]:
        """The scopes that this person can give."""
        return offered(self.scopes, user.role)


def question_of(request: HttpRequest) -> Question:
    """The question in an address. Raises BadQuestion, or AnsweredAtOnce when the app is told what is wrong."""
    if any("\x00" in value for values in request.GET.lists() for value in values[1]):
        raise BadQuestion(_DAMAGED)
    uri, _, _, headers = core()._extract_params(request)
    try:
        scopes, credentials = core().server.validate_authorization_request(uri, "GET", "", headers)
    except FatalClientError as error:
        raise BadQuestion(_in_plain_words(error)) from error
    except (ValueError, OAuth2Error) as error:
        raise _told(request, error) from error
    asked = credentials.pop("request")
    try:
        _check(request, credentials, asked)
    except OAuth2Error as error:
        error.redirect_uri, error.state = credentials["redirect_uri"], credentials["state"]
        raise _told(request, error) from error
    credentials["resource"] = request.GET.getlist("resource")
    return Question(asked.client, list(scopes), credentials["redirect_uri"], credentials)


def _check(request: HttpRequest, credentials: dict[str, Any], asked: Any) -> None:
    """PKCE by S256 with a challenge of the right shape, and resources of this server."""
    if credentials.get("code_challenge_method") != "S256" or len(credentials.get("code_challenge", "")) != 43:
        raise OAuth2Error("Use PKCE with code_challenge_method=S256.", status_code=400)
    check_resources(request.GET.getlist("resource"), asked)


def _told(request: HttpRequest, error: Exception) -> Exception:
    """Back to the app with the error, when its address is known to be its own."""
    redirect_uri = getattr(error, "redirect_uri", None)
    if not isinstance(error, OAuth2Error) or not redirect_uri:
        return BadQuestion(_DAMAGED)
    twotuples = [(name, value) for name, value in error.twotuples if name != "error" or value]
    if not error.error:
        twotuples = [("error", "invalid_request"), *twotuples]
    return AnsweredAtOnce(_add_iss_to_redirect(add_params_to_uri(redirect_uri, twotuples), issuer(request)))


def _in_plain_words(error: OAuth2Error) -> str:
    if "redirect" in f"{error.error} {error.description}".lower():
        return "The app wants you sent to an address that it did not register. Nothing was given to it."
    return "This server does not know the app that sent you here. Have it register again."


def approve(request: HttpRequest, question: Question, user: User, scopes: Iterable[str]) -> str:
    """Let the app in with these scopes; where the browser goes. Raises ValidationFailed for none of those offered."""
    given = [name for name in question.offered_to(user) if name in set(scopes)]
    if not given:
        raise ValidationFailed("Choose at least one thing that the app may do, or refuse.", field="scopes")
    try:
        uri, *_ = core().create_authorization_response(request, given, dict(question.credentials), allow=True)
    except OAuthToolkitError as error:
        raise _told(request, error.oauthlib_error) from error
    connect(owner=user, application=question.application, scopes=given)
    record("oauth.approved", actor=user, target=question.application, scopes=given, way="browser")
    return str(uri)


def refuse(request: HttpRequest, question: Question, user: User) -> str:
    """Send the browser back with a no."""
    record("oauth.refused", actor=user, target=question.application, result=Result.REFUSED)
    parameters = [("error", "access_denied"), ("state", question.credentials["state"])]
    uri = add_params_to_uri(question.redirect_uri, [(name, value) for name, value in parameters if value])
    return str(_add_iss_to_redirect(uri, issuer(request)))
