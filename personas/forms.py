"""The persona form."""

from __future__ import annotations

from django import forms

from accounts.forms import ServiceForm


class PersonaForm(ServiceForm):
    """A persona's name and what it is for."""

    name = forms.CharField(label="Name", max_length=80)
    description = forms.CharField(
        label="What it is for", max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
