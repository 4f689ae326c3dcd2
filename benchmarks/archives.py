"""Writes a large ChatGPT archive that looks like a real one: `python -m benchmarks.archives --out chats.zip`.

The same arguments give the same bytes. Conversations have 2 to 60 messages of very different lengths, some
with code, some regenerated, some with hidden, tool and reasoning messages.
"""

from __future__ import annotations

import argparse
import json
import random
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

FIRST_DAY = 1_672_531_200  # 2023-01-01
DAYS = 1_200
DATE = (2026, 1, 2, 3, 4, 6)
SYLLABLES = """
ba be bi bo da de di do fa fe ga go ka ke ki la le li lo ma me mi mo na ne ni no ra re ri ro sa se so ta te
"""
COMMON = """
the of and to a in is that it for as with on this be are by an at from or you not have can which will your
if but we they all has more one about what when how would there their use each may also than other some into
"""
CODE = "```python\ndef {0}({1}):\n    return [{1} * n for n in range({2}) if n % 3]\n```"


class Writer:
    """Makes conversations from one seed; every choice comes from `_random`."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        syllables = [self._random.choices(SYLLABLES.split(), k=self._random.randint(2, 4)) for _ in range(8_000)]
        self._rare = ["".join(parts) for parts in syllables]
        # A Zipf-like choice: common words make up half of the text.
        self._words = COMMON.split() * 90 + self._rare
        self._topics = self._rare[:400]

    def identifier(self) -> str:
        """A UUID of the seed's."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def sentence(self, topic: str) -> str:
        """Eight to twenty-two words, sometimes with the topic."""
        words = self._random.choices(self._words, k=self._random.randint(8, 22))
        if self._random.random() < 0.3:
            words[self._random.randrange(len(words))] = topic
        return " ".join(words).capitalize() + self._random.choice(".....?!")

    def text(self, role: str, topic: str) -> str:
        """A short question, or an answer of several paragraphs that may hold code."""
        if role == "user":
            return " ".join(self.sentence(topic) for _ in range(self._random.choice((1, 1, 1, 2, 3, 8))))
        paragraphs = [
            " ".join(self.sentence(topic) for _ in range(self._random.randint(2, 6)))
            for _ in range(self._random.choice((1, 2, 3, 4, 6)))
        ]
        if self._random.random() < 0.15:
            paragraphs.insert(1, CODE.format(topic, self._random.choice(self._rare), self._random.randint(3, 99)))
        return "\n\n".join(paragraphs)

    def message(self, role: str, body: dict[str, Any], at: float, **more: Any) -> dict[str, Any]:
        """A message with the fields that exports carry."""
        metadata = {
            "model_slug": "gpt-5",
            "message_type": "next",
            "request_id": self.identifier(),
            "citations": [],
        }
        return {
            "id": self.identifier(),
            "author": {"role": role, "name": None, "metadata": {}},
            "create_time": at,
            "update_time": None,
            "content": body,
            "status": "finished_successfully",
            "end_turn": True,
            "weight": 1.0,
            "recipient": "all",
            "channel": None,
            **more,
            "metadata": {**metadata, **more.get("metadata", {})},
        }

    def messages(self, topic: str, start: float) -> Iterator[dict[str, Any]]:
        """A hidden beginning, then questions and answers with what lies between."""
        hidden = {"is_visually_hidden_from_conversation": True}
        yield self.message("system", _text(""), start, weight=0.0, metadata=hidden)
        at = start
        for _ in range(self._random.choice((1, 2, 2, 3, 4, 5, 8, 12, 25))):
            at += self._random.randint(5, 900)
            yield self.message("user", _text(self.text("user", topic)), at)
            if self._random.random() < 0.25:
                thoughts = [{"summary": topic, "content": self.sentence(topic)}]
                yield self.message("assistant", {"content_type": "thoughts", "thoughts": thoughts}, at + 1)
            if self._random.random() < 0.1:
                yield self.message("tool", _text(self.text("assistant", topic)), at + 2)
            yield self.message("assistant", _text(self.text("assistant", topic)), at + 3)

    def conversation(self) -> dict[str, Any]:
        """A tree; every tenth has an answer that was thrown away."""
        topic = self._random.choice(self._topics)
        start = FIRST_DAY + self._random.randrange(DAYS * 86_400) + self._random.random()
        root, name = self.identifier(), self.identifier()
        mapping: dict[str, Any] = {root: {"id": root, "parent": None, "children": [], "message": None}}
        last = root
        for message in self.messages(topic, start):
            mapping[last]["children"].append(message["id"])
            mapping[message["id"]] = {"id": message["id"], "parent": last, "children": [], "message": message}
            parent, last = last, message["id"]
        if self._random.random() < 0.1:
            other = self.message("assistant", _text(self.text("assistant", topic)), start + 10)
            mapping[parent]["children"].insert(0, other["id"])
            mapping[other["id"]] = {"id": other["id"], "parent": parent, "children": [], "message": other}
        return {
            "title": self.sentence(topic)[:60],
            "create_time": start,
            "update_time": mapping[last]["message"]["create_time"],
            "mapping": mapping,
            "current_node": last,
            "default_model_slug": "gpt-5",
            "is_archived": False,
            "conversation_id": name,
            "id": name,
        }


def _text(text: str) -> dict[str, Any]:
    return {"content_type": "text", "parts": [text]}


def write_archive(out: BinaryIO, conversations: int, seed: int = 2026, shard: int = 0) -> None:
    """A zip with conversations.json, or with files of `shard` conversations each, written as it is made."""
    writer = Writer(seed)
    with zipfile.ZipFile(out, "w", compresslevel=6) as archive:
        step = shard or max(conversations, 1)
        for number, begin in enumerate(range(0, max(conversations, 1), step)):
            name = f"conversations-{number:03}.json" if shard else "conversations.json"
            info = zipfile.ZipInfo(name, DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=True) as member:
                member.write(b"[")
                for place in range(begin, min(begin + step, conversations)):
                    member.write((b"," if place > begin else b"") + json.dumps(writer.conversation()).encode())
                member.write(b"]")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=10_000)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--shard", type=int, default=0, help="conversations a file; 0 writes one conversations.json")
    options = parser.parse_args()
    with options.out.open("wb") as out:
        write_archive(out, options.conversations, options.seed, options.shard)
    print(f"{options.out}: {options.conversations} conversations, {options.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
