"""Builds the ONNX graph of a BERT sentence encoder straight from its weights, out of ONNX Runtime's fused operators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from memories.embedding.specification import Precision

Array = NDArray[Any]
Weights = Mapping[str, Array]

FUSED = "com.microsoft"
OPSET = 17
# ONNX files declare a format version; 8 is the one of opset 17, so every runtime that has the operators reads it.
IR_VERSION = 8

PAD_ID = 0
NORM_EPS = 1e-12
# Weights use 7 of int8's 8 bits: on x86 processors without VNNI the product of a pair is summed in 16 bits, which
# 255 · 127 · 2 would overflow and 255 · 63 · 2 does not, so that every machine computes the same vectors.
WEIGHT_LEVELS = 63
# The exact GELU never falls below this (its minimum is -0.1700), so 0..255 can start here and waste no level.
GELU_FLOOR = -0.1701


@dataclass(frozen=True, slots=True)
class BertShape:
    """The numbers of a BERT encoder's config.json that its graph depends on."""

    layers: int
    hidden: int
    heads: int
    layer_norm_eps: float


class _Graph:
    """Collects nodes and initializers; every method returns the name of the value that it adds."""

    def __init__(self, shape: BertShape, weights: Weights) -> None:
        self.shape = shape
        self.weights = weights
        self.nodes: list[NodeProto] = []
        self.initializers: list[TensorProto] = []

    def constant(self, name: str, value: Array) -> str:
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def op(self, kind: str, inputs: list[str], output: str, *, domain: str = "", **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, domain=domain, **attributes))
        return output

    def weight(self, name: str) -> str:
        return self.constant(name, self.weights[name])

    def split_thirds(self, value: str, outputs: list[str]) -> list[str]:
        self.nodes.append(helper.make_node("Split", [value], outputs, name=f"{value}.split", axis=-1))
        return outputs


class _FloatLinear:
    """Products with float32 weights."""

    def embedding(self, graph: _Graph, table: Array, name: str) -> str:
        return graph.op("Gather", [graph.constant(f"{name}.table", table), "ids"], name)

    def product(self, graph: _Graph, x: str, kernel: Array, name: str, *, after_gelu: bool = False) -> str:
        del after_gelu
        return graph.op("MatMul", [x, graph.constant(f"{name}.kernel", kernel)], name)


class _Int8Linear:
    """Products with int8 weights (one scale a column) and 8-bit activations, one scale a token.

    Dynamic quantisation as ONNX Runtime does it takes one scale for the whole batch, which BERT's few huge
    [CLS] and [SEP] activations ruin (mean cosine to float32 .990) and which makes a text's vector depend on its
    neighbours in the batch. A scale for each token costs two element-wise passes, gives .996, and a vector that
    depends on nothing but its text.
    """

    def embedding(self, graph: _Graph, table: Array, name: str) -> str:
        scale = np.abs(table).max(axis=1, keepdims=True).astype(np.float32) / 127
        scale = np.maximum(scale, np.float32(1e-12))
        levels = graph.constant(f"{name}.table", np.rint(table / scale).astype(np.int8))
        rows = graph.op("Cast", [graph.op("Gather", [levels, "ids"], f"{name}.levels")], f"{name}.rows", to=1)
        scales = graph.op("Gather", [graph.constant(f"{name}.scale", scale), "ids"], f"{name}.scales")
        return graph.op("Mul", [rows, scales], name)

    def product(self, graph: _Graph, x: str, kernel: Array, name: str, *, after_gelu: bool = False) -> str:
        column_scale = np.maximum(np.abs(kernel).max(axis=0), 1e-12).astype(np.float32) / WEIGHT_LEVELS
        size, scale, zero = self._gelu_scale(graph, x, name) if after_gelu else self._scale(graph, x, name)
        levels = graph.op("QuantizeLinear", [graph.op("Div", [x, size], f"{name}.unit"), scale, zero], f"{name}.x")
        inputs = [
            levels,
            graph.constant(f"{name}.kernel", np.rint(kernel / column_scale).astype(np.int8)),
            scale,
            graph.constant(f"{name}.kernel_scale", column_scale),
            zero,
        ]
        return graph.op("Mul", [graph.op("MatMulIntegerToFloat", inputs, f"{name}.y", domain=FUSED), size], name)

    def _scale(self, graph: _Graph, x: str, name: str) -> tuple[str, str, str]:
        size = graph.op("ReduceMax", [graph.op("Abs", [x], f"{name}.abs")], f"{name}.size", axes=[-1])
        scale = graph.constant(f"{name}.x_scale", np.array(1 / 127, np.float32))
        return size, scale, graph.constant(f"{name}.x_zero", np.array(128, np.uint8))

    def _gelu_scale(self, graph: _Graph, x: str, name: str) -> tuple[str, str, str]:
        """GELU's output has a long positive and a short negative side; the token's maximum is never below 1 here."""
        floor = graph.constant(f"{name}.floor", np.array(1, np.float32))
        size = graph.op("Max", [graph.op("ReduceMax", [x], f"{name}.max", axes=[-1]), floor], f"{name}.size")
        scale = (1 - GELU_FLOOR) / 255
        zero = int(np.ceil(-GELU_FLOOR / scale))
        return (
            size,
            graph.constant(f"{name}.x_scale", np.array(scale, np.float32)),
            graph.constant(f"{name}.x_zero", np.array(zero, np.uint8)),
        )


_Linear = _FloatLinear | _Int8Linear


def _layer_norm(graph: _Graph, values: list[str], prefix: str, name: str) -> str:
    """LayerNorm of a sum. Emitted apart: ONNX Runtime's fused SkipLayerNormalization is 20 % slower on CPUs."""
    total = values[0]
    for number, value in enumerate(values[1:]):
        total = graph.op("Add", [total, value], f"{name}.sum{number}")
    inputs = [total, graph.weight(f"{prefix}.weight"), graph.weight(f"{prefix}.bias")]
    return graph.op("LayerNormalization", inputs, name, axis=-1, epsilon=graph.shape.layer_norm_eps)


def _embed(graph: _Graph, linear: _Linear) -> str:
    """Token, position and (always the first) segment embeddings; also defines `mask` and `mask_float`."""
    weights = graph.weights
    pad = graph.constant("pad", np.array(PAD_ID, np.int32))
    is_token = graph.op("Not", [graph.op("Equal", ["ids", pad], "is_pad")], "is_token")
    graph.op("Cast", [is_token], "mask", to=TensorProto.INT32)
    graph.op("Cast", [is_token], "mask_float", to=TensorProto.FLOAT)
    words = linear.embedding(graph, weights["embeddings.word_embeddings.weight"], "words")
    positions = weights["embeddings.position_embeddings.weight"]
    positions = positions + weights["embeddings.token_type_embeddings.weight"][0]
    first = graph.constant("first", np.array([0], np.int64))
    length = graph.op("Shape", ["ids"], "length", start=1, end=2)
    inputs = [graph.constant("positions", positions), first, length, first]
    return _layer_norm(graph, [words, graph.op("Slice", inputs, "position_rows")], "embeddings.LayerNorm", "embedded")


def _attend(graph: _Graph, x: str, prefix: str, linear: _Linear) -> str:
    names = [f"{prefix}.attention.self.{part}" for part in ("query", "key", "value")]
    kernel = np.concatenate([graph.weights[f"{name}.weight"].T for name in names], axis=1)
    bias = np.concatenate([graph.weights[f"{name}.bias"] for name in names])
    joined = linear.product(graph, x, kernel, f"{prefix}.qkv")
    query, key, value = graph.split_thirds(joined, [f"{prefix}.q", f"{prefix}.k", f"{prefix}.v"])
    inputs = [query, key, value, graph.constant(f"{prefix}.qkv.bias", bias), "mask"]
    context = graph.op("MultiHeadAttention", inputs, f"{prefix}.context", domain=FUSED, num_heads=graph.shape.heads)
    dense = f"{prefix}.attention.output.dense"
    out = linear.product(graph, context, graph.weights[f"{dense}.weight"].T, f"{prefix}.attended")
    inputs = [out, graph.weight(f"{dense}.bias"), x]
    return _layer_norm(graph, inputs, f"{prefix}.attention.output.LayerNorm", f"{prefix}.middle")


def _feed_forward(graph: _Graph, x: str, prefix: str, linear: _Linear) -> str:
    up, down = f"{prefix}.intermediate.dense", f"{prefix}.output.dense"
    wide = linear.product(graph, x, graph.weights[f"{up}.weight"].T, f"{prefix}.wide")
    active = graph.op("BiasGelu", [wide, graph.weight(f"{up}.bias")], f"{prefix}.active", domain=FUSED)
    kernel = graph.weights[f"{down}.weight"].T
    out = linear.product(graph, active, kernel, f"{prefix}.narrow", after_gelu=True)
    return _layer_norm(graph, [out, graph.weight(f"{down}.bias"), x], f"{prefix}.output.LayerNorm", f"{prefix}.out")


def _pool(graph: _Graph, x: str) -> None:
    """`tokens`: x at unit length; `sentence`: the mean over the text's tokens at unit length.

    An RMS norm with gain 1/√d is exactly the L2 norm, and needs the sum only, for a mean differs by a factor.
    """
    hidden = graph.shape.hidden
    gain = graph.constant("unit", np.full(hidden, hidden**-0.5, np.float32))
    graph.op("SimplifiedLayerNormalization", [x, gain], "tokens", axis=-1, epsilon=NORM_EPS)
    axis = graph.constant("axis", np.array([1], np.int64))
    mask_row = graph.op("Unsqueeze", ["mask_float", axis], "mask_row")
    total = graph.op("Squeeze", [graph.op("MatMul", [mask_row, x], "total_row"), axis], "total")
    graph.op("SimplifiedLayerNormalization", [total, gain], "sentence", axis=-1, epsilon=NORM_EPS)


def build_encoder(shape: BertShape, weights: Weights, precision: Precision) -> ModelProto:
    """The encoder as an ONNX model.

    `weights` are named as in a Hugging Face BertModel's safetensors file, float32. Input `ids`: int32 (batch,
    length), padded with PAD_ID. Outputs: `sentence` float32 (batch, hidden), `tokens` float32 (batch, length,
    hidden), each vector at unit length.
    """
    linear: _Linear = _Int8Linear() if precision == "int8" else _FloatLinear()
    graph = _Graph(shape, weights)
    x = _embed(graph, linear)
    for number in range(shape.layers):
        prefix = f"encoder.layer.{number}"
        x = _feed_forward(graph, _attend(graph, x, prefix, linear), prefix, linear)
    _pool(graph, x)

    def value(name: str, kind: int, dimensions: list[str | int]) -> ValueInfoProto:
        return helper.make_tensor_value_info(name, kind, dimensions)

    outputs = [
        value("sentence", TensorProto.FLOAT, ["batch", shape.hidden]),
        value("tokens", TensorProto.FLOAT, ["batch", "length", shape.hidden]),
    ]
    inputs = [value("ids", TensorProto.INT32, ["batch", "length"])]
    body = helper.make_graph(graph.nodes, f"bert-{precision}", inputs, outputs, graph.initializers)
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(FUSED, 1)]
    return helper.make_model(body, opset_imports=opsets, ir_version=IR_VERSION, producer_name="memshadow")
