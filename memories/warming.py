"""Loads what a process would otherwise load during somebody's first request: the model, the tokenizer, word lists."""

from __future__ import annotations

import logging
import threading

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
        load_words()
        generations.active().provider.embed_question(_TEXT)
    except (MemshadowError, DatabaseError):
        logger.exception("The embedding model could not be loaded in advance")
    finally:
        connection.close()


def load_words() -> None:
    """Load the word lists of every language that texts and questions are understood in: half a second, once."""
    lexemes(_TEXT, detect_language(_TEXT))
    questions.holds(_TEXT)
    questions.asked(_TEXT)
    questions.proper_names(_TEXT)
    questions.first_person(_TEXT, ["anna"])
    questions.time_spans(_TEXT, now())
    questions.anchored(_TEXT)


def warm_up_in_background() -> None:
    """Return at once and warm up beside the first requests."""
    threading.Thread(target=warm_up, name="warm-up", daemon=True).start()
