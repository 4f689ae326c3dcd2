"""A SAML identity provider for tests: its metadata, and signed answers to the requests that browsers bring."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from lxml import etree
from minisignxml.sign import sign

ENTITY_ID, ADDRESS = "https://idp.example.org/", "https://idp.example.org/sso?tenant=1"
_P, _A = "urn:oasis:names:tc:SAML:2.0:protocol", "urn:oasis:names:tc:SAML:2.0:assertion"
_RESPONSE = """<samlp:Response xmlns:samlp="{p}" xmlns:saml="{a}" ID="_r" Version="2.0" IssueInstant="{now}"
 InResponseTo="{request}"><saml:Issuer>{issuer}</saml:Issuer><samlp:Status><samlp:StatusCode
 Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status><saml:Assertion ID="_a" Version="2.0"
 IssueInstant="{now}"><saml:Issuer>{issuer}</saml:Issuer><saml:Subject><saml:NameID>{subject}</saml:NameID>
 <saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData
 InResponseTo="{request}" Recipient="{back}" NotOnOrAfter="{until}"/></saml:SubjectConfirmation></saml:Subject>
 <saml:Conditions NotBefore="{since}" NotOnOrAfter="{until}"><saml:AudienceRestriction><saml:Audience>{audience}
</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="{now}"/>
 <saml:AttributeStatement>{attributes}</saml:AttributeStatement></saml:Assertion></samlp:Response>"""


@dataclass(frozen=True)
class Provider:
    """One provider; `subject` is who signs in there, with `attributes`. The rest is what an attacker would change."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate
    subject: str = "person-1"
    attributes: tuple[tuple[str, str], ...] = (("mail", "alice@example.org"),)
    issuer: str = ENTITY_ID
    audience: str = ""
    late: timedelta = timedelta()
    signed: str = "Assertion"

    @classmethod
    def new(cls) -> Provider:
        """With a key of its own."""
        key = rsa.generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp.example.org")])
        now = datetime.now(UTC)
        made = x509.CertificateBuilder(
            issuer_name=name,
            subject_name=name,
            public_key=key.public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=now - timedelta(hours=1),
            not_valid_after=now + timedelta(days=1),
        )
        return cls(key, made.sign(key, hashes.SHA256()))

    def metadata(self, path: Path) -> Path:
        """Write what it says of itself."""
        certificate = base64.encodebytes(self.certificate.public_bytes(Encoding.DER)).decode()
        path.write_text(
            f'<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{ENTITY_ID}"><IDPSSODescriptor '
            f'protocolSupportEnumeration="{_P}"><KeyDescriptor use="signing"><KeyInfo '
            f'xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>{certificate}</X509Certificate>'
            "</X509Data></KeyInfo></KeyDescriptor><SingleSignOnService "
            f'Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{ADDRESS}"/></IDPSSODescriptor>'
            "</EntityDescriptor>"
        )
        return path

    def answer(self, sent_to: str, *, change: Callable[[str], str] = str) -> str:
        """What it posts for a browser that was sent to `sent_to`; `change` is what becomes of the XML on the way."""
        packed = parse_qs(urlsplit(sent_to).query)["SAMLRequest"][0]
        asked = etree.fromstring(zlib.decompress(base64.b64decode(packed), -15))
        now = datetime.now(UTC) - self.late
        said = _RESPONSE.format(
            p=_P,
            a=_A,
            now=_moment(now),
            since=_moment(now - timedelta(minutes=1)),
            until=_moment(now + timedelta(minutes=5)),
            request=asked.attrib["ID"],
            back=asked.attrib["AssertionConsumerServiceURL"],
            issuer=self.issuer,
            subject=self.subject,
            audience=self.audience or str(asked.findtext(f"{{{_A}}}Issuer")),
            attributes="".join(
                f'<saml:Attribute Name="{name}"><saml:AttributeValue>{value}</saml:AttributeValue></saml:Attribute>'
                for name, value in self.attributes
            ),
        ).replace("\n</saml:Audience>", "</saml:Audience>")
        tree = etree.fromstring(said)
        signed = tree if self.signed == "Response" else tree.find(f"{{{_A}}}Assertion")
        xml = (
            etree.tostring(tree)
            if not self.signed
            else sign(element=cast(etree._Element, signed), private_key=self.key, certificate=self.certificate, index=1)
        )
        return base64.b64encode(change(xml.decode()).encode()).decode()

    def saying(self, **changes: object) -> Provider:
        """The same provider, or somebody in its place, saying something else."""
        return replace(self, **changes)  # type: ignore[arg-type]


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
