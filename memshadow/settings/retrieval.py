"""Defaults of capture, indexing and retrieval, each with its unit and what set it."""

from memshadow.settings.env import env

MEMORY_MAX_BYTES = 1024**2  # UTF-8 bytes of one memory; longer text is split as a document
CAPTURE_BATCH_MAX = 1000  # memories in one request

EMBEDDING_THREADS = env.embedding_threads  # threads of one ONNX session; workers multiply it
EMBEDDING_PRECISION = env.embedding_precision  # of the built-in model, if it is to be followed
EMBEDDING_USAGE_FLUSH_S = 15.0  # how often a process adds its embedding counters to the database
MODEL_DOWNLOADS = env.model_downloads  # whether sentence-transformers may fetch models from the hub
INDEX_BATCH_MEMORIES = 64  # memories that a worker claims at once
INDEX_MAX_ATTEMPTS = 5  # then the memory is shown as failed, with a retry button

RETRIEVAL_CANDIDATES = 200  # chunks from each arm
RETRIEVAL_MAX_RESULTS = 200  # memories that paging can reach
# What a vector costs, in microseconds, when compared row by row and when visited in an HNSW walk (benchmarks.scale).
RETRIEVAL_EXACT_ROW_US = 2.5
RETRIEVAL_VISIT_US = 8.0
RETRIEVAL_MAX_VISITS = 600  # rows that a walk should visit: 4 to 8 ms (benchmarks.scale)
RETRIEVAL_LEXICAL_WEIGHT = 0.3  # beside cosine 1.0: shared/bench/README.md, 'cos + .3 bm'

RETRIEVAL_LOG = env.retrieval_log  # what was asked and answered, sealed; off: no satisfaction figures, less learning
RETRIEVAL_LOG_DAYS = env.retrieval_log_days  # days that an entry is kept
