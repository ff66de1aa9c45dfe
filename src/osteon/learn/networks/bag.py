"""A Transformer over the bag of patches of a patient."""

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot


class BagTransformer(nn.Module):
    """Log odds of a patient from any number of patches, in any order.

    Each patch is a token: its values, its region and its cell in the map of the region, added up
    after a linear layer each; one learnt token gathers them by attention (Vaswani et al. 2017,
    arXiv:1706.03762). What attention finds is added to a line on the mean of each region; both
    begin at nought. Empty places take no part.

    Parameters
    ----------
    values : int
        Values of a patch.
    regions : int
        Regions that there are.
    width : int
        Length of a token.
    heads, layers : int
        Of the attention.
    dropout : float
        Share of units left out in training.
    """

    def __init__(
        self,
        values: int,
        regions: int,
        *,
        width: int = 16,
        heads: int = 2,
        layers: int = 1,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        self.of_values = nn.Linear(values, width)
        self.of_region = nn.Embedding(regions, width)
        self.of_cell = nn.Linear(2, width, bias=False)
        self.gather = nn.Parameter(torch.zeros(1, 1, width))
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                width, heads, 2 * width, dropout, batch_first=True, norm_first=True
            )
            for _ in range(layers)
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, 1)
        self.regions = regions
        self.of_means = nn.Linear(regions * values, 1, bias=False)
        # learning starts from the share of cases: few patients, and most of it is in the line
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.of_means.weight)

    def forward(self, values: Tensor, region: Tensor, cell: Tensor, present: Tensor) -> Tensor:
        """Log odds.

        Parameters
        ----------
        values : Tensor of shape (patients, places, values)
            Standardised; what lies in empty places is of no effect.
        region : Tensor of int64, shape (patients, places)
        cell : Tensor of shape (patients, places, 2)
            -1 to 1.
        present : Tensor of bool, shape (patients, places)

        Returns
        -------
        Tensor of shape (patients,)
        """
        filled = torch.where(present[..., None], values, torch.zeros_like(values))
        tokens = self.of_values(filled) + self.of_region(region) + self.of_cell(cell)
        tokens = torch.cat([self.gather.expand(len(tokens), -1, -1), tokens], dim=1)
        empty = torch.cat([torch.zeros_like(present[:, :1]), ~present], dim=1)
        for block in self.blocks:
            tokens = block(tokens, src_key_padding_mask=empty)
        found = self.head(self.norm(tokens[:, 0])) + self.of_means(
            self._means(filled, region, present)
        )
        odds: Tensor = found[:, 0]
        return odds

    def _means(self, values: Tensor, region: Tensor, present: Tensor) -> Tensor:
        """Mean of the values of each region, nought where it is missing, side by side."""
        of = one_hot(region, self.regions).to(values.dtype) * present[..., None]
        sums = torch.einsum("bnr,bnv->brv", of, values)
        return (sums / of.sum(dim=1).clamp(min=1)[..., None]).flatten(1)
