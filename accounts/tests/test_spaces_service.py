"""Spaces: whose keys open them, who is in them, and what becomes of both when people come and go."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.core import mail
from django.test import Client

from accounts import keys
from accounts.audit.selectors import events_of
from accounts.flows.erasing import ask_for_erasure, erase_due
from accounts.flows.rotating import SETTLE, begin_rotation, rotate_pending
from accounts.intrusion.telling import notices_for
from accounts.models import AccountErasure, AuditEvent, DataKey, KeyRotation, Session, Space, SpaceKey, SpaceRole, User
from accounts.models.space import SpaceShare
from accounts.personal_rows import personal_tables, readable_rows, remaining
from accounts.sealed import binding
from accounts.spaces.groups import tend_spaces
from accounts.spaces.leaving import last_in
from accounts.spaces.making import create_space, delete_space, keep_space, rename_space
from accounts.spaces.membership import Membership, membership_or_404, memberships_of
from accounts.spaces.sharing import change_role, leave, share_with_group, share_with_person, unshare
from accounts.spaces.wrapping import holders_of
from conftest import PASSWORD
from memories.drafts import MemoryDraft
from memories.models import Memory
from memories.services.capture import capture_memory
from memshadow.lib import crypto
from memshadow.lib.clock import now
from memshadow.lib.errors import Conflict, MemshadowError, NotFound, PermissionRefused, ValidationFailed

pytestmark = pytest.mark.django_db
SECRET = "the cellar key hangs behind the clock"


@pytest.fixture
def manager(owner: User) -> Membership:
    """Alice in her new space, in which there is a memory."""
    made = create_space(by=owner, name="Family")
    capture_memory(owner=made.space.owner, draft=MemoryDraft(content=SECRET))
    return made


def read(space: Space) -> str:
    """What a process reads that has no keys in its hands yet."""
    keys.forget()
    return str(Memory.objects.get(owner_id=space.id).content)


def test_a_space_is_opened_by_the_copies_of_its_members_alone(manager: Membership, other: User) -> None:
    space = manager.space
    assert read(space) == SECRET and Space.objects.get().name == "Family"
    assert not DataKey.objects.filter(owner_id=space.id).exists()
    with pytest.raises(NotFound):
        membership_or_404(other, space.id)

    share_with_person(manager=manager, email=" BOB@example.org", role="reader")
    assert holders_of(space.id) == {manager.person.id, other.id}
    DataKey.objects.filter(owner=manager.person).delete()  # what erasing her does to every backup too
    assert read(space) == SECRET
    DataKey.objects.filter(owner=other).delete()
    with pytest.raises(NotFound):
        read(space)


def test_a_copy_that_was_moved_opens_no_other_space(manager: Membership, owner: User) -> None:
    """Who can write to the database cannot have one space's memories sealed under the key of another."""
    second = create_space(by=owner, name="Work").space
    wanted = SpaceKey.objects.filter(space=second)
    for row in list(SpaceKey.objects.filter(space=manager.space)):
        wanted.filter(purpose=row.purpose).delete()
        SpaceKey.objects.filter(id=row.id).update(space=second)
    keys.forget()
    with pytest.raises(NotFound):
        keys.keyring(second.id)


def test_members_see_what_is_theirs_to_see(manager: Membership, other: User, viewer: User) -> None:
    share_with_person(manager=manager, email=other.email, role="editor")
    share = share_with_person(manager=manager, email=viewer.email, role="editor")
    assert [(m.space.name, m.role) for m in memberships_of(other)] == [("Family", "editor")]
    assert membership_or_404(other, manager.space.id).may("memories:write")
    assert not membership_or_404(viewer, manager.space.id).may("memories:write"), "a viewer of the server only reads"
    for act in (
        lambda m: share_with_person(manager=m, email=viewer.email, role="reader"),
        lambda m: unshare(manager=m, share_id=share.id),
        lambda m: change_role(manager=m, share_id=share.id, role="reader"),
        lambda m: rename_space(manager=m, name="Mine"),
        lambda m: delete_space(manager=m),
    ):
        with pytest.raises(PermissionRefused):
            act(membership_or_404(other, manager.space.id))
    assert Space.objects.get().name == "Family" and SpaceShare.objects.count() == 3


def test_everyone_is_told_and_the_trail_has_it_on_both_sides(
    manager: Membership, other: User, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    share = share_with_person(manager=manager, email=other.email, role="reader")
    change_role(manager=manager, share_id=share.id, role="editor")
    unshare(manager=manager, share_id=share.id)
    told = [notice.text for notice in reversed(notices_for(other))]
    assert told == [
        "alice@example.org shared a space with you: you are its reader.",
        "alice@example.org shared a space with you: you are its editor.",
        "A space is not shared with you any more: its manager took it back.",
    ]
    assert {"space.shared", "space.role_changed", "space.unshared"} <= set(
        events_of(manager.person).values_list("action", flat=True)
    )
    assert {"signal.space_shared", "signal.space_closed"} <= set(events_of(other).values_list("action", flat=True))
    assert not AuditEvent.objects.filter(details__icontains="Family").exists() and not mail.outbox


def test_what_is_taken_back_is_gone_with_the_copy_and_the_key_can_be_renewed(
    manager: Membership, other: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = share_with_person(manager=manager, email=other.email, role="editor")
    before = keys.keyring(manager.space.id).seal_keys[1]
    unshare(manager=manager, share_id=share.id, renew_key=True)
    assert holders_of(manager.space.id) == {manager.person.id}
    with pytest.raises(NotFound):
        membership_or_404(other, manager.space.id)
    assert rotate_pending() == 2  # the memory's text and the space's name
    KeyRotation.objects.update(started_at=now() - 2 * SETTLE)
    rotate_pending()
    assert KeyRotation.objects.get().state == "done"
    assert set(SpaceKey.objects.filter(purpose="seal").values_list("version", flat=True)) == {2}
    assert read(manager.space) == SECRET
    memory = Memory.objects.get(owner_id=manager.space.id)
    sealed, bound_to = bytes(memory.content_sealed), binding(memory, "content_sealed")
    assert crypto.unseal(keys.keyring(manager.space.id).seal_keys[2], sealed, bound_to=bound_to) == SECRET.encode()
    with pytest.raises(crypto.SealBroken):
        crypto.unseal(before, sealed, bound_to=bound_to)


def test_a_members_own_rotation_takes_their_copy_along(manager: Membership) -> None:
    begin_rotation(owner=manager.person)
    rotate_pending()
    KeyRotation.objects.update(started_at=now() - 2 * SETTLE)
    rotate_pending()
    assert set(DataKey.objects.filter(owner=manager.person, purpose="seal").values_list("version", flat=True)) == {2}
    assert read(manager.space) == SECRET


def test_there_is_always_a_manager(manager: Membership, other: User) -> None:
    mine = SpaceShare.objects.get(person=manager.person)
    with pytest.raises(Conflict):
        leave(member=manager)
    with pytest.raises(Conflict):
        change_role(manager=manager, share_id=mine.id, role="editor")
    with pytest.raises(Conflict):
        unshare(manager=manager, share_id=mine.id)
    share_with_person(manager=manager, email=other.email, role="manager")
    leave(member=manager)
    assert [m.is_manager for m in memberships_of(other)] == [True] and memberships_of(manager.person) == []


def test_mistakes_are_named_and_change_nothing(manager: Membership, other: User, viewer: User) -> None:
    group = Group.objects.create(name="Band")
    wrong: list[tuple[type[MemshadowError], Callable[[], object]]] = [
        (ValidationFailed, lambda: create_space(by=manager.person, name=" \x00 ")),
        (ValidationFailed, lambda: rename_space(manager=manager, name="x" * 81)),
        (PermissionRefused, lambda: create_space(by=viewer, name="Mine")),
        (NotFound, lambda: share_with_person(manager=manager, email="nobody@example.org", role="reader")),
        (NotFound, lambda: share_with_person(manager=manager, email=manager.space.owner.email, role="reader")),
        (ValidationFailed, lambda: share_with_person(manager=manager, email=other.email, role="owner")),
        (Conflict, lambda: share_with_person(manager=manager, email=manager.person.email, role="reader")),
        (ValidationFailed, lambda: share_with_group(manager=manager, group_id=group.id, role="manager")),
        (NotFound, lambda: share_with_group(manager=manager, group_id=10_000, role="reader")),
    ]
    for kind, act in wrong:
        with pytest.raises(kind):
            act()
    assert Space.objects.count() == SpaceShare.objects.count() == 1


def test_a_group_comes_and_goes_with_its_members(manager: Membership, other: User, viewer: User) -> None:
    group = Group.objects.create(name="Band")
    group.user_set.add(other)
    share_with_group(manager=manager, group_id=group.id, role="editor")
    assert memberships_of(other)[0].role == SpaceRole.EDITOR and other.id in holders_of(manager.space.id)
    with pytest.raises(Conflict):
        leave(member=memberships_of(other)[0])
    viewer.groups.add(group)
    other.groups.remove(group)
    assert holders_of(manager.space.id) == {manager.person.id, viewer.id} and memberships_of(other) == []
    User.groups.through.objects.all().delete()  # where no signal sees it
    assert memberships_of(viewer) == []
    assert tend_spaces() == 1 and tend_spaces() == 0
    assert holders_of(manager.space.id) == {manager.person.id}
    viewer.groups.add(group)
    group.delete()
    assert tend_spaces() == 1 and memberships_of(viewer) == []
    assert "signal.space_shared" in set(events_of(other).values_list("action", flat=True))


def test_an_erased_member_leaves_the_space_to_the_others(manager: Membership, other: User, owner: User) -> None:
    share_with_person(manager=manager, email=other.email, role="editor")
    User.objects.filter(pk=other.pk).update(role="owner")  # so that Alice may go
    ask_for_erasure(user=owner, by=owner)
    AccountErasure.objects.update(due_at=now() - timedelta(days=1))
    assert last_in(owner.id) == [] and erase_due() == 1
    assert remaining(owner.id) == {} and not User.objects.filter(pk=owner.pk).exists()
    assert memberships_of(other)[0].is_manager and read(manager.space) == SECRET

    mine = memberships_of(other)[0]
    assert last_in(other.id) == [mine.space]
    ask_for_erasure(user=other, by=other)
    AccountErasure.objects.update(due_at=now() - timedelta(days=1))
    erase_due()
    with pytest.raises(NotFound):
        read(mine.space)
    erase_due()
    assert (Space.objects.count(), Memory.objects.count(), User.objects.count()) == (0, 0, 0)
    assert set(AccountErasure.objects.values_list("state", flat=True)) == {"done"}


def test_a_deleted_space_waits_and_then_is_gone(manager: Membership, other: User) -> None:
    share_with_person(manager=manager, email=other.email, role="reader")
    delete_space(manager=manager)
    with pytest.raises(Conflict):
        delete_space(manager=manager)
    keep_space(manager=manager)
    with pytest.raises(Conflict):
        keep_space(manager=manager)
    delete_space(manager=manager)
    assert erase_due() == 0 and read(manager.space) == SECRET
    AccountErasure.objects.update(due_at=now() - timedelta(days=1))
    assert erase_due() == 1
    assert remaining(manager.space.id) == {} and memberships_of(other) == []
    assert AuditEvent.objects.filter(action="space.erased", object_id=str(manager.space.id)).exists()


def test_the_principal_is_nobody(manager: Membership, owner: User, client_for: Callable[[User], Client]) -> None:
    """No way in opens for it, no list of people shows it, and no export shows what opens the space."""
    principal = manager.space.owner
    for password in ("", PASSWORD):
        if password:
            principal.set_password(password)
            principal.save()
        Client().post("/account/login/", {"username": principal.email, "password": PASSWORD})
        assert AuditEvent.objects.filter(action="account.sign_in_failed").exists() and not Session.objects.exists()
    assert not User.objects.people().filter(pk=principal.pk).exists()
    client = client_for(owner)
    for page in ("/account/people/", "/account/privacy/", "/admin/accounts/user/"):
        response = client.get(page)
        assert response.status_code == 200 and b"space.invalid" not in response.content, page
    table = next(table for table in personal_tables() if table.model is SpaceKey)
    rows = list(readable_rows(table, owner.id))
    assert len(rows) == 2 and all("secret" not in name for row in rows for name in row)
