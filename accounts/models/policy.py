"""What the people who manage this server decided for everyone on it."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.conf import settings
from django.db import models


class ServerPolicy(models.Model):
    """What the people who manage this server decided for everyone: one row."""

    class MfaRequired(models.TextChoices):
        NOBODY = "nobody", "Nobody: everyone decides for themselves"
        STAFF = "staff", "The owner and the administrators"
        EVERYONE = "everyone", "Everyone"

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    mfa_required = models.CharField(
        "who must have a second factor", max_length=10, choices=MfaRequired.choices, default=MfaRequired.NOBODY
    )
    changed_at = models.DateTimeField(auto_now=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=models.Q(id=1), name="one_server_policy")]
        verbose_name_plural = "server policy"

    def __str__(self) -> str:
        return f"second factor: {cast(Any, self).get_mfa_required_display()}"
