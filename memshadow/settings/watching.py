"""Watching over the server: whose word about addresses counts, and how long the audit trail is kept."""

from ipaddress import ip_network

from memshadow.settings.env import env

# X-Forwarded-For is believed from these only (memshadow/lib/client_address.py). A proxy on this machine is one.
TRUSTED_PROXIES = tuple(ip_network(entry.strip()) for entry in env.trusted_proxies.split(",") if entry.strip())

AUDIT_DAYS = env.audit_days  # days that an entry of the audit trail is kept

STRANGER_BODY_MAX_BYTES = 64 * 1024  # of a form that somebody sends who is not signed in

# Rate limits (accounts/limits/counting.py): a bucket of so many requests, refilled evenly over the window.
RATE_LIMITS = env.rate_limits
RATE_LIMIT_USER = (env.rate_limit_user, 60.0)  # (requests, seconds) of one person, pages and API together
RATE_LIMIT_KEY = (env.rate_limit_key, 60.0)  # of one API key; a key's own rate comes first
RATE_LIMIT_ADDRESS = (env.rate_limit_address, 60.0)  # of one address without valid credentials
RATE_LIMIT_ATTEMPTS_ADDRESS = (20, 300.0)  # failed sign-ins, resets and codes of one address
# Of one account, from all addresses; wide, for it must not be easy to lock somebody out.
RATE_LIMIT_ATTEMPTS_ACCOUNT = (50, 900.0)
# Pages whose POST is an attempt to get in: counted strictly, given back when it succeeds. Names that are not there are
# no mistake: apps come and go.
RATE_LIMIT_ATTEMPT_PAGES = frozenset(
    {
        "accounts:login",
        "accounts:passkey_sign_in",
        "accounts:second_factor",
        "accounts:setup",
        "accounts:invitation",
        "accounts:password",
        "accounts:password_reset",
        "accounts:password_reset_link",
        "accounts:email_link",
        "accounts:confirm",
        "accounts:oauth_device",
    }
)

INTRUSION_BLOCK_S = env.intrusion_block_s  # seconds that an address which guesses passwords is kept out; 0: not at all
