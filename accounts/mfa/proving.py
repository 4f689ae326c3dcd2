"""The second factor as a proof of who one is, instead of the password: a code of the app, a backup code, a passkey."""

from __future__ import annotations

from django.http import HttpRequest

from accounts.flows.confirming import BY_AUTHENTICATOR
from accounts.mfa.backup_codes import backup_codes_left
from accounts.mfa.passkeys import check_confirming
from accounts.mfa.verifying import check_code
from accounts.models import Passkey, TotpDevice, User
from memshadow.lib.errors import ValidationFailed


class CodeProof:
    """Six digits or a backup code, checked as at signing in: used once, and its lockout counts too."""

    name = "code"
    label = "Code of your app"
    help = "The six digits of your authenticator app, or a backup code."
    input_type = "text"
    autocomplete = "one-time-code"

    def offered_to(self, user: User) -> bool:
        """Whoever has an app, or codes that stand in for a passkey."""
        return TotpDevice.objects.filter(owner=user, confirmed=True).exists() or bool(backup_codes_left(user))

    def holds(self, request: HttpRequest, user: User, answer: str) -> bool:
        """Raises TooManyAttempts while the person is locked out."""
        try:
            check_code(request, user=user, code=answer)
        except ValidationFailed:
            return False
        return True


class PasskeyProof:
    """A passkey that knows who holds it: what is left to who has no password here and no app."""

    name = "passkey"
    label = "Passkey"
    help = ""
    input_type = BY_AUTHENTICATOR
    autocomplete = "off"

    def offered_to(self, user: User) -> bool:
        """Whoever has one; the page leaves it out where none was made for its host."""
        return Passkey.objects.filter(owner=user).exists()

    def holds(self, request: HttpRequest, user: User, answer: str) -> bool:
        """Raises TooManyAttempts while the person is locked out."""
        try:
            check_confirming(request, user=user, credential=answer)
        except ValidationFailed:
            return False
        return True
