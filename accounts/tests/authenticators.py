"""An authenticator app and a passkey in software, as a person would hold them in the hand."""

from __future__ import annotations

import hashlib
import json
import os
from base64 import b32decode, urlsafe_b64encode
from datetime import timedelta
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from django.urls import reverse
from django_otp.oath import TOTP
from webauthn.helpers import base64url_to_bytes

from accounts.mfa.authenticator_apps import app_to_confirm, confirm_app
from accounts.models import Passkey, TotpDevice, User
from memshadow.lib.clock import now

HOST = "localhost"
ORIGIN = f"http://{HOST}"


def code_of(device: TotpDevice, *, steps: int = 0) -> str:
    """What the app shows now, or some steps of half a minute away."""
    clock = TOTP(b32decode(device.secret))
    clock.time = (now() + timedelta(seconds=30 * steps)).timestamp()
    return f"{clock.token():06d}"


def app_of(user: User, name: str = "Phone") -> TotpDevice:
    """A confirmed app whose newest code has not been used: setting it up took the one before."""
    device = app_to_confirm(user)
    return confirm_app(user=user, code=code_of(device, steps=-1), name=name)


def text_of(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


class SoftPasskey:
    """A platform authenticator with one credential. Its fields may be changed to make it lie."""

    def __init__(self, *, rp_id: str = HOST, origin: str = ORIGIN, verifies_user: bool = True) -> None:
        self.rp_id, self.origin, self.verifies_user = rp_id, origin, verifies_user
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = os.urandom(16)
        self.user_handle = b""
        self.count = 0

    def create(self, options: dict[str, Any]) -> str:
        """The answer to `navigator.credentials.create()`."""
        self.user_handle = base64url_to_bytes(options["user"]["id"])
        credential = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + self._cose_key()
        statement = {"fmt": "none", "attStmt": {}, "authData": self._data(0x40) + credential}
        response = {
            "clientDataJSON": text_of(self._client_data("webauthn.create", options)),
            "attestationObject": text_of(cbor2.dumps(statement)),
            "transports": ["internal"],
        }
        return self._answer(response)

    def get(self, options: dict[str, Any]) -> str:
        """The answer to `navigator.credentials.get()`."""
        self.count += 1
        client_data, data = self._client_data("webauthn.get", options), self._data(0)
        signature = self.key.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": text_of(client_data),
            "authenticatorData": text_of(data),
            "signature": text_of(signature),
            "userHandle": text_of(self.user_handle),
        }
        return self._answer(response)

    def _answer(self, response: dict[str, Any]) -> str:
        sent = {"id": text_of(self.id), "rawId": text_of(self.id), "type": "public-key", "response": response}
        return json.dumps(sent | {"clientExtensionResults": {}})

    def _client_data(self, kind: str, options: dict[str, Any]) -> bytes:
        return json.dumps({"type": kind, "challenge": options["challenge"], "origin": self.origin}).encode()

    def _data(self, flags: int) -> bytes:
        flags |= 0x01 | (0x04 if self.verifies_user else 0)
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _cose_key(self) -> bytes:
        numbers = self.key.public_key().public_numbers()
        point = {-2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        return cbor2.dumps({1: 2, 3: -7, -1: 1, **point})


def options_on(client: Client, name: str) -> dict[str, Any]:
    """What a page gives the browser's authenticator."""
    page = client.get(reverse(name), headers={"host": HOST})
    found: dict[str, Any] = json.loads(page.context["options"])
    return found


def passkey_of(client: Client, device: SoftPasskey, name: str = "Laptop") -> Passkey:
    """Add a passkey in the browser of a person, as the page does."""
    credential = device.create(options_on(client, "accounts:passkey_add"))
    url = reverse("accounts:passkey_add")
    response = client.post(url, {"credential": credential, "name": name}, headers={"host": HOST})
    assert response.status_code in (200, 302), response.content
    return Passkey.objects.get(credential_id=device.id)
