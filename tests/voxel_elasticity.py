"""Elastic voxels the slow way: full matrices, solved directly. Nothing here is from the package."""

import itertools

import numpy as np
from scipy.sparse import csc_matrix, diags
from scipy.sparse.linalg import spsolve


def written_out(spacing, poisson):
    """Stiffness of one brick of modulus 1, integrated with three points an axis."""
    points, weights = np.polynomial.legendre.leggauss(3)
    lame = poisson / ((1 + poisson) * (1 - 2 * poisson))
    shear = 1 / (2 * (1 + poisson))
    corners = list(itertools.product((0, 1), repeat=3))
    whole = np.zeros((24, 24))
    for where in itertools.product(range(3), repeat=3):
        at = [(1 + points[n]) / 2 for n in where]
        weight = np.prod([weights[n] / 2 for n in where]) * np.prod(spacing)
        slope = np.empty((8, 3))
        for row, corner in enumerate(corners):
            for axis in range(3):
                one = [(at[o] if corner[o] else 1 - at[o]) for o in range(3)]
                one[axis] = (1 if corner[axis] else -1) / spacing[axis]
                slope[row, axis] = np.prod(one)
        for (a, c), (b, d) in itertools.product(itertools.product(range(8), range(3)), repeat=2):
            stress = lame * slope[a, c] * slope[b, d] + shear * slope[a, d] * slope[b, c]
            stress += shear * (slope[a] @ slope[b]) * (c == d)
            whole[3 * a + c, 3 * b + d] += weight * stress
    return whole


def assembled(modulus, spacing, poisson):
    """Full stiffness of a small solid by nodes of the whole grid, (dofs, dofs)."""
    number = np.arange(np.prod(np.array(modulus.shape) + 1)).reshape(np.array(modulus.shape) + 1)
    brick = written_out(spacing, poisson)
    full = np.zeros((3 * number.size, 3 * number.size))
    for place in zip(*np.nonzero(modulus), strict=True):
        corners = [number[tuple(np.add(place, c))] for c in itertools.product((0, 1), repeat=3)]
        dofs = (3 * np.array(corners)[:, None] + np.arange(3)).ravel()
        full[np.ix_(dofs, dofs)] += modulus[place] * brick
    return full


def pressed(modulus, spacing, poisson, strain, held):
    """Twice the energy over the volume, of a solid whose faces are moved by a uniform strain.

    `held[a, c]`: the faces across axis a prescribe component c. Soft springs hold rigid motion.
    """
    full = assembled(modulus, spacing, poisson)
    shape = np.array(modulus.shape)
    place = np.array(list(np.ndindex(*(shape + 1))))
    moved = ((place * spacing) @ strain).ravel()
    on_face = (place == 0) | (place == shape)
    fixed = (on_face[:, :, None] & held).any(axis=1).ravel()
    used = full.diagonal() > 0
    inner = used & ~fixed
    load = -full[np.ix_(inner, fixed)] @ moved[fixed]
    inside = csc_matrix(full[np.ix_(inner, inner)])
    moved[inner] = spsolve(inside + 1e-9 * diags(inside.diagonal()).tocsc(), load)
    moved[~used] = 0.0
    return moved @ full @ moved / np.prod(shape * spacing)
