"""Forms of the pages of enrichment."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.forms import ServiceForm
from accounts.models import User
from enrichment.entities import THING_KINDS
from enrichment.graph import PHRASE
from enrichment.llm.in_process import is_configured
from enrichment.models import EnrichmentSchedule, LlmSetting
from enrichment.services.choosing_models import TOKENS_MAX, USD_MAX, llm_steps
from memories.models import GatewayUpstream
from memories.selectors import tags_for
from personas.selectors import personas_for


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


_HERE = "here"


class LlmForm(ServiceForm):
    """Who is asked what, and how much a day."""

    is_on = forms.BooleanField(label="Ask a language model about my memories", required=False)
    server = forms.ChoiceField(label="Server", required=False)
    model = forms.CharField(label="Model", required=False, max_length=120, help_text="As the server calls it.")
    steps = forms.MultipleChoiceField(label="Steps", required=False, widget=forms.CheckboxSelectMultiple)
    tokens_a_day = forms.IntegerField(label="Tokens a day, at most", min_value=1, max_value=TOKENS_MAX)
    usd_a_day = forms.DecimalField(
        label="Dollars a day, at most",
        min_value=0,
        max_value=USD_MAX,
        decimal_places=2,
        help_text="Counted for models whose price is known.",
    )
    from_now = forms.BooleanField(label="Only what is captured from now on", required=False)
    excluded_personas = forms.MultipleChoiceField(
        label="Never send memories of these personas", required=False, widget=forms.CheckboxSelectMultiple
    )
    excluded_tags = forms.MultipleChoiceField(
        label="Never send memories with these tags", required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, owner: User, **kwargs: Any) -> None:
        """The owner's own servers, personas and tags."""
        super().__init__(*args, **kwargs)
        self._servers = {str(row.id): row for row in GatewayUpstream.objects.filter(owner=owner).order_by("name")}
        here = [(_HERE, "The model in this server's own process")] if is_configured() else []
        servers = [(key, str(row)) for key, row in self._servers.items()]
        self._offer("server", [("", "None"), *here, *servers])
        self._offer("steps", [(step.name, step.label) for step in llm_steps()])
        self._offer("excluded_personas", [(str(row.id), row.name) for row in personas_for(owner)])
        self._offer("excluded_tags", [(str(row.id), row.name) for row in tags_for(owner)])

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    @staticmethod
    def initial_of(row: LlmSetting) -> dict[str, Any]:
        """What a row says now."""
        plain = {name: getattr(row, name) for name in ("is_on", "model", "steps", "tokens_a_day", "usd_a_day")}
        server = _HERE if row.is_local else str(row.upstream_id or "")
        never = {name: [str(key) for key in getattr(row, name)] for name in ("excluded_personas", "excluded_tags")}
        return plain | never | {"server": server, "from_now": not row.is_on or row.since is not None}

    def choice(self) -> dict[str, Any]:
        """What the service is given."""
        given = dict(self.cleaned_data)
        server, given["step_names"] = given.pop("server"), given.pop("steps")
        return given | {"upstream": self._servers.get(server), "is_local": server == _HERE}


class GraphForm(forms.Form):
    """Which part of the graph, and as of when; a day means its end."""

    as_of = forms.DateField(label="As it was on", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    known_at = forms.DateField(label="As known on", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    predicate = forms.CharField(
        label="Only this relation",
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"placeholder": "live in"}),
    )
    kind = forms.MultipleChoiceField(
        label="Only about", required=False, choices=[*THING_KINDS.items(), (PHRASE, "Other words")]
    )
    named = forms.BooleanField(label="Only people and things with a name", required=False)
