"""A small 3D Swin transformer: attention in windows that are shifted from block to block."""

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, scaled_dot_product_attention

from .vertebra import EncoderSettings

STRIDE = 8
"""Voxels to a place of the map, which is a token."""

WINDOW = 4
"""Tokens along a side of a window."""

HEADS = 2


class _Attention(nn.Module):
    """Attention within windows of tokens, which know how they lie to each other."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.ask = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.bias = nn.Parameter(torch.zeros((2 * WINDOW - 1) ** 3, HEADS))
        axis = torch.arange(WINDOW)
        place = torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij"), -1).reshape(-1, 3)
        apart = place[:, None] - place[None] + WINDOW - 1
        side = 2 * WINDOW - 1
        self.register_buffer(
            "pair", (apart[..., 0] * side + apart[..., 1]) * side + apart[..., 2], persistent=False
        )

    pair: Tensor

    def forward(self, tokens: Tensor, apart: Tensor) -> Tensor:
        """Tokens (w, t, c) of windows; ``apart`` (w, t, t) is below 0 where they must not mix."""
        windows, many, width = tokens.shape
        asked = self.ask(tokens).reshape(windows, many, 3, HEADS, width // HEADS)
        query, key, value = asked.permute(2, 0, 3, 1, 4)
        bias = self.bias[self.pair].permute(2, 0, 1)[None] + apart[:, None]
        mixed = scaled_dot_product_attention(query, key, value, attn_mask=bias)
        out: Tensor = self.out(mixed.transpose(1, 2).reshape(windows, many, width))
        return out


class _Block(nn.Module):
    """Attention in windows, then a layer for each token."""

    def __init__(self, width: int, shift: int) -> None:
        super().__init__()
        self.shift = shift
        self.norm_one, self.norm_two = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = _Attention(width)
        self.each = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Tokens (n, i, j, k, c)."""
        n, *sides, _ = x.shape
        room = [-side % WINDOW for side in sides]
        y = pad(self.norm_one(x), (0, 0, 0, room[2], 0, room[1], 0, room[0]))
        group = pad(x.new_zeros(1, *sides, 1), (0, 0, 0, room[2], 0, room[1], 0, room[0]), value=1)
        if self.shift:
            for axis in (1, 2, 3):
                wide = group.shape[axis]
                far = torch.arange(wide, device=x.device) < self.shift
                shape = [1] * 5
                shape[axis] = wide
                group = group + far.reshape(shape).to(x.dtype) * 2**axis
            back = [-self.shift] * 3
            y, group = y.roll(back, (1, 2, 3)), group.roll(back, (1, 2, 3))
        of = _windows(group)[..., 0]
        apart = (of[:, :, None] != of[:, None, :]).to(x.dtype) * -100.0
        y = _put_back(self.attention(_windows(y), apart.repeat(n, 1, 1)), y.shape)
        if self.shift:
            y = y.roll([self.shift] * 3, (1, 2, 3))
        x = x + y[:, : sides[0], : sides[1], : sides[2]]
        out: Tensor = x + self.each(self.norm_two(x))
        return out


def _windows(x: Tensor) -> Tensor:
    """Tokens (n, i, j, k, c) to windows (n · windows, WINDOW³, c)."""
    n, i, j, k, c = x.shape
    split = x.reshape(n, i // WINDOW, WINDOW, j // WINDOW, WINDOW, k // WINDOW, WINDOW, c)
    return split.permute(0, 1, 3, 5, 2, 4, 6, 7).reshape(-1, WINDOW**3, c)


def _put_back(windows: Tensor, shape: torch.Size) -> Tensor:
    """Undo `_windows`."""
    n, i, j, k, c = shape
    split = windows.reshape(n, i // WINDOW, j // WINDOW, k // WINDOW, WINDOW, WINDOW, WINDOW, c)
    return split.permute(0, 1, 4, 2, 5, 3, 6, 7).reshape(n, i, j, k, c)


class Swin3d(nn.Module):
    """Swin transformer of one stage (Liu 2021, doi:10.1109/ICCV48922.2021.00986).

    A token is a cube of 8 voxels; windows of 4 tokens are shifted by 2 in every other block. It
    stands where `VertebraEncoder` stands.

    Parameters
    ----------
    settings : EncoderSettings
        ``width`` of a token, and pairs of ``blocks``; ``stem`` is of no effect.
    """

    def __init__(self, settings: EncoderSettings) -> None:
        super().__init__()
        self.settings = settings
        self.token = nn.Conv3d(2, settings.width, STRIDE, STRIDE)
        self.first = nn.LayerNorm(settings.width)
        self.blocks = nn.Sequential(
            *(
                _Block(settings.width, shift)
                for _ in range(settings.blocks)
                for shift in (0, WINDOW // 2)
            )
        )
        self.last = nn.LayerNorm(settings.width)

    @property
    def width(self) -> int:
        """Channels of the map."""
        return self.settings.width

    @property
    def stride(self) -> int:
        """Voxels to a place of the map."""
        return STRIDE

    def forward(self, voxels: Tensor) -> Tensor:
        """Feature map (n, width, i // 8, j // 8, k // 8) of (n, 2, i, j, k) voxels."""
        tokens = self.first(self.token(voxels).permute(0, 2, 3, 4, 1))
        seen: Tensor = self.last(self.blocks(tokens)).permute(0, 4, 1, 2, 3)
        return seen
