"""Passkeys (WebAuthn level 2, by py_webauthn): made, used as the second factor, and used instead of a password."""

from __future__ import annotations

import ipaddress
import json
import time
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, generate_challenge
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from accounts.mfa.factors import factor_added, named
from accounts.mfa.lockout import count_failure, refuse_if_locked
from accounts.models import Passkey, User
from memshadow.lib.clock import now
from memshadow.lib.errors import Conflict, ValidationFailed
from memshadow.lib.row_wall import outside_the_wall

Purpose = Literal["add", "second-factor", "confirm", "sign-in"]
_PASSKEYS_MAX = 20
_CHALLENGE_LIVES_S = 300
_TRANSPORTS = frozenset(transport.value for transport in AuthenticatorTransport)
_REFUSED = "That passkey was not accepted. Try again, or use another way to sign in."


@dataclass(frozen=True, slots=True)
class Site:
    """Where the browser is. Django has checked the host against ALLOWED_HOSTS; the browser signs the true origin."""

    rp_id: str
    origin: str

    @classmethod
    def of(cls, request: HttpRequest) -> Site:
        """From a request."""
        host = request.get_host()
        return cls(rp_id=host.rsplit(":", 1)[0], origin=f"{request.scheme}://{host}")

    @property
    def can_have_passkeys(self) -> bool:
        """Browsers make passkeys for names over HTTPS, and for localhost; never for numbers."""
        try:
            ipaddress.ip_address(self.rp_id.strip("[]"))
        except ValueError:
            return self.origin.startswith("https:") or self.rp_id == "localhost" or self.rp_id.endswith(".localhost")
        return False


def registration_options(request: HttpRequest, user: User) -> str:
    """JSON for `navigator.credentials.create()`. The challenge waits in the session, for five minutes and one use."""
    options = generate_registration_options(
        rp_id=Site.of(request).rp_id,
        rp_name="MEMSHADOW",
        user_id=user.id.bytes,
        user_name=user.email,
        user_display_name=str(user),
        challenge=_new_challenge(request, "add"),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.PREFERRED
        ),
        exclude_credentials=_descriptors(request, user),
    )
    return options_to_json(options)


def add_passkey(request: HttpRequest, *, user: User, credential: str, name: str) -> Passkey:
    """The new passkey. Raises ValidationFailed when the answer is not one to this session's challenge and origin."""
    site, challenge = Site.of(request), _spend_challenge(request, "add")
    try:
        made = verify_registration_response(
            credential=credential, expected_challenge=challenge, expected_rp_id=site.rp_id, expected_origin=site.origin
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise ValidationFailed("The passkey could not be added. Try again.", field="credential") from error
    key = Passkey(
        owner=user,
        name=named(name, "Passkey"),
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        transports=_transports(credential),
        rp_id=site.rp_id,
        aaguid=made.aaguid,
        backed_up=made.credential_backed_up,
    )
    _save_new(key)
    return key


def _save_new(key: Passkey) -> None:
    with transaction.atomic():
        User.objects.select_for_update().get(pk=key.owner_id)
        if Passkey.objects.filter(owner_id=key.owner_id).count() >= _PASSKEYS_MAX:
            raise Conflict(f"You have {_PASSKEYS_MAX} passkeys; remove one first.")
        with outside_the_wall():  # it may be another person's
            known = Passkey.objects.filter(credential_id=key.credential_id).exists()
        if known:
            raise Conflict("This passkey is registered already.")
        key.save(force_insert=True)
        factor_added(key)


def second_factor_options(request: HttpRequest, user: User) -> str | None:
    """JSON for `navigator.credentials.get()` with this person's passkeys of this host; None without any."""
    # The password was the other factor, so that touching it is enough.
    return _own_options(request, user, "second-factor", UserVerificationRequirement.DISCOURAGED)


def confirming_options(request: HttpRequest, user: User) -> str | None:
    """The same for somebody at an open browser, who must be known by finger, face or PIN: touching proves nothing."""
    return _own_options(request, user, "confirm", UserVerificationRequirement.REQUIRED)


def _own_options(
    request: HttpRequest, user: User, purpose: Purpose, verification: UserVerificationRequirement
) -> str | None:
    allowed = _descriptors(request, user)
    if not allowed:
        return None
    options = generate_authentication_options(
        rp_id=Site.of(request).rp_id,
        challenge=_new_challenge(request, purpose),
        allow_credentials=allowed,
        user_verification=verification,
    )
    return options_to_json(options)


def check_second_factor(request: HttpRequest, *, user: User, credential: str) -> Passkey:
    """The person's passkey that signed. Raises ValidationFailed, which counts as a failed sign-in, TooManyAttempts."""
    return _counted(request, user, "second-factor", credential)


def check_confirming(request: HttpRequest, *, user: User, credential: str) -> Passkey:
    """The person's passkey that signed and knew them. Raises as `check_second_factor` does."""
    return _counted(request, user, "confirm", credential)


def _counted(request: HttpRequest, user: User, purpose: Purpose, credential: str) -> Passkey:
    refuse_if_locked(request, user)
    try:
        return _verified(request, purpose, credential, owner_id=user.id)
    except ValidationFailed:
        count_failure(request, user)
        raise


def sign_in_options(request: HttpRequest) -> str:
    """JSON for `navigator.credentials.get()` with whichever passkey the person chooses."""
    options = generate_authentication_options(
        rp_id=Site.of(request).rp_id,
        challenge=_new_challenge(request, "sign-in"),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


def check_sign_in(request: HttpRequest, *, credential: str) -> Passkey:
    """The passkey of an active person, unlocked by finger, face or PIN: two factors at once. Raises ValidationFailed.

    There is nothing to guess in a signature, so that a lockout does not keep a person's own passkey out.
    """
    return _verified(request, "sign-in", credential, owner_id=None)


def _verified(request: HttpRequest, purpose: Purpose, credential: str, *, owner_id: UUID | None) -> Passkey:
    """Check an assertion while its row is locked, so that a signature counter moves once."""
    challenge, site = _spend_challenge(request, purpose), Site.of(request)
    try:
        sent = json.loads(credential)
        with transaction.atomic():
            key = _find(sent, site, owner_id)
            result = verify_authentication_response(
                credential=sent,
                expected_challenge=challenge,
                expected_rp_id=site.rp_id,
                expected_origin=site.origin,
                credential_public_key=bytes(key.public_key),
                credential_current_sign_count=key.sign_count,
                require_user_verification=purpose != "second-factor",
            )
            key.sign_count, key.backed_up, key.last_used_at = result.new_sign_count, result.credential_backed_up, now()
            key.save(update_fields=["sign_count", "backed_up", "last_used_at"])
    except (WebAuthnException, Passkey.DoesNotExist, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValidationFailed(_REFUSED, field="credential") from error
    return key


def _find(sent: dict[str, Any], site: Site, owner_id: UUID | None) -> Passkey:
    """The named credential: of this person or, without one, of whom the authenticator says it is. Their row locked."""
    rows = Passkey.objects.select_for_update(of=("self",)).select_related("owner").filter(rp_id=site.rp_id)
    if owner_id is None:
        owner_id = UUID(bytes=base64url_to_bytes(sent["response"]["userHandle"]))
    found: Passkey = rows.get(credential_id=base64url_to_bytes(sent["id"]), owner_id=owner_id, owner__is_active=True)
    return found


def _descriptors(request: HttpRequest, user: User) -> list[PublicKeyCredentialDescriptor]:
    keys = Passkey.objects.filter(owner=user, rp_id=Site.of(request).rp_id)
    return [
        PublicKeyCredentialDescriptor(
            id=bytes(key.credential_id), transports=[AuthenticatorTransport(name) for name in key.transports]
        )
        for key in keys
    ]


def _transports(credential: str) -> list[str]:
    told = json.loads(credential).get("response", {}).get("transports") or []
    return sorted({name for name in told if isinstance(name, str) and name in _TRANSPORTS})


def _new_challenge(request: HttpRequest, purpose: Purpose) -> bytes:
    challenge = generate_challenge()
    request.session[f"passkey-{purpose}"] = [b64encode(challenge).decode(), time.time()]
    return challenge


def _spend_challenge(request: HttpRequest, purpose: Purpose) -> bytes:
    """The challenge that this session was given, once."""
    text, made_at = request.session.pop(f"passkey-{purpose}", ("", 0.0))
    if not text or time.time() - made_at > _CHALLENGE_LIVES_S:
        raise ValidationFailed("That took too long, or was sent twice. Try again.", field="credential")
    return b64decode(text)
