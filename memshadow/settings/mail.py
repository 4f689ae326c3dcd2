"""Mail: through the SMTP server that somebody named, else into the server's own output."""

from urllib.parse import unquote, urlsplit

from memshadow.settings.env import env

_server = urlsplit(env.email_url)
_smtp = bool(env.email_url)

EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if _smtp else 'console'}.EmailBackend"
EMAIL_HOST = _server.hostname or ""
EMAIL_PORT = _server.port or {"smtps": 465, "smtp": 587}.get(_server.scheme, 25)
EMAIL_HOST_USER = unquote(_server.username or "")
EMAIL_HOST_PASSWORD = unquote(_server.password or "")
EMAIL_USE_SSL = _server.scheme == "smtps"  # encrypted from the first byte
EMAIL_USE_TLS = _server.scheme == "smtp"  # STARTTLS, which must succeed
EMAIL_TIMEOUT = 15  # seconds
_sender_host = (urlsplit(env.base_url).hostname if env.base_url else None) or "localhost"
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.email_from or f"MEMSHADOW <memshadow@{_sender_host}>"
EMAIL_SUBJECT_PREFIX = "MEMSHADOW: "

PASSWORD_RESET_TIMEOUT = 3600  # seconds that a link to choose a new password works
EMAIL_CHANGE_CONFIRM_S = 24 * 3600  # seconds in which both addresses must confirm a change of address
EMAIL_CHANGE_UNDO_S = 7 * 24 * 3600  # seconds in which the old address can undo it
RESET_MAILS_PER_HOUR = 3  # to one address
