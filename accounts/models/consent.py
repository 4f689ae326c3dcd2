"""What a person has agreed to, in which version, and since when; withdrawn is kept, too."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from memshadow.lib.ids import new_id


class Consent(models.Model):
    """One agreement of one person. A later one for the same purpose is another row."""

    class Purpose(models.TextChoices):
        NOTICE = "notice", "What the server keeps of me, and why (docs/privacy.md)"
        MODELS = "models", "Sending memories to a language model's server that the administrator has set up"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    version = models.PositiveSmallIntegerField()
    given_at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner", "purpose"], condition=Q(withdrawn_at=None), name="consent_one_in_force"
            )
        ]

    def __str__(self) -> str:
        return f"{self.owner_id} on {self.purpose} {self.version}"
