"""The user: known by e-mail address, with a role on this server."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts import permissions
from memshadow.lib.ids import new_id


class Role(models.TextChoices):
    """What a person may do on this server."""

    OWNER = permissions.OWNER, "Owner"
    ADMINISTRATOR = permissions.ADMINISTRATOR, "Administrator"
    MEMBER = permissions.MEMBER, "Member"
    VIEWER = permissions.VIEWER, "Viewer (read only)"


class Kind(models.TextChoices):
    """What an owner of memories is."""

    PERSON = "person", "Person"
    SPACE = "space", "Space"


class SecretPolicy(models.TextChoices):
    """What becomes of a secret (a token, a private key, a card number) in a text that is captured."""

    STORE = "store", "Keep the text as it is, and mark it"
    MASK = "mask", "Keep the text without the secret"
    REFUSE = "refuse", "Refuse the text"


class UserManager(BaseUserManager["User"]):
    """Makes users with their e-mail address in one spelling."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A saved user; an unusable password when none is given."""
        user = self.model(email=normalise_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A saved user with every right (`manage.py createsuperuser`)."""
        return self.create_user(email, password, role=Role.OWNER, is_staff=True, is_superuser=True, **fields)

    def people(self) -> QuerySet[User]:
        """Everybody: the principals of spaces, which own memories and never sign in, are nobody."""
        return self.filter(kind=Kind.PERSON)

    def get_by_natural_key(self, username: str | None) -> User:
        """The user with that e-mail address in any spelling."""
        return self.people().get(email=normalise_email(username or ""))


def normalise_email(email: str) -> str:
    """The one spelling that is stored: trimmed and in lower case."""
    return email.strip().lower()


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in; or, of the other kind, the principal of a space, which owns its memories."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.EmailField("e-mail address", max_length=254, unique=True)
    display_name = models.CharField("name", max_length=120, blank=True)
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.MEMBER)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField("may enter the administration", default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.PERSON, editable=False)
    secret_policy = models.CharField(max_length=8, choices=SecretPolicy.choices, default=SecretPolicy.STORE)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(Lower("email"), name="user_email_unique")]

    def __str__(self) -> str:
        return self.display_name or self.email

    def clean(self) -> None:
        """Keep the e-mail address in its one spelling."""
        super().clean()
        self.email = normalise_email(self.email)

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Django's, over the rights too: whoever changes a password, role or staff flag ends that person's sessions."""
        rights = f"{self.role}|{self.is_staff}|{self.is_superuser}"
        return salted_hmac(
            "accounts.session", f"{self.password}|{rights}", secret=secret, algorithm="sha256"
        ).hexdigest()

    def may(self, permission: str) -> bool:
        """Whether the person's role has a permission of accounts/permissions.py."""
        return self.role in permissions.permission_named(permission).roles

    @property
    def is_space(self) -> bool:
        """The principal of a space; never active, so that no way in opens."""
        return self.kind == Kind.SPACE

    @property
    def may_write(self) -> bool:
        """Viewers read only."""
        return self.may("memories:write")

    @property
    def may_manage(self) -> bool:
        """The owner and administrators manage the server."""
        return self.may("server")

    @property
    def is_owner(self) -> bool:
        """The person this server belongs to."""
        return self.role == Role.OWNER


class PasswordRecord(models.Model):
    """A password that was used before, hashed: the last ones may not return."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="password_records")
    password = models.CharField(max_length=256)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["user", "-created_at"], name="password_record_recent")]

    def __str__(self) -> str:
        return f"password of {self.user_id} set {self.created_at:%Y-%m-%d}"
