"""Which way the bone runs: the fabric ellipsoid drawn in the patient, and in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .patient_axes import LETTERS

SIDE = 150.0
"""Width and height of a drawing, in CSS pixels."""

REACH = 52.0
"""Half the longest axis of the ellipsoid, in the same."""

CORNERS = 72
"""Corners of a drawn ellipse."""

PLANES = (
    ("Axial", (1.0, 0, 0), (0, 1.0, 0), ("R", "L", "A", "P")),
    ("Coronal", (1.0, 0, 0), (0, 0, -1.0), ("R", "L", "S", "I")),
    ("Sagittal", (0, 1.0, 0), (0, 0, -1.0), ("A", "P", "S", "I")),
)
"""Name, right and down (LPS), letters at the left, right, top and bottom."""


@dataclass(frozen=True)
class FabricDrawing:
    """The ellipsoid as seen along one axis of the patient, centred on 0.

    Attributes
    ----------
    title : str
        Plane in which it is seen.
    sides : tuple of 4 str
        Patient directions at the left, right, top and bottom.
    outline, circle : str
        SVG path of the shadow of the ellipsoid, and of a sphere of its mean size.
    axes : sequence of (str, str)
        Class and path of the three axes, shortest first.
    """

    title: str
    sides: tuple[str, str, str, str]
    outline: str
    circle: str
    axes: Sequence[tuple[str, str]]


def fabric_drawings(fabric: Mapping[str, Any]) -> list[FabricDrawing]:
    """The fabric ellipsoid seen from three sides, all to one scale.

    Parameters
    ----------
    fabric : mapping
        ``vectors``, three unit vectors (LPS), and ``lengths_mm``, both longest first.
    """
    vectors = np.asarray(fabric["vectors"], float)
    lengths = np.asarray(fabric["lengths_mm"], float)
    radii = REACH * lengths / lengths.max()
    made = []
    for title, right, down, sides in PLANES:
        screen = np.array([right, down])
        ends = (vectors * radii[:, None]) @ screen.T
        axes = [(f"axis-{n + 1}", _line(ends[n])) for n in (2, 1, 0)]
        shadow = ends.T @ ends  # an ellipsoid's shadow is the ellipse of its projected matrix
        made.append(
            FabricDrawing(
                title, sides, _ellipse(shadow), _ellipse(np.eye(2) * radii.mean() ** 2), axes
            )
        )
    return made


def _line(end: NDArray[np.float64]) -> str:
    x, y = end
    return f"M{-x:.1f} {-y:.1f}L{x:.1f} {y:.1f}"


def _ellipse(matrix: NDArray[np.float64]) -> str:
    """Closed path of the ellipse whose half axes are the roots of a matrix."""
    values, columns = np.linalg.eigh(matrix)
    turn = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    circle = np.stack([np.cos(turn), np.sin(turn)])
    corners = columns @ (np.sqrt(np.maximum(values, 0))[:, None] * circle)
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in corners.T) + "z"


def direction_in_words(vector: Sequence[float]) -> str:
    """A direction without sense, as its angle to the nearest patient axis and where it leans.

    Examples
    --------
    >>> direction_in_words([0.0, -0.17, 0.98])
    '10° off the line from foot to head (I–S); its head end leans to the front'
    """
    names = ("right to left (R–L)", "front to back (A–P)", "foot to head (I–S)")
    ends = {"R": "right", "L": "left", "A": "front", "P": "back", "I": "foot", "S": "head"}
    line = np.asarray(vector, float) / np.linalg.norm(vector)
    main = int(np.abs(line).argmax())
    line = line * np.sign(line[main])
    angle = float(np.degrees(np.arccos(min(line[main], 1.0))))
    if angle < 1:
        return f"along the line from {names[main]}"
    leans = [
        ends[LETTERS[a][int(line[a] > 0)]]
        for a in np.argsort(-np.abs(line))
        if a != main and abs(line[a]) > 0.35 * np.sin(np.radians(angle))
    ]
    end, towards = ends[LETTERS[main][1]], " and the ".join(leans)
    return f"{angle:.0f}° off the line from {names[main]}; its {end} end leans to the {towards}"


def letters_of(vector: Sequence[float]) -> str:
    """A direction as its parts along the patient's axes, such as ``L 0.05 · P 0.11 · S 0.99``."""
    line = np.asarray(vector, float)
    line = line * (np.sign(line[int(np.abs(line).argmax())]) or 1.0)
    parts = [f"{LETTERS[a][int(part >= 0)]} {abs(part):.3f}" for a, part in enumerate(line)]
    return " · ".join(parts)
