"""Defaults of capture, indexing and retrieval, each with its unit and what set it."""

from memshadow.settings.env import env

MEMORY_MAX_BYTES = 1024**2  # UTF-8 bytes of one memory; longer text is split as a document
SEALED_MAX_BYTES = 3 * 1024**2 // 2  # armoured characters of one sealed memory: 1 MiB of text takes 1.35
SEALED_VECTORS_MAX = 64  # of one sealed memory, each of a stretch of its text
CAPTURE_BATCH_MAX = 1000  # memories in one request

EMBEDDING_THREADS = env.embedding_threads  # threads of one ONNX session; workers multiply it
EMBEDDING_PRECISION = env.embedding_precision  # of the built-in model, if it is to be followed
EMBEDDING_USAGE_FLUSH_S = 15.0  # how often a process adds its embedding counters to the database
MODEL_DOWNLOADS = env.model_downloads  # whether sentence-transformers may fetch models from the hub
INDEX_BATCH_MEMORIES = 32  # memories that a worker claims at once: what is written meanwhile waits for a second
INDEX_MAX_ATTEMPTS = 5  # then the memory is shown as failed, with a retry button

# A memory of at most so many words keeps the signs of its token vectors (48 bytes a token) for late interaction; 0: no
# memory does. With longer ones kept too, recall@10 is the same on both development sets (docs/retrieval.md).
RETRIEVAL_TOKEN_VECTORS_MAX_WORDS = env.token_vectors_max_words

RETRIEVAL_CANDIDATES = 200  # chunks from each arm; 100 lose .008 recall@10 on LoCoMo
RETRIEVAL_LEXICAL_ROWS = 1_500  # chunks that words may propose: bounds the cost of common words
RETRIEVAL_FULLY_RANKED = 64  # memories that get every signal; the others keep the 'lite' score's order
RETRIEVAL_COMPARED = 50  # memories among which near-duplicates collapse, and which MMR spreads
RETRIEVAL_MAX_RESULTS = 200  # memories that paging can reach
# What a vector costs, in microseconds, when compared row by row and when visited in an HNSW walk (benchmarks.scale).
RETRIEVAL_EXACT_ROW_US = 3.5
RETRIEVAL_VISIT_US = 4.0
RETRIEVAL_MAX_VISITS = 600  # rows that a walk should visit: 2 to 4 ms (benchmarks.scale)

# Reranking on request (docs/retrieval.md); each reranker is there once its model is named.
RERANK_CROSS_ENCODER = env.rerank_cross_encoder  # a CrossEncoder's hub name or folder
RERANK_LLM_URL = env.rerank_llm_url  # base address of an OpenAI-compatible server: hits are sent there
RERANK_LLM_MODEL = env.rerank_llm_model
RERANK_LLM_API_KEY = env.rerank_llm_api_key
RERANK_LLM_TIMEOUT_S = env.rerank_llm_timeout_s  # for all of one question's reranking
RETRIEVAL_RERANK_DEPTH = env.rerank_depth  # memories that a reranker reads
RETRIEVAL_RERANK_WEIGHT = 0.7  # the reranker's part of the order, the first ranking has the rest; not measured

RETRIEVAL_LOG = env.retrieval_log  # what was asked and answered, sealed; off: no satisfaction figures, less learning
RETRIEVAL_LOG_DAYS = env.retrieval_log_days  # days that an entry is kept

# BM25 (Robertson & Zaragoza 2009): saturation of a word's count, and how much length matters.
BM25_K1 = 1.2
BM25_B = 0.75

# What each signal weighs, by name (docs/retrieval.md says what each is). One set for every kind of conversation: that
# of the study in shared/bench/README.md, moved a little by a coordinate search on both development sets at once.
RETRIEVAL_WEIGHTS = {
    "meaning": 0.8,
    "words": 0.28,
    "author": 0.45,
    "late_interaction": 1.0,
    "before_meaning": 0.4,
    "after_meaning": 0.14,
    "before_words": 0.21,
    "after_words": 0.08,
    "session": 0.25,
    "session_late_interaction": 0.15,
    "question": -0.08,
    "when_where": 0.3,
    "who_count": 0.19,
    "date": 0.5,
    "names": 0.1,
    "phrase": 0.3,
    "recency": 0.05,
    "pinned": 0.05,
    "importance": 0.1,
    "feedback": 0.5,
    "expansion": 0.1,
}
RETRIEVAL_HALF_LIFE_DAYS = 90.0  # after which recency counts half
RETRIEVAL_ECHO_COSINE = 0.85  # a memory that ends as a question and is so near is the same question, asked before
# Logistic model of a hit's probability: constant, its total, the mean total of the best ten, the best total, what that
# lacks to be about it, the lead of named authors, ln(place). Fitted on both development sets by
# `python -m benchmarks.calibration`.
RETRIEVAL_CONFIDENCE = (-1.846, 4.161, -0.502, -3.044, -4.355, 6.507, -0.618)
