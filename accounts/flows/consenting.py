"""Agreeing and withdrawing, on record."""

from __future__ import annotations

from django.db import transaction

from accounts.audit import record
from accounts.models import Consent, User
from memshadow.lib.clock import now
from memshadow.lib.errors import ValidationFailed

# Raised when docs/privacy.md changes what is kept or why: people are asked again.
NOTICE_VERSION = 1


def set_consent(*, owner: User, purpose: str, given: bool, address: str | None = None) -> None:
    """Put an agreement or its withdrawal on record; saying the same again changes nothing. Raises ValidationFailed."""
    if purpose not in Consent.Purpose.values:
        raise ValidationFailed(f"purpose is one of {', '.join(Consent.Purpose.values)}.", field="purpose")
    with transaction.atomic():
        User.objects.select_for_update().get(pk=owner.pk)
        current = Consent.objects.filter(owner=owner, purpose=purpose, withdrawn_at=None).first()
        if given == (current is not None and current.version == NOTICE_VERSION):
            return
        if current is not None:
            current.withdrawn_at = now()
            current.save(update_fields=["withdrawn_at"])
        if given:
            Consent.objects.create(owner=owner, purpose=purpose, version=NOTICE_VERSION)
        record(
            "consent.given" if given else "consent.withdrawn",
            actor=owner,
            target=owner,
            address=address,
            purpose=purpose,
        )


def consents_of(owner: User) -> dict[str, Consent]:
    """The agreements in force, by purpose."""
    return {row.purpose: row for row in Consent.objects.filter(owner=owner, withdrawn_at=None)}


def has_refused_models(owner: User) -> bool:
    """Whether this person has withdrawn from having memories sent to a language model's server."""
    last = Consent.objects.filter(owner=owner, purpose=Consent.Purpose.MODELS).order_by("-given_at").first()
    return last is not None and last.withdrawn_at is not None
