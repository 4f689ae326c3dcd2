"""Proving again who one is ('sudo mode') before anything that hurts: the password first, other proofs join the list."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

from django.conf import settings
from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.urls import reverse

from accounts.access import signed_in
from accounts.audit import record
from accounts.flows.sessions import session_of
from accounts.flows.single_sign_on import uses_directory
from accounts.limits.charging import attempt_succeeded, charge_attempt
from accounts.mfa.lockout import refuse_if_locked
from accounts.models import User
from memshadow.lib.clock import now
from memshadow.lib.errors import ConfirmationNeeded, NotAuthenticated, ValidationFailed

BY_AUTHENTICATOR = "passkey"  # the input type of a proof that nobody types: the browser's authenticator answers


class Proof(Protocol):
    """A way to prove who one is: what the page asks for, whom it is offered to, and whether an answer holds."""

    name: str
    label: str
    help: str
    input_type: str
    autocomplete: str

    def offered_to(self, user: User) -> bool:
        """Whether this person can answer it."""
        ...

    def holds(self, request: HttpRequest, user: User, answer: str) -> bool:
        """Whether the answer is right."""
        ...


class PasswordProof:
    """The password, checked by whichever back end signs this person in, so that its lockout counts too."""

    name = "password"
    label = "Password"
    help = ""
    input_type = "password"
    autocomplete = "current-password"

    def offered_to(self, user: User) -> bool:
        """Everybody who has one on this server or signs in with the directory's."""
        return user.has_usable_password() or uses_directory(user)

    def holds(self, request: HttpRequest, user: User, answer: str) -> bool:
        """Signing in with it would give this very person."""
        return authenticate(request, username=user.email, password=answer) == user


_PROOFS: list[Proof] = [PasswordProof()]


def offer(proof: Proof) -> None:
    """Let people confirm with this proof too (a second factor, a passkey); of one name only the last counts."""
    _PROOFS[:] = [known for known in _PROOFS if known.name != proof.name] + [proof]


def proofs_for(user: User) -> list[Proof]:
    """The proofs that this person can give; empty for who signs in elsewhere only."""
    return [proof for proof in _PROOFS if proof.offered_to(user)]


def is_confirmed(request: HttpRequest) -> bool:
    """Whether this session proved its person within CONFIRMATION_S; a sign-in counts."""
    session = session_of(request)
    confirmed_at = session.row.confirmed_at if session is not None and session.row is not None else None
    return confirmed_at is not None and now() - confirmed_at < timedelta(seconds=settings.CONFIRMATION_S)


def require_confirmed(request: HttpRequest) -> None:
    """Raises ConfirmationNeeded (403, with the page that confirms) unless this session is confirmed."""
    if not is_confirmed(request):
        url = reverse("accounts:confirm")
        raise ConfirmationNeeded(
            f"Confirm at {url} that it is you, then send this again; or use an API key.", confirm_url=url
        )


def confirm_identity(request: HttpRequest, *, by: str, answer: str, field: str = "confirm_answer") -> None:
    """Confirm this session with an answer to the proof named `by`; its key changes.

    Raises ValidationFailed for a wrong answer, and NotAuthenticated when there were CONFIRMATION_TRIES of them: the
    session is ended then. Tries are counted before they are judged, so that many at once are no way around.
    """
    user, session = signed_in(request), session_of(request)
    proof = next((proof for proof in proofs_for(user) if proof.name == by), None)
    if proof is None or session is None:
        raise ValidationFailed("Choose one of the ways that this page offers.", field=field)
    tries = session.count_try()
    if tries <= settings.CONFIRMATION_TRIES and proof.holds(request, user, answer):
        session.confirm()
        record("identity.confirmed", actor=user, target=user, by=by)
        return
    record("identity.refused", actor=user, target=user, by=by)
    if tries >= settings.CONFIRMATION_TRIES:
        session.flush()
        raise NotAuthenticated("Too many wrong answers: you are signed out. Sign in again.")
    raise ValidationFailed(f"That {_spoken(proof)} is not right.", field=field)


def prove_identity(request: HttpRequest, *, user: User, answers: Mapping[str, str]) -> None:
    """The person proves in this very request that they are there; `answers` by the names of proofs.

    For programs, whose key or token proves no more than that somebody has it. Counts as an attempt to sign in. Raises
    ValidationFailed for no answer and a wrong one, RateLimited and TooManyAttempts for who guesses.
    """
    proofs = [proof for proof in proofs_for(user) if proof.input_type != BY_AUTHENTICATOR]
    proof = next((proof for proof in proofs if answers.get(proof.name)), None)
    if proof is None:
        names = " or ".join(proof.name for proof in proofs) or "password"
        raise ValidationFailed(f"Send {names} too, to prove that it is you.", field=names.split(" ")[0])
    charge_attempt(request, user.email)
    refuse_if_locked(request, user)
    if not proof.holds(request, user, answers[proof.name]):
        record("identity.refused", actor=user, target=user, by=proof.name)
        refuse_if_locked(request, user)
        raise ValidationFailed(f"That {_spoken(proof)} is not right.", field=proof.name)
    attempt_succeeded(request)
    record("identity.confirmed", actor=user, target=user, by=proof.name)


def _spoken(proof: Proof) -> str:
    return proof.label[:1].lower() + proof.label[1:]
