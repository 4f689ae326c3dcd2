"""Forms of the context studio: a prompt, the settings of each side, and models of one's own."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django import forms

from accounts.forms import ServiceForm
from accounts.models import User
from memories.context import FORMATS, LAYOUTS, STRATEGIES, STYLES, ContextRequest
from memories.context.adding import SPECIAL_MAX_CHARS, WINDOW_MAX, WINDOW_MIN
from memories.forms import PersonaField, offer_personas
from memories.models import ContextTarget
from memories.selectors import conversations_titled

PROMPT_MAX_CHARS: Final = 2_000  # it stands in the address, which holds 8,190 bytes
_CONVERSATIONS: Final = 20
_STRATEGY_WORDS: Final = {
    "auto": "Choose for me",
    "relevance": "Relevance",
    "recency": "What is new first",
    "topical": "Whole subjects",
    "conversational": "The conversation first",
}
_FORMAT_WORDS: Final = {
    "openai-chat": "OpenAI chat",
    "openai-responses": "OpenAI responses",
    "anthropic": "Anthropic messages",
    "gemini": "Gemini contents",
    "llama": "Llama template",
    "chatml": "ChatML template",
    "markdown": "Markdown text",
    "xml": "Text with XML tags",
    "plain": "Plain text",
}
_AS_MODEL: Final = ("", "As the model likes it")
_AS_PROVIDER: Final = ("", "As its provider's")


class PromptForm(forms.Form):
    """What both sides are asked."""

    prompt = forms.CharField(
        label="Prompt",
        max_length=PROMPT_MAX_CHARS,
        required=False,
        widget=forms.Textarea(
            attrs={"rows": 3, "data-autosize": "", "placeholder": "What should I avoid when baking for my daughter?"}
        ),
    )
    conversation = forms.TypedChoiceField(label="In the conversation", required=False, coerce=UUID, empty_value=None)
    compare = forms.BooleanField(label="Compare with other settings", required=False)

    def __init__(self, *args: Any, owner: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        newest = conversations_titled(owner, "", limit=_CONVERSATIONS)
        choices = [(str(row.id), row.title or "Untitled") for row in newest]
        if choices:
            self.fields["conversation"].choices = [("", "None"), *choices]  # type: ignore[attr-defined]
        else:
            del self.fields["conversation"]


class SettingsForm(ServiceForm):
    """One side: the model and how memories are chosen for it."""

    model = forms.CharField(
        label="Model",
        max_length=200,
        required=False,
        widget=forms.TextInput(
            attrs={"list": "models", "autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    persona = PersonaField(label="Persona")
    strategy = forms.ChoiceField(
        label="Strategy", required=False, choices=[(name, _STRATEGY_WORDS[name]) for name in STRATEGIES]
    )
    budget = forms.IntegerField(
        label="Tokens for memories",
        required=False,
        min_value=0,
        max_value=1_000_000,
        widget=forms.NumberInput(attrs={"placeholder": "The server's"}),
    )
    format = forms.ChoiceField(
        label="Format", required=False, choices=[_AS_MODEL, *((name, _FORMAT_WORDS[name]) for name in FORMATS)]
    )
    layout = forms.ChoiceField(
        label="Layout", required=False, choices=[_AS_MODEL, *((name, name.capitalize()) for name in LAYOUTS)]
    )

    def __init__(self, *args: Any, owner: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_personas(self, owner)

    def request(self, prompt: str, conversation: UUID | None) -> ContextRequest:
        """As `memories.context` takes it."""
        data = self.cleaned_data
        return ContextRequest(
            prompt=prompt,
            model=data["model"],
            persona=data.get("persona"),
            conversation=conversation,
            strategy=data["strategy"] or STRATEGIES[0],
            budget=data["budget"],
            format=data["format"] or None,
            layout=data["layout"] or None,
            via="dashboard",
        )


def _texts(text: str) -> list[str]:
    """One a line."""
    return [line.strip() for line in text.splitlines() if line.strip()]


class TargetForm(ServiceForm):
    """A model of one's own; what is left empty is as its provider's usual models are."""

    name = forms.CharField(label="Name", max_length=100, help_text="As your client calls it, such as my-llama.")
    provider = forms.ChoiceField(label="Kind", choices=ContextTarget.Provider.choices, initial="local")
    window = forms.IntegerField(
        label="Window", required=False, min_value=WINDOW_MIN, max_value=WINDOW_MAX, help_text="Tokens in all."
    )
    output = forms.IntegerField(
        label="Longest answer", required=False, min_value=1, max_value=WINDOW_MAX, help_text="Tokens."
    )
    format = forms.ChoiceField(
        label="Format", required=False, choices=[_AS_PROVIDER, *((name, _FORMAT_WORDS[name]) for name in FORMATS)]
    )
    style = forms.ChoiceField(
        label="Memories written as",
        required=False,
        choices=[_AS_PROVIDER, *((name, name.capitalize()) for name in STYLES)],
    )
    layout = forms.ChoiceField(
        label="Layout", required=False, choices=[_AS_PROVIDER, *((name, name.capitalize()) for name in LAYOUTS)]
    )
    tokenizer = forms.CharField(
        label="Tokenizer", max_length=40, required=False, help_text="A file in the models' folder, without .json."
    )
    match = forms.CharField(
        label="Other names",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text="One a line; * stands for anything: my-llama*.",
    )
    special = forms.CharField(
        label="Special texts",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text=f"One a line, such as <|im_end|>, up to {SPECIAL_MAX_CHARS} characters: memories cannot use them.",
    )
    system_role = forms.BooleanField(label="It takes a system message", required=False, initial=True)

    @classmethod
    def initial_of(cls, row: ContextTarget) -> dict[str, Any]:
        """The form as the row stands."""
        lists = {name: "\n".join(getattr(row, name)) for name in ("match", "special")}
        return {name: getattr(row, name) for name in cls.base_fields} | lists

    def values(self) -> dict[str, Any]:
        """As the services take it."""
        data = dict(self.cleaned_data)
        return data | {name: _texts(data[name]) for name in ("match", "special")}
