"""Adding and finding sealed memories: what leaves this machine is ciphertext, and vectors if their owner likes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from memcli import embedding as embeddings
from memcli.client import Server
from memcli.embedding import Vectors
from memcli.errors import CliError
from memcli.opening import key_file
from memcli.sealing import texts
from memcli.showing import note


def new_sealed(server: Server, text: str, *, embedding: Path | None, without: bool) -> dict[str, Any]:
    """The sealed parts of a new memory. Raises CannotOpen without a key, and CliError for vectors of another model."""
    ciphertext = texts.seal(text, key_file().recipient())
    vectors = None if without else vectors_of(server, text, embedding=embedding)
    if vectors is None and not without:
        note("No embedding model is on this machine: search will not find it by its meaning. See memcli seal refresh.")
    return {"ciphertext": ciphertext} | ({"embedding": vectors.body()} if vectors else {})


def question_vector(server: Server, text: str, *, embedding: Path | None) -> dict[str, Any]:
    """The question as a vector. Raises CliError when none can be made here."""
    vectors = vectors_of(server, text, embedding=embedding)
    if vectors is None:
        raise CliError(
            "No embedding model is on this machine, so the question cannot be made a vector here. Give one with "
            "--embedding, name the model's folder in MEMCLI_MODEL_DIR, or let the server read it: without --sealed."
        )
    return {"vector": vectors.vectors[0], "embedding_model": vectors.model}


def vectors_of(server: Server, text: str, *, embedding: Path | None = None) -> Vectors | None:
    """The text's vectors by the model that search uses; None when no model is here. Raises CliError for another."""
    given = embeddings.from_file(embedding) if embedding else None
    folder = None if given else embeddings.local_model()
    if given is None and folder is None:
        return None
    wanted = server.get("/sealed")
    model = given.model if given else embeddings.MODEL
    if model != wanted["embedding_model"]:
        raise CliError(
            f"Search at the server uses {wanted['embedding_model']}, and the vectors here are by {model}: they cannot "
            "be compared. Use --embedding with vectors of that model, or --no-embedding."
        )
    made = given or embeddings.embedded(text, folder)  # type: ignore[arg-type]  # one of both is there
    if any(len(vector) != wanted["dimension"] for vector in made.vectors):
        raise CliError(f"A vector of {model} has {wanted['dimension']} numbers; these have others.")
    return made
