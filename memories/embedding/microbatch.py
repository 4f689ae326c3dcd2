"""Joins the questions that several threads ask at the same time into one run of the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event, Lock

from memories.embedding.protocol import Vectors

Run = Callable[[list[str]], Sequence[Vectors] | Vectors]


@dataclass(slots=True, eq=False)
class _Question:
    text: str
    done: Event = field(default_factory=Event)
    vector: Vectors | None = None
    error: BaseException | None = None
    leads: bool = False


class Microbatch:
    """Runs a question at once when a lane is free; what arrives while all are busy waits and then runs together.

    So a single question costs nothing more, and nobody waits for others to arrive. Threads may share it; a fork must
    make a new one.
    """

    def __init__(self, run: Run, *, lanes: int = 1, at_most: int = 32) -> None:
        """`run` gives one array for each of n texts; up to `lanes` run at a time with up to `at_most` texts each."""
        self._run, self._at_most = run, at_most
        self._lock = Lock()
        self._free = lanes
        self._waiting: list[_Question] = []

    def ask(self, text: str) -> Vectors:
        """The array of one text. Raises what `run` raised for its batch."""
        question = _Question(text)
        with self._lock:
            if self._free:
                self._free -= 1
                question.leads = True
            else:
                self._waiting.append(question)
        if not question.leads:
            question.done.wait()
        if question.leads:
            self._lead(question)
        if question.error is not None:
            raise question.error
        assert question.vector is not None  # noqa: S101 - one of the two is set
        return question.vector

    def _lead(self, question: _Question) -> None:
        """Run a batch, then pass the lane on to one of those that have arrived meanwhile."""
        with self._lock:
            batch = [question, *self._waiting[: self._at_most - 1]]
            del self._waiting[: self._at_most - 1]
        try:
            vectors = self._run([asked.text for asked in batch])
            for asked, vector in zip(batch, vectors, strict=True):
                asked.vector = vector
        except BaseException as error:
            for asked in batch:
                asked.error = error
        finally:
            self._pass_on()
            for asked in batch[1:]:
                asked.done.set()

    def _pass_on(self) -> None:
        with self._lock:
            if not self._waiting:
                self._free += 1
                return
            heir = self._waiting.pop(0)
        heir.leads = True
        heir.done.set()
