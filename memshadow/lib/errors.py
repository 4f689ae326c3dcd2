"""The one tree of errors that services raise and interfaces translate; each message says what to do next."""

from __future__ import annotations


class MemshadowError(Exception):
    """Something was refused. `status` is the HTTP status and `code` the stable name that clients may rely on."""

    status = 400
    code = "refused"

    def __init__(self, message: str, **details: object) -> None:
        """`message` is shown to the person; `details` (JSON-able) goes to API clients beside it."""
        super().__init__(message)
        self.message = message
        self.details = details


class ValidationFailed(MemshadowError):
    """The input breaks a rule; the message names the rule and a value that would pass."""

    status = 422
    code = "validation-failed"


class NotAuthenticated(MemshadowError):
    """No valid credentials came with the request."""

    status = 401
    code = "not-authenticated"


class PermissionRefused(MemshadowError):
    """The credentials are valid but lack the right; the message names the missing one."""

    status = 403
    code = "permission-refused"


class ConfirmationNeeded(PermissionRefused):
    """The session must prove its person again first; `confirm_url` names the page that asks."""

    code = "confirmation-needed"


class NotFound(MemshadowError):
    """No such thing, or someone else's: the two are never told apart."""

    status = 404
    code = "not-found"


class Conflict(MemshadowError):
    """The state of the thing does not allow this; the message says which state it is in."""

    status = 409
    code = "conflict"


class TooLarge(MemshadowError):
    """More than the documented limit."""

    status = 413
    code = "too-large"


class TooManyAttempts(MemshadowError):
    """Too many wrong guesses; the message says how long to wait, and `retry_after_s` of the details too."""

    status = 429
    code = "too-many-attempts"


class Unavailable(MemshadowError):
    """Something that the server needs is missing or down; the message names the remedy."""

    status = 503
    code = "unavailable"
