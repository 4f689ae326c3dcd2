"""The persona form."""

from __future__ import annotations

from django import forms

from accounts.forms import ServiceForm
from personas.models import Retention
from personas.services import RETENTION_MAX_DAYS


class RetentionForm(ServiceForm):
    """How long a persona's memories stay, and what becomes of them then."""

    retention_days = forms.IntegerField(
        label="After days",
        min_value=1,
        max_value=RETENTION_MAX_DAYS,
        required=False,
        help_text="Empty: they stay for ever.",
    )
    retention_action = forms.ChoiceField(label="Then", choices=Retention.choices, initial=Retention.ARCHIVE)


class PersonaForm(ServiceForm):
    """A persona's name and what it is for."""

    name = forms.CharField(label="Name", max_length=80)
    description = forms.CharField(
        label="What it is for", max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
