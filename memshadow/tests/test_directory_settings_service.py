"""What MEMSHADOW_LDAP_* may say, when passwords travel encrypted, and what is said when the packages are missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from memshadow import checks
from memshadow.settings.env import env

ROOT = Path(__file__).resolve().parents[2]
BASE = {"MEMSHADOW_LDAP_SEARCH_BASE": "ou=people,dc=example,dc=org"}


def settings_with(data_dir: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """The real settings, loaded in a process of their own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MEMSHADOW_", "DJANGO_"))}
    program = "from memshadow.settings import *; print(LDAP_TLS, LDAP_FILTER, *AUTHENTICATION_BACKENDS)"
    environment = (
        kept | {"MEMSHADOW_DATA_DIR": str(data_dir), "DATABASE_URL": "postgres://nobody@localhost/x"} | variables
    )
    return subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, cwd=ROOT)


@pytest.mark.parametrize(
    ("url", "wish", "tls"),
    [
        ("ldaps://ldap.example.org", "off", True),
        ("ldap://ldap.example.org", "auto", True),
        ("ldap://ldap.example.org", "off", False),
        ("ldap://localhost.example.org", "auto", True),
        ("ldap://127.0.0.1:3890", "auto", False),
        ("ldap://localhost", "demand", True),
    ],
)
def test_tls_is_demanded_but_on_this_machine_or_where_it_was_given_up(
    tmp_path: Path, url: str, wish: str, tls: bool
) -> None:
    done = settings_with(tmp_path, MEMSHADOW_LDAP_URL=url, MEMSHADOW_LDAP_TLS=wish, **BASE)
    assert done.stdout.split()[:2] == [str(tls), "(mail=%(user)s)"], done.stderr


def test_without_a_directory_nothing_of_it_is_loaded(tmp_path: Path) -> None:
    assert "directory" not in settings_with(tmp_path).stdout


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"MEMSHADOW_LDAP_URL": "ldap.example.org"} | BASE, "give an address such as ldaps://"),
        ({"MEMSHADOW_LDAP_URL": "ldapi://socket"} | BASE, "give an address such as ldaps://"),
        ({"MEMSHADOW_LDAP_URL": "ldaps://ldap.example.org"}, "say where in the directory people are"),
        ({"MEMSHADOW_LDAP_FILTER": "(mail=someone)"}, "put %(user)s where the address belongs"),
        ({"MEMSHADOW_LDAP_FILTER": "(mail=%(user)s)(x=%s)"}, "put %(user)s where the address belongs"),
        ({"MEMSHADOW_LDAP_TLS": "maybe"}, "ldap_tls"),
    ],
)
def test_mistakes_stop_the_start_and_are_named(tmp_path: Path, variables: dict[str, str], told: str) -> None:
    done = settings_with(tmp_path, **variables)
    assert done.returncode == 2 and told in done.stderr


def test_missing_packages_are_said_with_their_remedy(settings: Settings) -> None:
    settings.LDAP_URL, settings.LDAP_INSTALLED = "ldaps://ldap.example.org", False
    (message,) = checks.directory_can_be_asked()
    assert message.id == "memshadow.E007" and message.hint is not None and ".[ldap]" in message.hint
    settings.LDAP_INSTALLED = True
    assert checks.directory_can_be_asked() == []


@pytest.mark.parametrize(("wish", "warned"), [("off", ["memshadow.W004"]), ("auto", [])])
def test_passwords_in_the_clear_are_warned_of(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, wish: Any, warned: list[str]
) -> None:
    settings.LDAP_URL, settings.LDAP_TLS = "ldap://ldap.example.org", False
    monkeypatch.setattr(env, "ldap_tls", wish)
    assert [message.id for message in checks.directory_is_asked_in_private()] == warned
