"""Secrets in a text: tokens of known services, private keys, card numbers, passwords in addresses and assignments.

The formats are those that the services document and that scanners such as detect-secrets and gitleaks look for. A rule
runs only where one of its literal words occurs, so that an ordinary text costs microseconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import regex


@dataclass(frozen=True, slots=True)
class Secret:
    """One find: `text[start:end]` is the secret itself, in characters."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Rule:
    """A format. `words`: literals without which it cannot match. The group `s`, where there is one, is the secret."""

    kind: str
    words: tuple[str, ...]
    pattern: regex.Pattern[str]


LABELS: Final = {
    "private-key": "a private key",
    "aws": "an AWS key",
    "github": "a GitHub token",
    "gitlab": "a GitLab token",
    "openai": "an OpenAI key",
    "anthropic": "an Anthropic key",
    "google": "a Google key",
    "huggingface": "a Hugging Face token",
    "slack": "a Slack token",
    "stripe": "a Stripe key",
    "npm": "an npm token",
    "pypi": "a PyPI token",
    "sendgrid": "a SendGrid key",
    "twilio": "a Twilio key",
    "telegram": "a Telegram bot token",
    "discord": "a Discord bot token",
    "azure": "an Azure storage key",
    "jwt": "a signed web token",
    "memshadow": "a MEMSHADOW key",
    "password-in-url": "a password in an address",
    "password": "a password",
    "card": "a card number",
}
_B, _E = r"(?<![A-Za-z0-9_-])", r"(?![A-Za-z0-9_-])"


def _rule(kind: str, words: str, pattern: str) -> Rule:
    return Rule(kind, tuple(words.split()), regex.compile(pattern))


_RULES: Final = (
    _rule(
        "private-key",
        "PRIVATE",
        r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----(?:[\s\S]{0,12000}?-----END [A-Z0-9 ]{0,30}PRIVATE KEY"
        r"(?: BLOCK)?-----|[A-Za-z0-9+/=\s\\]{0,12000}+)",
    ),
    _rule("aws", "AKIA ASIA ABIA ACCA", rf"{_B}(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{{16}}{_E}"),
    _rule(
        "aws",
        "aws AWS",
        r"(?i:aws.{0,20}?(?:key|secret|token).{0,20}?)['\"=: ](?<s>[0-9a-zA-Z/+]{40})(?![0-9a-zA-Z/+=])",
    ),
    _rule("github", "ghp_ gho_ ghu_ ghs_ ghr_", rf"{_B}gh[pousr]_[A-Za-z0-9_]{{36,255}}{_E}"),
    _rule("github", "github_pat_", rf"{_B}github_pat_[A-Za-z0-9_]{{60,120}}{_E}"),
    _rule(
        "gitlab",
        "glpat- gldt- glft- glrt- glptt- glcbt-",
        rf"{_B}gl(?:pat|dt|ft|rt|ptt|cbt)-[A-Za-z0-9_-]{{20,60}}{_E}",
    ),
    _rule("anthropic", "sk-ant-", rf"{_B}sk-ant-[A-Za-z0-9_-]{{20,120}}"),
    _rule("openai", "T3BlbkFJ", rf"{_B}sk-[A-Za-z0-9_-]{{0,90}}T3BlbkFJ[A-Za-z0-9_-]{{20,90}}"),
    _rule("openai", "sk-proj- sk-svcacct-", rf"{_B}sk-(?:proj|svcacct)-[A-Za-z0-9_-]{{40,180}}"),
    _rule("google", "AIza", rf"{_B}AIza[0-9A-Za-z_-]{{35}}{_E}"),
    _rule("google", "GOCSPX-", rf"{_B}GOCSPX-[0-9A-Za-z_-]{{28}}{_E}"),
    _rule("huggingface", "hf_", rf"{_B}hf_[A-Za-z0-9]{{34,40}}{_E}"),
    _rule("slack", "xoxa- xoxb- xoxp- xoxo- xoxs- xoxr-", rf"{_B}xox[abposr]-(?:\d+-)+[A-Za-z0-9]{{8,80}}"),
    _rule(
        "slack",
        "hooks.slack.com",
        r"https://hooks\.slack\.com/services/(?<s>T[A-Za-z0-9_]+/B[A-Za-z0-9_]+/[A-Za-z0-9_]+)",
    ),
    _rule("stripe", "sk_live_ rk_live_ sk_test_", rf"{_B}(?:sk|rk)_(?:live|test)_[0-9a-zA-Z]{{24,120}}{_E}"),
    _rule("npm", "npm_", rf"{_B}npm_[A-Za-z0-9]{{36}}{_E}"),
    _rule("pypi", "pypi-AgE", r"pypi-AgE(?:IcHlwaS5vcmc|NdGVzdC5weXBpLm9yZw)[A-Za-z0-9_-]{50,}"),
    _rule("sendgrid", "SG.", rf"{_B}SG\.[A-Za-z0-9_-]{{22}}\.[A-Za-z0-9_-]{{43}}{_E}"),
    _rule("twilio", "SK", rf"{_B}SK[0-9a-f]{{32}}{_E}"),
    _rule("telegram", ":AA", rf"{_B}\d{{8,10}}:AA[0-9A-Za-z_-]{{33}}{_E}"),
    _rule("discord", ".", rf"{_B}[MNO][A-Za-z\d_-]{{23,25}}\.[A-Za-z\d_-]{{6}}\.[A-Za-z\d_-]{{27,38}}{_E}"),
    _rule("azure", "AccountKey=", r"AccountKey=(?<s>[A-Za-z0-9+/]{86}==)"),
    _rule("jwt", "eyJ", rf"{_B}eyJ[A-Za-z0-9_-]{{10,}}\.eyJ[A-Za-z0-9_-]{{10,}}\.[A-Za-z0-9_-]{{10,}}"),
    _rule("memshadow", "msh_ msa_ msr_ mso_ msp_", rf"{_B}ms[harop]_[A-Za-z0-9_-]{{30,120}}"),
    _rule(
        "password-in-url",
        "://",
        r"[a-z][a-z0-9+.-]{1,20}://[^\s:/?#\[\]@]{1,100}:(?<s>[^\s/?#\[\]@<>{}$*]{3,200})@[\w.-]",
    ),
    _rule(
        "password",
        "password PASSWORD Password passwd PASSWD secret_key SECRET_KEY api_key API_KEY apikey client_secret",
        r"(?i:password|passwd|secret_key|api_?key|client_secret)[\"']?\s{0,3}[=:]\s{0,3}[\"'](?<s>[^\s\"'<>{}$*]{8,128})[\"']",
    ),
)
_CARD = regex.compile(r"(?<![\d.,/-])(?:\d[ -]?){12,18}\d(?![\d.,/-]?\d)")
_CARD_STARTS = regex.compile(r"4|5[1-5]|2[2-7]|3[47]|6011|65|64[4-9]|35(?:2[89]|[3-8])|3(?:0[0-5]|[689])|62")
_DIGITS = regex.compile(r"\d[\d -]{11,}")
# What stands in examples and templates where a secret would stand.
_PLACEHOLDER = regex.compile(
    r"(?i)^(?:(.)\1*|.*(?:example|placeholder|changeme|your[_-]?|xxxx|\.\.\.|<|dummy|redacted|masked|passw(?:or)?d|secret).*|pwd|"
    r"process\.env.*|os\.environ.*)$"
)


def secrets_in(text: str) -> tuple[Secret, ...]:
    """Every secret in the text, in order and without overlaps: where two rules match, the one that begins first."""
    found = [*_tokens(text), *_cards(text)]
    kept: list[Secret] = []
    for one in sorted(found, key=lambda secret: (secret.start, -secret.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return tuple(kept)


def _tokens(text: str) -> Iterator[Secret]:
    for rule in _RULES:
        if not any(word in text for word in rule.words):
            continue
        for match in rule.pattern.finditer(text):
            start, end = match.span("s") if "s" in rule.pattern.groupindex else match.span()
            if not _PLACEHOLDER.match(text[start:end]):
                yield Secret(rule.kind, start, end)


def _cards(text: str) -> Iterator[Secret]:
    if not _DIGITS.search(text):
        return
    for match in _CARD.finditer(text):
        digits = "".join(character for character in match.group() if character.isdigit())
        if _CARD_STARTS.match(digits) and len(set(digits)) > 1 and _luhn(digits) and _grouped(match.group()):
            yield Secret("card", *match.span())


def _luhn(digits: str) -> bool:
    """The check digit of ISO/IEC 7812-1."""
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _grouped(written: str) -> bool:
    """In one piece, or in groups as cards have them: a list of numbers is no card."""
    groups = regex.split(r"[ -]", written)
    return len(groups) == 1 or (
        all(3 <= len(group) <= 7 for group in groups) and len(set(regex.findall(r"[ -]", written))) == 1
    )


def masked(text: str) -> str:
    """The text with each secret replaced by what it was, such as `[masked: a GitHub token]`."""
    pieces, place = list[str](), 0
    for one in secrets_in(text):
        pieces += [text[place : one.start], f"[masked: {LABELS[one.kind]}]"]
        place = one.end
    return "".join([*pieces, text[place:]])


def dotted(text: str, *, start: int = 0, end: int | None = None) -> str:
    """`text[start:end]` with the secrets of the whole text as dots, one a character, so that places in it hold."""
    end = len(text) if end is None else end
    characters = list(text[start:end])
    for one in secrets_in(text):
        for place in range(max(one.start, start), min(one.end, end)):
            characters[place - start] = "•"
    return "".join(characters)
