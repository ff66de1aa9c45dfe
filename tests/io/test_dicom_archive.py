"""Folders, zips and files are opened without trusting what is inside."""

import io
import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian

import dicom_maker as maker
from osteon.core import UnreadableScan, UnsuitableScan
from osteon.io.dicom import archive, read_dicom


def zipped(folder: Path, target: Path, prefix: str = "study/") -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as pack:
        for file in sorted(folder.iterdir()):
            pack.write(file, prefix + file.name)
    return target


@pytest.fixture
def series(tmp_path: Path) -> Path:
    return maker.save(maker.stack(maker.along_z(0, 2, 4)), tmp_path / "in")


def test_a_zip_holds_the_same_volume_as_its_folder(series: Path, tmp_path: Path):
    folder = read_dicom(series).volume
    packed = read_dicom(zipped(series, tmp_path / "in.zip")).volume
    assert (packed.values == folder.values).all()
    assert packed.grid.apart(folder.grid) == 0


def test_subfolders_are_looked_through_and_junk_is_ignored(series: Path):
    (series / "deep" / "deeper").mkdir(parents=True)
    (series / "slice-002.dcm").rename(series / "deep" / "deeper" / "x")
    (series / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0" * 100)
    (series / ".DS_Store").write_bytes(b"\0\0\0\1Bud1" * 100)
    (series / "readme.txt").write_text("no image here " * 50)
    (series / "empty").touch()
    assert read_dicom(series).volume.grid.shape == (10, 12, 3)


def test_a_file_without_preamble_is_still_dicom(series: Path):
    for file in series.iterdir():
        whole = file.read_bytes()
        assert whole[128:132] == b"DICM"
        file.write_bytes(whole[132:])
    assert read_dicom(series).volume.grid.shape == (10, 12, 3)


@pytest.mark.parametrize(
    "name", ["../evil.dcm", "a/../../evil.dcm", "/etc/evil.dcm", "..\\evil.dcm", "C:\\evil.dcm"]
)
def test_a_zip_that_points_outside_is_refused(series: Path, tmp_path: Path, name: str):
    packed = zipped(series, tmp_path / "in.zip")
    with zipfile.ZipFile(packed, "a") as pack:
        pack.writestr(name, b"x")
    with pytest.raises(UnreadableScan, match=r"in\.zip: .*evil\.dcm points outside"):
        read_dicom(packed)


def test_a_link_in_a_zip_is_refused(series: Path, tmp_path: Path):
    packed = zipped(series, tmp_path / "in.zip")
    link = zipfile.ZipInfo("link.dcm")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(packed, "a") as pack:
        pack.writestr(link, "/etc/passwd")
    with pytest.raises(UnreadableScan, match=r"link\.dcm is a link"):
        read_dicom(packed)


def test_an_encrypted_zip_is_refused(series: Path, tmp_path: Path):
    packed = zipped(series, tmp_path / "in.zip")
    raw = bytearray(packed.read_bytes())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = raw.find(mark)
        while at >= 0:
            raw[at + flags] |= 1
            at = raw.find(mark, at + 4)
    packed.write_bytes(raw)
    with pytest.raises(UnreadableScan, match="is encrypted"):
        read_dicom(packed)


def test_a_bomb_is_refused_by_what_comes_out_not_by_what_is_announced(
    series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(archive, "RATIO_FREE_BYTES", 1_000_000)
    packed = zipped(series, tmp_path / "bomb.zip")
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as pack:
        pack.writestr("zeros.bin", bytes(20_000_000))
    with pytest.raises(UnreadableScan, match=r"zeros\.bin unpacks to more than 200 times"):
        read_dicom(packed)


@pytest.mark.parametrize(
    ("limit", "value", "said"), [("MAX_FILES", 2, "more than 2 files"), ("MAX_BYTES", 2000, "GiB")]
)
def test_a_zip_beyond_the_limits_is_refused(
    series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit, value, said
):
    monkeypatch.setattr(archive, limit, value)
    with pytest.raises(UnreadableScan, match=said):
        read_dicom(zipped(series, tmp_path / "in.zip"))


def test_a_folder_with_too_many_files_is_refused(series: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(archive, "MAX_FILES", 2)
    with pytest.raises(UnreadableScan, match="holds 3 files, at most 2"):
        read_dicom(series)


def test_a_zip_cut_short_is_refused(series: Path, tmp_path: Path):
    packed = zipped(series, tmp_path / "in.zip")
    packed.write_bytes(packed.read_bytes()[:-40])
    with pytest.raises(UnreadableScan, match=r"in\.zip is no whole zip archive"):
        read_dicom(packed)


def test_a_zip_with_a_flipped_bit_is_refused(series: Path, tmp_path: Path):
    packed = tmp_path / "in.zip"
    with zipfile.ZipFile(packed, "w") as pack:
        for file in sorted(series.iterdir()):
            pack.write(file, file.name)
    raw = bytearray(packed.read_bytes())
    raw[1500] ^= 1
    packed.write_bytes(raw)
    with pytest.raises(UnreadableScan, match="no whole zip archive"):
        read_dicom(packed)


def test_deflated_files_are_read_and_deflated_bombs_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    slices = maker.whole_hu(np.zeros((3, 64, 64), np.int16))
    for header in slices:
        header.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    folder = maker.save(slices, tmp_path / "in")
    assert read_dicom(folder).volume.values.max() == -1024
    monkeypatch.setattr(archive, "MAX_BYTES", 5000)
    with pytest.raises(UnreadableScan, match=r"slice-001\.dcm unpacks to more than"):
        read_dicom(folder)


def test_names_from_an_archive_stay_on_one_line(tmp_path: Path):
    packed = tmp_path / "in.zip"
    with zipfile.ZipFile(packed, "w") as pack:
        pack.writestr("a\nb\x1b[31m/../x", b"x")
    with pytest.raises(UnreadableScan) as refused:
        read_dicom(packed)
    assert str(refused.value).isprintable()


def test_nothing_there_and_nothing_inside_are_told_apart(tmp_path: Path):
    with pytest.raises(UnreadableScan, match="there is no file or folder nowhere"):
        read_dicom(tmp_path / "nowhere")
    with pytest.raises(UnreadableScan, match="holds no DICOM file"):
        read_dicom(tmp_path)


def test_the_folder_one_stands_in_is_told_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "standing here").mkdir()
    monkeypatch.chdir(tmp_path / "standing here")
    with pytest.raises(UnreadableScan, match=r"^standing here holds no DICOM file"):
        read_dicom(".")


def test_one_slice_alone_is_no_volume(series: Path):
    with pytest.raises(UnsuitableScan, match=r"slice-001\.dcm: too few slices .* 1 where"):
        read_dicom(series / "slice-001.dcm")


@pytest.mark.parametrize("kept", [140, 400, 700, 1000])
def test_a_header_cut_short_is_told_by_file_and_element(series: Path, kept: int):
    file = series / "slice-002.dcm"
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(UnreadableScan, match=r"slice-002\.dcm: \w+ \([0-9A-F]{4},[0-9A-F]{4}\)"):
        read_dicom(series)


def test_any_cut_is_refused_in_one_line(series: Path):
    file = series / "slice-002.dcm"
    whole = file.read_bytes()
    for kept in range(132, len(whole), 7):
        file.write_bytes(whole[:kept])
        with pytest.raises(UnreadableScan, match=r"slice-002\.dcm") as refused:
            read_dicom(series)
        assert "\n" not in str(refused.value)


def test_noise_after_the_preamble_never_ends_in_a_traceback(tmp_path: Path):
    rng = np.random.default_rng(4)
    good = io.BytesIO()
    maker.one_slice((0, 0, 0)).save_as(good, enforce_file_format=True)
    for _ in range(60):
        raw = bytearray(good.getvalue())
        for at in rng.integers(132, len(raw) - 240, 12):
            raw[at] = rng.integers(256)
        (tmp_path / "noisy.dcm").write_bytes(raw)
        with pytest.raises((UnreadableScan, UnsuitableScan)) as refused:
            read_dicom(tmp_path / "noisy.dcm")
        assert "\n" not in str(refused.value)
