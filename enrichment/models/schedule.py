"""When the background looks for work by itself, and what it leaves alone: the server's, not a person's."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone


class EnrichmentSchedule(models.Model):
    """A task that runs every so many minutes, or at a time (UTC) of each day or of one day of the week."""

    class Weekday(models.IntegerChoices):
        MONDAY = 0, "Monday"
        TUESDAY = 1, "Tuesday"
        WEDNESDAY = 2, "Wednesday"
        THURSDAY = 3, "Thursday"
        FRIDAY = 4, "Friday"
        SATURDAY = 5, "Saturday"
        SUNDAY = 6, "Sunday"

    name = models.CharField(max_length=40, primary_key=True)
    label = models.CharField(max_length=80)
    is_on = models.BooleanField("on", default=True)
    every_minutes = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(7 * 24 * 60)]
    )
    at = models.TimeField(null=True, blank=True)
    weekday = models.PositiveSmallIntegerField(choices=Weekday.choices, null=True, blank=True)
    next_run_at = models.DateTimeField(default=timezone.now)
    last_run_at = models.DateTimeField(null=True, blank=True)
    last_took_ms = models.FloatField(default=0)
    last_count = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(every_minutes__isnull=False, at__isnull=True)
                | models.Q(every_minutes__isnull=True, at__isnull=False),
                name="enrichment_schedule_one_way",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def following(self, moment: datetime) -> datetime:
        """The first run after that moment."""
        if self.at is None:
            return moment + timedelta(minutes=self.every_minutes or 60)
        day = moment.replace(hour=self.at.hour, minute=self.at.minute, second=0, microsecond=0)
        while day <= moment or (self.weekday is not None and day.weekday() != self.weekday):
            day += timedelta(days=1)
        return day


class StepPause(models.Model):
    """A step that rests until somebody lets it go on; the empty name is all of them."""

    step = models.CharField(max_length=40, primary_key=True)
    since = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.step or "everything"
