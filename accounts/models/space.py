"""Spaces: memories that several people share. A space owns them as a person would, under data keys of its own."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts import permissions
from accounts.models.data_key import DataKey
from accounts.sealed import SealedBytes, SealedText
from memshadow.lib.ids import new_id


class SpaceRole(models.TextChoices):
    """What somebody may do in a space."""

    MANAGER = permissions.SPACE_MANAGER, "Manager"
    EDITOR = permissions.SPACE_EDITOR, "Editor"
    READER = permissions.SPACE_READER, "Reader"


class Space(models.Model):
    """A space. `owner` is its principal: the row among the users that owns its memories and never signs in.

    Both have the same id. The name is sealed under the space's own key.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    owner = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="space")
    name_sealed = models.BinaryField(default=b"")
    created_at = models.DateTimeField(default=timezone.now)
    renewal_due = models.BooleanField("is to get a new key", default=False)

    name = SealedText()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["-created_at", "-id"], name="space_recent")]

    def __str__(self) -> str:
        return f"space {self.id}"


class SpaceShare(models.Model):
    """A space is shared with a person or with a group, in a role. Removing the row takes it back."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    space = models.ForeignKey(Space, on_delete=models.CASCADE, related_name="shares")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="space_shares"
    )
    group = models.ForeignKey(Group, on_delete=models.CASCADE, null=True, blank=True, related_name="space_shares")
    role = models.CharField(max_length=8, choices=SpaceRole.choices)
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(person__isnull=False, group__isnull=True)
                | (Q(person__isnull=True, group__isnull=False) & ~Q(role=SpaceRole.MANAGER)),
                name="space_share_with_one",
            ),
            models.UniqueConstraint(fields=["space", "person"], name="space_share_person_unique"),
            models.UniqueConstraint(fields=["space", "group"], name="space_share_group_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.space_id} for {self.person_id or self.group_id} as {self.role}"


class SpaceOffer(models.Model):
    """A space is offered to an address. Who has that address takes it up or declines; until then they are not in it.

    Whether anybody has it shows to nobody: an offer to no one looks the same, and ends by itself.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    space = models.ForeignKey(Space, on_delete=models.CASCADE, related_name="offers")
    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=8, choices=SpaceRole.choices)
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["space", "email"], name="space_offer_unique")]
        indexes: ClassVar = [models.Index(fields=["email"], name="space_offer_to")]

    def __str__(self) -> str:
        return f"{self.space_id} offered as {self.role}"


class SpaceKey(models.Model):
    """One version of one of a space's keys, sealed under a member's own data key: `owner` is that member.

    Nothing else holds the key: with the last member's rows, or with their data keys, the space becomes unreadable.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="space_keys")
    space = models.ForeignKey(Space, on_delete=models.CASCADE, related_name="keys")
    purpose = models.CharField(max_length=8, choices=DataKey.Purpose.choices)
    version = models.PositiveIntegerField()
    secret_sealed = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now)

    secret = SealedBytes()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["space", "owner", "purpose", "version"], name="space_key_unique")
        ]

    def __str__(self) -> str:
        return f"{self.purpose} key {self.version} of {self.space_id} for {self.owner_id}"
