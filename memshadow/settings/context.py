"""Defaults of what goes into a prompt, each with its unit."""

from memshadow.settings.env import env

CONTEXT_SHARE = env.context_share  # of what prompt, system, history and answer leave of the window
CONTEXT_BUDGET_TOKENS = env.context_budget_tokens  # for memories where the request names no budget
CONTEXT_RESERVE_TOKENS = 4_096  # kept for the answer, at most the model's output limit
CONTEXT_ONE_MEMORY_SHARE = 0.5  # of the budget: a longer memory is cut to the sentences that answer
CONTEXT_CANDIDATES = 40  # memories that a strategy looks at
CONTEXT_SURE_SCORE = 0.1  # a search's score up to which a memory gets its share of that, less where another is better
CONTEXT_SHORT_TOKENS = 100  # that any memory may take, however little relevant
# A search's score below which a memory does not help, and below which even the best says that nothing answers:
# `python -m benchmarks.belonging` measures what each keeps out, and what it costs (docs/context.md).
CONTEXT_MIN_SCORE = 0.01
CONTEXT_BEST_SCORE = 0.08
CONTEXT_BEST_SCORE_IN_PART = 0.02  # the latter of one that has no vector yet, or where what is new is asked for
CONTEXT_DIVERSITY = env.context_diversity  # 0 (relevance only) to 1, maximal marginal relevance
CONTEXT_RECENT_TURNS = 20  # of its own conversation that the conversational strategy looks at
CONTEXT_RECENT_SHARE = 0.5  # of the budget for them
CONTEXT_RECENCY_WEIGHT = 0.6  # beside the other signals of a search, where 0.05 is usual
CONTEXT_RECENCY_HALF_LIFE_DAYS = 14.0
CONTEXT_TOPIC_COSINE = 0.4  # with the mean of a group from which a memory belongs to it
CONTEXT_PERSONA_WEIGHT = 1.25  # on the score of the persona's own memories, beside those of no persona
CONTEXT_SUSPICIOUS = env.context_suspicious  # what becomes of memories that address a model: leave_out or mask
CONTEXT_SECRETS = env.context_secrets  # and of those with secrets
