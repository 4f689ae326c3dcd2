"""`manage.py embedding_model`: which model makes the vectors, and switching to another one while everything serves."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from memories.embedding import POOLINGS, PRECISIONS, PROVIDERS, ModelSpec
from memories.generations import State
from memories.models import EmbeddingModel
from memories.services import embedding_models as services
from memories.services.switching import progress_of
from memshadow.lib.errors import MemshadowError

_POLL_S = 1.0


class Command(BaseCommand):
    """Decides and shows; the workers of the running server build."""

    help = "List, add, activate, pause, resume, roll back and drop embedding models, without downtime."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One word an action."""
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("list", help="every model, its state and progress")
        _describe_add(actions.add_parser("add", help="add a model, after running it once; search does not change"))
        activate = actions.add_parser("activate", help="build the model's vectors if need be, then have search use it")
        activate.add_argument("name")
        activate.add_argument("--wait", action="store_true", help="follow the progress until the model is active")
        activate.add_argument(
            "--despite-failures", action="store_true", help="although some memories could not be embedded"
        )
        for action, text in (("pause", "stop building for now"), ("resume", "go on building, and retry what failed")):
            actions.add_parser(action, help=text).add_argument("name")
        actions.add_parser("rollback", help="go back to the model that was active before")
        drop = actions.add_parser("drop", help="remove a model and its vectors; never the active one")
        drop.add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the action; its refusal is the error message."""
        try:
            getattr(self, f"_{options['action']}")(options)
        except MemshadowError as error:
            raise CommandError(error.message) from error

    def _list(self, options: dict[str, Any]) -> None:
        for row in EmbeddingModel.objects.order_by("id"):
            self._say(row)

    def _add(self, options: dict[str, Any]) -> None:
        spec = ModelSpec(
            provider=options["provider"],
            model=options["model"],
            dimension=options["dimension"],
            query_prefix=options["query_prefix"],
            document_prefix=options["document_prefix"],
            pooling=options["pooling"],
            normalise=not options["no_normalise"],
            max_tokens=options["max_tokens"],
            precision=options["precision"],
            endpoints=tuple(options["endpoint"]),
            api_keys=_keys(options["api_key_file"]),
        )
        self._say(services.add_embedding_model(by=None, spec=spec, name=options["name"]))

    def _activate(self, options: dict[str, Any]) -> None:
        model = services.embedding_model_or_404(options["name"])
        services.activate(by=None, model=model, despite_failures=options["despite_failures"])
        self._say(model)
        while options["wait"] and model.state == State.BUILDING:
            time.sleep(_POLL_S)
            model.refresh_from_db()
            self._say(model)

    def _pause(self, options: dict[str, Any]) -> None:
        self._say(services.pause(by=None, model=services.embedding_model_or_404(options["name"])))

    def _resume(self, options: dict[str, Any]) -> None:
        self._say(services.resume(by=None, model=services.embedding_model_or_404(options["name"])))

    def _rollback(self, options: dict[str, Any]) -> None:
        self._say(services.roll_back(by=None))

    def _drop(self, options: dict[str, Any]) -> None:
        model = services.embedding_model_or_404(options["name"])
        services.drop(by=None, model=model)
        self._say(model)

    def _say(self, row: EmbeddingModel) -> None:
        words = [f"{row.name}: {row.get_state_display().lower()}", f"{row.provider}, {row.dimension} dimensions"]
        if row.state == State.BUILDING:
            words.append(("paused, " if row.paused else "") + progress_of(row).words)
        self.stdout.write(" · ".join([*words, row.error] if row.error else words))


def _describe_add(parser: ArgumentParser) -> None:
    parser.add_argument("provider", choices=sorted(PROVIDERS))
    parser.add_argument("model", nargs="?", default="", help="its name at the provider, or a folder")
    parser.add_argument("--name", default="", help="what it is called here; made of the model's name otherwise")
    parser.add_argument("--endpoint", action="append", default=[], metavar="URL", help="openai: may be repeated")
    parser.add_argument("--api-key-file", metavar="FILE", help="openai: one key, or a line an endpoint; - reads")
    parser.add_argument("--dimension", type=int, default=0, help="openai: shorten to so many numbers")
    parser.add_argument("--query-prefix", default="", help="put before every question, such as 'query: '")
    parser.add_argument("--document-prefix", default="", help="put before every text")
    parser.add_argument("--pooling", choices=POOLINGS, default="", help="instead of the model's own")
    parser.add_argument("--no-normalise", action="store_true", help="for models trained for the dot product")
    parser.add_argument("--max-tokens", type=int, default=512, help="longest chunk")
    parser.add_argument("--precision", choices=PRECISIONS, default=PRECISIONS[0], help="local: of its computation")


def _keys(file: str | None) -> tuple[str, ...]:
    """The keys in a file, or on standard input for '-': never on the command line, where others can read them."""
    if file is None:
        return ()
    text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    return tuple(line.strip() for line in text.splitlines() if line.strip())
