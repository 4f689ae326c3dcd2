"""Signs that a text addresses a language model: orders to forget its orders, forged turns and tools, hidden characters.

A sign is shown, and never blocks or changes anything: people also write about such texts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import regex


@dataclass(frozen=True, slots=True)
class Sign:
    """One find: what it is (a key of SIGNS) and where, `text[start:end]` in characters."""

    kind: str
    start: int
    end: int


SIGNS: Final = {
    "override": "It tells a model to ignore its instructions.",
    "prompt-leak": "It asks a model to reveal its hidden instructions.",
    "concealment": "It tells a model to keep something from the person.",
    "forged-turn": "It holds the marks with which models separate turns and system messages.",
    "tool-call": "It holds markup with which models call tools.",
    "hidden-text": "It holds characters that people cannot see.",
}
_MORE = r"(?:[\p{L}'’-]+[\s,]+){0,4}"
_ORDERS = (
    # en
    rf"(?:ignore|disregard|forget|override|bypass)\s+{_MORE}(?:previous|prior|above|earlier|preceding|existing|system|initial|original|your)\s+(?:[\p{{L}}-]+\s+){{0,2}}"
    r"(?:instructions?|prompts?|rules|guidelines|directives|directions|orders|programming)\b",
    r"(?:ignore|disregard|forget)\s+(?:everything|all)\s+(?:that\s+)?(?:you\s+(?:were|have\s+been)\s+told|(?:written\s+)?(?:above|before\s+this))\b",
    # de
    rf"(?:ignorier\w*|vergiss|vergessen\s+sie|missachte\w*|ignorieren\s+sie)\s+{_MORE}(?:vorherigen?|bisherigen?|obigen?|früheren?|vorigen?|deine[nr]?|systems?)\s+(?:[\p{{L}}-]+\s+){{0,2}}(?:anweisungen|instruktionen|befehle|regeln|vorgaben|prompts?)\b",
    # fr
    rf"(?:ignore[zr]?|oublie[zr]?)\s+{_MORE}(?:instructions|consignes|directives|règles|ordres)\s+(?:[\p{{L}}-]+\s+){{0,2}}(?:précédentes?|précédents|antérieures?|ci-dessus|du\s+système|initiales)",
    # es, pt, it
    rf"(?:ignora\w*|olvida\w*|esquece\w*|esqueça|ignore|dimentica\w*)\s+{_MORE}(?:instrucciones|indicaciones|órdenes|instruções|ordens|regras|reglas|istruzioni|regole|ordini)\s+(?:[\p{{L}}-]+\s+){{0,2}}(?:anteriores|previas|de\s+arriba|acima|precedenti|del\s+sistema|do\s+sistema|di\s+sistema|iniciales)",
    # nl
    rf"(?:negeer|vergeet)\s+{_MORE}(?:vorige|eerdere|bovenstaande|voorgaande)\s+(?:[\p{{L}}-]+\s+){{0,2}}(?:instructies|opdrachten|regels|aanwijzingen)\b",
    # ru, uk
    rf"(?:игнорируй\w*|забудь\w*|проигнорируй\w*|ігноруй\w*)\s+{_MORE}(?:предыдущие|прежние|вышеуказанные|попередні)\s+(?:\p{{L}}+\s+){{0,2}}(?:инструкции|указания|команды|правила|інструкції)",
    # zh, ja, ko
    r"(?:忽略|無視|忽视|忘记|忘記)(?:\p{Han}){0,6}(?:之前|先前|以上|上面|上述|前面)(?:\p{Han}){0,6}(?:指令|指示|提示|命令|规则|規則)",
    r"(?:以前|前|これまで|上記)の(?:すべての|全ての)?(?:指示|命令|指令|プロンプト)を(?:すべて|全て)?(?:無視|忘れ)",
    r"(?:이전|위의|앞의)\s*(?:모든\s*)?(?:지시|명령|지침)(?:사항)?[을를]?\s*(?:모두\s*)?(?:무시|잊)",
)
_LEAKS = (
    r"(?:reveal|print|repeat|output|show|display|leak|disclose)\s+(?:me\s+)?(?:all\s+(?:of\s+)?)?(?:your|the)\s+(?:\w+\s+)?(?:system|hidden|initial|secret)\s+(?:prompt|instructions|message)\b",
    r"(?:gib|zeige?|verrate|nenne)\s+(?:mir\s+)?(?:deinen|den|deine)\s+(?:system-?\s?prompt|systemanweisungen|geheimen\s+anweisungen)",
)
_CONCEALMENTS = (
    r"(?:do\s+not|don['’]t|never)\s+(?:tell|mention|inform|reveal|show|disclose)\s+(?:this\s+|it\s+|that\s+|any\s+of\s+this\s+)?(?:to\s+)?the\s+(?:user|human)\b",
    r"without\s+(?:telling|informing|notifying|alerting)\s+the\s+(?:user|human)\b",
    r"(?:sag|sage|verrate|erzähle?)\s+(?:es\s+|das\s+|dies\s+)?dem\s+(?:benutzer|nutzer|anwender)\s+(?:nichts|nicht)",
)
_TURNS = (
    r"<\|(?:im_start|im_end|system|user|assistant|endoftext|eot_id|start_header_id|end_header_id|begin_of_text)\|>",
    r"\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>|</?(?:system_prompt|system-reminder)>",
    r"(?:^|\n)\s{0,3}(?:#{2,4}\s*)(?:system|instruction)s?\s*(?:prompt|message)?:\s*\n?\s*you\s+(?:are|must|will)\b",
)
_TOOLS = (
    r"</?(?:antml:)?(?:function_calls|invoke|tool_call|tool_use|function_results|tool_response)(?:\s[^<>]{0,200})?>",
    r"<\|(?:tool_call|python_tag|plugin|action_start)\|>|\[TOOL_CALLS\]|<(?:function|tool)=[\w.]+>",
)


def _all(parts: tuple[str, ...]) -> regex.Pattern[str]:
    return regex.compile("|".join(f"(?:{part})" for part in parts), regex.IGNORECASE)


# Words without which a rule cannot match, in lower case; running the rules costs far more than looking for these.
_RULES: Final = (
    (
        "override",
        [
            "ignor",
            "disregard",
            "forget",
            "overrid",
            "bypass",
            "vergiss",
            "vergess",
            "missacht",
            "oubli",
            "olvid",
            "esque",
            "dimentic",
            "negeer",
            "vergeet",
            "игнорир",
            "забудь",
            "ігнор",
            "忽",
            "無視",
            "忘",
            "무시",
            "잊",
        ],
        _all(_ORDERS),
    ),
    ("prompt-leak", ["system", "hidden", "initial", "secret", "geheim"], _all(_LEAKS)),
    ("concealment", ["the user", "the human", "dem benutzer", "dem nutzer", "dem anwender"], _all(_CONCEALMENTS)),
    (
        "forged-turn",
        ["<|", "[inst", "[/inst", "<<sys", "<</sys", "_of_turn>", "system_prompt", "system-reminder", "##"],
        _all(_TURNS),
    ),
    ("tool-call", ["<|", "invoke", "function", "tool"], _all(_TOOLS)),
)
# Tag characters outside a flag, runs of invisible characters, one inside a word of a script that joins nothing, and
# marks that turn the reading direction round.
_HIDDEN = regex.compile(
    "(?<!\U0001f3f4[\U000e0020-\U000e007f]{0,8})[\U000e0001\U000e0020-\U000e007f]+"
    "|[\U000e0100-\U000e01ef]{2,}"
    "|[\u200b-\u200d\u2060-\u2064\ufeff]{3,}"
    "|(?<=[\\p{Latin}\\p{Cyrillic}\\p{Greek}])[\u200b-\u200d\u2060-\u2064\ufeff]+(?=[\\p{Latin}\\p{Cyrillic}\\p{Greek}])"
    "|[\u202d\u202e]"
)
_MAYBE_HIDDEN = regex.compile("[\u200b-\u200d\u202d\u202e\u2060-\u2064\ufeff\U000e0000-\U000e01ef]")
_INVISIBLE = regex.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e01ef]")


def signs_in(text: str) -> tuple[Sign, ...]:
    """Every sign, in order. Words are also read with what is invisible taken out of them."""
    hidden = [] if text.isascii() else list(_hidden(text))
    found = [*_worded(text), *hidden]
    if hidden and not found[: len(found) - len(hidden)]:
        found += [Sign(sign.kind, hidden[0].start, hidden[0].end) for sign in _worded(_INVISIBLE.sub("", text))]
    return tuple(sorted(set(found), key=lambda sign: (sign.start, sign.end, sign.kind)))


def _worded(text: str) -> Iterator[Sign]:
    lower = text.lower()
    for kind, words, pattern in _RULES:
        if any(word in lower for word in words):
            yield from (Sign(kind, *match.span()) for match in pattern.finditer(text))


def _hidden(text: str) -> Iterator[Sign]:
    if _MAYBE_HIDDEN.search(text, 1):  # a byte order mark at the start hides nothing
        yield from (Sign("hidden-text", *match.span()) for match in _HIDDEN.finditer(text, 1))
