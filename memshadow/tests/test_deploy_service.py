"""The deployment files: each parses, and every command that one names exists."""

from __future__ import annotations

import configparser
import importlib.util
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml
from django.core.management import get_commands

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"


def assert_runs(command: str) -> None:
    """Whether this shell command names management commands, modules and programs that exist."""
    for part in command.split("&&"):
        words = [word for word in shlex.split(part) if "=" not in word or word.startswith("--")]
        words = words[1:] if words[0] == "exec" else words
        program = Path(words[0]).name
        if program == "gunicorn":
            modules = [words[2].removeprefix("python:"), words[3].split(":")[0]]
        elif words[1] == "-m":
            modules = [words[2]]
        else:
            assert (program, words[1]) == ("python", "manage.py")
            assert words[2] in get_commands()
            continue
        assert all(importlib.util.find_spec(module) for module in modules)


def test_the_procfile_names_the_three_process_types() -> None:
    lines = (ROOT / "Procfile").read_text().splitlines()
    processes = dict(line.split(": ", 1) for line in lines)
    assert set(processes) == {"release", "web", "worker"}
    for command in processes.values():
        assert_runs(command)


def test_the_image_runs_the_tested_commands_without_root() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    for words in re.findall(r"CMD \[(.*)\]", text):
        assert_runs(" ".join(yaml.safe_load(f"[{words}]")))
    final = text.rsplit("\nFROM ", 1)[1]
    assert re.search(r"^USER 10001:10001$", final, re.MULTILINE)
    assert "HEALTHCHECK" in final
    for source in re.findall(r"^COPY (?!--from)(.*) \./$", text, re.MULTILINE):
        assert all((ROOT / name).exists() for name in source.split())


@pytest.mark.parametrize("name", ["compose.yaml", "compose.postgres.yaml"])
def test_compose_files_refer_to_what_exists(name: str) -> None:
    compose = yaml.safe_load((DEPLOY / name).read_text())
    named = set(compose["volumes"])
    for service in compose["services"].values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in named or (DEPLOY / source).exists()
    base = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    assert (DEPLOY / base["memshadow"]["build"]["context"] / base["memshadow"]["build"]["dockerfile"]).is_file()


def test_the_systemd_unit_starts_the_supervisor_and_gives_it_time_to_stop() -> None:
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(DEPLOY / "systemd" / "memshadow.service")
    service = unit["Service"]
    assert_runs(service["ExecStart"])
    assert service["KillMode"] == "mixed"
    assert int(service["TimeoutStopSec"]) > 60
    assert service["StateDirectory"] == "memshadow"
    assert service["NoNewPrivileges"] == "yes"


def test_the_proxies_admit_what_the_server_admits() -> None:
    assert "max_size 4GB" in (DEPLOY / "Caddyfile").read_text()
    assert "client_max_body_size 4g" in (DEPLOY / "nginx.conf").read_text()


def test_ci_runs_what_a_person_runs() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text().rstrip().endswith("exec make test")
    plan = subprocess.run(["make", "-n", "test"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert ".venv/bin/python -m pytest" in plan


def test_make_lists_its_commands() -> None:
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in ("init", "run", "test", "lint", "fmt", "bench", "e2e", "clean"):
        assert f"make {name}\t" in listed
