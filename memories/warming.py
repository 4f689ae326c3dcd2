"""Loads what a process would otherwise load during somebody's first request: the model, the tokenizer, word lists."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from django.db import DatabaseError, connection

from memories import generations, questions
from memories.lexicon import detect_language, lexemes
from memshadow.lib.clock import now
from memshadow.lib.errors import MemshadowError

logger = logging.getLogger(__name__)
_TEXT = "The memory that everything is warmed up with."


def warm_up() -> None:
    """Touch each part once; a part that cannot be loaded is logged and left to the request that needs it."""
    try:
        lexemes(_TEXT, detect_language(_TEXT))
        _understand(_TEXT)
        generations.active().provider.embed_query(_TEXT)
    except (MemshadowError, DatabaseError):
        logger.exception("The embedding model could not be loaded in advance")
    finally:
        connection.close()


def _understand(text: str) -> None:
    """Load the word lists of every language that questions are understood in: half a second, once."""
    questions.holds(text)
    questions.asked(text)
    questions.proper_names(text)
    questions.first_person(text, ["anna"])
    questions.time_spans(text, now())
    questions.anchored(text)


def warm_up_in_background(and_then: Callable[[], None]) -> None:
    """Return at once and warm up beside the first requests; `and_then` is what others have to load."""

    def load() -> None:
        warm_up()
        and_then()

    threading.Thread(target=load, name="warm-up", daemon=True).start()
