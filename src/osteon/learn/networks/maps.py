"""A convolutional network over maps of parameters, one map of 3 × 3 cells a region."""

import torch
from torch import Tensor, nn

SIDE = 3
"""Cells along a side of a map."""


class MapNetwork(nn.Module):
    """Log odds of a patient from maps of parameters with holes in them.

    The maps of all regions go through the same convolutions, which see which cells are filled;
    means over filled cells, one row a region, are weighed at the end.

    Parameters
    ----------
    values : int
        Values of a cell.
    regions : int
        Maps of a patient.
    width : int
        Channels.
    dropout : float
        Share of units left out in training.
    """

    def __init__(self, values: int, regions: int, *, width: int = 12, dropout: float = 0.3) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(values + 1, width, SIDE, padding=1),
            nn.GELU(),
            nn.Conv2d(width, width, SIDE, padding=1),
            nn.GELU(),
        )
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(regions * (width + values), 1)

    def forward(self, maps: Tensor, filled: Tensor) -> Tensor:
        """Log odds.

        Parameters
        ----------
        maps : Tensor of shape (patients, regions, values, 3, 3)
            Standardised; what lies in empty cells is of no effect.
        filled : Tensor of bool, shape (patients, regions, 3, 3)

        Returns
        -------
        Tensor of shape (patients,)
        """
        patients, regions = maps.shape[:2]
        there = filled.to(maps.dtype).reshape(patients * regions, 1, SIDE, SIDE)
        seen = maps.reshape(patients * regions, -1, SIDE, SIDE)
        seen = torch.where(there > 0, seen, torch.zeros_like(seen))
        found = torch.cat([self.layers(torch.cat([seen, there], dim=1)), seen], dim=1) * there
        mean = found.sum(dim=(2, 3)) / there.sum(dim=(2, 3)).clamp(min=1)
        odds: Tensor = self.head(self.dropout(mean.reshape(patients, -1)))
        return odds[:, 0]
