"""Signing in through an organisation's identity provider (OpenID Connect); off unless the environment names one."""

from memshadow.settings.env import env

OIDC_ISSUER = env.oidc_issuer.rstrip("/")
OIDC_CLIENT_ID, OIDC_CLIENT_SECRET = env.oidc_client_id, env.oidc_client_secret
OIDC_NAME = env.oidc_name  # what the button on the sign-in page says
OIDC_TRUSTS_EMAIL = env.oidc_trust_email  # for providers that know their people and send no email_verified
SSO_ACCOUNTS = env.sso_accounts  # who may enter for the first time: the invited, or anyone the provider knows
