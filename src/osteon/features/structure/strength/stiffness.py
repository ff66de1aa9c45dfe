"""How stiff a cube of bone is: finite elements with one brick for each voxel of bone."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import cc3d
import numpy as np
from numpy.typing import NDArray

from ....core import BadSetting, EmptyRegion, Flag, Grid, Mask, Method, Volume
from ...feature import METHODS, Feature, enter
from .elements import Field, forces
from .multigrid import Level, Multigrid, coarser, levels
from .orthotropy import VOIGT, Orthotropy, orthotropy, rotated
from .solver import Solution, Stop, balance

UNIAXIAL = Method(
    "voxel-fe-uniaxial",
    "Linear elastic voxel finite elements (trilinear bricks, one tissue modulus) pressed between "
    "two plates along an image axis, sides free; reaction over area over strain.",
    "doi:10.1016/0021-9290(95)80008-5",
    "van Rietbergen B, Weinans H, Huiskes R, Odgaard A. A new method to determine trabecular bone "
    "elastic properties and loading using micromechanical finite-element models. "
    "J Biomech 1995;28:69–81.",
)
TENSOR = Method(
    "voxel-fe-tensor",
    "Stiffness tensor from six uniform strains prescribed on all six faces; Young's moduli along "
    "the axes of best orthotropic symmetry.",
    "doi:10.1016/0021-9290(95)80008-5",
    "van Rietbergen B, Weinans H, Huiskes R, Odgaard A. J Biomech 1995;28:69–81; axes of symmetry "
    "after van Rietbergen B, Odgaard A, Kabel J, Huiskes R. J Biomech 1996;29:1653–1657.",
)
METHODS.update({method.key: method for method in (UNIAXIAL, TENSOR)})

AXES = ("E.x", "E.y", "E.z")
"""Names of the apparent moduli along i, j, k."""

_LIMITS = (
    "Of the tissue modulus that was set (17 GPa unless told otherwise), linear and without "
    "yielding; no strength. Depends on the voxel side; bricks of 2 voxels were 9 % softer than "
    "voxels in a vertebra of BV/TV 0.12."
)

enter(
    *(
        Feature(
            name,
            "GPa",
            UNIAXIAL.key,
            f"Apparent Young's modulus along image axis {axis}: reaction force over cross-section "
            "of the box over strain, between plates without friction.",
            UNIAXIAL.doi,
            "0 where bone does not connect the plates, up to the tissue modulus; "
            "vertebral trabecular bone 0.05 to 1.5",
            _LIMITS,
        )
        for name, axis in zip(AXES, "ijk", strict=True)
    ),
    Feature(
        "E.max",
        "GPa",
        TENSOR.key,
        "Largest Young's modulus along the three axes of best orthotropic symmetry of the "
        "stiffness tensor under uniform strain of the faces.",
        TENSOR.doi,
        "0 up to the tissue modulus; an upper bound, above the largest of E.x, E.y, E.z",
        _LIMITS,
    ),
    Feature(
        "stiffness anisotropy",
        "1",
        TENSOR.key,
        "Largest over smallest Young's modulus along the axes of best orthotropic symmetry.",
        TENSOR.doi,
        "1 and more; 1 is isotropic; vertebral trabecular bone 1.5 to 6",
        _LIMITS,
    ),
)

LEFT_OUT_SHARE = 0.01
"""More bone than this outside what carries load is flagged."""

Progress = Callable[[str, int, float], None]
"""Called with the load case, the iterations done and the relative residual."""


@dataclass(frozen=True, eq=False)
class Tissue:
    """What bone is made of, at the scale of a voxel.

    Attributes
    ----------
    modulus_gpa : float
        Young's modulus, in GPa.
    poisson : float
        Poisson's ratio, from 0 to below 0.5.
    share : Volume of shape (i, j, k), unit 1, or None
        Modulus of each voxel in units of `modulus_gpa`, above 0 in bone; None for 1 everywhere.
    """

    modulus_gpa: float = 17.0
    poisson: float = 0.3
    share: Volume | None = None

    def __post_init__(self) -> None:
        """Refuse what is no elastic material."""
        if not 0.0 < self.modulus_gpa < np.inf:
            raise BadSetting(f"the tissue modulus must be above 0 GPa; got {self.modulus_gpa:g}.")
        if not 0.0 <= self.poisson < 0.5:
            raise BadSetting(f"Poisson's ratio must be in 0 … 0.5; got {self.poisson:g}.")


@dataclass(frozen=True)
class Load:
    """How the cube is loaded.

    Attributes
    ----------
    plates : "frictionless" or "fixed"
        Whether the bone may slide along the plates of the three compressions. Without friction a
        solid block gives the modulus of its tissue; fixed is what glued or embedded ends do.
    tensor : bool
        Whether to find the stiffness tensor too, which takes twice as long as the compressions.
    axes : str
        Image axes along which to compress, such as ``"k"``.
    """

    plates: Literal["frictionless", "fixed"] = "frictionless"
    tensor: bool = True
    axes: str = "ijk"

    def __post_init__(self) -> None:
        """Refuse what is no plate or no axis."""
        if self.plates not in ("frictionless", "fixed"):
            raise BadSetting(f"plates are 'frictionless' or 'fixed'; got {self.plates!r}.")
        if not set(self.axes) <= set("ijk"):
            raise BadSetting(f"the image axes are i, j and k; got {self.axes!r}.")


BONE = Tissue()
COMPRESSION = Load()


@dataclass(frozen=True, eq=False)
class Stiffness:
    """Apparent stiffness of a box of bone.

    Attributes
    ----------
    moduli_gpa : tuple of 3 (float or None)
        Apparent modulus along i, j, k in GPa; None where the solution did not converge or was
        not asked for.
    tensor_gpa : (6, 6) array or None
        Stiffness in image axes i, j, k, order 11, 22, 33, 23, 13, 12, engineering shear strains.
    symmetry : Orthotropy or None
        Axes of best orthotropic symmetry and the moduli there.
    grid : Grid
        Voxels of the model, which are the bricks.
    elements : int
        Number of bricks, for the case with most of them.
    iterations : int
        Iterations of all load cases together.
    residual : float
        Largest relative residual of any case.
    flags : tuple of Flag
        What a reader must know.
    """

    moduli_gpa: tuple[float | None, float | None, float | None]
    tensor_gpa: NDArray[np.float64] | None
    symmetry: Orthotropy | None
    grid: Grid
    elements: int
    iterations: int
    residual: float
    flags: tuple[Flag, ...]

    def named(self) -> dict[str, float | None]:
        """Value of each feature by its name."""
        largest, ratio = None, None
        if self.symmetry is not None:
            largest = float(self.symmetry.moduli[0])
            ratio = float(self.symmetry.moduli[0] / self.symmetry.moduli[2])
        elif self.tensor_gpa is not None:
            largest = 0.0
        moduli = dict(zip(AXES, self.moduli_gpa, strict=True))
        return {**moduli, "E.max": largest, "stiffness anisotropy": ratio}

    def tensor_in_patient(self) -> NDArray[np.float64] | None:
        """The tensor in patient axes x (left), y (back), z (head), in GPa, same order."""
        if self.tensor_gpa is None:
            return None
        return rotated(self.tensor_gpa, self.grid.direction)


def stiffness(
    bone: Mask,
    *,
    tissue: Tissue = BONE,
    load: Load = COMPRESSION,
    coarsen: int = 1,
    tolerance: float = 1e-5,
    progress: Progress | None = None,
) -> Stiffness:
    """Apparent moduli along the image axes, and the stiffness tensor, of a box of bone.

    Every voxel of bone is an elastic brick. Each image axis in turn is pressed between plates on
    the first and last face of the box; then six uniform strains are prescribed on all faces
    (van Rietbergen et al. 1995, doi:10.1016/0021-9290(95)80008-5).

    Parameters
    ----------
    bone : Mask of shape (i, j, k)
        Bone voxels of a box; the whole box is loaded.
    tissue : Tissue
        Elastic constants of bone tissue.
    load : Load
        Kind of plates, and whether to find the tensor.
    coarsen : int
        Edge of the cubes of voxels that become one brick, whose modulus is the tissue's times the
        square of the share of bone in it, as of a porous solid (Gibson 1985,
        doi:10.1016/0021-9290(85)90287-8): with the share itself bricks of twice the side of a
        voxel made thin bone half as stiff again. Voxels at the far ends that fill no cube are left
        out.
    tolerance : float
        Largest unbalanced force over the force the plates alone would cause.
    progress : function, optional
        Told of every iteration.

    Returns
    -------
    Stiffness
        Moduli in GPa, 0 along an axis along which no bone connects the faces.

    Raises
    ------
    EmptyRegion
        If there is no bone.
    BadSetting
        If `coarsen` or `tolerance` is out of range, or a voxel of bone has no modulus.
    GridMismatch
        If `tissue.share` lies on another grid.

    Notes
    -----
    Only pieces that connect two opposite faces are kept, and a piece is what hangs together
    through faces of voxels: bricks that meet in an edge or a corner are hinged, and a hinge
    carries no bending. Moduli are upper bounds that fall as voxels get smaller; uniform strain of
    the faces gives larger ones than plates do, plates larger ones than the bone around would.
    """
    grid, modulus = _model(bone, tissue, coarsen)
    if not 0.0 < tolerance < 1.0:
        raise BadSetting(f"the tolerance must be in 0 … 1; got {tolerance:g}.")
    pieces = cc3d.connected_components((modulus > 0).view(np.uint8), connectivity=6)
    spans = [_spanning(pieces, axis) for axis in range(3)]
    run = _Run(modulus, grid, tissue, pieces, Stop(tolerance), progress)
    moduli = [
        run.modulus(axis, spans[axis], load.plates) if "ijk"[axis] in load.axes else None
        for axis in range(3)
    ]
    tensor = run.tensor(set().union(*spans)) if load.tensor else None
    symmetry = run.symmetry(tensor)
    if not load.tensor or set(load.axes) != set("ijk"):
        run.flags.append(Flag("not-asked", f"Only part was asked for: {load}."))
    return Stiffness(
        (moduli[0], moduli[1], moduli[2]),
        tensor,
        symmetry,
        grid,
        run.elements,
        run.iterations,
        run.residual,
        tuple(run.flags),
    )


def _model(bone: Mask, tissue: Tissue, coarsen: int) -> tuple[Grid, NDArray[np.float64]]:
    """Grid of the bricks, and their modulus in units of the tissue's."""
    shape = bone.grid.shape
    if not 1 <= coarsen <= min(shape):
        raise BadSetting(f"coarsen must be 1 to {min(shape)} for {shape} voxels; got {coarsen}.")
    if bone.voxels == 0:
        raise EmptyRegion("the stiffness of no bone was asked for; the mask has no voxel.")
    modulus = bone.values.astype(np.float64)
    if tissue.share is not None:
        share = tissue.share.in_unit("1").on(bone.grid, name="the modulus of each voxel")
        if not (share.values[bone.values] > 0).all():
            raise BadSetting("a voxel of bone has a modulus of 0 or less; take it out of the mask.")
        modulus[bone.values] = share.values[bone.values]
    i, j, k = (n // coarsen * coarsen for n in shape)
    share_of_bone = coarser(bone.values[:i, :j, :k].astype(np.float64), coarsen)
    modulus = coarser(modulus[:i, :j, :k], coarsen) * share_of_bone
    whole = bone.grid
    i, j, k = modulus.shape
    first = whole.to_world([(coarsen - 1) / 2.0] * 3)
    return Grid((i, j, k), first, whole.direction, whole.spacing * coarsen), modulus


def _spanning(pieces: NDArray[np.integer], axis: int) -> set[int]:
    """Pieces that touch both faces across an axis."""
    ends = [set(np.unique(np.take(pieces, end, axis)).tolist()) for end in (0, -1)]
    return (ends[0] & ends[1]) - {0}


class _Run:
    """The load cases of one box, and what is said about them."""

    def __init__(
        self,
        modulus: NDArray[np.float64],
        grid: Grid,
        tissue: Tissue,
        pieces: NDArray[np.integer],
        stop: Stop,
        progress: Progress | None,
    ) -> None:
        self._modulus, self._grid, self._tissue = modulus, grid, tissue
        self._pieces, self._stop, self._progress = pieces, stop, progress
        self._built: dict[frozenset[int], tuple[Level, ...]] = {}
        self._extent = np.array(grid.shape) * grid.spacing
        self.flags: list[Flag] = []
        self.elements, self.iterations, self.residual = 0, 0, 0.0

    def modulus(self, axis: int, kept: set[int], plates: str) -> float | None:
        """Apparent modulus along an axis, in GPa."""
        if not kept:
            name = "ijk"[axis]
            text = f"No bone connects the two faces across {name}: the modulus along it is 0."
            self.flags.append(Flag(f"not-connected-{name}", text))
            return 0.0
        strain = np.zeros((3, 3))
        strain[axis, axis] = 1.0
        held = np.zeros((3, 3), bool)
        held[axis, axis if plates == "frictionless" else slice(None)] = True
        solid = Multigrid.of(self._levels(kept), held)
        moved = self._solve(solid, strain, AXES[axis])
        return None if moved is None else self._energy(solid, moved, _held(solid, moved))

    def tensor(self, kept: set[int]) -> NDArray[np.float64] | None:
        """Stiffness tensor in GPa; zeros where no bone connects opposite faces."""
        if not kept:
            return np.zeros((6, 6))
        solid = Multigrid.of(self._levels(kept), np.ones((3, 3), bool))
        moved = []
        for row, (a, b) in enumerate(VOIGT):
            strain = np.zeros((3, 3))
            strain[a, b] += 0.5
            strain[b, a] += 0.5
            found = self._solve(solid, strain, f"strain {row + 1} of 6")
            if found is None:
                return None
            moved.append(found)
        tensor = np.empty((6, 6))
        for column in range(6):
            push = _held(solid, moved[column])
            tensor[:, column] = [self._energy(solid, one, push) for one in moved]
        return (tensor + tensor.T) / 2.0

    def symmetry(self, tensor: NDArray[np.float64] | None) -> Orthotropy | None:
        """Orthotropic axes of the tensor, where it has any."""
        if tensor is None:
            return None
        eigenvalues = np.linalg.eigvalsh(tensor)
        if eigenvalues[0] <= self._stop.tolerance * eigenvalues[-1]:
            text = "Some strain of the cube meets no resistance: it has no stiffness anisotropy."
            self.flags.append(Flag("tensor-singular", text))
            return None
        return orthotropy(tensor)

    def _levels(self, kept: set[int]) -> tuple[Level, ...]:
        """The bricks of some pieces, in all sizes."""
        key = frozenset(kept)
        if key not in self._built:
            wanted = np.isin(self._pieces, list(kept))
            bone = self._modulus.sum()
            left = 1.0 - float(self._modulus[wanted].sum() / bone)
            if left > LEFT_OUT_SHARE and not any(f.code == "bone-left-out" for f in self.flags):
                text = f"{left:.1%} of the bone connects no opposite faces and was left out."
                self.flags.append(Flag("bone-left-out", text))
            modulus = np.where(wanted, self._modulus, 0.0)
            self._built[key] = levels(modulus, self._grid.spacing, self._tissue.poisson)
            bricks = len(self._built[key][0].elements.modulus)
            self.elements = max(self.elements, bricks)
        return self._built[key]

    def _solve(self, solid: Multigrid, strain: NDArray[np.float64], case: str) -> Field | None:
        """Displacements under a uniform strain of the plates; None if they did not settle."""
        elements = solid.levels[0].elements
        start = np.ascontiguousarray((elements.node * elements.spacing) @ strain)
        told = None if self._progress is None else partial(self._progress, case)
        found: Solution = balance(solid, start, self._stop, told)
        self.iterations += found.iterations
        self.residual = max(self.residual, found.residual)
        if found.residual <= self._stop.tolerance:
            return found.moved
        text = (
            f"{case}: after {found.iterations} iterations {found.residual:.2g} of the force is "
            f"unbalanced, {self._stop.tolerance:g} is allowed; no value is given."
        )
        self.flags.append(Flag("not-converged", text))
        return None

    def _energy(self, solid: Multigrid, moved: Field, push: Field) -> float:
        """Twice the elastic energy over the volume of the box, in GPa."""
        volume = float(np.prod(self._extent))
        return self._tissue.modulus_gpa * float(np.sum(moved * push)) / volume


def _held(solid: Multigrid, moved: Field) -> Field:
    """Forces at all nodes, those of the plates included."""
    level = solid.levels[0]
    return forces(level.elements, level.blocks, moved)
