"""The second factor as a proof of who one is: a code of the app, or a backup code, instead of the password."""

from __future__ import annotations

from django.http import HttpRequest

from accounts.mfa.backup_codes import backup_codes_left
from accounts.mfa.verifying import check_code
from accounts.models import TotpDevice, User
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
