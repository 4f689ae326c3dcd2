"""The invented life of Nora Lindqvist, whose library the screenshots show; nothing in it is about a real person."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from memories.tests.samples import chatgpt, claude
from memories.tests.samples.archives import dumps, zipped

# text, tags
NOTES = [
    ("Signal flags: Bravo means dangerous goods, Quebec asks for free pratique.", "sailing"),
    ("Book: The Summer Book by Tove Jansson. Short chapters, an island, nothing happens and everything does.", "books"),
    ("Heat pump serviced. The man recommends 38 °C flow temperature and a new filter each spring.", "house"),
    ("Mina is allergic to hazelnuts and almonds; cashews are fine. Pen is in the red bag.", "family, health"),
    ("Gift idea for Jonas: the enamel coffee pot from the shop by the old bridge.", "family, gifts"),
    (
        "# Sourdough, the version that works\n\n"
        "Feed the starter at **28 °C** and use it at its peak, about five hours later.\n\n"
        "1. 450 g bread flour, 50 g rye, 350 g water: 40 minutes autolyse\n"
        "2. 100 g starter, 10 g salt; four folds in two hours\n"
        "3. Overnight in the fridge, 16 hours at most\n"
        "4. 250 °C with steam for 20 minutes, then 220 °C until dark\n\n"
        "> More steam matters more than more heat.\n\n"
        "| Flour | Water | Crumb |\n|---|---|---|\n| 10 % rye | 70 % | open |\n| 30 % rye | 76 % | tight, tastier |\n",
        "baking, recipes",
    ),
]

# title, days ago, turns (the first is Nora's, then they alternate)
CHATGPT = [
    (
        "Starter that will not rise",
        33,
        [
            "My sourdough starter smells of acetone and hardly rises. What is wrong?",
            "Acetone means that it is hungry: the yeast ran out of sugar before you fed it. Feed 1:5:5 twice a day "
            "at 26 to 28 °C for three days, with a fifth of whole rye. It should double within five hours.",
            "And if my kitchen has only 20 °C?",
            "Then put the jar into the oven with only the lamp on. At 20 °C the same starter needs about ten hours.",
        ],
    ),
    (
        "Slow query on the orders table",
        12,
        [
            "Postgres takes 4 s for SELECT * FROM orders WHERE customer_id = 7 ORDER BY created_at DESC LIMIT 20. Why?",
            "It probably walks the index on created_at backwards and throws rows away until twenty belong to the "
            "customer. Add an index on both columns:\n\n```sql\nCREATE INDEX CONCURRENTLY orders_customer_created\n"
            "    ON orders (customer_id, created_at DESC);\n```\n\nThen the first twenty entries are the answer.",
            "That was it: 4 s became 0.6 ms. Thank you!",
            "Lovely. Drop the index on customer_id alone now, the new one covers it.",
        ],
    ),
    (
        "Three days in Lisbon with a child",
        61,
        [
            "We are in Lisbon for three days with a daughter of six. What is worth it, without long queues?",
            "Day one: the Oceanarium in the morning and the cable car. Day two: tram 28 before nine, then the castle "
            "with its peacocks. Day three: the train to Cascais, forty minutes, and a beach at the end.",
        ],
    ),
    (
        "Choosing a used sailing boat",
        90,
        [
            "What do I look at first on a fibreglass boat from 1983?",
            "The deck: tap it with a plastic hammer. A dull sound means wet core, and that is the costly repair. Then "
            "keel bolts, chain plates, and the hours of the engine. Everything else is negotiable.",
        ],
    ),
    (
        "Knots for the mooring",
        118,
        [
            "Which knot for a mooring line that has to be let go under load?",
            "A round turn and two half hitches: it holds, never jams, and can be undone while the line is taut.",
        ],
    ),
]

CLAUDE = [
    (
        "Naming the Tidewater service",
        5,
        [
            "I need a name for the service that computes tide tables. It replaces the old Python script.",
            "Slack tide is the moment between ebb and flood, and a table is full of them. What about `slackwater`? It "
            "is short, free on your registry as you told me, and nobody will confuse it with the chat program.",
            "slackwater it is. The repository is public from Monday.",
            "Congratulations! Remember to move the harmonic constants into their own file before that, as you planned.",
        ],
    ),
    (
        "Letter to the landlord about the heating",
        27,
        [
            "Write to my landlord that the bedroom radiator has been cold since October.",
            "Dear Mr Halvorsen, the radiator in the bedroom has been cold since 9 October, and the room does not get "
            "warmer than 16 °C. Please have it repaired by the end of the month. I am at home on Tuesdays "
            "and Thursdays.",
        ],
    ),
    (
        "Training plan for the half marathon",
        40,
        [
            "I run 30 km a week and want to run a half marathon in April below two hours. Make a plan.",
            "Three runs a week are enough. Tuesday: intervals, six times 800 m at 5:10. Thursday: easy, 8 km. Sunday: "
            "long, from 12 km up to 19 km, one kilometre more each week, with a light week every fourth.",
            "My knee hurts after the long ones.",
            "Then hold at 14 km for two weeks and move half of the easy run to the bicycle. "
            "See somebody if it is not gone by then.",
        ],
    ),
]


def chatgpt_archive(today: datetime) -> bytes:
    """A ChatGPT export of her conversations."""
    return zipped({"conversations.json": dumps([_chatgpt(*one, today) for one in CHATGPT])})


def claude_archive(today: datetime) -> bytes:
    """A Claude export of her conversations."""
    return zipped({"conversations.json": dumps([_claude(*one, today) for one in CLAUDE])})


def long_archive(today: datetime, conversations: int) -> bytes:
    """Years of conversations, enough for the progress of an import to be seen."""
    chance = random.Random(7)  # noqa: S311 - invented gardening, no secret
    plants = ["beans", "kale", "tomatoes", "rhubarb", "garlic", "peas", "leeks", "beetroot", "chard", "dill"]
    jobs = ["sow", "prune", "water", "harvest", "mulch", "thin", "protect"]
    many = []
    for n in range(conversations):
        plant, job, day = chance.choice(plants), chance.choice(jobs), chance.randint(1, 28)
        turns = [
            f"When do I {job} the {plant} in bed {n}?",
            f"From the {day}th, once the soil of bed {n} has {chance.randint(8, 18)} °C. "
            f"Keep {chance.randint(20, 60)} cm apart.",
        ]
        many.append(_chatgpt(f"{plant.capitalize()}, bed {n}", n % 900, turns * 3, today, f"garden-{n}"))
    return zipped({"conversations.json": dumps(many)})


def _chatgpt(title: str, days_ago: int, turns: list[str], today: datetime, name: str = "") -> dict[str, Any]:
    start = (today - timedelta(days=days_ago)).timestamp()
    name = name or title
    messages = [
        chatgpt.message(f"{name}-{n}", ("user", "assistant")[n % 2], text, at=start + 40 * n)
        for n, text in enumerate(turns)
    ]
    end = start + 40 * len(turns)
    return chatgpt.conversation(name, messages, title=title, create_time=start, update_time=end)


def _claude(title: str, days_ago: int, turns: list[str], today: datetime) -> dict[str, Any]:
    start = (today - timedelta(days=days_ago)).astimezone(UTC)
    times = [(start + timedelta(seconds=40 * n)).isoformat() for n in range(len(turns))]
    messages = [
        claude.message(f"{title}-{n}", ("human", "assistant")[n % 2], text, created_at=at, updated_at=at)
        for n, (text, at) in enumerate(zip(turns, times, strict=True))
    ]
    return claude.conversation(title, messages, created_at=times[0], updated_at=times[-1]) | {"name": title}
