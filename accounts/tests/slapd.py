"""A real directory (Debian's slapd) in a process of its own, with three people and a certificate that nobody knows."""

from __future__ import annotations

import ipaddress
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from memshadow.lib.clock import now
from tests.faults.conftest import free_port

BASE = "ou=people,dc=example,dc=org"
READER, READER_PASSWORD = "cn=reader,dc=example,dc=org", "may only read"
PASSWORDS = {"carol": "carol's own phrase", "alice": "alice in the directory", "dora": "dora's own phrase"}
_CONFIG = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/slapd.pid
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
TLSCACertificateFile {folder}/server.pem
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{reader}" read by * none
database mdb
suffix "dc=example,dc=org"
rootdn "cn=admin,dc=example,dc=org"
rootpw root
directory {folder}/rows
maxsize 10485760
"""


class Directory:
    """Where it listens, and what can be done to it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.tls_port = folder, free_port(), free_port()
        self.ca_file = folder / "server.pem"
        self.url, self.tls_url = f"ldap://127.0.0.1:{self.port}", f"ldaps://127.0.0.1:{self.tls_port}"

    def change(self, who: str, attribute: str, value: str) -> None:
        """Replace what the directory says of a person."""
        text = f"dn: uid={who},{BASE}\nchangetype: modify\nreplace: {attribute}\n{attribute}: {value}\n"
        order = ["ldapmodify", "-x", "-H", self.url, "-D", "cn=admin,dc=example,dc=org", "-w", "root"]
        subprocess.run(order, input=text, text=True, check=True, capture_output=True)

    def id_of(self, who: str) -> str:
        """The lasting id of a person."""
        order = ["ldapsearch", "-x", "-LLL", "-H", self.url, "-D", READER, "-w", READER_PASSWORD]
        found = subprocess.run([*order, "-b", BASE, f"(uid={who})", "entryUUID"], text=True, capture_output=True)
        return found.stdout.partition("entryUUID: ")[2].strip()


@contextmanager
def running(folder: Path) -> Iterator[Directory]:
    """The directory, filled, until the block is left."""
    directory = Directory(folder)
    _write_certificate(folder)
    (folder / "rows").mkdir()
    (folder / "slapd.conf").write_text(_CONFIG.format(folder=folder, reader=READER))
    add = ["slapadd", "-f", str(folder / "slapd.conf")]
    subprocess.run(add, input=_people(), text=True, check=True, capture_output=True)
    order = ["slapd", "-f", str(folder / "slapd.conf"), "-h", f"{directory.url} {directory.tls_url}", "-d", "0"]
    process = subprocess.Popen(order, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 30
        while not directory.id_of("carol"):
            assert process.poll() is None and time.monotonic() < deadline, "slapd does not answer"
            time.sleep(0.05)
        yield directory
    finally:
        process.terminate()
        process.wait()


def _people() -> str:
    entries = [
        "dn: dc=example,dc=org\nobjectClass: dcObject\nobjectClass: organization\no: Example\n",
        f"dn: {BASE}\nobjectClass: organizationalUnit\n",
        f"dn: {READER}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\n"
        f"userPassword: {READER_PASSWORD}\n",
    ]
    for who, password in PASSWORDS.items():
        entries.append(
            f"dn: uid={who},{BASE}\nobjectClass: inetOrgPerson\ncn: {who}\nsn: {who}\n"
            f"displayName: {who.title()} of Example\nmail: {who.title()}@example.org\nuserPassword: {password}\n"
        )
    return "\n".join(entries)


def _write_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - timedelta(days=1))
        .not_valid_after(now() + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "server.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "server.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
