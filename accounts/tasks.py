"""What workers run for accounts: sweeps over rows that say what is pending, which may run at any time, or twice."""

from __future__ import annotations

from accounts.audit.retention import tend_audit_trail
from accounts.flows import erasing, rotating
from accounts.flows.password_reset import answer_resets
from accounts.flows.tokens import prune_tokens
from accounts.intrusion import guessing, telling
from accounts.intrusion.raising import raise_signal
from accounts.limits.counting import prune_buckets
from accounts.models import SecuritySignal
from accounts.oauth.connections import tidy_oauth
from accounts.spaces import groups
from accounts.spaces.offering import end_old_offers


def send_mail() -> int:
    """Answer those who forgot their password; returns how many."""
    return answer_resets()


def rotate_data_keys() -> int:
    """Encrypt again what waits for it; returns how many rows."""
    return rotating.rotate_pending()


def erase_accounts() -> int:
    """Erase the accounts whose day has come; returns how many."""
    return erasing.erase_due()


def tend_audit() -> bool:
    """Check the audit trail and remove what is too old; returns whether it is sound, and tells managers if not."""
    finding = tend_audit_trail().finding
    if finding is not None:
        kind = SecuritySignal.Kind.AUDIT_BROKEN
        raise_signal(kind, owner=None, fault=finding.fault, position=finding.position, text=finding.text)
    return finding is None


def look_for_guessing() -> int:
    """Raise signals about failed sign-ins; returns how many."""
    return guessing.look_for_guessing()


def mail_signals() -> int:
    """Mail the signals that were not mailed yet; returns how many."""
    return telling.mail_signals()


def tend_spaces() -> int:
    """See that exactly its members keep each space's keys; returns how many copies were given or taken."""
    end_old_offers()
    return groups.tend_spaces()


def tidy() -> None:
    """Remove what nobody needs any more."""
    prune_buckets()
    prune_tokens()
    tidy_oauth()
