"""A training that goes on where it was."""

import pickle
from pathlib import Path

import pytest
import torch

from osteon.core import BadSetting, UnusableTable
from osteon.learn.checkpoints import load_checkpoint, save_checkpoint


class Runs:
    """Something whose unpickling would do something."""

    def __reduce__(self):  # type: ignore[no-untyped-def]
        """Call a function when it is read."""
        return (Path.touch, (Path("touched"),))


def test_a_state_comes_back_as_it_was_written_and_replaces_the_one_before(tmp_path: Path) -> None:
    """Tensors, numbers and words, twice."""
    path = tmp_path / "new" / "training.pt"
    assert load_checkpoint(path) is None
    save_checkpoint(path, {"step": 1})
    save_checkpoint(path, {"step": 2, "w": torch.arange(3.0), "settings": {"seed": 7, "as": "x"}})
    state = load_checkpoint(path)
    assert state is not None
    assert state["step"] == 2
    assert torch.equal(state["w"], torch.arange(3.0))
    assert state["settings"] == {"seed": 7, "as": "x"}
    assert [file.name for file in path.parent.iterdir()] == ["training.pt"]


def test_code_in_a_file_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither from torch's own format nor from a bare pickle."""
    monkeypatch.chdir(tmp_path)
    torch.save({"net": Runs()}, tmp_path / "a.pt")
    (tmp_path / "b.pt").write_bytes(pickle.dumps({"net": Runs()}))
    for name in ("a.pt", "b.pt"):
        with pytest.raises(UnusableTable, match="no state of a training"):
            load_checkpoint(tmp_path / name)
    assert not (tmp_path / "touched").exists()


@pytest.mark.parametrize("keep", [0, 10, 300])
def test_a_damaged_file_is_told_in_one_line(tmp_path: Path, keep: int) -> None:
    """Cut short."""
    path = tmp_path / "training.pt"
    save_checkpoint(path, {"w": torch.ones(50)})
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(UnusableTable, match="starts anew"):
        load_checkpoint(path)


def test_a_place_that_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    """A file where a folder should be."""
    (tmp_path / "file").write_text("")
    with pytest.raises(BadSetting, match="cannot be written"):
        save_checkpoint(tmp_path / "file" / "training.pt", {"step": 1})
