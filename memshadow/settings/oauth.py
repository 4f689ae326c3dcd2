"""OAuth 2.1: which apps may ask, how long their tokens live, and what django-oauth-toolkit must not allow."""

from memshadow.settings.env import env

# Empty: the address under which the request came, which must be one of ALLOWED_HOSTS.
OAUTH_ISSUER = (env.base_url or "").rstrip("/")
OAUTH_REGISTRATION_OPEN = env.oauth_registration == "open"
OAUTH_ACCESS_S = 15 * 60
OAUTH_REFRESH_S = 30 * 24 * 3600  # since the last use; each use gives a new one
OAUTH_CODE_S = 60
OAUTH_DEVICE_S = 10 * 60
OAUTH_DEVICE_INTERVAL_S = 5
OAUTH_UNUSED_CLIENT_S = 24 * 3600  # apps that registered themselves and that nobody let in go after this
# Links of these apps are known to open them; other private schemes name a domain (RFC 8252, section 7.1).
OAUTH_APP_SCHEMES = frozenset({"cursor", "vscode", "vscode-insiders", "windsurf", "zed", "raycast"})

RATE_LIMIT_OAUTH_REGISTRATIONS = (10, 3600.0)  # of one address
RATE_LIMIT_OAUTH_REGISTRATIONS_ALL = (200, 3600.0)  # of everybody together
RATE_LIMIT_OAUTH_DEVICES = (30, 600.0)  # device sign-ins that one address begins

OAUTH2_PROVIDER_APPLICATION_MODEL = "oauth2_provider.Application"  # migrations name it
OAUTH2_PROVIDER = {
    "OAUTH2_VALIDATOR_CLASS": "accounts.oauth.validator.Validator",
    "SCOPES_BACKEND_CLASS": "accounts.oauth.clients.Scopes",
    "ACCESS_TOKEN_GENERATOR": "accounts.oauth.token_texts.access_text",
    "REFRESH_TOKEN_GENERATOR": "accounts.oauth.token_texts.refresh_text",
    "ACCESS_TOKEN_EXPIRE_SECONDS": OAUTH_ACCESS_S,
    "REFRESH_TOKEN_EXPIRE_SECONDS": OAUTH_REFRESH_S,
    "AUTHORIZATION_CODE_EXPIRE_SECONDS": OAUTH_CODE_S,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "ROTATE_REFRESH_TOKEN": True,
    "PKCE_REQUIRED": True,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],  # ours are checked in accounts/oauth/redirects.py
    "ALLOW_LOCALHOST_LOOPBACK": True,
    "OIDC_ISS_ENDPOINT": OAUTH_ISSUER,
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
    "COMPLIANT_BCP_RFC9700_REFRESH_TOKEN": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_SCHEME": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_MATCHING": True,
    "COMPLIANT_BCP_RFC9700_PKCE_REQUIRED": True,
}
