"""The JSON API of what guards an account: devices, second factors, and what was noticed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, cast
from uuid import UUID

from ninja import Router
from ninja.responses import Status
from pydantic import BaseModel, Field

from accounts.flows.confirming import prove_identity
from accounts.flows.sessions import Device, device_id_of, devices_of, end_other_sessions, end_session
from accounts.intrusion.telling import advice_of, dismiss_signal, signals_of, words_of
from accounts.mfa.backup_codes import backup_codes_left, new_backup_codes, require_factor
from accounts.mfa.factors import FactorRow, factor_or_404, factors_of, remaining_factor, remove_factor, rename_factor
from accounts.mfa.signing_in import remember_factor
from accounts.mfa.standing import is_required_of
from accounts.models import SecuritySignal, User
from accounts.scopes import ApiRequest, scope
from memshadow.lib.paging import paginate
from memshadow.lib.strict import PageQuery, StrictModel, StrictQuery

router = Router(tags=["Security"])


class DeviceOut(BaseModel):
    """A browser that is signed in."""

    id: UUID
    browser: str
    system: str
    address: str | None
    first_seen_at: datetime
    last_seen_at: datetime
    is_this_one: bool = Field(description="Whether this very request came with its session.")

    @classmethod
    def of(cls, device: Device) -> DeviceOut:
        """From a session as its owner sees it."""
        return cls(**{name: getattr(device, name) for name in DeviceOut.model_fields})


class DeviceListOut(BaseModel):
    """Every device, last used first."""

    items: list[DeviceOut]


class EndedOut(BaseModel):
    """How many devices were signed out."""

    ended: int


class ProofIn(StrictModel):
    """What proves that the person is there, and not their key alone: one of the two."""

    password: str = Field(default="", max_length=4096)
    code: str = Field(default="", max_length=40, description="Of the authenticator app, or a backup code.")

    def prove(self, request: ApiRequest) -> None:
        """Raises ValidationFailed, RateLimited and TooManyAttempts."""
        prove_identity(request, user=request.auth.person, answers=self.model_dump())


class FactorPatch(StrictModel):
    """Another name."""

    name: str = Field(min_length=1, max_length=64)


class FactorOut(BaseModel):
    """An authenticator app or a passkey."""

    id: UUID
    kind: Literal["app", "passkey"]
    name: str
    site: str = Field(description="The name of this server that a passkey is for; empty for an app.")
    created_at: datetime
    last_used_at: datetime | None

    @classmethod
    def of(cls, row: FactorRow) -> FactorOut:
        """From a line of the security page."""
        kind = cast(Literal["app", "passkey"], row.kind)
        used = row.last_used_at
        return cls(id=row.id, kind=kind, name=row.name, site=row.note, created_at=row.created_at, last_used_at=used)


class SecondFactorsOut(BaseModel):
    """How the account stands with second factors. They are added on the page Security, where the browser takes part."""

    items: list[FactorOut]
    is_required: bool = Field(description="Whether this server requires one of this person.")
    backup_codes_left: int | None = Field(description="Null: there never were any.")

    @classmethod
    def of(cls, user: User) -> SecondFactorsOut:
        """From what the person has."""
        items = [FactorOut.of(row) for row in factors_of(user)]
        return cls(items=items, is_required=is_required_of(user), backup_codes_left=backup_codes_left(user))


class BackupCodesOut(BaseModel):
    """Ten codes, each of which works once. They are in this answer and nowhere else, ever."""

    codes: list[str]


class NoticeQuery(PageQuery):
    """Which notices."""

    unseen: bool = Field(default=False, description="Only those that were not marked as seen.")


class NoticeOut(BaseModel):
    """Something that was noticed about the account, or, for managers, about the server."""

    id: UUID
    kind: str
    text: str
    advice: str
    address: str | None
    device: str
    created_at: datetime
    seen_at: datetime | None

    @classmethod
    def of(cls, signal: SecuritySignal) -> NoticeOut:
        """From a row, in words."""
        same = {name: getattr(signal, name) for name in ("id", "kind", "address", "device", "created_at")}
        return cls(**same, text=words_of(signal), advice=advice_of(signal), seen_at=signal.dismissed_at)


class NoticePageOut(BaseModel):
    """A page of notices, newest first."""

    items: list[NoticeOut]
    next_cursor: str | None


@router.get("/devices", auth=scope("account"), response=DeviceListOut)
def list_devices(request: ApiRequest) -> DeviceListOut:
    """List the browsers that are signed in."""
    found = devices_of(request.auth.person, this=_this_device(request))
    return DeviceListOut(items=[DeviceOut.of(device) for device in found])


@router.delete("/devices/{uuid:device_id}", auth=scope("account"), response={204: None})
def end_device(request: ApiRequest, device_id: UUID) -> Status[None]:
    """Sign a browser out, at once."""
    end_session(owner=request.auth.person, device_id=device_id)
    return Status(204, None)


@router.post("/devices/end-others", auth=scope("account"), response=EndedOut)
def end_other_devices(request: ApiRequest) -> EndedOut:
    """Sign every browser out but the one that asks; with a key, every one. Keys and tokens stay."""
    return EndedOut(ended=end_other_sessions(owner=request.auth.person, keep=_this_device(request)))


@router.get("/second-factors", auth=scope("account"), response=SecondFactorsOut)
def list_second_factors(request: ApiRequest) -> SecondFactorsOut:
    """List authenticator apps and passkeys, and tell how many backup codes are left."""
    return SecondFactorsOut.of(request.auth.person)


@router.patch("/second-factors/{uuid:factor_id}", auth=scope("account"), response=SecondFactorsOut)
def rename_second_factor(request: ApiRequest, factor_id: UUID, patch: FactorPatch) -> SecondFactorsOut:
    """Call an app or a passkey something else."""
    rename_factor(user=request.auth.person, factor_id=factor_id, name=patch.name)
    return SecondFactorsOut.of(request.auth.person)


@router.post("/second-factors/{uuid:factor_id}/remove", auth=scope("account"), response=SecondFactorsOut)
def remove_second_factor(request: ApiRequest, factor_id: UUID, proof: ProofIn) -> SecondFactorsOut:
    """Forget an app or a passkey. With the last one go the backup codes, and the password alone is enough."""
    user = request.auth.person
    factor_or_404(user, factor_id)
    proof.prove(request)
    remove_factor(user=user, factor_id=factor_id)
    if request.auth.by_session:
        remember_factor(request, remaining_factor(user))
    return SecondFactorsOut.of(user)


@router.post("/second-factors/backup-codes", auth=scope("account"), response=BackupCodesOut)
def renew_backup_codes(request: ApiRequest, proof: ProofIn) -> BackupCodesOut:
    """Make ten new backup codes; those from before stop working at once."""
    require_factor(request.auth.person)
    proof.prove(request)
    return BackupCodesOut(codes=new_backup_codes(user=request.auth.person))


@router.get("/security-notices", auth=scope("account"), response=NoticePageOut)
def list_security_notices(request: ApiRequest, query: Annotated[NoticeQuery, StrictQuery(...)]) -> NoticePageOut:
    """List what was noticed: new sign-ins, keys used elsewhere, guessed passwords, bursts of requests."""
    rows = signals_of(request.auth.person)
    page = paginate(rows.filter(dismissed_at=None) if query.unseen else rows, cursor=query.cursor, limit=query.limit)
    return NoticePageOut(items=[NoticeOut.of(row) for row in page.items], next_cursor=page.next_cursor)


@router.post("/security-notices/{uuid:signal_id}/seen", auth=scope("account"), response={204: None})
def mark_notice_seen(request: ApiRequest, signal_id: UUID) -> Status[None]:
    """Put a notice away; pages do not show it any more."""
    dismiss_signal(user=request.auth.person, signal_id=signal_id)
    return Status(204, None)


def _this_device(request: ApiRequest) -> UUID | None:
    return device_id_of(request) if request.auth.by_session else None
