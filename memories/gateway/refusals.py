"""What the gateway itself says no to; each dialect puts it into its own words."""

from __future__ import annotations

from memshadow.lib.errors import MemshadowError


class GatewayRefused(MemshadowError):
    """The request cannot be passed on as it is."""

    status = 400
    code = "gateway-refused"


class NotKnownNow(MemshadowError):
    """The database is away, and this key has not been used here of late."""

    status = 503
    code = "key-cannot-be-checked"


class UsedUp(MemshadowError):
    """A limit on tokens or cost that the person set is reached."""

    status = 429
    code = "usage-limit"


class NoModelServer(MemshadowError):
    """The person has stored no server that could answer."""

    status = 409
    code = "no-model-server"


class ModelRefused(MemshadowError):
    """The model's server refuses, or gives no whole answer."""

    status = 502
    code = "model-server-refused"
