"""What densitometers print about a spine and a hip whose mineral is known."""

from .devices import Device, class_of, device, device_names
from .projection import Content, Projection, project
from .reading import (
    HipReading,
    SpineReading,
    VertebraReading,
    mean_density,
    read_hip,
    read_projection,
    read_spine,
)

__all__ = [
    "Content",
    "Device",
    "HipReading",
    "Projection",
    "SpineReading",
    "VertebraReading",
    "class_of",
    "device",
    "device_names",
    "mean_density",
    "project",
    "read_hip",
    "read_projection",
    "read_spine",
]
