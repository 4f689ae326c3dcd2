"""`manage.py mcp`: whom it acts for, and what it may do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command

from accounts.agents import Caller
from accounts.models import Role, User
from accounts.models.user import Kind
from accounts.spaces.making import create_space
from memshadow.lib.row_wall import release
from memshadow.mcp.calling import TOOLS, offered


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Caller]:
    """For whom standard input would have been read."""
    callers: list[Caller] = []
    monkeypatch.setattr("memshadow.mcp.stdio.serve", callers.append)
    return callers


def test_the_only_person_needs_no_name_and_several_do(
    owner: User, served: list[Caller], make_user: Callable[..., User]
) -> None:
    User.objects.create(email="", kind=Kind.SPACE)  # which owns memories and is nobody
    call_command("mcp")
    release()  # the command had confined this thread to its person
    other = make_user("bob@example.org", Role.VIEWER)
    with pytest.raises(CommandError, match="--email"):
        call_command("mcp")
    call_command("mcp", "--email", " Bob@Example.org ")
    with pytest.raises(CommandError, match=r"eve@example\.org"):
        call_command("mcp", "--email", "eve@example.org")
    assert [caller.owner for caller in served] == [owner, other]
    assert {tool.name for tool in offered(served[0])} == set(TOOLS)
    assert all(tool.reads_only for tool in offered(served[1]))


def test_a_space_is_named_by_name_or_id(owner: User, served: list[Caller]) -> None:
    member = create_space(by=owner, name="Family")
    for named in ("Family", str(member.space.id)):
        call_command("mcp", "--space", named)
        release()
    assert [caller.owner for caller in served] == [member.space.owner] * 2
    assert all(caller.access.person == owner and caller.access.space is not None for caller in served)
    with pytest.raises(CommandError, match="in no space Work"):
        call_command("mcp", "--space", "Work")
    create_space(by=owner, name="Family")
    with pytest.raises(CommandError, match="2 spaces named Family"):
        call_command("mcp", "--space", "Family")
    assert len(served) == 2


def test_read_only_offers_nothing_that_changes(owner: User, served: list[Caller]) -> None:
    call_command("mcp", "--read-only")
    tools = offered(served[0])
    names = {tool.name for tool in tools}
    assert names == {name for name, tool in TOOLS.items() if tool.permission == "memories:read"}
    assert {"search_memories", "find_entities"} <= names and "add_memory" not in names
    assert all(tool.reads_only for tool in tools)


@pytest.mark.django_db
def test_without_an_account_it_says_where_to_make_one(served: list[Caller]) -> None:
    with pytest.raises(CommandError, match="open the dashboard"):
        call_command("mcp")
    assert served == []
