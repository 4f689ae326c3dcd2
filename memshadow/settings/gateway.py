"""The gateway: where language models are, and how long memory may take."""

from memshadow.settings.env import env

# A provider's server, when the person named none of their own.
GATEWAY_UPSTREAMS = {
    "openai": env.gateway_openai_url,
    "anthropic": env.gateway_anthropic_url,
    "google": env.gateway_google_url,
}
GATEWAY_MEMORY_S = 0.8  # seconds that a chat waits for its key and its memories, all in all; then it goes on without
GATEWAY_CONNECT_S = 10.0  # seconds to reach a model's server
GATEWAY_SILENCE_S = env.gateway_silence_s  # seconds without a byte after which a model's server is given up
GATEWAY_STREAMS_MAX = env.gateway_streams  # open exchanges of one web process; each takes two sockets and no thread
GATEWAY_PRICES = env.gateway_prices  # a file like memories/gateway/prices.yaml
GATEWAY_ANSWER_TOKENS = 1_000  # that an answer under way is expected to have, where the request allows as many
GATEWAY_CALL_DAYS = 400  # days that a call's row is kept
