"""Models of the knee made by hand: what they give can be worked out on paper."""

from dataclasses import replace

import numpy as np
import onnx
from onnx import TensorProto, helper

from osteon.learn.knee_model import (
    Diagnosis,
    Embeddings,
    KneeCard,
    Metric,
    Normalisation,
    Parameter,
    Seen,
    Training,
)
from osteon.learn.model_folder import write_model

REGIONS = ("medial femur", "lateral femur", "medial tibia", "lateral tibia")
NORMAL = Normalisation(low=-200.0, high=1800.0, centre=0.0, scale=1000.0)

PARAMETERS = (
    Parameter("app.BV/TV", "1", 0.05, 0.95, slope=0.5, intercept=0.1, uncertainty_scale=2.0),
    Parameter("app.Tb.Th", "mm", 0.1, 3.0, slope=1.0, intercept=0.2),
    Parameter("app.Tb.Sp", "mm", 0.1, 3.0, slope=-1.0, intercept=1.5),
    Parameter("app.Tb.N", "/mm", 0.1, 3.0),
)


def network(path, *, add=0.0, side=32, parameters=4, variance=0.01, name="ct"):
    """Mean of the normalised CT over the cube, plus `add`, as every parameter.

    The embedding is the mean of the CT and the mean of the mask.
    """
    many = np.ones((1, parameters), np.float32)
    constants = {
        "axes": np.array([2, 3, 4], np.int64),
        "first": np.array([[1.0], [0.0]], np.float32),
        "ones": many,
        "add": np.float32(add) * many,
        "still": np.float32(np.log(variance)) * many,
        "none": 0 * many,
    }
    nodes = [
        helper.make_node("ReduceMean", [name, "axes"], ["embedding"], keepdims=0),
        helper.make_node("MatMul", ["embedding", "first"], ["grey"]),
        helper.make_node("MatMul", ["grey", "ones"], ["all"]),
        helper.make_node("Add", ["all", "add"], ["mean"]),
        helper.make_node("Mul", ["all", "none"], ["zero"]),
        helper.make_node("Add", ["zero", "still"], ["log_variance"]),
    ]

    def told(what, *shape):
        return helper.make_tensor_value_info(what, TensorProto.FLOAT, ["n", *shape])

    graph = helper.make_graph(
        nodes,
        "grey",
        [told(name, 2, side, side, side)],
        [
            told("mean", parameters),
            told("log_variance", parameters),
            told("embedding", 2),
        ],
        [onnx.numpy_helper.from_array(value, key) for key, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    path.write_bytes(model.SerializeToString())
    return path


def diagnosis(sets=5):
    """One weight of 2 on BV/TV of the medial tibia in all sets; intercepts from -1 to 1."""
    weights = np.zeros((sets, 4, 4))
    weights[:, 2, 0] = 2.0
    return Diagnosis(
        regions=REGIONS,
        parameters=tuple(one.name for one in PARAMETERS),
        means=np.full((4, 4), 0.35),
        deviations=np.full((4, 4), 0.1),
        intercepts=np.concatenate([[0.0], np.linspace(-1, 1, sets - 1)]),
        weights=weights,
    )


def card(**changes):
    """Everything about the model but its networks."""
    made = KneeCard(
        name="tiny",
        parameters=PARAMETERS,
        training=Training("knee80", "0" * 64, 80),
        seen=Seen(("knee-a",), ("bone", "detail"), (100.0, 140.0), (0.3, 1.5), (-150.0, 900.0)),
        embeddings=Embeddings(np.zeros(2), np.eye(2), 3.0),
        diagnosis=diagnosis(),
        metrics=(Metric("ICC(2,1) app.BV/TV", 0.91, 0.85, 0.95), Metric("AUC", 0.8)),
        normalisation=NORMAL,
    )
    return replace(made, **changes)


def model_folder(place, *, add=(0.0, 0.0), **changes):
    """A model folder of as many networks as `add` has numbers."""
    networks = [network(place / f"n{n}.onnx", add=one) for n, one in enumerate(add)]
    write_model(place / "model", card(**changes), networks)
    return place / "model"
