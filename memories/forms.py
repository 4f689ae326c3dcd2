"""Forms of the dashboard: they shape and name input; the services judge it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils import timezone

from accounts.forms import ServiceForm
from accounts.models import ApiKey, User
from accounts.spaces.making import NAME_MAX_CHARS as SPACE_NAME_MAX_CHARS
from accounts.spaces.membership import memberships_of
from memories.embedding import POOLINGS, PRECISIONS, ModelSpec
from memories.models import GatewayUpstream, Memory, Provider, WebhookEvent
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

    def __init__(self, *args: Any, owner: User, sealed: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, owner=owner, **kwargs)
        if sealed:  # only who has the key can change its text
            del self.fields["content"]

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
            content=data.get("content"),
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


class WebhookForm(ServiceForm):
    """An address to tell of events."""

    url = forms.CharField(
        label="Address",
        max_length=1000,
        help_text="Where the events are sent, such as https://example.org/hooks/memshadow.",
        widget=forms.TextInput(attrs={"inputmode": "url", "spellcheck": "false", "autocomplete": "off"}),
    )
    events = forms.MultipleChoiceField(
        label="It is told when",
        choices=WebhookEvent.choices,
        widget=forms.CheckboxSelectMultiple,
        initial=[WebhookEvent.CREATED],
    )


class UpstreamForm(ServiceForm):
    """A server of language models; without a key its stored one stays."""

    name = forms.CharField(label="Name", max_length=60, help_text="As you call it, such as Work.")
    provider = forms.ChoiceField(label="It speaks the API of", choices=Provider.choices)
    base_url = forms.CharField(
        label="Address",
        max_length=300,
        help_text="Such as https://api.openai.com/v1.",
        widget=forms.TextInput(attrs={"inputmode": "url", "spellcheck": "false", "autocomplete": "off"}),
    )
    api_key = forms.CharField(
        label="Key",
        max_length=4096,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Stored encrypted. Only its last characters are ever shown again.",
    )
    is_default = forms.BooleanField(
        label="Ask this one when a client names no other",
        required=False,
        help_text="The first server of a provider is asked anyway.",
    )

    def __init__(self, *args: Any, upstream: GatewayUpstream | None = None, **kwargs: Any) -> None:
        """`upstream`: the one to change, whose provider stays."""
        super().__init__(*args, **kwargs)
        if upstream is not None:
            del self.fields["provider"]
            self.fields["api_key"].label = "Another key"
            self.fields["api_key"].help_text = "Left empty, the stored one stays."

    @classmethod
    def initial_of(cls, upstream: GatewayUpstream) -> dict[str, Any]:
        """The form as the server stands."""
        return {name: getattr(upstream, name) for name in ("name", "base_url", "is_default")}

    def change(self) -> dict[str, Any]:
        """What the person changed."""
        return {**self.cleaned_data, "api_key": self.cleaned_data["api_key"] or None}


class LimitForm(ServiceForm):
    """How much may be used of language models; empty is without limit."""

    tokens_a_day = forms.IntegerField(label="Tokens a day", min_value=0, required=False)
    usd_a_month = forms.DecimalField(
        label="Dollars a month", min_value=0, max_digits=10, decimal_places=2, required=False
    )


class OwnLimitForm(LimitForm):
    """For oneself, or for one of one's keys."""

    key_id = forms.TypedChoiceField(label="For", required=False, coerce=UUID, empty_value=None)
    field_order = ("key_id", "tokens_a_day", "usd_a_month")

    def __init__(self, *args: Any, owner: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        keys = ApiKey.objects.filter(owner=owner, revoked_at=None).order_by("-created_at")
        self.fields["key_id"].choices = [  # type: ignore[attr-defined]
            ("", "All that I use"),
            *((str(key.id), f"The key “{key.name}”") for key in keys),
        ]


class PersonLimitForm(LimitForm):
    """For somebody else on this server; both empty lifts it."""

    person_id = forms.TypedChoiceField(label="Person", coerce=UUID)
    field_order = ("person_id", "tokens_a_day", "usd_a_month")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.people().order_by("email")
        self.fields["person_id"].choices = [(str(one.id), one.email) for one in people]  # type: ignore[attr-defined]


class SavedSearchForm(ServiceForm):
    """A search under a name."""

    name = forms.CharField(label="Name", max_length=80)
    query = forms.CharField(
        label="Search",
        max_length=2000,
        help_text="As in the search box, filters included.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )


class EmbeddingModelForm(ServiceForm):
    """A model to add; what is left out is learnt from the model itself."""

    provider = forms.ChoiceField(
        label="Provider",
        choices=[
            ("openai", "A server with an OpenAI-compatible API"),
            ("sentence-transformers", "sentence-transformers on this machine"),
            ("local", "The built-in model in another precision"),
        ],
    )
    model = forms.CharField(
        label="Model", max_length=500, required=False, help_text="Its name at the provider, or a folder on the server."
    )
    endpoints = forms.CharField(
        label="Endpoints",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "http://127.0.0.1:11434/v1"}),
        help_text="For a server: its address. More lines are servers of the same model, asked when the first is away.",
    )
    api_keys = forms.CharField(
        label="API key",
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Stored encrypted, and never shown again.",
    )
    query_prefix = forms.CharField(label="Before questions", max_length=500, required=False, strip=False)
    document_prefix = forms.CharField(label="Before texts", max_length=500, required=False, strip=False)
    pooling = forms.ChoiceField(
        label="Pooling", required=False, choices=[(name, name or "The model's own") for name in POOLINGS]
    )
    precision = forms.ChoiceField(
        label="Precision",
        required=False,
        choices=[(name, name) for name in PRECISIONS],
        help_text="Of the built-in model.",
    )
    dimension = forms.IntegerField(
        label="Shorten to", required=False, min_value=1, max_value=4000, help_text="Numbers in a vector of a server."
    )
    dot_product = forms.BooleanField(label="Trained for the dot product: the length of a vector counts", required=False)
    name = forms.CharField(label="Name here", max_length=100, required=False)

    def spec(self) -> ModelSpec:
        """As the providers take it."""
        data = self.cleaned_data
        return ModelSpec(
            provider=data["provider"],
            model=data["model"],
            dimension=data["dimension"] or 0,
            query_prefix=data["query_prefix"],
            document_prefix=data["document_prefix"],
            pooling=data["pooling"],
            normalise=not data["dot_product"],
            precision=data["precision"] or PRECISIONS[0],
            endpoints=tuple(data["endpoints"].split()),
            api_keys=tuple(data["api_keys"].split()),
        )


class ShareForm(ServiceForm):
    """The space that memories move into: one that the person writes in, or a new one by its name."""

    space = forms.ChoiceField(label="Space", required=False)
    name = forms.CharField(
        label="Name of a new space",
        required=False,
        max_length=SPACE_NAME_MAX_CHARS,
        help_text="Only when you chose a new space above.",
    )

    def __init__(self, data: QueryDict | None = None, *, person: User) -> None:
        super().__init__(data)
        own = [(str(m.space.id), m.space.name) for m in memberships_of(person) if m.may("memories:delete")]
        self.fields["space"].choices = [*own, ("", "A new space")]  # type: ignore[attr-defined]
