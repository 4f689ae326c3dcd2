"""Signing in through a SAML identity provider, and what attackers post in its place."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.test import Client
from lxml import etree
from pytest_django import Settings

from accounts.flows.invitations import invite
from accounts.models import AuditEvent, Identity, Role, User
from accounts.tests.authenticators import app_of
from accounts.tests.saml_provider import ADDRESS, Provider

BEGIN, COMPLETE, METADATA = "/account/saml/", "/account/saml/complete/", "/account/saml/metadata/"


@pytest.fixture(scope="module")
def made() -> Provider:
    return Provider.new()


@pytest.fixture
def provider(made: Provider, owner: User, settings: Settings, tmp_path: Path) -> Provider:
    """A provider that knows the owner, set up as this server's."""
    settings.SAML_METADATA, settings.SAML_NAME = made.metadata(tmp_path / "idp.xml"), "Example Inc."
    return made.saying(attributes=(("mail", owner.email), ("displayName", "Alice")))


def sent(client: Client, wanted: str = "") -> str:
    """Press the button; where the browser is sent."""
    response = client.get(BEGIN, {"next": wanted} if wanted else {})
    assert response.status_code == 302, response.content
    return str(response["Location"])


def came_back(client: Client, answer: str) -> Any:
    return client.post(COMPLETE, {"SAMLResponse": answer, "again": "1"})


def who(client: Client) -> str:
    return str(client.get("/api/v1/me").json().get("email", ""))


def refused(client: Client, answer: str) -> str:
    """What the sign-in page says then; nobody is in, and nothing is linked."""
    response = came_back(client, answer)
    assert response["Location"] == "/account/login/" and who(client) == "" and not Identity.objects.exists()
    return client.get("/account/login/").content.decode()


def test_without_a_provider_there_is_no_button_and_no_way(db: None) -> None:
    assert BEGIN not in Client().get("/account/login/").content.decode()
    assert [Client().get(path).status_code for path in (BEGIN, METADATA)] == [404, 404]
    assert Client().post(COMPLETE).status_code == 404


@pytest.mark.parametrize("signed", ["Assertion", "Response"])
def test_a_person_with_an_account_enters_and_lands_where_they_wanted(
    owner: User, provider: Provider, signed: str
) -> None:
    client = Client()
    page = client.get("/account/login/?next=/search/").content.decode()
    assert "Example Inc." in page and f"{BEGIN}?next=/search/" in page.replace("%2F", "/")
    address = sent(client, "/search/")
    assert address.startswith(ADDRESS)
    assert came_back(client, provider.saying(signed=signed).answer(address))["Location"] == "/search/"
    assert who(client) == owner.email
    assert Identity.objects.get(owner=owner).subject == "person-1"
    assert AuditEvent.objects.filter(action="account.identity_linked", actor=owner).count() == 1


def test_what_another_site_posts_comes_without_a_session_and_is_posted_again_from_here(
    owner: User, provider: Provider
) -> None:
    client = Client()
    answer = provider.answer(sent(client))
    page = Client(enforce_csrf_checks=True).post(COMPLETE, {"SAMLResponse": answer})
    assert (
        page.status_code == 200 and answer in page.content.decode() and "data-submit-at-once" in page.content.decode()
    )
    assert came_back(client, answer)["Location"] == "/"
    assert who(client) == owner.email


def test_afterwards_the_provider_s_own_id_counts_not_the_address(owner: User, other: User, provider: Provider) -> None:
    came_back(client := Client(), provider.answer(sent(client)))
    moved = provider.saying(attributes=(("mail", other.email),))
    came_back(client := Client(), moved.answer(sent(client)))
    assert who(client) == owner.email


def test_an_answer_counts_once_and_only_in_the_browser_that_asked(owner: User, provider: Provider) -> None:
    client, stranger = Client(), Client()
    answer = provider.answer(sent(client))
    sent(stranger)
    assert "belongs to no sign-in that was begun here" in refused(stranger, answer)
    came_back(client, answer)
    client.post("/account/logout/")
    assert came_back(client, answer)["Location"] == "/account/login/"
    assert who(client) == ""


def forged(provider: Provider) -> dict[str, dict[str, Any]]:
    intruder = Provider.new()
    return {
        "unsigned": {"signed": ""},
        "signed by somebody else": {"key": intruder.key, "certificate": intruder.certificate},
        "signed by somebody else with its certificate": {"key": intruder.key},
        "for another server": {"audience": "https://other.example.org/"},
        "of another provider": {"issuer": "https://other.example.org/"},
        "expired": {"late": timedelta(minutes=10)},
        "of tomorrow": {"late": timedelta(days=-1)},
    }


def test_nothing_forged_opens_anything(owner: User, provider: Provider) -> None:
    for name, changes in forged(provider).items():
        client = Client()
        assert "Example Inc. did not sign you in" in refused(client, provider.saying(**changes).answer(sent(client))), (
            name
        )


def test_nothing_changed_on_the_way_opens_anything(owner: User, other: User, provider: Provider) -> None:
    def wrapped(xml: str) -> str:
        """The signed assertion moved aside, and another one where it stood."""
        start, end = xml.index("<saml:Assertion"), xml.index("</saml:Assertion>") + len("</saml:Assertion>")
        own, signature = xml[start:end], xml[xml.index("<ds:Signature") : xml.index("</ds:Signature>") + 15]
        forgery = own.replace(signature, "").replace(owner.email, other.email).replace('ID="_a"', 'ID="_b"')
        return f"{xml[:start]}{forgery}<samlp:Extensions>{own}</samlp:Extensions>{xml[end:]}"

    changes = {
        "the address": lambda xml: xml.replace(owner.email, other.email),
        "the person": lambda xml: xml.replace("person-1", "person-2"),
        "an entity": lambda xml: f'<!DOCTYPE x [<!ENTITY e "{other.email}">]>{xml}',
        "nothing but noise": lambda xml: "\x00<<<",
    }
    for name, change in changes.items():
        client = Client()
        refused(client, provider.answer(sent(client), change=change))
        assert not Identity.objects.exists(), name
    client = Client()
    came_back(client, provider.answer(sent(client), change=wrapped))
    assert who(client) in ("", owner.email), "what is signed is what is read"
    assert "did not sign you in" in Client().post(COMPLETE, {"again": "1"}, follow=True).content.decode()


def test_a_comment_that_is_put_into_an_address_on_the_way_does_not_cut_it(owner: User, provider: Provider) -> None:
    """CVE-2017-11427: 'alice@example.org<!-- -->.evil.example' was read as alice@example.org."""
    evil, client = provider.saying(attributes=(("mail", f"{owner.email}.evil.example"),)), Client()
    refused(client, evil.answer(sent(client), change=lambda xml: xml.replace(".evil", "<!-- -->.evil")))


def test_strangers_stay_out_and_the_invited_get_their_role(owner: User, provider: Provider) -> None:
    new = provider.saying(subject="new@example.org", attributes=(("displayName", "Newcomer"),))
    client = Client()
    assert "Ask its owner to invite you" in refused(client, new.answer(sent(client)))
    invite(by=owner, role=Role.VIEWER, email="new@example.org")
    came_back(client, new.answer(sent(client)))
    newcomer = User.objects.get(email="new@example.org")
    assert (newcomer.role, newcomer.display_name, newcomer.has_usable_password()) == ("viewer", "Newcomer", False)
    assert who(client) == "new@example.org"


def test_who_has_no_address_there_is_told_so(owner: User, provider: Provider, settings: Settings) -> None:
    client = Client()
    assert "e-mail address" in refused(client, provider.saying(attributes=()).answer(sent(client)))
    assert "no NameID" in refused(client, provider.saying(subject=" ").answer(sent(client)))
    settings.SAML_EMAIL_ATTRIBUTE = "urn:example:mail"
    own = provider.saying(attributes=(("urn:example:mail", owner.email), ("mail", "somebody@example.org")))
    came_back(client, own.answer(sent(client)))
    assert who(client) == owner.email


def test_a_second_factor_is_owed_all_the_same(owner: User, provider: Provider) -> None:
    app_of(owner)
    client = Client()
    assert came_back(client, provider.answer(sent(client)))["Location"] == "/account/second-factor/"
    assert who(client) == ""


def test_no_way_leads_to_another_site(owner: User, provider: Provider) -> None:
    client = Client()
    assert came_back(client, provider.answer(sent(client, "https://evil.example/")))["Location"] == "/"


def test_our_metadata_says_where_answers_go(provider: Provider) -> None:
    response = Client().get(METADATA)
    root = etree.fromstring(response.content)
    assert root.attrib["entityID"] == f"http://testserver{METADATA}"
    [service] = root.iter("{urn:oasis:names:tc:SAML:2.0:metadata}AssertionConsumerService")
    assert service.attrib["Location"] == f"http://testserver{COMPLETE}"


@pytest.mark.parametrize(
    ("text", "said"), [("", "is no SAML metadata"), ("<a/>", "is no SAML metadata"), (None, "is no SAML metadata")]
)
def test_metadata_that_cannot_be_used_is_told_at_the_check_and_at_the_door(
    db: None, settings: Settings, tmp_path: Path, text: str | None, said: str
) -> None:
    settings.SAML_METADATA = tmp_path / "idp.xml"
    if text is not None:
        settings.SAML_METADATA.write_text(text)
    with pytest.raises(SystemCheckError, match=f"E008.*|{said}"):
        call_command("check")
    assert said in Client().get(BEGIN, follow=True).content.decode()
