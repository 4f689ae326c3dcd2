"""Moves: memories on their way from a person's own into a space, or back, with the progress."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.models import Space, User
from memshadow.lib.ids import new_id


class MemoryMove(models.Model):
    """The memories of a persona or tag, or all of a space, move between `owner`'s own and a space.

    `what_id` names a persona or tag of the side that they come from. `cursor` is the last memory that was looked at:
    with each batch it is committed together with what was moved, so that a killed move goes on where it stood.
    """

    class Way(models.TextChoices):
        INTO = "into", "Into the space"
        HOME = "home", "Out of the space"

    class What(models.TextChoices):
        PERSONA = "persona", "A persona"
        TAG = "tag", "A tag"
        ALL = "all", "Everything"

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memory_moves")
    space = models.ForeignKey(Space, on_delete=models.CASCADE, related_name="moves")
    way = models.CharField(max_length=4, choices=Way.choices)
    what = models.CharField(max_length=8, choices=What.choices)
    what_id = models.UUIDField(null=True, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)

    cursor = models.UUIDField(default=UUID(int=0))
    total = models.PositiveIntegerField(default=0)
    moved = models.PositiveIntegerField(default=0)
    merged = models.PositiveIntegerField(default=0)
    sealed = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    links_dropped = models.PositiveIntegerField(default=0)

    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner", "space"],
                condition=models.Q(state__in=["queued", "running"]),
                name="memory_move_one_at_a_time",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["owner", "-created_at", "-id"], name="memory_move_recent")]

    def __str__(self) -> str:
        return f"move {self.id} {self.way} {self.space_id}"

    @property
    def is_finished(self) -> bool:
        """Nothing more will happen."""
        return self.state in (self.State.DONE, self.State.FAILED)

    @property
    def source(self) -> User:
        """Whose the memories were: the person, or the principal of the space."""
        return self.owner if self.way == self.Way.INTO else self.space.owner

    @property
    def target(self) -> User:
        """Whose they become."""
        return self.space.owner if self.way == self.Way.INTO else self.owner
