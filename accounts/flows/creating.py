"""Making an account: the person, their keys and their password record, in one transaction."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from accounts.keys import create_keys
from accounts.models import PasswordRecord, Role, User
from accounts.models.user import normalise_email
from memshadow.lib.errors import Conflict, ValidationFailed


def create_account(*, email: str, password: str | None, role: str = Role.MEMBER, display_name: str = "") -> User:
    """A new person with keys. Without a password they can use API keys only.

    Raises ValidationFailed for a bad address or password and Conflict when the address is taken.
    """
    email = normalise_email(email)
    privileged = role in (Role.OWNER, Role.ADMINISTRATOR)
    user = User(
        email=email,
        display_name=display_name.strip(),
        role=role,
        is_staff=privileged,
        is_superuser=role == Role.OWNER,
    )
    _check(user, password)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            create_keys(user.id)
            if password is not None:
                remember_password(user)
    except IntegrityError as error:
        raise Conflict("An account with this e-mail address exists; sign in instead.", field="email") from error
    return user


def remember_password(user: User) -> None:
    """Keep the hash of the password in use, so that it may not return later."""
    PasswordRecord.objects.create(user=user, password=user.password)


def _check(user: User, password: str | None) -> None:
    try:
        validate_email(user.email)
    except ValidationError as error:
        raise ValidationFailed("Enter a valid e-mail address, such as ada@example.org.", field="email") from error
    if password is None:
        return
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ValidationFailed(" ".join(error.messages), field="password") from error
