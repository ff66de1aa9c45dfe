"""The choices of `osteon measure` that change a number."""

from dataclasses import dataclass

from ..core import BadSetting


@dataclass(frozen=True)
class MeasureSettings:
    """Choices that change the numbers; every report prints them.

    Attributes
    ----------
    shell_mm : float
        Taken off the surface of a vertebral body to leave trabecular bone, in mm (1 to 10).
        From 4 mm to 5 mm the median HU of the core of the sample CTs changes by at most 7 HU.
    endplate_mm : float
        Taken off along the axis of the body, in mm; at least `shell_mm` (up to 12).
    oval_height_mm : float
        Height of the mid-body oval along the axis of the body, in mm (1 to 15).
    kvp : float or None
        Tube voltage in kV where the file does not say it or says it wrongly (60 to 150).
    contrast : bool or None
        Whether contrast agent was given, where it is known better than the file does.
    """

    shell_mm: float = 4.0
    endplate_mm: float = 5.0
    oval_height_mm: float = 5.0
    kvp: float | None = None
    contrast: bool | None = None

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        for name, value, low, high in (
            ("shell-mm", self.shell_mm, 1.0, 10.0),
            ("endplate-mm", self.endplate_mm, self.shell_mm, 12.0),
            ("oval-height-mm", self.oval_height_mm, 1.0, 15.0),
            ("kvp", 120.0 if self.kvp is None else self.kvp, 60.0, 150.0),
        ):
            if not low <= value <= high:
                raise BadSetting(f"--{name} is {value:g}; it must be from {low:g} to {high:g}.")
