"""Secrets, passwords, cookies, hosts and headers."""

import secrets
from datetime import timedelta
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from memshadow.lib.secret_files import read_or_create
from memshadow.settings.env import env
from memshadow.settings.single_sign_on import LDAP_INSTALLED, LDAP_URL

SECRET_KEY = env.secret_key or read_or_create(env.data_dir / "secret.key", lambda: secrets.token_urlsafe(64))

_base_host = urlsplit(env.base_url).hostname if env.base_url else None
ALLOWED_HOSTS = [h.strip() for h in env.allowed_hosts.split(",") if h.strip()] or [
    "localhost",
    "127.0.0.1",
    "[::1]",
    *([_base_host] if _base_host else []),
    *([env.host] if env.host not in ("0.0.0.0", "::") else []),  # noqa: S104
]
# Names, addresses and networks that this server may ask although they are not public (memshadow/lib/net.py); a server
# that the environment itself names is meant.
OUTBOUND_ALLOW = [entry.strip() for entry in env.outbound_allow.split(",") if entry.strip()]
_SERVERS = ("rerank_llm_url", "gateway_openai_url", "gateway_anthropic_url", "gateway_google_url")
_hosts = (urlsplit(getattr(env, name)).hostname for name in _SERVERS if name in env.model_fields_set)
OUTBOUND_ALLOW += [host for host in _hosts if host]
CSRF_TRUSTED_ORIGINS = [env.base_url.rstrip("/")] if env.base_url else []

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "accounts.backends.EmailBackend",
    *(["accounts.directory.DirectoryBackend"] if LDAP_URL and LDAP_INSTALLED else []),
]
# Guessing: five wrong passwords or second factors for one name from one address, then nothing for a quarter of an hour.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True  # success is what opens a session: with the second factor, when there is one
AXES_USERNAME_CALLABLE = "accounts.mfa.lockout.attempted_name"
AXES_CLIENT_IP_CALLABLE = "memshadow.lib.client_address.client_address"
AXES_LOCKOUT_CALLABLE = "accounts.mfa.lockout.locked_page"
AXES_SENSITIVE_PARAMETERS = ["username", "password", "code", "credential", "csrfmiddlewaretoken", "next"]
AXES_DISABLE_ACCESS_LOG = True  # the audit trail has it
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False  # its actions name no permission; locks are lifted with a reset

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "accounts.password_rules.LeakedPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "display_name")},
    },
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "accounts.password_rules.ContextWordsValidator"},
    {"NAME": "accounts.password_rules.NotRecentlyUsedValidator", "OPTIONS": {"remember": 5}},
]

HTTPS = env.https or bool(env.base_url and env.base_url.startswith("https://"))
SESSION_ENGINE = "accounts.sessions.store"
SESSION_IDLE_S = env.session_idle_days * 24 * 3600  # seconds without a request after which a session ends
SESSION_ABSOLUTE_S = env.session_days * 24 * 3600  # seconds after which it ends however busy it is
SESSION_SEEN_EVERY_S = 60  # how often a session's last use is written, at most
SESSIONS_MAX = 5  # signed-in devices of one person; the oldest makes room for another
CONFIRMATION_S = 10 * 60  # how long a password or second factor counts before anything that hurts
CONFIRMATION_TRIES = 5  # wrong answers in a row after which the session ends
SESSION_COOKIE_AGE = SESSION_ABSOLUTE_S
SESSION_COOKIE_NAME = "__Host-sessionid" if HTTPS else "sessionid"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_NAME = "__Host-csrftoken" if HTTPS else "csrftoken"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "memshadow.views.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health/"]  # asked on this machine, without the proxy
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
X_FRAME_OPTIONS = "DENY"
# No page needs any of a browser's sensors and powers but its own clipboard (copy buttons) and passkeys.
PERMISSIONS_POLICY = {
    **{
        power: []
        for power in (
            "accelerometer",
            "autoplay",
            "camera",
            "display-capture",
            "encrypted-media",
            "fullscreen",
            "geolocation",
            "gyroscope",
            "magnetometer",
            "microphone",
            "midi",
            "payment",
            "usb",
        )
    },
    "clipboard-write": ["self"],
    "publickey-credentials-create": ["self"],
    "publickey-credentials-get": ["self"],
}

# What `check --deploy` says is silenced where it does not apply: whether the other names below a domain have TLS only
# its owner knows, and a server that listens to its own machine alone has nobody on the way to it.
_LOCAL_ONLY = not HTTPS and not env.base_url and env.host in ("127.0.0.1", "localhost", "::1")
SILENCED_SYSTEM_CHECKS = [
    "security.W005",
    "security.W021",
    *([f"security.{check}" for check in ("W004", "W008", "W010", "W016")] if _LOCAL_ONLY else []),
]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "base-uri": [NONE],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "img-src": [SELF, "data:"],
        "manifest-src": [SELF],
        "object-src": [NONE],  # as default-src says; scanners look for it by name
        "script-src": [SELF],
        "style-src": [SELF],
    }
}
