"""SAML 2.0 as a service provider (Web Browser SSO profile): the way to the identity provider, and its answer checked.

Requests go by HTTP redirect, answers come by HTTP POST. minisaml checks signature, issuer, audience and times, and
reads nothing but what the signature covers; whoever calls compares `in_response_to` with what this browser asked.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography.x509 import Certificate, load_der_x509_certificate
from django.conf import settings
from lxml import etree

from accounts.flows.single_sign_on import Claims
from memshadow.lib.errors import PermissionRefused, Unavailable

_REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
_MD, _DS = "{urn:oasis:names:tc:SAML:2.0:metadata}", "{http://www.w3.org/2000/09/xmldsig#}"
_ANSWER_MAX_CHARS = 200_000
_CLOCKS = timedelta(minutes=2)  # by how much the provider's may differ from ours
# How providers call an address and a name: OpenLDAP's and eduPerson's OIDs, Microsoft's claims, and plain words.
_CLAIM = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
_EMAIL = ("email", "mail", "emailAddress", "urn:oid:0.9.2342.19200300.100.1.3", f"{_CLAIM}emailaddress")
_NAME = (
    "displayName",
    "name",
    "urn:oid:2.16.840.1.113730.3.1.241",
    "http://schemas.microsoft.com/identity/claims/displayname",
)


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """What its metadata says: its name, where browsers are sent, and the certificates that it signs with."""

    entity_id: str
    address: str
    certificates: frozenset[Certificate]


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer says, its signature checked, and to which request."""

    claims: Claims
    in_response_to: str


def identity_provider(path: Path) -> IdentityProvider:
    """What a metadata file says. Raises Unavailable, with what is wrong, for one that cannot be used."""
    try:
        root = etree.fromstring(path.read_bytes(), etree.XMLParser(resolve_entities=False, no_network=True))
        entity = next(e for e in root.iter(f"{_MD}EntityDescriptor") if e.find(f"{_MD}IDPSSODescriptor") is not None)
        found = entity.find(f"{_MD}IDPSSODescriptor")
        services = found.findall(f"{_MD}SingleSignOnService") if found is not None else []
        addresses = [service.attrib["Location"] for service in services if service.get("Binding") == _REDIRECT]
        certificates = frozenset(_certificates(found))
        entity_id = entity.attrib["entityID"]
    except (OSError, etree.XMLSyntaxError, StopIteration, AttributeError, KeyError, ValueError) as error:
        raise Unavailable(
            f"{path} is no SAML metadata of an identity provider ({error or 'nothing found'})."
        ) from error
    if not addresses or not certificates:
        lacking = "a SingleSignOnService by HTTP-Redirect" if not addresses else "a certificate to sign with"
        raise Unavailable(f"{path} names no {lacking}.")
    return IdentityProvider(str(entity_id), str(addresses[0]), certificates)


def way_there(provider: IdentityProvider, *, entity_id: str, back: str, request_id: str) -> str:
    """The provider's address with a request to sign somebody in, whose answer is to be posted to `back`."""
    from minisaml.request import get_request_redirect_url

    return get_request_redirect_url(
        saml_endpoint=provider.address, expected_audience=entity_id, acs_url=back, request_id=request_id
    )


def answer_of(data: str, provider: IdentityProvider, *, entity_id: str) -> Answer:
    """What the provider says. Raises PermissionRefused for whatever it did not sign for us and for now."""
    from minisaml.errors import MiniSAMLError
    from minisaml.response import TimeDriftLimits, validate_response
    from minisignxml.errors import MiniSignXMLError

    if len(data) > _ANSWER_MAX_CHARS:
        raise PermissionRefused(f"The answer of {settings.SAML_NAME} is too long to be one.")
    try:
        said = validate_response(
            data=data,
            certificate=provider.certificates,
            expected_audience=entity_id,
            idp_issuer=provider.entity_id,
            allowed_time_drift=TimeDriftLimits(_CLOCKS, _CLOCKS),
        )
    except (MiniSAMLError, MiniSignXMLError, etree.LxmlError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"{settings.SAML_NAME} did not sign you in ({type(error).__name__}). Try again, or sign in here."
        raise PermissionRefused(reason) from error
    given = {name: value.strip() for name, value in said.attrs.items() if value}
    email = _first(given, (settings.SAML_EMAIL_ATTRIBUTE,) if settings.SAML_EMAIL_ATTRIBUTE else _EMAIL)
    subject = (said.name_id or "").strip()
    if not subject:
        raise PermissionRefused(f"{settings.SAML_NAME} did not say who you are: its answer has no NameID.")
    claims = Claims(
        issuer=f"saml:{said.issuer}",
        provider=settings.SAML_NAME,
        subject=subject,
        email=email or (subject if "@" in subject else ""),
        email_verified=True,  # an organisation's provider answers for its own people; naming it here says so
        name=_first(given, _NAME),
    )
    return Answer(claims, said.in_response_to or "")


def _certificates(provider: etree._Element | None) -> Iterator[Certificate]:
    for key in provider.findall(f"{_MD}KeyDescriptor") if provider is not None else []:
        if key.get("use", "signing") == "signing":
            for element in key.iter(f"{_DS}X509Certificate"):
                yield load_der_x509_certificate(base64.b64decode("".join((element.text or "").split())))


def _first(given: dict[str, str], names: tuple[str, ...]) -> str:
    return next((given[name] for name in names if name in given), "")
