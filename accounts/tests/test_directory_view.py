"""Signing in with a directory's password: a real slapd, asked through the product's own form, and attacked there."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.test import Client
from pytest_django import Settings

from accounts.flows.invitations import invite
from accounts.models import AuditEvent, Identity, Role, User
from accounts.tests.authenticators import app_of, code_of
from accounts.tests.slapd import BASE, PASSWORDS, READER, READER_PASSWORD, Directory, running
from accounts.tests.test_confirming_view import CONFIRM, forget_confirmation
from conftest import PASSWORD
from tests.faults.conftest import free_port

pytest.importorskip("ldap", reason="python-ldap is not installed: pip install '.[ldap]'", exc_type=ImportError)
pytest.importorskip("django_auth_ldap", reason="django-auth-ldap is not installed: pip install '.[ldap]'")
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not (shutil.which("slapd") and shutil.which("ldapmodify")),
        reason="no directory to ask: apt-get install slapd ldap-utils",
    ),
]
LOGIN, WRONG = "/account/login/", "do not belong together"
CAROL, ALICE = "carol@example.org", "alice@example.org"


@pytest.fixture(scope="module")
def slapd() -> Iterator[Directory]:
    folder = Path(tempfile.mkdtemp(prefix="msh-ldap-"))
    with running(folder) as directory:
        yield directory
    shutil.rmtree(folder)


@pytest.fixture
def directory(slapd: Directory, settings: Settings) -> Directory:
    """The same, set up as the directory of this server."""
    settings.AUTHENTICATION_BACKENDS = [*configured.AUTHENTICATION_BACKENDS, "accounts.directory.DirectoryBackend"]
    settings.LDAP_URL, settings.LDAP_TLS = slapd.url, False
    settings.LDAP_BIND_DN, settings.LDAP_BIND_PASSWORD = READER, READER_PASSWORD
    settings.LDAP_SEARCH_BASE = BASE
    return slapd


def sign_in(email: str, password: str, client: Client | None = None) -> Any:
    return (client or Client()).post(LOGIN, {"username": email, "password": password})


def entered(email: str, password: str) -> str:
    """Whose library opens; empty when none does."""
    client = Client()
    sign_in(email, password, client)
    return str(client.get("/api/v1/me").json().get("email", ""))


def carol_is_invited(owner: User, role: str = Role.VIEWER) -> None:
    invite(by=owner, role=role, email=CAROL)


def test_who_is_invited_enters_with_the_directorys_password(owner: User, directory: Directory) -> None:
    carol_is_invited(owner)
    assert sign_in("Carol@Example.org ", PASSWORDS["carol"])["Location"] == "/"
    carol = User.objects.get(email=CAROL)
    assert (carol.role, carol.display_name, carol.has_usable_password()) == ("viewer", "Carol of Example", False)
    identity = Identity.objects.get(owner=carol)
    assert (identity.issuer, identity.subject) == (f"ldap:{BASE}", directory.id_of("carol"))
    actions = AuditEvent.objects.filter(actor=carol).values_list("action", flat=True)
    assert {"account.created", "account.identity_linked", "account.signed_in"} <= set(actions)
    assert entered(CAROL, PASSWORDS["carol"]) == CAROL and User.objects.filter(email=CAROL).count() == 1


@pytest.mark.parametrize(
    ("email", "password"),
    [
        (CAROL, "a wrong phrase"),
        (CAROL, ""),
        (CAROL, PASSWORDS["dora"]),
        ("nobody@example.org", PASSWORDS["carol"]),
        ("car*@example.org", PASSWORDS["carol"]),
        ("*", PASSWORDS["carol"]),
        ("x)(uid=carol", PASSWORDS["carol"]),
        ("x)(|(uid=*))(mail=*", PASSWORDS["carol"]),
        (READER, READER_PASSWORD),
    ],
)
def test_what_is_not_right_opens_nothing(
    owner: User, directory: Directory, settings: Settings, email: str, password: str
) -> None:
    settings.SSO_ACCOUNTS = "anyone"
    assert not entered(email, password)
    assert User.objects.people().count() == 1 and not Identity.objects.exists()


def test_a_name_that_is_not_there_is_answered_alike(owner: User, directory: Directory) -> None:
    pages = [sign_in(email, "a wrong phrase").content.decode() for email in (CAROL, "nobody@example.org", ALICE)]
    assert all(WRONG in page for page in pages)


def test_guessing_locks_and_the_directory_is_not_asked_any_more(owner: User, directory: Directory) -> None:
    carol_is_invited(owner)
    statuses = [sign_in(CAROL, "a wrong phrase").status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 200, 429]
    assert sign_in(CAROL, PASSWORDS["carol"]).status_code == 429 and not User.objects.filter(email=CAROL).exists()
    assert AuditEvent.objects.filter(action="account.sign_in_failed").count() >= 5


def test_who_is_not_expected_is_told_and_anyone_may_enter_where_that_is_set(
    owner: User, directory: Directory, settings: Settings
) -> None:
    assert "Ask its owner to invite you" in sign_in(CAROL, PASSWORDS["carol"]).content.decode()
    assert not User.objects.filter(email=CAROL).exists()
    settings.SSO_ACCOUNTS = "anyone"
    assert entered(CAROL, PASSWORDS["carol"]) == CAROL
    assert User.objects.get(email=CAROL).role == "member"


def test_nobody_becomes_the_owner_this_way(directory: Directory, settings: Settings) -> None:
    settings.SSO_ACCOUNTS = "anyone"
    assert not entered(CAROL, PASSWORDS["carol"]) and not User.objects.people().exists()


def test_an_address_in_the_directory_does_not_open_the_account_that_has_it_here(
    owner: User, directory: Directory, settings: Settings
) -> None:
    """In many directories people may change their own address, and would become the owner by it."""
    assert "password of its own" in sign_in(ALICE, PASSWORDS["alice"]).content.decode()
    assert not Identity.objects.exists() and entered(ALICE, PASSWORD) == ALICE
    settings.LDAP_TRUSTS_EMAIL = True
    assert entered(ALICE, PASSWORDS["alice"]) == ALICE and entered(ALICE, PASSWORD) == ALICE
    assert Identity.objects.get(owner=owner).subject == directory.id_of("alice")


def test_afterwards_the_directorys_own_id_counts_and_not_the_address(owner: User, directory: Directory) -> None:
    carol_is_invited(owner)
    assert entered(CAROL, PASSWORDS["carol"]) == CAROL
    directory.change("carol", "mail", "carol.new@example.org")
    directory.change("dora", "mail", CAROL)
    try:
        assert entered("carol.new@example.org", PASSWORDS["carol"]) == CAROL
        assert not entered(CAROL, PASSWORDS["dora"])
    finally:
        directory.change("dora", "mail", "dora@example.org")
        directory.change("carol", "mail", CAROL)


def test_a_second_factor_is_owed_all_the_same(owner: User, directory: Directory) -> None:
    carol_is_invited(owner)
    entered(CAROL, PASSWORDS["carol"])
    device = app_of(User.objects.get(email=CAROL))
    client = Client()
    assert sign_in(CAROL, PASSWORDS["carol"], client)["Location"] == "/account/second-factor/"
    assert client.get("/api/v1/me").status_code == 401
    assert client.post("/account/second-factor/", {"code": code_of(device)})["Location"] == "/"


def test_the_directorys_password_confirms_too(owner: User, directory: Directory) -> None:
    carol_is_invited(owner, Role.MEMBER)
    client = Client()
    sign_in(CAROL, PASSWORDS["carol"], client)
    forget_confirmation()
    assert client.get("/api/v1/api-keys").status_code == 403
    assert client.post(CONFIRM, {"confirm_by": "password", "confirm_answer": PASSWORDS["dora"]}).status_code == 200
    assert client.post(CONFIRM, {"confirm_by": "password", "confirm_answer": PASSWORDS["carol"]}).status_code == 302
    assert client.get("/api/v1/api-keys").status_code == 200


def test_programs_get_tokens_by_it(owner: User, directory: Directory) -> None:
    carol_is_invited(owner)

    def token(password: str) -> Any:
        sent = {"user": CAROL, "password": password}
        return Client().post("/api/v1/auth/token", sent, content_type="application/json")

    assert token("a wrong phrase").status_code == 401 and token(PASSWORDS["carol"]).status_code == 200


def test_an_account_that_is_switched_off_stays_closed(owner: User, directory: Directory) -> None:
    carol_is_invited(owner)
    entered(CAROL, PASSWORDS["carol"])
    User.objects.filter(email=CAROL).update(is_active=False)
    assert "is closed" in sign_in(CAROL, PASSWORDS["carol"]).content.decode() and not entered(CAROL, PASSWORDS["carol"])


@pytest.mark.parametrize("way", ["ldaps", "starttls"])
def test_tls_is_checked_before_any_password_is_said(
    owner: User, directory: Directory, settings: Settings, way: str
) -> None:
    carol_is_invited(owner)
    settings.LDAP_URL, settings.LDAP_TLS = directory.tls_url if way == "ldaps" else directory.url, True
    assert "does not answer" in sign_in(CAROL, PASSWORDS["carol"]).content.decode(), "an unknown authority"
    settings.LDAP_CA_FILE = directory.ca_file
    assert entered(CAROL, PASSWORDS["carol"]) == CAROL


def test_a_directory_that_is_down_is_said_and_everybody_else_enters(
    owner: User, directory: Directory, settings: Settings
) -> None:
    settings.LDAP_URL = f"ldap://localhost:{free_port()}"
    for email in (CAROL, "nobody@example.org"):
        assert "does not answer" in sign_in(email, PASSWORDS["carol"]).content.decode()
    assert entered(ALICE, PASSWORD) == ALICE
    assert AuditEvent.objects.filter(action="account.sign_in_failed").count() == 2, "guesses are counted meanwhile"
