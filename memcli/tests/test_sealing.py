"""Sealing and opening: what another program made, what was changed on the way, and keys that do not fit."""

from __future__ import annotations

from pathlib import Path

import pyrage
import pytest

from memcli.errors import CannotOpen, CliError
from memcli.sealing import hybrid, texts
from memcli.sealing.keyfile import KeyFile
from memcli.tests.running import PASSPHRASE, under_passphrase

# The example of the specification (c2sp.org/age), whose recipient begins so.
SPECIFIED = "AGE-SECRET-KEY-PQ-1XX76JRALNLXDMEW0CRK45QMCCH4X06SE84UN3VPM33W6HWDX0H3SK3ZQFR"
SPECIFIED_RECIPIENT = "age1pq1x34nzsvr0rxjsgdn8zgyhfe8j7ceq5r9rdelkjuh3y235jzxshfg87pzf5zrqtzdxz95paef6"
# "hello from typage", sealed by another implementation (typage 0.3.1) for the key beside it.
FOREIGN = Path(__file__).with_name("typage.age")
FOREIGN_KEY = Path(__file__).with_name("typage.key")


def test_another_implementation_and_the_specification_agree() -> None:
    assert texts.recipient_of(SPECIFIED).startswith(SPECIFIED_RECIPIENT)
    assert texts.unseal(FOREIGN.read_text(), [SPECIFIED, FOREIGN_KEY.read_text().strip()]) == "hello from typage"


@pytest.mark.parametrize("classic", [True, False])
def test_texts_of_every_size_and_whatever_was_changed(classic: bool) -> None:
    identity, other = texts.generate(classic=classic), texts.generate(classic=classic)
    unlike = texts.generate(classic=not classic)
    recipient = texts.recipient_of(identity)
    for text in ("", "é👩🏽‍🚀\n", "x" * 65_536, "x" * 65_537, "y" * 200_000):
        assert texts.unseal(texts.seal(text, recipient), [other, unlike, identity]) == text
    sealed = texts.seal("the plan", recipient)
    assert "the plan" not in sealed and sealed != texts.seal("the plan", recipient)
    for keys in ([], [other], [unlike], [other, unlike]):
        with pytest.raises(CannotOpen, match="another key"):
            texts.unseal(sealed, keys)
    lines = sealed.split("\n")
    last = lines[-2]
    changed = [
        "\n".join([*lines[:-2], last[:-8] + ("AAAA" if last[-8:-4] != "AAAA" else "BBBB") + last[-4:], lines[-1]]),
        "\n".join([*lines[:3], lines[-1]]),
        "\n".join([lines[0], lines[-1]]),
        "nonsense",
    ]
    for armoured in changed:
        with pytest.raises(CannotOpen):
            texts.unseal(armoured, [identity])


def test_a_cut_or_reordered_payload_does_not_open() -> None:
    identity = hybrid.generate()
    sealed = hybrid.encrypt(b"z" * 200_000, [hybrid.recipient_of(identity)])
    start = sealed.index(b"\n", sealed.index(b"\n--- ") + 1) + 1 + 16
    chunk = 64 * 1024 + 16
    swapped = sealed[:start] + sealed[start + chunk : start + 2 * chunk] + sealed[start : start + chunk]
    for wrong in (sealed[: start + chunk], swapped + sealed[start + 2 * chunk :], sealed[:-1], sealed[:start]):
        with pytest.raises(hybrid.Damaged):
            hybrid.decrypt(wrong, [identity])
    header = sealed.replace(b"age-encryption.org/v1\n", b"age-encryption.org/v1\n-> grease x\n\n", 1)
    with pytest.raises(hybrid.Damaged):  # another stanza is another header, which its MAC tells
        hybrid.decrypt(header, [identity])


def test_the_key_file_opens_with_its_passphrase_and_keeps_old_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With quick files; how hard a real one is to open stands in test_memcli."""
    monkeypatch.setattr(pyrage.passphrase, "encrypt", under_passphrase)
    key = KeyFile(tmp_path / "key.age")
    with pytest.raises(CliError, match="12 characters"):
        key.add("short", classic=False)
    first = key.add(PASSPHRASE, classic=True)
    old = texts.seal("before", key.recipient())
    second = key.add(PASSPHRASE, classic=False)
    assert first.startswith("age1") and second == key.recipient() and second.startswith("age1pq1")
    assert key.path.stat().st_mode & 0o777 == 0o600 and "SECRET-KEY" not in key.path.read_text()
    identities = key.identities(PASSPHRASE)
    assert texts.unseal(old, identities) == "before" and len(identities) == 2
    with pytest.raises(CannotOpen, match="passphrase does not open"):
        key.identities("wrong passphrase")
    key.path.unlink()
    with pytest.raises(CannotOpen, match="not here"):
        key.identities(PASSPHRASE)
