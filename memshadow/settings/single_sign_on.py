"""Signing in through an organisation's provider (OpenID Connect, SAML) or directory (LDAP); off unless one is named."""

from importlib.util import find_spec
from urllib.parse import urlsplit

from memshadow.settings.env import env

OIDC_ISSUER = env.oidc_issuer.rstrip("/")
OIDC_CLIENT_ID, OIDC_CLIENT_SECRET = env.oidc_client_id, env.oidc_client_secret
OIDC_NAME = env.oidc_name  # what the button on the sign-in page says
OIDC_TRUSTS_EMAIL = env.oidc_trust_email  # for providers that know their people and send no email_verified
SAML_METADATA = env.saml_metadata  # the identity provider's own, a file
SAML_NAME = env.saml_name
SAML_EMAIL_ATTRIBUTE = env.saml_email_attribute  # which attribute is the address; else the usual ones are tried
SSO_ACCOUNTS = env.sso_accounts  # who may enter for the first time: the invited, or anyone the provider knows

LDAP_INSTALLED = find_spec("ldap") is not None and find_spec("django_auth_ldap") is not None  # the extra `ldap`
LDAP_URL = env.ldap_url
_local = urlsplit(LDAP_URL).hostname in ("localhost", "127.0.0.1", "::1")
LDAP_TLS = LDAP_URL.startswith("ldaps:") or env.ldap_tls == "demand" or (env.ldap_tls == "auto" and not _local)
LDAP_CA_FILE = env.ldap_ca_file
LDAP_BIND_DN, LDAP_BIND_PASSWORD = env.ldap_bind_dn, env.ldap_bind_password
LDAP_SEARCH_BASE, LDAP_FILTER = env.ldap_search_base, env.ldap_filter
LDAP_NAME_ATTRIBUTE, LDAP_ID_ATTRIBUTE = env.ldap_name_attribute, env.ldap_id_attribute
LDAP_TRUSTS_EMAIL = env.ldap_trust_email  # whether an address there opens the account that has it here
