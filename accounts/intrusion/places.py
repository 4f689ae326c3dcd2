"""Who comes from where: a sign-in or a key from a place that was not seen before is a signal."""

from __future__ import annotations

from collections import OrderedDict
from uuid import UUID

from accounts.flows.sessions import browser_and_system
from accounts.intrusion.raising import raise_signal
from accounts.models import ApiKey, KnownPlace, SecuritySignal, User
from memshadow.lib import request_context
from memshadow.lib.client_address import network_of

_SIGN_IN = "sign-in"
_REMEMBERED_MAX = 10_000
# Keys and networks that this process has looked up already, so that a call of the API costs nothing here.
_remembered: OrderedDict[tuple[UUID, str], None] = OrderedDict()


def note_sign_in(user: User) -> None:
    """Remember where somebody signed in; a new device or network is a signal, but for the first one."""
    context = request_context.current()
    if context.address is None:
        return
    device, network = device_named(context.agent), network_of(context.address)
    known = _remember(user, _SIGN_IN, network, device)
    if known is None:
        return
    is_new = {"device": device not in {d for _, d in known}, "address": network not in {n for n, _ in known}}
    new = [word for word, applies in is_new.items() if applies]
    if new:
        kind, apart = SecuritySignal.Kind.NEW_SIGN_IN, f"{network} {device}"
        raise_signal(kind, owner=user, address=context.address, device=device, apart=apart, new=new)


def note_key_use(key: ApiKey) -> None:
    """Remember from where a key is used; another network is a signal, but for the first one."""
    address = request_context.current().address
    if address is None or _is_remembered(key.pk, network_of(address)):
        return
    if _remember(key.owner, str(key.pk), network_of(address), "") is not None:
        kind, apart = SecuritySignal.Kind.NEW_KEY_ADDRESS, f"{key.pk} {network_of(address)}"
        raise_signal(kind, owner=key.owner, address=address, apart=apart, key=str(key.pk), name=key.name)


def device_named(agent: str) -> str:
    """'Firefox on Linux', or an empty word for a program that does not say what it is."""
    return " on ".join(filter(None, browser_and_system(agent)))[:120]


def _remember(owner: User, subject: str, network: str, device: str) -> set[tuple[str, str]] | None:
    """The places known before this new one; None when it is known itself, or the first of all."""
    rows = KnownPlace.objects.filter(owner=owner, subject=subject)
    known = set(rows.values_list("network", "device"))
    if (network, device) in known:
        return None
    place = KnownPlace(owner=owner, subject=subject, network=network, device=device)
    KnownPlace.objects.bulk_create([place], ignore_conflicts=True)
    return known or None


def _is_remembered(key_id: UUID, network: str) -> bool:
    if (key_id, network) in _remembered:
        return True
    _remembered[(key_id, network)] = None
    if len(_remembered) > _REMEMBERED_MAX:
        _remembered.popitem(last=False)
    return False
