"""Groups that a space is shared with: who joins one gets a copy of the keys, who leaves it loses theirs."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.signals import m2m_changed, pre_delete

from accounts.audit import record
from accounts.models import Space, User
from accounts.spaces.membership import members_of
from accounts.spaces.sharing import renew_key_of, settle_space
from accounts.spaces.telling import tell_of_end, tell_of_share
from memshadow.lib import jobs

TASK = "accounts.tasks.tend_spaces"
_CHANGES = ("post_add", "post_remove", "post_clear")


def listen() -> None:
    """Act when the members of a group change, wherever that is done."""
    m2m_changed.connect(_members_changed, sender=User.groups.through, dispatch_uid="space-groups")
    pre_delete.connect(_group_goes, sender=Group, dispatch_uid="space-group-goes")


def tend_spaces() -> int:
    """See that in every space exactly its members keep its keys; returns how many copies were given or taken.

    What a signal did not see (a change in the database itself, a process that was killed) is mended here.
    """
    return sum(_tend(space) for space in Space.objects.order_by("id"))


def _tend(space: Space) -> int:
    given, taken = settle_space(space)
    if space.renewal_due:
        renew_key_of(space)
    if given:
        record("space.keys_given", actor=None, target=space, people=sorted(map(str, given)))
    if taken:
        record("space.keys_taken", actor=None, target=space, people=sorted(map(str, taken)))
    roles = members_of(space)
    for member_id in given:
        tell_of_share(member_id, space=space, role=roles[member_id], by=None)
    for member_id in taken:
        tell_of_end(member_id, space=space, why="you are in no group any more that it is shared with.")
    return len(given) + len(taken)


def _members_changed(action: str, instance: Group | User, **_: Any) -> None:
    if action not in _CHANGES:
        return
    for space in _spaces_of(instance):
        _tend(space)


def _spaces_of(changed: Group | User) -> QuerySet[Space]:
    """Those that the change may concern."""
    if isinstance(changed, Group):
        return Space.objects.filter(shares__group=changed).distinct()
    kept_or_due = Space.objects.filter(keys__owner=changed) | Space.objects.filter(shares__group__user=changed)
    return kept_or_due.distinct()


def _group_goes(**_: Any) -> None:
    """Its shares go with it; the copies are taken back once that is so."""
    transaction.on_commit(lambda: jobs.wake(TASK))
