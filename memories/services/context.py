"""What a person says of a prepared context, and taking it back."""

from __future__ import annotations

from uuid import UUID

from accounts.models import User
from memories.access import retrieval_or_404
from memories.models import ContextVerdict
from memshadow.lib.clock import now
from memshadow.lib.errors import PermissionRefused, ValidationFailed


def judge_context(*, owner: User, verdict: str, retrieval_id: UUID) -> ContextVerdict:
    """That a context was too long or missed something; replaces what was said of the same one before.

    Raises ValidationFailed, NotFound for a retrieval that is not the owner's, and PermissionRefused for a viewer.
    """
    if verdict not in ContextVerdict.Verdict.values:
        raise ValidationFailed(f"verdict is one of {', '.join(ContextVerdict.Verdict.values)}.", field="verdict")
    if not owner.may_write:
        raise PermissionRefused("A viewer cannot judge a context; ask the owner for another role.")
    retrieval = retrieval_or_404(owner, retrieval_id)
    said = {"verdict": verdict, "created_at": now()}
    return ContextVerdict.objects.update_or_create(owner=owner, retrieval=retrieval, defaults=said)[0]


def forget_verdicts(*, owner: User) -> int:
    """Take back all that was said of contexts; memories get the usual room again. Returns how many verdicts there were.

    Raises PermissionRefused for a viewer.
    """
    if not owner.may_write:
        raise PermissionRefused("A viewer cannot judge a context; ask the owner for another role.")
    return ContextVerdict.objects.filter(owner=owner).delete()[0]
