"""Models of the spine made by hand: what they give can be worked out on paper."""

from dataclasses import replace

import numpy as np
import onnx
from onnx import TensorProto, helper

from osteon.learn.knee_model import Embeddings, Metric, Training
from osteon.learn.spine_card import Conformal, CropLattice, SaidScale, SpineCard, SpineSeen
from osteon.learn.spine_folder import write_spine_model

LEVELS = ("L1", "L2", "L3", "L4")
FACTS = ("first", "second")
LATTICE = CropLattice(2.0, (32, 36, 16), 20.0)
PATIENT_SD, VERTEBRA_SD = 0.05, 0.08
BY_DEVICE = 0.05
"""The second densitometer's patients are said to be this much denser, in g/cm²; those of none so
much less dense."""


def _model(nodes, inputs, outputs, constants, name):
    kinds = {"device": TensorProto.INT64}

    def told(what, shape):
        kind = kinds.get(what, TensorProto.FLOAT)
        return helper.make_tensor_value_info(what, kind, ["n", *shape])

    graph = helper.make_graph(
        nodes,
        name,
        [told(*one) for one in inputs.items()],
        [told(*one) for one in outputs.items()],
        [onnx.numpy_helper.from_array(value, key) for key, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def vertebra_network(path, lattice=LATTICE, facts=2):
    """Gives the mean of the grey values of the crop, and the mean of its parts."""
    nodes = [
        helper.make_node("ReduceMean", ["voxels", "axes"], ["means"], keepdims=0),
        helper.make_node("MatMul", ["facts", "none"], ["nothing"]),
        helper.make_node("Add", ["means", "nothing"], ["known"]),
    ]
    constants = {
        "axes": np.array([2, 3, 4], np.int64),
        "none": np.zeros((facts, 2), np.float32),
    }
    inputs = {"voxels": (2, *lattice.shape), "facts": (facts,)}
    path.write_bytes(_model(nodes, inputs, {"known": (2,)}, constants, "vertebra"))
    return path


def _steps():
    """What the network of patients does, one after the other."""
    node = helper.make_node
    return [
        node("ReduceSum", ["present", "one"], ["many"], keepdims=1),
        node("Div", ["present", "many"], ["attention"]),
        node("MatMul", ["known", "grey"], ["grey_"]),
        node("Squeeze", ["grey_", "two"], ["greys"]),
        node("Mul", ["greys", "slope"], ["risen"]),
        node("Add", ["risen", "level"], ["vertebra_bmd"]),
        node("Mul", ["attention", "vertebra_bmd"], ["weighted"]),
        node("ReduceSum", ["weighted", "one"], ["plain"], keepdims=0),
        node("Cast", ["device"], ["number"], to=TensorProto.FLOAT),
        node("Mul", ["number", "by_device"], ["shift"]),
        node("Add", ["plain", "shift"], ["bmd"]),
        node("Mul", ["bmd", "zero"], ["null"]),
        node("Add", ["null", "sd"], ["bmd_sd"]),
        node("Mul", ["present", "zero"], ["nulls"]),
        node("Add", ["nulls", "each_sd"], ["vertebra_sd"]),
        node("Unsqueeze", ["bmd", "one"], ["column"]),
        node("Sub", ["limits", "column"], ["short"]),
        node("Mul", ["short", "steep"], ["steeper"]),
        node("Sigmoid", ["steeper"], ["below"]),
        node("MatMul", ["below", "to_classes"], ["differences"]),
        node("Add", ["differences", "first"], ["classes"]),
        node("MatMul", ["attention", "to_experts"], ["some"]),
        node("Add", ["some", "experts_"], ["experts"]),
        node("Unsqueeze", ["nulls", "two"], ["planes"]),
        node("Add", ["planes", "table"], ["levels"]),
    ]


def _constants(add, slots):
    """Numbers that the steps use."""
    single = np.float32
    return {
        "one": np.array([1], np.int64),
        "two": np.array([2], np.int64),
        "grey": np.array([[1.0], [0.0]], single),
        "slope": single([0.2]),
        "level": single([1.0 + add]),
        "by_device": single([BY_DEVICE]),
        "zero": single([0]),
        "sd": single([PATIENT_SD]),
        "each_sd": single([VERTEBRA_SD]),
        "steep": single([50]),
        "to_classes": np.array([[-1, 1, 0], [0, -1, 1]], single),
        "first": np.array([[1, 0, 0]], single),
        "to_experts": np.zeros((slots, 2), single),
        "experts_": np.array([[0.75, 0.25]], single),
        "table": np.full((1, slots, slots), 0.02, single) + 0.92 * np.eye(slots, dtype=single),
    }


def patient_network(path, *, add=0.0, facts=2, slots=4):
    """A vertebra has 1 g/cm² and 0.2 for each unit of its grey value; a patient has their mean.

    Classes follow the density and its limits, closely.
    """
    inputs = {
        "known": (slots, 2),
        "facts": (slots, facts),
        "present": (slots,),
        "device": (),
        "limits": (2,),
    }
    outputs = {
        "bmd": (),
        "bmd_sd": (),
        "classes": (3,),
        "attention": (slots,),
        "experts": (2,),
        "vertebra_bmd": (slots,),
        "vertebra_sd": (slots,),
        "levels": (slots, slots),
    }
    # the networks take facts, and these make nothing of them
    nodes = [*_steps(), helper.make_node("Identity", ["facts"], ["unused"])]
    path.write_bytes(_model(nodes, inputs, outputs, _constants(add, slots), "patient"))
    return path


def card(**changes):
    """Everything about the model but its networks."""
    scores = np.linspace(0.0, 1.9, 39)
    made = SpineCard(
        name="tiny",
        levels=LEVELS,
        devices=("hologic", "lunar"),
        facts=FACTS,
        experts=2,
        unknown=(0.5, 0.5, 0.0),
        lattice=LATTICE,
        scale=SaidScale(),
        conformal=Conformal(scores, (scores / 3, scores / 2.5, scores / 2)),
        threshold=0.4,
        training=Training("spines", "0" * 64, 90),
        seen=SpineSeen(
            ("spine-a",), ("soft", "detail"), (100.0, 120.0), (0.6, 3.0), (0.5, 2.0), (0.6, 1.5)
        ),
        embeddings=Embeddings(np.array([0.0, 0.5]), np.eye(2), 3.0),
        measured=Embeddings(np.zeros(len(FACTS)), np.eye(len(FACTS)), 1e6),
        metrics=(Metric("AUC osteoporosis", 0.95, 0.9, 0.99), Metric("r BMD", 0.9)),
    )
    return replace(made, **changes)


def model_folder(place, *, add=(0.0,), **changes):
    """A model folder of as many networks as `add` has numbers."""
    told = card(**changes)
    single = vertebra_network(place / "v.onnx", told.lattice, len(told.facts))
    pairs = [
        (single, patient_network(place / f"p{n}.onnx", add=one, facts=len(told.facts)))
        for n, one in enumerate(add)
    ]
    write_spine_model(place / "model", told, pairs)
    return place / "model"
