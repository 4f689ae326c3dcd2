"""The JSON API of one's data: what becomes of secrets, the data key, agreements, and erasing the account."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, cast

from ninja import Router
from ninja.responses import Status
from pydantic import BaseModel, Field

from accounts.audit import record
from accounts.flows.consenting import consents_of, set_consent
from accounts.flows.erasing import ask_for_erasure, cancel_erasure, erasure_of
from accounts.flows.rotating import begin_rotation, rotation_of
from accounts.models import AccountErasure, Consent, KeyRotation, User
from accounts.scopes import ApiRequest, scope
from memshadow.lib.errors import ValidationFailed
from memshadow.lib.strict import Flag, StrictModel

router = Router(tags=["Privacy"])
PolicyName = Literal["store", "mask", "refuse"]
PurposeName = Literal["notice", "models"]


class ConsentOut(BaseModel):
    """An agreement in force."""

    purpose: PurposeName
    version: int
    given_at: datetime

    @classmethod
    def of(cls, row: Consent) -> ConsentOut:
        """From a row."""
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class KeyRotationOut(BaseModel):
    """The last change of the data key, and how far it is."""

    state: Literal["running", "settling", "done"] = Field(
        description="`settling`: everything is encrypted again; the old key goes once no process can hold it."
    )
    to_version: int
    rows_done: int
    rows_total: int
    started_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, row: KeyRotation) -> KeyRotationOut:
        """From a row."""
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class ErasureOut(BaseModel):
    """When the account will be erased."""

    state: Literal["pending", "running"]
    asked_at: datetime
    due_at: datetime

    @classmethod
    def of(cls, row: AccountErasure) -> ErasureOut:
        """From a row."""
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class PrivacyOut(BaseModel):
    """What was chosen, agreed to and asked for."""

    secret_policy: PolicyName = Field(description="What becomes of a secret in a text that is captured.")
    consents: list[ConsentOut]
    data_key: KeyRotationOut | None = Field(description="Null while the first key is in use.")
    erasure: ErasureOut | None

    @classmethod
    def of(cls, user: User) -> PrivacyOut:
        """As it is now."""
        rotation, erasure = rotation_of(user), erasure_of(user)
        return cls(
            secret_policy=cast(PolicyName, user.secret_policy),
            consents=[ConsentOut.of(row) for row in consents_of(user).values()],
            data_key=KeyRotationOut.of(rotation) if rotation else None,
            erasure=ErasureOut.of(erasure) if erasure else None,
        )


class PrivacyPatch(StrictModel):
    """What to change."""

    secret_policy: PolicyName


class ConsentIn(StrictModel):
    """Agree, or withdraw."""

    purpose: PurposeName
    given: Flag


class ErasureIn(StrictModel):
    """The account's e-mail address, so that nothing is erased by a slip."""

    email: str = Field(max_length=254)


@router.get("/privacy", auth=scope("account"), response=PrivacyOut)
def get_privacy(request: ApiRequest) -> PrivacyOut:
    """Tell what was chosen, agreed to and asked for."""
    return PrivacyOut.of(request.auth.person)


@router.patch("/privacy", auth=scope("account"), response=PrivacyOut)
def edit_privacy(request: ApiRequest, patch: PrivacyPatch) -> PrivacyOut:
    """Choose what becomes of secrets in what is captured from now on."""
    user = request.auth.person
    user.secret_policy = patch.secret_policy
    user.save(update_fields=["secret_policy"])
    record("account.secret_policy_changed", actor=user, target=user, policy=user.secret_policy)
    return PrivacyOut.of(user)


@router.post("/privacy/consents", auth=scope("account"), response=PrivacyOut)
def set_a_consent(request: ApiRequest, consent: ConsentIn) -> PrivacyOut:
    """Agree to something, or withdraw; both stay on record."""
    set_consent(owner=request.auth.person, purpose=consent.purpose, given=consent.given)
    return PrivacyOut.of(request.auth.person)


@router.post("/privacy/data-key", auth=scope("account"), response={202: KeyRotationOut})
def rotate_data_key(request: ApiRequest) -> Status[KeyRotationOut]:
    """Make a new data key; everything is encrypted again in the background."""
    return Status(202, KeyRotationOut.of(begin_rotation(owner=request.auth.person)))


@router.post("/privacy/erasure", auth=scope("account"), response={202: ErasureOut})
def ask_for_account_erasure(request: ApiRequest, wanted: ErasureIn) -> Status[ErasureOut]:
    """Have the account erased after 14 days; until then it can be cancelled."""
    user = request.auth.person
    if wanted.email.strip().lower() != user.email:
        raise ValidationFailed("email must be that of this account.", field="email")
    return Status(202, ErasureOut.of(ask_for_erasure(user=user, by=user)))


@router.delete("/privacy/erasure", auth=scope("account"), response={204: None})
def cancel_account_erasure(request: ApiRequest) -> Status[None]:
    """Keep the account after all."""
    cancel_erasure(user=request.auth.person, by=request.auth.person)
    return Status(204, None)
