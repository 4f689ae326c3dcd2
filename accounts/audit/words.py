"""What an entry of the audit trail says in plain words."""

from __future__ import annotations

_WORDS = {
    "account.signed_in": "Signed in",
    "account.signed_out": "Signed out",
    "account.sign_in_failed": "Sign-in failed",
    "account.created": "Account made",
    "account.changed": "Account changed",
    "password.changed": "Password changed",
    "api_key.created": "API key made",
    "api_key.revoked": "API key revoked",
    "api_key.rotated": "API key rotated",
    "oauth.registered": "App registered itself",
    "oauth.approved": "App let in",
    "oauth.refused": "App refused",
    "oauth.disconnected": "App disconnected",
    "oauth.ended_for_all": "App disconnected for everybody",
    "oauth.token_revoked": "App ended its token",
    "oauth.code_reused": "App's code used twice: its tokens ended",
    "oauth.refresh_reused": "App's refresh token used twice: its tokens ended",
    "webhook.created": "Webhook made",
    "webhook.changed": "Webhook changed",
    "webhook.deleted": "Webhook removed",
    "webhook.stopped": "Webhook switched off: nothing arrived for days",
    "model_server.added": "Model server added",
    "model_server.changed": "Model server changed",
    "model_server.removed": "Model server removed",
    "model_limit.set": "Limit on language models set",
    "model_limit.removed": "Limit on language models removed",
    "enrichment.paused": "Enrichment paused",
    "enrichment.resumed": "Enrichment resumed",
    "enrichment.schedule_changed": "Schedule of enrichment changed",
    "content.read": "Someone else's memory read",
    "export.downloaded": "Memories exported",
    "memory.erased": "Memories erased for good",
    "memory.shared": "Memories moved into a space",
    "memory.taken_back": "Memories taken out of a space",
    "memory.sealed": "Memory sealed, its text and history erased",
    "audit.pruned": "Old entries of the audit trail removed",
    "audit.exported": "Audit trail exported",
    "session.ended": "Device signed out",
    "session.others_ended": "Other devices signed out",
    "space.created": "Space made",
    "space.renamed": "Space renamed",
    "space.shared": "Space shared",
    "space.role_changed": "Role in a space changed",
    "space.unshared": "Space shared no more",
    "space.left": "Space left",
    "space.keys_given": "A space's keys given to new members of a group",
    "space.keys_taken": "A space's keys taken from former members of a group",
    "space.deletion_asked": "Deletion of a space asked for",
    "space.deletion_cancelled": "Deletion of a space cancelled",
    "space.erased": "Space deleted",
    "space.erasure_incomplete": "Space not wholly deleted yet",
    "signal.space_shared": "Space shared with this account",
    "signal.space_closed": "Space no more shared with this account",
    "signal.new_sign_in": "New device or address noticed",
    "signal.new_key_address": "API key used from a new address",
    "signal.many_failures": "Many failed sign-ins noticed",
    "signal.credential_stuffing": "Password guessing from many addresses noticed",
    "signal.many_accounts": "Password guessing at many accounts noticed",
    "signal.burst": "Burst of requests noticed",
    "signal.audit_broken": "Audit trail found broken",
}


def words_for(action: str) -> str:
    """'Signed in' for `account.signed_in`; what has no words of its own is spelt out: 'Invitation: withdrawn'."""
    if action in _WORDS:
        return _WORDS[action]
    subject, _, verb = action.replace("_", " ").partition(".")
    return f"{subject.capitalize().replace('Api', 'API')}: {verb}" if verb else subject.capitalize()
