"""Image files put together byte by byte, so that no reader or writer of ours has a part in them."""

import struct
import zlib
from pathlib import Path

import numpy as np

CODES = {"uint8": 2, "int16": 4, "int32": 8, "float32": 16, "float64": 64, "uint16": 512}
RAMP = (np.arange(24, dtype=np.int16) * 100 - 1000).reshape((2, 3, 4), order="F")
PLAIN = ((-1.0, 0.0, 0.0, 0.0), (0.0, -1.0, 0.0, 0.0), (0.0, 0.0, 1.0, 0.0))


def nifti1(values=RAMP, *, order="<", sform=PLAIN, changes=(), data=None):
    """Bytes of a single NIfTI-1 file; `changes` are (offset, struct format, value...)."""
    head = bytearray(352)
    shape = values.shape

    def put(offset, form, *numbers):
        struct.pack_into(order + form, head, offset, *numbers)

    put(0, "i", 348)
    put(40, "8h", len(shape), *shape, *[1] * (7 - len(shape)))
    put(70, "hh", CODES[str(values.dtype)], 8 * values.dtype.itemsize)
    put(76, "8f", *[1.0] * 8)
    put(108, "fff", 352.0, 1.0, 0.0)
    put(123, "B", 2)
    if sform is not None:
        put(254, "h", 1)
        put(280, "12f", *np.ravel(sform))
    head[344:348] = b"n+1\0"
    for offset, form, *numbers in changes:
        put(offset, form, *numbers)
    stored = values.astype(values.dtype.newbyteorder(order)).tobytes(order="F")
    return bytes(head) + (stored if data is None else data)


def saved(folder: Path, content: bytes, name: str = "scan.nii") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def nrrd(fields: str, values=RAMP) -> bytes:
    """Bytes of an NRRD file of int16, with the given lines about its place."""
    sizes = " ".join(str(n) for n in values.shape)
    head = f"NRRD0004\ntype: short\ndimension: {values.ndim}\nsizes: {sizes}\nendian: little\n"
    return (head + "encoding: raw\n" + fields + "\n").encode() + values.tobytes(order="F")


def isq(values=RAMP, *, changes=(), blocks=0, name=b"SAMPLE 12"):
    """Bytes of a Scanco ISQ file; `changes` are (place of 32-bit word, value)."""
    head = bytearray(512 * (blocks + 1))
    head[:16] = b"CTDATA-HEADER_V1"
    head[128 : 128 + len(name)] = name
    words = {4: 3, 17: 61, 22: 8192, 42: 59400, 127: blocks}
    words.update(zip((11, 12, 13), values.shape, strict=True))
    words.update(zip((14, 15, 16), (122, 183, 244), strict=True))
    words.update(changes)
    for place, value in words.items():
        struct.pack_into("<i", head, 4 * place, value)
    return bytes(head) + values.astype("<i2").tobytes(order="F")


def tiff(values=RAMP, *, order="<", big=False, packing=1, predictor=1, rows=2):
    """Bytes of a TIFF or BigTIFF file of several pages, in strips of `rows` rows (TIFF 6.0)."""
    word = "Q" if big else "I"
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "H", 43 if big else 42)
    head += struct.pack(order + "HH", 8, 0) if big else b""
    data = bytearray(head + bytes(struct.calcsize(order + word)))
    link = len(head)
    kind = {"u": 1, "i": 2, "f": 3}[values.dtype.kind]
    for plane in np.moveaxis(values, 2, 0):
        page = np.ascontiguousarray(plane.T)
        if predictor == 2:
            page = np.diff(page, axis=1, prepend=page.dtype.type(0))
        page = page.astype(page.dtype.newbyteorder(order))
        strips = [page[n : n + rows].tobytes() for n in range(0, len(page), rows)]
        strips = [zlib.compress(strip) if packing == 8 else strip for strip in strips]
        places = [len(data) + sum(map(len, strips[:n])) for n in range(len(strips))]
        data += b"".join(strips)
        tags = {256: [plane.shape[0]], 257: [plane.shape[1]], 258: [8 * values.dtype.itemsize]}
        tags |= {259: [packing], 262: [1], 273: places, 278: [rows]}
        tags |= {279: [len(strip) for strip in strips], 317: [predictor], 339: [kind]}
        entries = b""
        for tag, numbers in tags.items():
            packed = struct.pack(f"{order}{len(numbers)}I", *numbers)
            room = 8 if big else 4
            if len(packed) > room:
                data += packed
                packed = struct.pack(order + word, len(data) - len(packed))
            entries += struct.pack(f"{order}HH{word}", tag, 4, len(numbers))
            entries += packed.ljust(room, b"\0")
        struct.pack_into(order + word, data, link, len(data))
        data += struct.pack(order + ("Q" if big else "H"), len(tags)) + entries
        link = len(data)
        data += bytes(struct.calcsize(order + word))
    return bytes(data)
