"""Forms of the dashboard: they shape and name input; the services judge it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.utils import timezone

from accounts.forms import ServiceForm
from accounts.models import User
from memories.models import Memory
from memories.services.revising import Change
from personas.selectors import personas_for


def split_tags(text: str) -> tuple[str, ...]:
    """Tags written with commas between them."""
    return tuple(filter(None, (part.strip() for part in text.split(","))))


class PersonaField(forms.TypedChoiceField):
    """A choice among the person's personas; empty is none."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, coerce=UUID, empty_value=None, **options)


def offer_personas(form: forms.Form, owner: User) -> None:
    """Fill the form's persona field with the owner's, or drop it while there are none."""
    choices = [(str(p.id), p.name) for p in personas_for(owner)]
    if choices:
        form.fields["persona"].choices = [("", "No persona"), *choices]  # type: ignore[attr-defined]
    else:
        del form.fields["persona"]


class CaptureForm(ServiceForm):
    """The capture box."""

    content = forms.CharField(label="Text", widget=forms.Textarea, strip=False)
    tags = forms.CharField(label="Tags", required=False, help_text="Separated by commas.")
    persona = PersonaField(label="Persona")

    def __init__(self, *args: Any, owner: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_personas(self, owner)


class MemoryForm(CaptureForm):
    """Everything that a person edits about a memory."""

    occurred_at = forms.DateTimeField(
        label="When",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    importance = forms.FloatField(
        label="Importance", min_value=0, max_value=1, required=False, help_text="From 0 to 1; 0.5 is usual."
    )
    reason = forms.CharField(
        label="Why this change", max_length=200, required=False, help_text="Kept with the revision."
    )

    @classmethod
    def initial_of(cls, memory: Memory) -> dict[str, Any]:
        """The form as the memory stands."""
        return {
            "content": memory.content,
            "tags": ", ".join(sorted(tag.name for tag in memory.tags.all())),
            "persona": str(memory.persona_id or ""),
            "occurred_at": timezone.localtime(memory.occurred_at).replace(second=0, microsecond=0),
            "importance": memory.importance,
        }

    def change(self, memory: Memory) -> Change:
        """What the person changed."""
        data = self.cleaned_data
        return Change(
            content=data["content"],
            tags=split_tags(data["tags"]),
            occurred_at=data["occurred_at"] if "occurred_at" in self.changed_data else None,
            importance=data["importance"],
            persona_id=data.get("persona"),
            clear_persona="persona" in self.fields and data.get("persona") is None,
        )


class ImportForm(ServiceForm):
    """An archive to import."""

    file = forms.FileField(label="File", max_length=255, allow_empty_file=False)
    persona = PersonaField(label="Persona")
    dry_run = forms.BooleanField(
        label="Dry run", required=False, help_text="Read everything and report, but save nothing."
    )

    def __init__(self, *args: Any, owner: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_personas(self, owner)


class TagForm(ServiceForm):
    """A tag's name."""

    name = forms.CharField(label="Name", max_length=80)


class SavedSearchForm(ServiceForm):
    """A search under a name."""

    name = forms.CharField(label="Name", max_length=80)
    query = forms.CharField(
        label="Search",
        max_length=2000,
        help_text="As in the search box, filters included.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )
