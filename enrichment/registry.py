"""Which steps there are: ours from `enrichment/steps/`, and those of installed packages by their entry points."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pkgutil import iter_modules

from enrichment import steps as our_steps
from enrichment.protocol import Step
from memshadow.lib.errors import NotFound

logger = logging.getLogger(__name__)

GROUP = "memshadow.steps"


@lru_cache(maxsize=1)
def steps() -> Mapping[str, Step]:
    """Every step by name, each after those whose results it reads.

    A package whose step cannot be loaded, or takes a name that is taken, is left out and logged: it stops nobody else.
    """
    found = {step.name: step for step in _ours()}
    for step in _theirs():
        if step.name in found:
            logger.error("The step %s of a package is left out: the name is taken", step.name)
        else:
            found[step.name] = step
    return _in_order(found)


def step_named(name: str) -> Step:
    """Raises NotFound."""
    if name not in steps():
        raise NotFound(f"There is no step {name!r}. There are: {', '.join(steps()) or 'none'}.")
    return steps()[name]


def readers_of(name: str) -> list[Step]:
    """The steps that read this one's results."""
    return [step for step in steps().values() if name in step.inputs]


def _ours() -> Iterator[Step]:
    for module in iter_modules(our_steps.__path__):
        step: Step = import_module(f"{our_steps.__name__}.{module.name}").STEP
        yield step


def _theirs() -> Iterator[Step]:
    for point in entry_points(group=GROUP):
        step = _loaded(point)
        if step is not None:
            yield step


def _loaded(point: EntryPoint) -> Step | None:
    """What the entry point names: a step, or its class."""
    try:
        named = point.load()
        step = named() if isinstance(named, type) else named
    except Exception:
        logger.exception("The step %s cannot be loaded", point.value)
        return None
    if isinstance(step, Step):
        return step
    logger.error("%s is no step: derive it from enrichment.protocol.Step", point.value)
    return None


def _in_order(found: Mapping[str, Step]) -> dict[str, Step]:
    """Inputs first. A step whose inputs are not there, or that waits for itself, is left out and logged."""
    ordered: dict[str, Step] = {}
    waiting = dict(sorted(found.items()))
    while ready := [name for name, step in waiting.items() if set(step.inputs) <= set(ordered)]:
        ordered |= {name: waiting.pop(name) for name in ready}
    for name, step in waiting.items():
        logger.error("The step %s is left out: it reads %s, of which one is missing", name, ", ".join(step.inputs))
    return ordered
