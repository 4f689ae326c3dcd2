"""Forms of the pages of enrichment."""

from __future__ import annotations

from typing import Any

from django import forms

from enrichment.models import EnrichmentSchedule


class ScheduleForm(forms.Form):
    """Every so many minutes, or at a time of day."""

    is_on = forms.BooleanField(label="It runs by itself", required=False)
    every_minutes = forms.IntegerField(
        label="Every so many minutes", required=False, min_value=1, max_value=7 * 24 * 60, help_text="Or name a time."
    )
    at = forms.TimeField(
        label="At this time, UTC",
        required=False,
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        help_text="Leave it empty to run every so many minutes.",
    )
    weekday = forms.TypedChoiceField(
        label="On",
        required=False,
        choices=[("", "Every day"), *EnrichmentSchedule.Weekday.choices],
        coerce=int,
        empty_value=None,
    )

    @staticmethod
    def initial_of(row: EnrichmentSchedule) -> dict[str, Any]:
        """What a row says now."""
        return {name: getattr(row, name) for name in ("is_on", "every_minutes", "at", "weekday")}
