"""What proves that it is you besides the password: authenticator apps, passkeys and backup codes."""

from __future__ import annotations

from base64 import b32decode
from typing import Any, ClassVar, TypeVar, cast

from django.contrib.auth.hashers import check_password
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import QuerySet
from django_otp.models import Device, ThrottlingMixin, TimestampMixin
from django_otp.oath import TOTP

from accounts.models.user import User
from accounts.sealed import SealedText
from memshadow.lib.clock import now
from memshadow.lib.ids import new_id

TOTP_STEP_S = 30
F = TypeVar("F", bound="Factor")
_FREE_FAILURES = 5
_SLOWEST = _FREE_FAILURES + 10  # 2¹⁰ s: a quarter of an hour between guesses, and never longer for the person


class FactorManager(models.Manager[F]):
    """What django-otp's manager has, for devices whose person is called `owner`."""

    def devices_for_user(self, user: Any, confirmed: bool | None = None) -> QuerySet[F]:
        """The person's devices of this kind; `confirmed` narrows them."""
        rows = self.get_queryset().filter(owner=user)
        return rows if confirmed is None else rows.filter(confirmed=confirmed)


class Factor(TimestampMixin, Device):  # type: ignore[misc]  # django-otp is not typed
    """What every second factor has. `owner` takes the place of django-otp's `user`, so that it can be sealed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")

    class Meta:
        abstract = True

    @property
    def user(self) -> User:
        """The owner, under django-otp's name."""
        return cast(User, self.owner)

    @property
    def user_id(self) -> Any:
        """The owner's id, under django-otp's name."""
        return self.owner_id

    @property
    def persistent_id(self) -> str:
        """What a session remembers. django-otp looks ids up as whole numbers."""
        return f"{self.model_label()}/{self.id.int}"


class Throttled(ThrottlingMixin):  # type: ignore[misc]  # django-otp is not typed
    """Guesses from any address: five are free, then each costs twice the wait of the one before, at most 17 minutes."""

    throttling_failure_count: int

    class Meta:
        abstract = True

    def get_throttle_factor(self) -> float:
        """Seconds, so that the first wait is one second."""
        return 0.0 if self.throttling_failure_count < _FREE_FAILURES else 2.0 ** (1 - _FREE_FAILURES)

    def throttle_increment(self, commit: bool = True) -> None:
        """One more failure; the wait stops growing so that an attacker cannot lock the person out for ever."""
        super().throttle_increment(commit=False)
        self.throttling_failure_count = min(self.throttling_failure_count, _SLOWEST)
        if commit:
            self.save(update_fields=["throttling_failure_timestamp", "throttling_failure_count"])

    def succeeded(self, **changed: Any) -> None:
        """Save what a right code changed, and the time of use."""
        for name, value in changed.items():
            setattr(self, name, value)
        self.throttle_reset(commit=False)
        self.last_used_at = now()
        self.save()


class TotpDevice(Throttled, Factor):
    """An authenticator app (RFC 6238: SHA-1, six digits, 30 s). Its secret is sealed with the person's data key."""

    secret_sealed = models.BinaryField(default=b"")
    secret = SealedText()
    last_step = models.BigIntegerField(default=-1)

    objects: ClassVar[FactorManager[TotpDevice]] = FactorManager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["owner", "confirmed"], name="totp_of_owner")]

    def verify_token(self, token: str) -> bool:
        """Whether these are the digits of now, of the step before or after, not used yet. Lock the row first."""
        if not self.verify_is_allowed()[0]:
            return False
        clock = TOTP(b32decode(self.secret), step=TOTP_STEP_S)
        clock.time = now().timestamp()
        right = len(token) == 6 and token.isdecimal() and token.isascii()
        if right and clock.verify(int(token), tolerance=1, min_t=self.last_step + 1):
            self.succeeded(last_step=clock.t())
            return True
        self.throttle_increment()
        return False


class Passkey(Factor):
    """A WebAuthn credential: its public key, and the host that it belongs to."""

    credential_id = models.BinaryField(unique=True)
    public_key = models.BinaryField()
    sign_count = models.BigIntegerField(default=0)
    transports = ArrayField(models.CharField(max_length=20), default=list)
    rp_id = models.CharField("host", max_length=253)
    aaguid = models.CharField(max_length=36, blank=True)
    backed_up = models.BooleanField(default=False)

    objects: ClassVar[FactorManager[Passkey]] = FactorManager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["owner"], name="passkey_of_owner")]


class BackupSheet(Throttled, Factor):
    """A person's sheet of backup codes; new codes replace the old ones on the same sheet."""

    objects: ClassVar[FactorManager[BackupSheet]] = FactorManager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["owner"], name="one_backup_sheet")]

    def verify_token(self, token: str) -> bool:
        """Whether this is an unused code, which it then no longer is. Lock the row first."""
        if not self.verify_is_allowed()[0]:
            return False
        code = self.codes.filter(selector=token[:4], used_at=None).first()
        if code is not None and check_password(token, code.code_hash):
            code.used_at = now()
            code.save(update_fields=["used_at"])
            self.succeeded()
            return True
        self.throttle_increment()
        return False


class BackupCode(models.Model):
    """A code that works once. Its first four characters find it; the whole is stored as a password is."""

    sheet = models.ForeignKey(BackupSheet, on_delete=models.CASCADE, related_name="codes")
    selector = models.CharField(max_length=4)
    code_hash = models.CharField(max_length=256)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["sheet", "selector"], name="backup_code_selector")]

    def __str__(self) -> str:
        return f"backup code {self.selector}…"
