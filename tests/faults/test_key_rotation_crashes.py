"""kill -9 in the middle of a rotation of the master key, a wrong key and a missing one: nothing is lost or changed."""

from __future__ import annotations

import base64
import os
import subprocess
import sys

from tests.faults.conftest import ROOT, Product, until
from tests.faults.test_import_crashes import Api
from tests.faults.test_up_refusals import refusal

# Runs `rotate_master_key` and dies as by a power cut when it gets to the function that is named.
KILLED = """
import os, signal, sys
import django
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "memshadow.settings")
django.setup()
from accounts.flows import rotating_master_key as flow
setattr(flow, sys.argv[1], lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
flow.rotate_master_key()
"""


def rotate_and_die(product: Product, at: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", KILLED, at], env=product.environment, cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == -9, run.stderr


def found(api: Api) -> list[str]:
    return [item["content"] for item in api.get("/memories").get("items", [])]


def test_a_killed_rotation_leaves_a_server_that_works(product: Product) -> None:
    product.start_ready()
    key = product.manage("ensure_owner", "--email", "ada@example.org", "--api-key", "t").stdout.strip()
    api, key_file = Api(product, key), product.data_dir / "master.key"
    api.upload(b"The quokka sleeps behind the shed.")
    until(lambda: found(api) == ["The quokka sleeps behind the shed."], "the memory is there")
    original = key_file.read_text().split()
    for at in ("_store", "_settle"):  # before the commit and after it
        rotate_and_die(product, at)
        assert len(key_file.read_text().split()) == 2
        assert found(api) == ["The quokka sleeps behind the shed."]
    product.stop()
    product.start_ready()
    assert found(api) == ["The quokka sleeps behind the shed."]
    done = product.manage("rotate_master_key")
    assert done.returncode == 0 and "The master key is new: 2 data keys" in done.stdout, done
    (rotated,) = key_file.read_text().split()
    assert rotated not in original and key_file.stat().st_mode & 0o777 == 0o600
    assert found(api) == ["The quokka sleeps behind the shed."]  # the web server that holds the first key
    product.stop()
    refuses_without_its_key(product, rotated)
    product.start_ready()
    assert found(api) == ["The quokka sleeps behind the shed."]


def refuses_without_its_key(product: Product, right: str) -> None:
    key_file = product.data_dir / "master.key"
    wrong = base64.b64encode(os.urandom(32)).decode()
    for text, words in (
        (wrong, "is not the one"),
        (right[:20], "must hold 32 bytes"),
        (None, "There is no master key"),
    ):
        key_file.write_text(text) if text else key_file.unlink()
        assert words in refusal(product)
        assert text is not None or not key_file.exists()
    key_file.write_text(right)
