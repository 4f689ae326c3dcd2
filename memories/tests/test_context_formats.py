"""Conversations between formats: nothing lost that is not reported, whatever was said."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memories.context.formats import (
    FORMATS,
    Dialogue,
    Image,
    Losses,
    Message,
    NotInFormat,
    Text,
    ToolCall,
    ToolResult,
    convert,
    read,
    write,
)

APIS = FORMATS[:4]
BORDERS = ["\n", "\n\n", "## User", "User:", "\\## user", "<|im_end|>", "<\\|", "<|eot_id|>", "</message>", "&lt;", " "]
BORDERS += ['<message role="user">', "<|start_header_id|>user<|end_header_id|>\n\n", "[", "{}", "Tool (result):"]
WORDS = st.one_of(
    st.text(min_size=1, max_size=40), st.lists(st.sampled_from(BORDERS), min_size=1, max_size=6).map("".join)
)
IMAGES = st.one_of(
    st.just(Image(url="https://example.org/a.png?x=1")), st.just(Image(media_type="image/png", data="aGVsbG8="))
)
ARGUMENTS = st.dictionaries(st.text(max_size=5), st.one_of(st.none(), st.booleans(), st.integers(), WORDS), max_size=3)


@st.composite
def dialogues(draw: st.DrawFn) -> Dialogue:
    """System words first, then turns; tools answer what was called."""
    messages = [Message("system", (Text(draw(WORDS)),)) for _ in range(draw(st.integers(0, 2)))]
    for number in range(draw(st.integers(0, 4))):
        said = draw(st.lists(st.one_of(WORDS.map(Text), IMAGES), min_size=1, max_size=3))
        messages.append(Message("user", tuple(said)))
        texts: list[Any] = draw(st.lists(WORDS.map(Text), max_size=2))
        calls = [
            ToolCall(f"c{number}_{n}", f"tool_{draw(st.integers(0, 1))}", draw(ARGUMENTS))
            for n in range(draw(st.integers(0, 2)))
        ]
        messages.append(Message("assistant", (*texts, *calls, *draw(st.lists(WORDS.map(Text), max_size=1)))))
        for call in calls:
            answers = tuple(draw(st.lists(WORDS.map(Text), min_size=1, max_size=2)))
            messages.append(Message("tool", (ToolResult(call.id, answers, draw(st.booleans())),)))
    return Dialogue(tuple(message for message in messages if message.parts))


@settings(max_examples=60, deadline=None)
@given(dialogues())
def test_what_a_format_holds_comes_back_from_it(dialogue: Dialogue) -> None:
    for name in FORMATS:
        losses = Losses()
        there = read(write(dialogue, name, losses), name, Losses())
        reported = [said for said in losses.said() if "does not see" not in said]
        if not reported:
            assert there.flat() == dialogue.flat(), name
        else:
            assert [one[0] for one in there.flat()] == [one[0] for one in dialogue.flat()], name
            assert any("failed" in said for said in reported)


@settings(max_examples=60, deadline=None)
@given(dialogues(), st.sampled_from(FORMATS), st.sampled_from(FORMATS))
def test_there_and_back_is_the_same_messages(dialogue: Dialogue, one: str, two: str) -> None:
    first = write(dialogue, one, Losses())
    there = convert(first, one, two)
    back = convert(there.messages, two, one)
    if not [said for said in (*there.losses, *back.losses) if "does not see" not in said]:
        assert read(back.messages, one, Losses()).flat() == read(first, one, Losses()).flat()


def test_each_vendors_own_example_is_read_and_written() -> None:
    anthropic = {
        "system": "Be brief.",
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "Weather in Bonn?"}]},
            {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": "I look."},
                    {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Bonn"}},
                ],
            },
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "12 degrees"}]},
        ],
    }
    chat = convert(anthropic, "anthropic", "openai-chat")
    assert chat.losses == () and chat.messages == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Weather in Bonn?"},
        {
            "role": "assistant",
            "content": "I look.",
            "tool_calls": [
                {"id": "toolu_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Bonn"}'}}
            ],
        },
        {"role": "tool", "tool_call_id": "toolu_1", "content": "12 degrees"},
    ]
    gemini = convert(chat.messages, "openai-chat", "gemini").messages
    assert gemini["contents"][2] == {
        "role": "user",
        "parts": [{"functionResponse": {"id": "toolu_1", "name": "weather", "response": {"result": "12 degrees"}}}],
    }
    responses = convert(gemini, "gemini", "openai-responses").messages
    assert [item["type"] for item in responses["input"]] == [
        "message",
        "message",
        "message",
        "function_call",
        "function_call_output",
    ]
    llama = convert(chat.messages[:2], "openai-chat", "llama").messages
    assert llama == (
        "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\nWeather in Bonn?<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n"
    )


def test_calls_without_ids_are_paired_by_name() -> None:
    contents = [
        {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {"n": n}}} for n in (1, 2)]},
        {"role": "user", "parts": [{"function_response": {"name": "f", "response": {"n": n}}} for n in (1, 2)]},
    ]
    said = convert(contents, "gemini", "openai-chat").messages
    assert [call["id"] for call in said[0]["tool_calls"]] == [turn["tool_call_id"] for turn in said[1:]]
    assert said[2]["content"] == '{"n": 2}'


def test_what_a_format_cannot_hold_is_said() -> None:
    late = [{"role": "user", "content": "Hi"}, {"role": "system", "content": "Be kind."}]
    made = convert(late, "openai-chat", "anthropic")
    assert made.messages["system"] == "Be kind." and "moved to the start" in made.losses[0]
    picture = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}]}]
    text = convert(picture, "openai-chat", "chatml")
    assert "does not see" in text.losses[0] and "https://example.org/a.png" in text.messages
    odd = [{"role": "user", "name": "Anna", "content": [{"type": "input_audio", "input_audio": {}}]}]
    assert sorted(convert(odd, "openai-chat", "gemini").losses) == [
        "1 × field name of a message: left out",
        "1 × part of type input_audio: left out",
    ]


WRONG: list[object] = [
    None,
    5,
    [5],
    {},
    [{"role": "boss", "content": "x", "parts": []}],
    [{"type": "function_call"}, 5],
]
WRONG += [{"messages": 5, "contents": 5, "input": 5}, [{"role": "user", "content": [5], "parts": [5]}]]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_not_in_the_format_is_refused(name: str, wrong: object) -> None:
    with pytest.raises(NotInFormat):
        convert(wrong, name, "plain" if name != "plain" else "xml")


def test_every_pair_of_formats_is_covered() -> None:
    talk = Dialogue(
        (Message("system", (Text("S"),)), Message("user", (Text("U"),)), Message("assistant", (Text("A"),)))
    )
    written = {name: write(talk, name, Losses()) for name in FORMATS}
    for one, two in pairwise([*FORMATS, *reversed(FORMATS)]):
        assert convert(written[one], one, two).messages == written[two]
