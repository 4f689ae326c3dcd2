"""memcli for tests: run in this process with a folder of its own, or as a process, and a key that opens quickly."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import subprocess
import sys
from base64 import b64decode
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from django.conf import settings

from memcli.app import main
from memcli.sealing import hybrid, texts
from memories.embedding.preparation import prepare

PASSPHRASE = "correct horse battery staple"
_SALT, _LOG_N = b"sixteen salt byt", 1


class Cli:
    """memcli with a folder of its own."""

    def __init__(self, folder: Path, server: str) -> None:
        self.folder = folder
        self.environment = {
            "PATH": os.environ["PATH"],
            "MEMCLI_CONFIG_DIR": str(folder),
            "MEMCLI_SERVER": server,
            "MEMCLI_PASSPHRASE": PASSPHRASE,
            "MEMCLI_MODEL_DIR": str(prepare(settings.MODELS_DIR)),
        }
        self.said = ""

    def run(self, *words: str, given: str | io.TextIOBase = "", code: int = 0, **changes: str) -> str:
        """Standard output of a command, which must end with that code."""
        out, err, ended = io.StringIO(), io.StringIO(), 0
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.setattr(sys, "argv", ["memcli", *words])
            patch.setattr(sys, "stdin", io.StringIO(given) if isinstance(given, str) else given)
            for name, value in (self.environment | changes).items():
                patch.setenv(name, value)
            try:
                main()
            except SystemExit as exit:
                ended = int(exit.code or 0)
        self.said = err.getvalue()
        assert ended == code, (ended, out.getvalue(), self.said)
        return out.getvalue()

    def process(self, *words: str, given: bytes = b"", code: int = 0) -> bytes:
        """The same as a process of its own."""
        ended = subprocess.run(
            [sys.executable, "-m", "memcli", *words],
            input=given, env=self.environment, capture_output=True, check=False, timeout=60,
        )  # fmt: skip
        self.said = ended.stderr.decode()
        assert ended.returncode == code, (ended.returncode, self.said)
        return ended.stdout

    def json(self, *words: str, **more: Any) -> Any:
        """What a command prints with --json."""
        return json.loads(self.run(*words, "--json", **more))

    def give_key(self) -> None:
        """A hybrid key under PASSPHRASE. Real ones cost a second and more each time they are opened, on purpose."""
        self.folder.mkdir(exist_ok=True)
        identity = texts.generate(classic=False)
        (self.folder / "key.age").write_bytes(under_passphrase(identity.encode(), PASSPHRASE))
        (self.folder / "key.age.pub").write_text(texts.recipient_of(identity))


def under_passphrase(plain: bytes, passphrase: str, armored: bool = False) -> bytes:
    """What pyrage makes, with next to no work in it; pyrage opens it like any other (c2sp.org/age, scrypt)."""
    file_key = bytes(range(16))
    salt = b"age-encryption.org/v1/scrypt" + _SALT
    wrapping = hashlib.scrypt(passphrase.encode(), salt=salt, n=2**_LOG_N, r=8, p=1, dklen=32)
    body = ChaCha20Poly1305(wrapping).encrypt(bytes(12), file_key, None)
    stanza = b"-> scrypt " + hybrid._base64(_SALT) + b" %d\n" % _LOG_N + hybrid._base64(body) + b"\n"
    head = b"age-encryption.org/v1\n" + stanza + b"---"
    mac = hybrid._base64(hybrid._mac(file_key, head).finalize())
    sealed = head + b" " + mac + b"\n" + bytes(16) + hybrid._stream(file_key, bytes(16), plain)
    return texts.armoured(sealed).encode() if armored else sealed


def work_factor(path: Path) -> int:
    """How hard a key file makes it to try passphrases: the binary logarithm of scrypt's N."""
    header = b64decode("".join(path.read_text().splitlines()[1:-1]))
    found = re.match(rb"age-encryption\.org/v1\n-> scrypt \S+ (\d+)\n", header)
    assert found is not None
    return int(found[1])
