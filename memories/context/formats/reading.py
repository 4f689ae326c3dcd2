"""What the vendors' readers share: values of JSON that may be missing or of another type, refused with their place."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from memories.context.formats.dialogue import Image, Losses, Part, Text
from memshadow.lib.errors import ValidationFailed


class NotInFormat(ValidationFailed):
    """What was sent is not in the format that was named."""

    code = "not-in-format"


def listed(value: Any, where: str) -> list[Any]:
    """A list. Raises NotInFormat."""
    if not isinstance(value, list):
        raise NotInFormat(f"{where} must be a list.", field="messages")
    return value


def named(value: Any, where: str) -> dict[str, Any]:
    """An object. Raises NotInFormat."""
    if not isinstance(value, dict):
        raise NotInFormat(f"{where} must be an object.", field="messages")
    return value


def worded(value: Any, where: str) -> str:
    """A text; '' for null. Raises NotInFormat."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise NotInFormat(f"{where} must be a text.", field="messages")
    return value


def arguments_of(value: Any, losses: Losses) -> dict[str, Any]:
    """A call's arguments, given as an object or as JSON in a text."""
    try:
        read = json.loads(value) if isinstance(value, str) and value.strip() else value or {}
    except ValueError:
        read = None
    if isinstance(read, dict):
        return read
    losses.add("call whose arguments are no JSON object: they are kept as the text `input`")
    return {"input": value}


def as_json(arguments: dict[str, Any]) -> str:
    """Arguments as the text that OpenAI's formats hold."""
    return json.dumps(arguments, ensure_ascii=False)


def image_at(url: str) -> Image:
    """An image from its address, which may hold the image itself."""
    if url.startswith("data:") and ";base64," in url:
        media_type, _, data = url.removeprefix("data:").partition(";base64,")
        return Image(media_type=media_type, data=data)
    return Image(url=url)


def address_of(image: Image) -> str:
    """The address of an image, which holds it where it has none."""
    return image.url or f"data:{image.media_type};base64,{image.data}"


def only_texts(parts: Iterable[Part], losses: Losses, where: str) -> list[Text]:
    """The texts; other parts are counted as lost."""
    kept = []
    for part in parts:
        if isinstance(part, Text):
            kept.append(part)
        else:
            losses.add(f"{type(part).__name__.lower()} {where}, which the format does not allow: left out")
    return kept
