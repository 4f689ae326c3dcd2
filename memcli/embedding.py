"""Vectors of a text that stays here: by MEMSHADOW's own model when it is on this machine, or from a file."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import platformdirs

from memcli.errors import CliError

MODEL = "all-MiniLM-L6-v2"
_FOLDERS = "all-minilm-l6-v2-*"
_GRAPH, _TOKENIZER = "model.onnx", "tokenizer.json"
_STRETCH_TOKENS = 238  # what the server's own chunks have: its model's window with room for an author's name
_STRETCHES_MAX = 64  # what the server takes
_CHARS_MAX = _STRETCH_TOKENS * _STRETCHES_MAX * 8


@dataclass(frozen=True, slots=True)
class Vectors:
    """What a model made of a text, one vector a stretch of it."""

    model: str
    vectors: Sequence[Sequence[float]]

    def body(self) -> dict[str, Any]:
        """As the server takes them."""
        return {"embedding_model": self.model, "vectors": self.vectors}


def from_file(path: Path) -> Vectors:
    """The vectors in a JSON file {"embedding_model": …, "vectors": [[…], …]}. Raises CliError for anything else."""
    try:
        given = json.loads(path.read_text("utf-8"))
        rows = given["vectors"]
        return Vectors(str(given["embedding_model"]), [[float(number) for number in row] for row in rows])
    except OSError as error:
        raise CliError(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, TypeError, KeyError):
        message = f'{path} is not {{"embedding_model": "NAME", "vectors": [[0.1, …], …]}}.'
        raise CliError(message) from None


def local_model() -> Path | None:
    """The folder of the model on this machine, if it is there and can be run."""
    try:
        import numpy  # noqa: F401
        import onnxruntime  # noqa: F401
        import tokenizers  # noqa: F401
    except ImportError:
        return None
    for place in _places():
        if (place / _GRAPH).is_file() and (place / _TOKENIZER).is_file():
            return place
    return None


def _places() -> list[Path]:
    if given := os.environ.get("MEMCLI_MODEL_DIR"):
        return [Path(given)]
    models, data = os.environ.get("MEMSHADOW_MODELS_DIR"), os.environ.get("MEMSHADOW_DATA_DIR")
    beside = Path(data) if data else platformdirs.user_data_path("memshadow")
    # int8 before float32: the server's default.
    return sorted(Path(models or beside / "models").glob(_FOLDERS), key=lambda place: "int8" not in place.name)


def embedded(text: str, folder: Path) -> Vectors:
    """The text's vectors by the model in the folder. Of a very long text, its first part."""
    import numpy

    tokenizer, session = _loaded(folder)
    first, last = tokenizer.encode("").ids
    ids = tokenizer.encode(text[:_CHARS_MAX], add_special_tokens=False).ids
    stretches = [ids[at : at + _STRETCH_TOKENS] for at in range(0, max(len(ids), 1), _STRETCH_TOKENS)][:_STRETCHES_MAX]
    vectors = []
    for stretch in stretches:
        [made] = session.run(["sentence"], {"ids": numpy.array([[first, *stretch, last]], numpy.int32)})
        vectors.append([round(float(number), 6) for number in made[0]])
    return Vectors(MODEL, vectors)


@cache
def _loaded(folder: Path) -> tuple[Any, Any]:
    """The model's tokenizer, which takes '[CLS]' in a text for the plain word that it is, and its session."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # read when onnxruntime is imported
    import onnxruntime
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / _TOKENIZER))
    tokenizer.encode_special_tokens = True
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer, onnxruntime.InferenceSession(str(folder / _GRAPH), providers=["CPUExecutionProvider"])
