"""How much of each rate limit is used up: one small row a limit and subject, in a table that survives no crash."""

from __future__ import annotations

from django.db import models


class RateBucket(models.Model):
    """A limit's state by the generic cell rate algorithm (accounts/limits/counting.py), in seconds since 1970.

    The table is UNLOGGED: it is written with every request, and after a crash everybody simply begins afresh.
    """

    key = models.CharField(primary_key=True, max_length=140)
    full_at = models.FloatField()
    step_s = models.FloatField()
    room_s = models.FloatField()
    allowed = models.BooleanField()

    def __str__(self) -> str:
        return self.key
