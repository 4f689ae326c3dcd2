"""Authenticator apps: a secret to scan, and the first code that proves it arrived."""

from __future__ import annotations

import secrets
from base64 import b32encode
from urllib.parse import quote, urlencode

import segno
from django.db import transaction

from accounts.mfa.factors import factor_added, named
from accounts.models import TotpDevice, User
from memshadow.lib.errors import Conflict, ValidationFailed

_SECRET_BYTES = 20  # what RFC 4226 recommends for SHA-1
_APPS_MAX = 5
_ISSUER = "MEMSHADOW"


def app_to_confirm(user: User) -> TotpDevice:
    """The person's app that is being set up: the same secret until it is confirmed, sealed meanwhile."""
    found = TotpDevice.objects.filter(owner=user, confirmed=False).order_by("created_at").first()
    if found is not None:
        return found
    device = TotpDevice(owner=user, name="", confirmed=False)
    device.secret = b32encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    device.save()
    return device


def confirm_app(*, user: User, code: str, name: str) -> TotpDevice:
    """The app, from now on asked for. Raises ValidationFailed for a wrong code, Conflict when there are five."""
    with transaction.atomic():
        device = TotpDevice.objects.select_for_update().filter(owner=user, confirmed=False).first()
        if TotpDevice.objects.filter(owner=user, confirmed=True).count() >= _APPS_MAX:
            raise Conflict(f"You have {_APPS_MAX} authenticator apps; remove one first.")
        accepted = device is not None and device.verify_token("".join(code.split()))
        if device is not None and accepted:
            device.name, device.confirmed = named(name, "Authenticator app"), True
            device.save(update_fields=["name", "confirmed"])
            factor_added(device)
            return device
    raise ValidationFailed("That code is not right. Enter the one that the app shows now.", field="code")


def otpauth_uri(device: TotpDevice) -> str:
    """What the QR code says (the key URI format that all apps read)."""
    label = quote(f"{_ISSUER}:{device.owner.email}")
    return f"otpauth://totp/{label}?{urlencode({'secret': device.secret, 'issuer': _ISSUER})}"


def qr_svg(text: str) -> str:
    """The QR code as an <svg> without size, style or script, dark on light in any theme."""
    code = segno.make(text, error="m", micro=False)
    return code.svg_inline(border=4, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None)
