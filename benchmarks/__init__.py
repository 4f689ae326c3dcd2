"""What produces our numbers; nothing imports it."""

import memshadow  # noqa: F401 - first, for what it sets must be set before NumPy is loaded
