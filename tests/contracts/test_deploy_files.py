"""The files in deploy/ and the Procfile: they parse, and what they name exists."""

from __future__ import annotations

import configparser
import re
import shlex
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands

from memshadow.settings.env import Env

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
PROCFILE = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text(encoding="utf-8").splitlines() if line)
VARIABLES = {str(field.validation_alias or f"MEMSHADOW_{name.upper()}") for name, field in Env.model_fields.items()}
# Read by Compose and Caddy themselves.
OF_THE_PROXY = {"MEMSHADOW_DOMAIN", "MEMSHADOW_UPSTREAM"}


def compose(name: str) -> dict[str, Any]:
    """A parsed Compose file."""
    parsed: dict[str, Any] = yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))
    return parsed


def unit() -> configparser.RawConfigParser:
    """The parsed systemd unit."""
    parser = configparser.RawConfigParser(strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string((DEPLOY / "systemd" / "memshadow.service").read_text(encoding="utf-8"))
    return parser


def instructions(word: str) -> list[str]:
    """The arguments of every such instruction of the Dockerfile, continued lines joined."""
    joined = re.sub(r"\\\n\s*", " ", DOCKERFILE)
    return re.findall(rf"^{word} (.+)$", joined, re.MULTILINE)


def test_every_management_command_that_is_named_exists() -> None:
    texts = [*PROCFILE.values(), DOCKERFILE, unit()["Service"]["ExecStart"]]
    named = set(re.findall(r'manage\.py(?:", "| )([a-z_]+)', " ".join(texts)))
    assert {"up", "prepare", "qcluster"} <= named
    assert named <= set(get_commands())


@pytest.mark.parametrize("text", [*PROCFILE.values(), DOCKERFILE])
def test_every_module_that_is_named_exists(text: str) -> None:
    for module in re.findall(r"\b(memshadow(?:\.[a-z_]+)+)\b", text):
        assert find_spec(module) is not None, module


def test_every_variable_that_is_named_is_read() -> None:
    for path in [ROOT / "Procfile", *(path for path in DEPLOY.rglob("*") if path.is_file())]:
        named = set(re.findall(r"\bMEMSHADOW_[A-Z_]+\b", path.read_text(encoding="utf-8")))
        assert named <= VARIABLES | OF_THE_PROXY, path


def test_the_procfile_names_the_process_types() -> None:
    assert set(PROCFILE) == {"release", "web", "worker", "enricher"}
    for command in PROCFILE.values():
        assert shlex.split(command)


def test_the_image_is_unprivileged_and_checks_its_health() -> None:
    assert len(instructions("FROM")) == 2
    assert instructions("USER") == ["10001:10001"]
    assert 'CMD ["python", "-m", "memshadow.supervisor.health"]' in instructions("HEALTHCHECK")[0]
    assert instructions("CMD") == ['["python", "manage.py", "up"]']
    for source in instructions("COPY"):
        for word in source.split()[:-1]:
            assert word.startswith(("--from", "/")) or (ROOT / word).exists() or word == "README.md", word


def test_the_services_start_from_files_that_exist_and_keep_their_data() -> None:
    services = compose("compose.yaml")["services"]
    build = services["memshadow"]["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).is_file()
    assert "data:/data" in services["memshadow"]["volumes"]
    assert services["memshadow"]["ports"] == ["127.0.0.1:${PORT:-8000}:8000"]
    assert services["caddy"]["profiles"] == ["tls"]
    for mount in services["caddy"]["volumes"]:
        source = mount.split(":")[0]
        assert not source.startswith(".") or (DEPLOY / source).exists()


@pytest.mark.parametrize("name", ["compose.yaml", "compose.postgres.yaml"])
def test_every_named_volume_is_declared(name: str) -> None:
    parsed = compose(name)
    sources = {mount.split(":")[0] for service in parsed["services"].values() for mount in service.get("volumes", [])}
    assert {source for source in sources if not source.startswith((".", "/"))} == set(parsed["volumes"])


def test_no_file_holds_a_password() -> None:
    text = (DEPLOY / "compose.postgres.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"PASSWORD: (\S+)", text)) == {"${POSTGRES_PASSWORD:?set"}


def test_the_unit_lets_the_supervisor_stop_its_children_itself() -> None:
    service = unit()["Service"]
    assert (service["KillMode"], service["User"]) == ("mixed", "memshadow")
    # Longer than the supervisor's own two patiences of 25 s.
    assert int(service["TimeoutStopSec"]) > 50
