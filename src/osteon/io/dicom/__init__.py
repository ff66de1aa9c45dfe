"""DICOM series of CT and MR: chosen, checked, decoded, put in order."""

from .read import list_dicom_series, read_dicom
from .series import SeriesInfo

__all__ = ["SeriesInfo", "list_dicom_series", "read_dicom"]
