"""The recogniser's last layer cut down to the Latin alphabet.

It tells 18 710 characters apart, most of them Chinese, at every eighth pixel of a line: a seventh of the time goes
there, for characters that no field of ours may hold. Without them the same network reads the same lines.
"""

import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory  # type: ignore[import-untyped]

_Field: Final = descriptor_pb2.FieldDescriptorProto
_BLANK: Final = 0
_LATIN_UNTIL: Final = 0x250  # the end of Latin Extended-B; more of it is told by its name


def cut_down(model: Path, characters: Sequence[str], *, besides: str) -> tuple[bytes, list[str]]:
    """``model`` (ONNX) with the outputs for Latin characters, and for those in ``besides``; and what they stand for.

    ``characters`` are those of its outputs, in order, the first being the blank. Raises ValueError for a model that
    has no such layer.
    """
    kept = [index for index, one in enumerate(characters) if index == _BLANK or _is_wanted(one, besides)]
    network = _Model()
    network.ParseFromString(model.read_bytes())
    cut = 0
    for tensor in network.graph.initializer:
        shape = list(tensor.dims)
        if len(characters) not in shape:
            continue
        axis = shape.index(len(characters))
        weights = np.frombuffer(tensor.raw_data, np.float32).reshape(shape).take(kept, axis=axis)
        tensor.raw_data = np.ascontiguousarray(weights).tobytes()
        tensor.dims[axis] = len(kept)
        cut += 1
    if not cut:
        raise ValueError(f"{model.name} has no layer of {len(characters)}")
    return network.SerializeToString(), [characters[index] for index in kept]


def _is_wanted(character: str, besides: str) -> bool:
    first = character[:1]
    return ord(first) < _LATIN_UNTIL or first in besides or unicodedata.name(first, "").startswith("LATIN")


def _model_class() -> Any:
    """The few fields of onnx.proto that are read here; protobuf keeps all others as they are."""
    file = descriptor_pb2.FileDescriptorProto(name="idv/onnx_weights.proto", package="idv", syntax="proto2")
    tensor = file.message_type.add(name="Tensor")
    tensor.field.add(name="dims", number=1, type=_Field.TYPE_INT64, label=_Field.LABEL_REPEATED)
    tensor.field.add(name="raw_data", number=9, type=_Field.TYPE_BYTES, label=_Field.LABEL_OPTIONAL)
    graph, model = file.message_type.add(name="Graph"), file.message_type.add(name="Model")
    for message, name, number, of, label in (
        (graph, "initializer", 5, ".idv.Tensor", _Field.LABEL_REPEATED),
        (model, "graph", 7, ".idv.Graph", _Field.LABEL_OPTIONAL),
    ):
        message.field.add(name=name, number=number, type=_Field.TYPE_MESSAGE, label=label, type_name=of)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("idv.Model"))


_Model: Final = _model_class()
