"""Generated requests, right and wrong, against a real server: nothing breaks it, every answer is as described."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.faults.conftest import Product

RULES = Path(__file__).with_name("schemathesis.toml")
PHASES = "examples,fuzzing"


def test_no_generated_request_breaks_the_server_or_its_description(product: Product) -> None:
    product.environment["MEMSHADOW_RATE_LIMITS"] = "false"
    product.start_ready()
    key = product.manage("ensure_owner", "--email", "ada@example.org", "--api-key", "fuzz").stdout.strip()
    address = f"http://127.0.0.1:{product.port}/api/v1/openapi.json"
    fuzzer = [str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(RULES), "run", address]
    options = ["-H", f"Authorization: Bearer {key}", "--phases", PHASES, "--generation-deterministic"]
    little = ["--max-examples", "8", "--workers", "2"]
    quiet = ["--continue-on-failure", "--no-color", "--warnings", "off"]
    command, folder = [*fuzzer, *options, *little, *quiet], product.data_dir.parent
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout[-8000:]
    assert "Tested: " in done.stdout
    assert product.is_ready()
