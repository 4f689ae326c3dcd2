"""What its owner wants done with a secret in a text that is about to be stored."""

from __future__ import annotations

from dataclasses import replace

from accounts.models import User
from accounts.models.user import SecretPolicy
from memories.drafts import MemoryDraft
from memories.screening import LABELS, masked, secrets_in
from memshadow.lib.errors import ValidationFailed


class SecretRefused(ValidationFailed):
    """The text holds a secret, and its owner refuses such texts."""

    code = "secret-found"


def without_secrets(owner: User, draft: MemoryDraft) -> MemoryDraft:
    """The draft as the owner's policy wants it stored. Raises SecretRefused, which says what was found and where."""
    if owner.secret_policy == SecretPolicy.STORE:
        return draft
    if owner.secret_policy == SecretPolicy.MASK:
        return replace(draft, content=masked(draft.content))
    found = secrets_in(draft.content)
    if found:
        kinds = list(dict.fromkeys(LABELS[one.kind] for one in found))
        raise SecretRefused(
            f"The text holds {_listed(kinds)}, and your settings refuse that. Take it out and send it again, or choose "
            "otherwise under Account, Privacy.",
            field="content",
            found=[{"kind": one.kind, "start": one.start, "end": one.end} for one in found[:50]],
        )
    return draft


def _listed(kinds: list[str]) -> str:
    return kinds[0] if len(kinds) == 1 else f"{', '.join(kinds[:-1])} and {kinds[-1]}"
