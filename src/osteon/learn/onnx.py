"""Networks as ONNX: written by torch's exporter, held to the module they came from."""

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import BadSetting, UnsuitableScan
from ..core.compiled import threads

INPUT = "ct"
"""Name of the input of a knee's network: (n, 2, v, v, v) float32, CT and mask."""

OUTPUTS = ("mean", "log_variance", "embedding")
"""Names of its outputs: (n, p), (n, p) and (n, e)."""

SAME_WITHIN = 1e-4
"""Largest difference between what the module and its export give, to the largest value or 1."""

MOST_PATCHES = 4096
"""Patches that an exported network must take at once."""

INSTALL = 'running a model needs ONNX Runtime: pip install "osteon[models]"'


def export(
    module: Any,
    example: Any,
    path: Path,
    *,
    inputs: Sequence[str] = (INPUT,),
    outputs: Sequence[str] = OUTPUTS,
) -> float:
    """Write a torch module as ONNX and check that ONNX Runtime gives the same.

    Parameters
    ----------
    module : torch.nn.Module
        In whatever mode; it is exported as for evaluation and left as it was.
    example : torch.Tensor or tuple of them
        Input of at least two rows; the number of rows stays free.
    path : Path
        File to write; it appears whole or not at all. It holds no path of this machine.
    inputs, outputs : sequence of str
        Names in the file.

    Returns
    -------
    float
        Largest difference of an output on `example`, relative to its largest value or 1.

    Raises
    ------
    BadSetting
        If the difference is above `SAME_WITHIN`, the example has fewer than two rows, or the file
        cannot be written.
    """
    import torch

    given = example if isinstance(example, tuple) else (example,)
    if any(len(one) < 2 for one in given):
        raise BadSetting("an example of one row would fix the number of rows; give at least two.")
    was_training = module.training
    module.eval()
    try:
        with torch.no_grad(), _silent():
            wanted = module(*given)
            rows = torch.export.Dim("n", min=1, max=MOST_PATCHES)
            program = torch.onnx.export(
                module,
                given,
                dynamo=True,
                verbose=False,
                input_names=list(inputs),
                output_names=list(outputs),
                dynamic_shapes=tuple({0: rows} for _ in given),
            )
    finally:
        module.train(was_training)
    if program is None:
        raise BadSetting(f"torch made no ONNX of the network for {path.name}.")
    data = _anonymous(program.model_proto).SerializeToString(deterministic=True)
    session = open_session(data, path.name)
    feeds = {name: one.detach().numpy() for name, one in zip(inputs, given, strict=True)}
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    off = _furthest(wanted, session.run(list(outputs), feeds))
    if not off <= SAME_WITHIN:
        raise BadSetting(
            f"{path.name} gives other numbers than its module: they are off by {off:.2g}, at most "
            f"{SAME_WITHIN:g} is allowed."
        )
    _put(path, data)
    return off


@contextmanager
def _silent() -> Iterator[None]:
    """Keep back what torch says of its own parts: packages that are not here, names of its own."""
    loggers = [logging.getLogger("torch.onnx"), logging.getLogger("torch.export")]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            warnings.simplefilter("ignore", DeprecationWarning)
            # several inputs have the same number of rows, as they should
            warnings.filterwarnings("ignore", "# The axis name: n will not be used", UserWarning)
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _anonymous(model: Any) -> Any:
    """The same model without the traces of the code and the machine that it was made by."""
    for part in (model, model.graph, *model.graph.node, *model.graph.value_info, *model.functions):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    for part in (*model.graph.input, *model.graph.output, *model.graph.initializer):
        part.ClearField("metadata_props")
    return model


def _furthest(wanted: Sequence[Any], found: Sequence[NDArray[Any]]) -> float:
    off = 0.0
    for one, other in zip(wanted, found, strict=True):
        truth = one.detach().numpy()
        scale = max(float(np.abs(truth).max()), 1.0)
        off = max(off, float(np.abs(truth - other).max()) / scale)
    return off


def _put(path: Path, data: bytes) -> None:
    part = path.with_name(f".part-{path.name}")
    try:
        try:
            part.write_bytes(data)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as fault:
        raise BadSetting(f"{path} cannot be written: {fault.strerror}.") from None


def open_session(data: bytes, name: str) -> Any:
    """A session of ONNX Runtime on the CPU.

    Parameters
    ----------
    data : bytes
        The model, whole; nothing outside it is read.
    name : str
        Name of the file, for messages.

    Raises
    ------
    BadSetting
        If ONNX Runtime is not installed, or cannot read the model.
    """
    try:
        import onnxruntime
    except ImportError:
        raise BadSetting(f"{INSTALL}.") from None
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = threads()
    try:
        return onnxruntime.InferenceSession(
            data, sess_options=options, providers=["CPUExecutionProvider"]
        )
    except Exception as fault:  # its errors have no common class but this
        reason = " ".join(str(fault).split())[:120]
        raise BadSetting(f"{name} cannot be read as ONNX: {reason}.") from None


def run_session(
    session: Any, images: NDArray[np.float32], *, batch: int = 8
) -> dict[str, NDArray[np.float64]]:
    """Outputs of a knee's network, by name, for all patches.

    Parameters
    ----------
    session
        From `open_session`.
    images : (n, 2, v, v, v) float32 array
        Normalised CT and mask.
    batch : int
        Patches at once; changes no number.

    Raises
    ------
    UnsuitableScan
        If the network gives a value that is no number.
    """
    found: dict[str, list[NDArray[Any]]] = {name: [] for name in OUTPUTS}
    for start in range(0, len(images), batch):
        feed = {INPUT: np.ascontiguousarray(images[start : start + batch], np.float32)}
        for name, values in zip(OUTPUTS, session.run(list(OUTPUTS), feed), strict=True):
            found[name].append(values)
    joined = {name: np.concatenate(parts).astype(np.float64) for name, parts in found.items()}
    for name, values in joined.items():
        if not np.isfinite(values).all():
            raise UnsuitableScan(
                f"the network gave {name} that is no number in "
                f"{int((~np.isfinite(values).all(axis=1)).sum())} of {len(values)} patches; the "
                "scan is nothing that it knows."
            )
    return joined
