"""What a training needs to go on where it was interrupted, in one file."""

import contextlib
import os
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from ..core import BadSetting, UnusableTable

PART = ".part-"
"""How the names of files begin that are being put together."""


def save_checkpoint(path: Path, state: Mapping[str, Any]) -> None:
    """Write the state of a training, whole or not at all.

    Parameters
    ----------
    path : Path
        File; one that is there is replaced. Its folder is made where there is none.
    state : mapping of str to anything
        Tensors, numbers, text, and lists, tuples and dicts of these: what `load_checkpoint` takes
        back. Settings belong in it, so that a training does not go on with others.

    Raises
    ------
    BadSetting
        If the folder cannot be written to.
    """
    part = path.with_name(f"{PART}{os.getpid()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            torch.save(dict(state), part)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as fault:
        raise BadSetting(f"{path} cannot be written: {fault.strerror}.") from None


def load_checkpoint(path: Path) -> dict[str, Any] | None:
    """State of a training as it was written; tensors are on the CPU.

    Parameters
    ----------
    path : Path
        File of `save_checkpoint`. Only tensors and plain values are taken from it, code in it is
        never run.

    Returns
    -------
    dict or None
        None where there is no such file.

    Raises
    ------
    UnusableTable
        If the file is no such state: damaged, or something else.
    """
    if not path.is_file():
        return None
    refused = (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError)
    state = None
    if zipfile.is_zipfile(path):  # torch's older format is a bare pickle, and warns
        with contextlib.suppress(*refused, OSError):
            state = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(state, dict):
        raise UnusableTable(
            f"{path} holds no state of a training; remove it, and the training starts anew."
        )
    return state
