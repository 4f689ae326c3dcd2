"""The project: settings, supervisor, addresses, and the ground floor that every app stands on."""

import os

# Requests run beside each other in threads. A search's matrices are small: sharing one out over the cores costs more
# than it saves, and the threads' spinning takes the other requests' time (84 ms a search with two, 31 ms with one, on
# two busy cores). Set before NumPy is loaded, which reads it once.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
