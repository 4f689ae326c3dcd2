"""The one door to ONNX Runtime: opens sessions on the processor, with its telemetry off."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol


class Session(Protocol):
    """What is used of onnxruntime.InferenceSession; `run` may be called from several threads at once."""

    def run(self, output_names: Sequence[str], input_feed: dict[str, Any]) -> list[Any]:
        """The named outputs, in that order."""
        ...


def open_session(graph: Path | bytes, threads: int) -> Session:
    """Loads an ONNX graph from a file or its bytes; one call of `run` uses up to `threads` processor threads."""
    # From 1.29 on, ONNX Runtime reports its use to its maker over the network and keeps a device id in the user's
    # cache folder unless this is set before it is imported. Its uploader also hangs forked children at their exit.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    # Imported here: 40 MB and 0.2 s that a process which embeds nothing saves.
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # The graph is made of fused operators already; a higher level would fuse its LayerNorms into a slower one.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    # Threads that spin while idle take the other processes' time on a small machine.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    source = graph if isinstance(graph, bytes) else str(graph)
    session: Session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    return session
