"""The master key: where it comes from, that a wrong one is refused, and its rotation while others go on."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from accounts import keys, master_key, server_keys
from accounts.flows.creating import create_account
from accounts.flows.rotating_master_key import rotate_master_key
from accounts.models import AuditEvent, DataKey, ServerKey, User
from memories.drafts import MemoryDraft
from memories.models import EmbeddingModel, Memory
from memories.services.capture import capture_memory
from memshadow.lib import crypto
from memshadow.lib.errors import Conflict, Unavailable
from memshadow.settings.env import env

pytestmark = pytest.mark.django_db


def text_of(key: bytes) -> str:
    return base64.b64encode(key).decode()


@pytest.fixture(autouse=True)
def key_file(tmp_path: Path, settings: Settings) -> Iterator[Path]:
    """A data folder of its own, and nothing remembered from or for other tests."""
    settings.DATA_DIR = tmp_path

    def forget() -> None:
        for module in (keys, master_key, server_keys):
            module.forget()

    forget()
    yield tmp_path / "master.key"
    forget()


def restart() -> None:
    """What another process, or this one later, knows: nothing."""
    for module in (keys, master_key, server_keys):
        module.forget()


def test_the_first_person_brings_a_key_file_that_only_we_can_read(key_file: Path, owner: User) -> None:
    assert key_file.stat().st_mode & 0o777 == 0o600
    server_keys.verify()


def test_a_missing_key_file_is_never_made_anew_for_data_that_exists(key_file: Path, owner: User) -> None:
    key_file.unlink()
    restart()
    with pytest.raises(master_key.MasterKeyMissing, match=r"no master key in .*master\.key.*backup"):
        server_keys.verify()
    with pytest.raises(master_key.MasterKeyMissing):
        keys.keyring(owner.id)
    with pytest.raises(master_key.MasterKeyMissing):
        create_account(email="new@example.org", password=None)
    assert not key_file.exists()


def test_data_keys_alone_also_keep_a_new_key_from_being_made(key_file: Path, owner: User) -> None:
    ServerKey.objects.all().delete()  # as a database from before there were server keys
    key_file.unlink()
    restart()
    with pytest.raises(master_key.MasterKeyMissing):
        server_keys.ensure_server_key()


def test_a_wrong_key_is_refused_and_nothing_is_wrapped_under_it(key_file: Path, owner: User) -> None:
    before = list(DataKey.objects.values_list("id", "wrapped"))
    key_file.write_text(text_of(crypto.random_key()))
    restart()
    with pytest.raises(master_key.MasterKeyWrong, match="not the one that this database was made with"):
        server_keys.verify()
    with pytest.raises(master_key.MasterKeyWrong):
        create_account(email="new@example.org", password=None)
    with pytest.raises(master_key.MasterKeyWrong):
        rotate_master_key()
    assert list(DataKey.objects.values_list("id", "wrapped")) == before


@pytest.mark.parametrize("damage", [lambda t: t[:20], lambda _: "", lambda _: "not base64!", lambda t: t + "ü"])
def test_a_damaged_key_file_says_so(key_file: Path, owner: User, damage: Callable[[str], str]) -> None:
    damaged = damage(key_file.read_text())
    key_file.write_text(damaged, encoding="utf-8")
    restart()
    with pytest.raises(Unavailable, match=r"restore"):
        server_keys.verify()
    assert key_file.read_text(encoding="utf-8") == damaged


def use_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str) -> None:
    program = tmp_path / "kms"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    monkeypatch.setattr(env, "master_key_command", str(program))
    monkeypatch.setattr(env, "master_key_command_timeout_s", 0.3)
    restart()


def test_a_command_can_hold_the_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, make_user: Callable[[str], User]
) -> None:
    key = crypto.random_key()
    use_command(monkeypatch, tmp_path, f"echo {text_of(key)}")
    ring = keys.keyring(make_user("alice@example.org").id)
    assert server_keys.current_master() == key and not (tmp_path / "master.key").exists()
    assert len(ring.index_key) == 32


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("sleep 5", "within 0.3 seconds"),
        ("echo denied by policy >&2; exit 3", "status 3: denied by policy"),
        ("echo hello", "32 bytes in base64"),
        (":", "holds no key"),
    ],
)
def test_a_command_that_gives_no_key_says_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, words: str
) -> None:
    use_command(monkeypatch, tmp_path, script)
    with pytest.raises(Unavailable, match=words):
        server_keys.verify()


def test_rotation_wraps_everything_anew_and_other_processes_go_on(key_file: Path, owner: User, other: User) -> None:
    memory = capture_memory(owner=owner, draft=MemoryDraft(content="under the old master key")).memory
    sealed = server_keys.seal_for_server(b"a server's secret", bound_to=b"here")
    old, stale = key_file.read_text().strip(), master_key.keys()
    done = rotate_master_key()
    assert (done.data_keys, done.server_keys, done.remove_old) == (4, 2, "")
    assert key_file.read_text().strip() not in ("", old)
    restart()
    assert Memory.objects.get(id=memory.id).content == "under the old master key"
    assert server_keys.open_for_server(sealed, bound_to=b"here") == b"a server's secret"
    # A process that started before: it still holds the old key, opens what it must and makes people with keys.
    restart()
    master_key._read[:] = [stale]
    assert Memory.objects.get(id=memory.id).content == "under the old master key"
    master_key._read[:] = [stale]
    new = create_account(email="new@example.org", password=None)
    restart()
    assert keys.keyring(new.id).newest == 1
    assert AuditEvent.objects.filter(action="master_key.rotated").count() == 1
    with pytest.raises(crypto.SealBroken):
        row = DataKey.objects.first()
        assert row is not None
        crypto.unseal(stale[0], bytes(row.wrapped), bound_to=server_keys.binding(row))


def test_rotation_seals_the_keys_of_embedding_servers_anew(owner: User) -> None:
    from memories.generations import open_api_keys, seal_api_keys

    model = EmbeddingModel.objects.get()
    model.api_keys_sealed = seal_api_keys(model.id, ("sk-quokka",))
    model.save()
    assert rotate_master_key().secrets == 1
    model.refresh_from_db()
    assert crypto.sealed_key_version(bytes(model.api_keys_sealed)) == 2
    restart()
    assert open_api_keys(model.id, bytes(model.api_keys_sealed)) == ("sk-quokka",)


def test_a_key_in_the_environment_is_rotated_to_the_one_behind_it(
    monkeypatch: pytest.MonkeyPatch, make_user: Callable[[str], User]
) -> None:
    old, new = crypto.random_key(), crypto.random_key()
    monkeypatch.setattr(env, "master_key", text_of(old))
    restart()
    owner = make_user("alice@example.org")
    with pytest.raises(Conflict, match="behind the old one in MEMSHADOW_MASTER_KEY"):
        rotate_master_key()
    monkeypatch.setattr(env, "master_key", f"{text_of(old)},{text_of(new)}")
    restart()
    assert server_keys.current_master() == old
    assert rotate_master_key().remove_old == "MEMSHADOW_MASTER_KEY"
    assert server_keys.current_master() == new
    monkeypatch.setattr(env, "master_key", text_of(new))
    restart()
    assert keys.keyring(owner.id).newest == 1
    with pytest.raises(Conflict):  # never back to the old one
        rotate_master_key()


@pytest.mark.parametrize("committed", [False, True])
def test_a_file_with_both_keys_works_whichever_holds(key_file: Path, owner: User, committed: bool) -> None:
    """What a kill leaves: before the commit the old key holds, after it the new one; the next rotation clears up."""
    old = master_key.keys()[0]
    if committed:
        rotate_master_key()
    holds = master_key.keys()[0]
    behind = holds if committed else crypto.random_key()
    master_key.write(old, behind)
    restart()
    server_keys.verify()
    assert server_keys.current_master() == holds and keys.keyring(owner.id).newest == 1
    rotate_master_key()
    restart()
    assert len(master_key.keys()) == 1 and master_key.keys()[0] not in (old,)
    assert keys.keyring(owner.id).newest == 1
