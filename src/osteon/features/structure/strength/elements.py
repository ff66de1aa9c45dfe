"""Voxels as elastic bricks: one trilinear eight-node element for each voxel of bone.

Elements are kept in a list, nodes are numbered along it, and nothing is assembled: the stiffness
of one brick is all that is stored. A brick looks the same in its three mirrors, so sums and
differences of its corners (a Walsh-Hadamard transform) split its 24×24 matrix into eight 3×3
blocks, and a product with it takes 72 multiplications instead of 576.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ....core.compiled import compiled, parallel, prange

GAUSS = 1.0 / np.sqrt(3.0)
"""The two-point rule along each axis is exact for a trilinear brick."""

MIRRORS = (4, 2, 1)
"""Bit of each axis in the number of a corner: corner 4·di + 2·dj + dk."""

Field = NDArray[np.float64]
"""Displacements or forces at the nodes along i, j, k, (nodes, 3)."""


@dataclass(frozen=True, eq=False)
class Elements:
    """The bricks of one solid.

    Attributes
    ----------
    shape : tuple of 3 int
        Number of voxels along i, j, k.
    spacing : (3,) array
        Sides of a brick, in mm.
    corner : (elements, 4) int32 array
        Number of a brick's nodes at k, on the lines (i, j), (i, j+1), (i+1, j), (i+1, j+1); the
        node at k+1 is the next one.
    modulus : (elements,) array
        Modulus of a brick, in units of the tissue's.
    layer : (layers + 1,) int64 array
        First brick of each layer along i.
    node : (nodes, 3) int32 array
        Place of each node, in voxels from the first corner of the grid.
    """

    shape: tuple[int, int, int]
    spacing: NDArray[np.float64]
    corner: NDArray[np.int32]
    modulus: NDArray[np.float64]
    layer: NDArray[np.int64]
    node: NDArray[np.int32]

    @property
    def number(self) -> NDArray[np.int32]:
        """Number of the node at each corner of the grid; −1 where there is none."""
        number = np.full([n + 1 for n in self.shape], -1, np.int32)
        number[tuple(self.node.T)] = np.arange(len(self.node), dtype=np.int32)
        return number


def bricks(modulus: NDArray[np.floating], spacing: NDArray[np.float64]) -> Elements:
    """One brick for each voxel whose modulus is above 0.

    Parameters
    ----------
    modulus : (i, j, k) array
        Modulus in units of the tissue's; 0 for none.
    spacing : (3,) array
        Sides of a voxel, in mm.
    """
    solid = modulus > 0
    shape = (int(solid.shape[0]), int(solid.shape[1]), int(solid.shape[2]))
    used = np.zeros([n + 1 for n in shape], bool)
    for corner in np.ndindex(2, 2, 2):
        used[tuple(slice(c, c + n) for c, n in zip(corner, shape, strict=True))] |= solid
    number = np.full(used.shape, -1, np.int32)
    number[used] = np.arange(np.count_nonzero(used), dtype=np.int32)
    i, j, k = np.nonzero(solid)
    lines = [number[i + di, j + dj, k] for di in (0, 1) for dj in (0, 1)]
    return Elements(
        shape,
        np.asarray(spacing, np.float64),
        np.stack(lines, axis=1) if len(i) else np.zeros((0, 4), np.int32),
        np.ascontiguousarray(modulus[solid], np.float64),
        np.searchsorted(i, np.arange(shape[0] + 1)).astype(np.int64),
        np.argwhere(used).astype(np.int32),
    )


def brick_stiffness(spacing: NDArray[np.float64], poisson: float) -> NDArray[np.float64]:
    """Stiffness matrix of one brick of modulus 1, (24, 24); row 3·corner + component.

    Forces are in units of modulus × mm², for displacements in mm.
    """
    matrix = np.zeros((24, 24))
    law = isotropic(1.0, poisson)
    for point in np.ndindex(2, 2, 2):
        strain = _strain_of_corners(np.where(point, GAUSS, -GAUSS), spacing)
        matrix += strain.T @ law @ strain * float(np.prod(spacing)) / 8.0
    return matrix


def isotropic(modulus: float, poisson: float) -> NDArray[np.float64]:
    """Stiffness of an isotropic material, (6, 6), in the unit of `modulus`.

    Order 11, 22, 33, 23, 13, 12, with engineering shear strains.
    """
    lame = modulus * poisson / ((1.0 + poisson) * (1.0 - 2.0 * poisson))
    shear = modulus / (2.0 * (1.0 + poisson))
    law = np.diag([2.0 * shear] * 3 + [shear] * 3)
    law[:3, :3] += lame
    return law


def _strain_of_corners(
    at: NDArray[np.float64], spacing: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Matrix from displacements of the corners to strain at a place in −1…1, (6, 24)."""
    strain = np.zeros((6, 24))
    for corner, bits in enumerate(np.ndindex(2, 2, 2)):
        sign = 2.0 * np.array(bits) - 1.0
        shape = (1.0 + sign * at) / 2.0
        slope = np.array([np.prod(np.delete(shape, axis)) for axis in range(3)]) * sign / spacing
        x, y, z = 3 * corner + np.arange(3)
        strain[[0, 1, 2], [x, y, z]] = slope
        strain[[3, 3], [y, z]] = slope[[2, 1]]
        strain[[4, 4], [x, z]] = slope[[2, 0]]
        strain[[5, 5], [x, y]] = slope[[1, 0]]
    return strain


def mirror_blocks(stiffness: NDArray[np.float64]) -> NDArray[np.float64]:
    """The eight 3×3 blocks into which a brick's (24, 24) stiffness falls, (8, 3, 3).

    Block q couples, for each component c, the mode of the corners numbered q ^ MIRRORS[c].
    """
    signs = np.array([[(-1.0) ** (a & m).bit_count() for a in range(8)] for m in range(8)]) / 8.0
    modes = np.einsum("ma,acbd,nb->mcnd", signs, stiffness.reshape(8, 3, 8, 3), signs)
    blocks = np.empty((8, 3, 3))
    for q, c, d in np.ndindex(8, 3, 3):
        blocks[q, c, d] = modes[q ^ MIRRORS[c], c, q ^ MIRRORS[d], d]
    return blocks


def forces(
    elements: Elements, blocks: NDArray[np.float64], moved: Field, held: Field | None = None
) -> Field:
    """Forces at the nodes that hold them where they were moved to: stiffness × displacement.

    Parameters
    ----------
    elements : Elements
        The bricks.
    blocks : (8, 3, 3) array
        Stiffness of one brick, as `mirror_blocks` gives it.
    moved : (nodes, 3) array
        Displacements.
    held : (nodes, 3) array, optional
        Where to put the forces; a new array if None.

    Returns
    -------
    (nodes, 3) array
        Forces, the same for any number of threads: layers of even number are added first.
    """
    held = np.empty_like(moved) if held is None else held
    held.fill(0.0)
    parts = (elements.corner, elements.modulus, elements.layer)
    for parity in (0, 1):
        _add_forces(parts, parity, blocks, moved, held)
    return held


@parallel
def _add_forces(
    parts: tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.int64]],
    parity: int,
    blocks: NDArray[np.float64],
    moved: Field,
    held: Field,
) -> None:
    """Add the forces of every second layer; two of those share no node, so threads never meet."""
    corner, modulus, layer = parts
    for half in prange((len(layer) - parity) // 2):
        near, far = np.empty((8, 3)), np.empty((8, 3))
        for e in range(layer[2 * half + parity], layer[2 * half + parity + 1]):
            n, scale = corner[e], modulus[e]
            for c in range(3):
                a, b = moved[n[0], c], moved[n[0] + 1, c]
                d, f = moved[n[1], c], moved[n[1] + 1, c]
                g, h = moved[n[2], c], moved[n[2] + 1, c]
                o, p = moved[n[3], c], moved[n[3] + 1, c]
                near[0, c], near[2, c], near[4, c], near[6, c] = _mirror(a + b, d + f, g + h, o + p)
                near[1, c], near[3, c], near[5, c], near[7, c] = _mirror(a - b, d - f, g - h, o - p)
            for q in range(8):
                x, y, z = near[q ^ 4, 0], near[q ^ 2, 1], near[q ^ 1, 2]
                row = blocks[q]
                far[q ^ 4, 0] = scale * (row[0, 0] * x + row[0, 1] * y + row[0, 2] * z)
                far[q ^ 2, 1] = scale * (row[1, 0] * x + row[1, 1] * y + row[1, 2] * z)
                far[q ^ 1, 2] = scale * (row[2, 0] * x + row[2, 1] * y + row[2, 2] * z)
            for c in range(3):
                a, d, g, o = _mirror(far[0, c], far[2, c], far[4, c], far[6, c])
                b, f, h, p = _mirror(far[1, c], far[3, c], far[5, c], far[7, c])
                held[n[0], c] += a + b
                held[n[0] + 1, c] += a - b
                held[n[1], c] += d + f
                held[n[1] + 1, c] += d - f
                held[n[2], c] += g + h
                held[n[2] + 1, c] += g - h
                held[n[3], c] += o + p
                held[n[3] + 1, c] += o - p


@compiled
def _mirror(a: float, b: float, c: float, d: float) -> tuple[float, float, float, float]:
    """Sums and differences of the lines (i, j), (i, j+1), (i+1, j), (i+1, j+1)."""
    return (a + b) + (c + d), (a - b) + (c - d), (a + b) - (c + d), (a - b) - (c - d)
