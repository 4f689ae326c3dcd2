"""The shapes of mem0's REST interface, for clients that exist: its self-hosted server's and its platform's.

What belongs to a `user_id`, `agent_id`, `app_id` or `run_id` carries a tag such as `user:alice`; all of it belongs to
the key's owner.
"""

from memories.api.mem0.operations import router

__all__ = ["router"]
