"""Servers of language models that a person names: added, changed, removed, and one the default of each provider."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.db import transaction

from accounts.audit import record
from accounts.models import User
from memories.models import GatewayUpstream, Provider
from memshadow.lib import net
from memshadow.lib.errors import ValidationFailed

UPSTREAMS_MAX = 20
NAME_MAX_CHARS = 60
URL_MAX_CHARS = 300
KEY_MAX_CHARS = 4096
_EXAMPLES = {
    Provider.OPENAI: "https://api.openai.com/v1",
    Provider.ANTHROPIC: "https://api.anthropic.com",
    Provider.GOOGLE: "https://generativelanguage.googleapis.com",
}


def add_upstream(
    *, owner: User, name: str, provider: str, base_url: str, api_key: str = "", is_default: bool = False
) -> GatewayUpstream:
    """Name a server. The first of its provider is the default.

    Raises ValidationFailed for a name that is taken, an address that may not be asked, or one server too many.
    """
    if provider not in Provider.values:
        raise ValidationFailed(f"provider is one of {', '.join(Provider.values)}.", field="provider")
    with transaction.atomic():
        User.objects.select_for_update().get(pk=owner.pk)  # two at once must not make two defaults
        rows = GatewayUpstream.objects.filter(owner=owner)
        if rows.count() >= UPSTREAMS_MAX:
            raise ValidationFailed(f"There are {UPSTREAMS_MAX} servers already; remove one first.", field="name")
        row = GatewayUpstream(owner=owner, provider=provider, name=_checked_name(owner, name))
        row.base_url, row.api_key = _checked_url(base_url, provider), _checked_key(api_key)
        _make_default(row, wanted=is_default or not rows.filter(provider=provider, is_default=True).exists())
        row.save(force_insert=True)
        record("model_server.added", actor=owner, target=row, provider=provider, host=urlsplit(row.base_url).netloc)
    return row


def edit_upstream(
    *,
    upstream: GatewayUpstream,
    name: str | None = None,
    base_url: str | None = None,
    api_key: str | None = None,
    is_default: bool | None = None,
) -> GatewayUpstream:
    """Change it; None leaves a part as it is. Raises as `add_upstream`.

    A stored key goes to the server that it was given for and to no other: another host needs it again.
    """
    with transaction.atomic():
        User.objects.select_for_update().get(pk=upstream.owner_id)
        if name is not None:
            upstream.name = _checked_name(upstream.owner, name, but=upstream)
        if base_url is not None:
            url = _checked_url(base_url, upstream.provider)
            if upstream.api_key and api_key is None and _server(url) != _server(upstream.base_url):
                raise ValidationFailed("That is another server: give its key too, or an empty one.", field="api_key")
            upstream.base_url = url
        if api_key is not None:
            upstream.api_key = _checked_key(api_key)
        if is_default is not None:
            _make_default(upstream, wanted=is_default)
        upstream.save()
        record("model_server.changed", actor=upstream.owner, target=upstream, host=urlsplit(upstream.base_url).netloc)
    return upstream


def remove_upstream(*, upstream: GatewayUpstream) -> None:
    """Forget it with its key. The oldest other one of its provider takes its place as the default."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=upstream.owner_id)
        record("model_server.removed", actor=upstream.owner, target=upstream)
        upstream.delete()
        others = GatewayUpstream.objects.filter(owner_id=upstream.owner_id, provider=upstream.provider)
        if upstream.is_default and (heir := others.order_by("created_at").first()) is not None:
            heir.is_default = True
            heir.save(update_fields=["is_default"])


def _make_default(row: GatewayUpstream, *, wanted: bool) -> None:
    if wanted:
        others = GatewayUpstream.objects.filter(owner_id=row.owner_id, provider=row.provider, is_default=True)
        others.exclude(pk=row.pk).update(is_default=False)
    row.is_default = wanted


def _checked_name(owner: User, text: str, but: GatewayUpstream | None = None) -> str:
    name = " ".join(text.split())
    if not name or len(name) > NAME_MAX_CHARS or not name.isprintable():
        raise ValidationFailed(f"Give it a name of at most {NAME_MAX_CHARS} characters.", field="name")
    taken = GatewayUpstream.objects.filter(owner=owner, name__iexact=name)
    if (taken.exclude(pk=but.pk) if but else taken).exists():
        raise ValidationFailed("You have a server of this name already; choose another.", field="name")
    return name


def _checked_url(text: str, provider: str) -> str:
    url = net.checked_url(
        text,
        field="base_url",
        example=_EXAMPLES[Provider(provider)],
        why_tls="your key and your prompts would be readable on the way",
        max_chars=URL_MAX_CHARS,
    )
    if urlsplit(url).query or urlsplit(url).fragment:
        raise ValidationFailed("Give the address alone, without what follows ? or #.", field="base_url")
    return url.rstrip("/")


def _checked_key(text: str) -> str:
    key = text.strip()
    if len(key) > KEY_MAX_CHARS or not (key.isascii() and key.isprintable()) or " " in key:
        raise ValidationFailed("That is no key: it has one line of letters, digits and signs.", field="api_key")
    return key


def _server(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()
