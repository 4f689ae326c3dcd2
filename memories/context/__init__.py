"""The right memories in the next prompt: the public face of context, whose parts stand in the modules beside it."""

from memories.context._choosing import NAMES as STRATEGIES
from memories.context._learnt import Learnt, learnt_from
from memories.context._prepare import prepare
from memories.context._request import AUTO, ContextRequest, LeftOut, PreparedContext, TokenParts, UsedMemory
from memories.context.formats import FORMATS, Converted, convert
from memories.context.targets import LAYOUTS, STYLES, Target, target_for, targets_for
from memories.context.tokens import count_tokens
from memories.injected import CLOSING, OPENING, strip_injected

__all__ = [
    "AUTO",
    "CLOSING",
    "FORMATS",
    "LAYOUTS",
    "OPENING",
    "STRATEGIES",
    "STYLES",
    "ContextRequest",
    "Converted",
    "Learnt",
    "LeftOut",
    "PreparedContext",
    "Target",
    "TokenParts",
    "UsedMemory",
    "convert",
    "count_tokens",
    "learnt_from",
    "prepare",
    "strip_injected",
    "target_for",
    "targets_for",
]
