"""The last step of every provider that is given vectors: they are checked and brought to the length that is stored."""

from __future__ import annotations

import numpy as np

from memories.embedding.protocol import Vectors
from memories.embedding.specification import ModelSpec
from memshadow.lib.errors import Unavailable


def finished(vectors: Vectors, spec: ModelSpec) -> Vectors:
    """The vectors (n, d) at unit length, or scaled where the model is used without normalisation.

    Raises Unavailable for vectors without a direction or with numbers that are none: they must not be stored.
    """
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    if not np.isfinite(norms).all() or (vectors.size and norms.min() == 0):
        raise Unavailable(f"The embedding model {spec.model} gave a vector that is zero or not a number; check it.")
    scaled = vectors / norms if spec.normalise else vectors * spec.scale
    return scaled.astype(np.float32, copy=False)
