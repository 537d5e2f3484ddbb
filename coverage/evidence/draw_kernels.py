"""The compiled inner loops of the draws: which cells hold, and what they add up to."""

from __future__ import annotations

import math
from typing import Any

from phusong.coverage.radio.jit import kernel


@kernel
def decide(
    criterion: Any, threshold: Any, sigma: Any, site: Any, shift_residual: Any, shift_shadow: Any,
    row_r: Any, col_r: Any, row_s: Any, col_s: Any, common_r: Any, own_r: Any, common_s: Any, own_s: Any,
    bias_db: float, residual_db: float, common: float, bits: Any,
) -> None:
    """Write which operators hold at each cell, and any of them, for both questions, as bits.

    Parameters
    ----------
    criterion, threshold : arrays of float32, shape (operators, cells)
        Median above what the criterion asks, and above the threshold alone, dB.
    sigma : array of float32, shape (operators, cells)
        Location variability, dB.
    site : array of int32, shape (operators, cells)
        Number of the best server's site; -1 for none.
    shift_residual, shift_shadow : arrays of int32, shape (sites, 2)
        Where in its own fields a site looks.
    row_r, col_r, row_s, col_s : arrays of int32, shape (cells,)
        Square of each cell in either lattice.
    common_r, own_r, common_s, own_s : arrays of float32
        Fields on the toruses of the lattices.
    bias_db, residual_db, common : float
    bits : array of uint64, shape (cells,)
        Bit k: operator k meets the criterion; then any does; then the same for heard.
    """
    operators, cells = criterion.shape
    both, single = math.sqrt(common), math.sqrt(1.0 - common)
    rows_r, cols_r = own_r.shape
    rows_s, cols_s = own_s.shape
    for i in range(cells):
        found, met, heard = 0, False, False
        c_r = both * common_r[row_r[i], col_r[i]]
        c_s = both * common_s[row_s[i], col_s[i]]
        for k in range(operators):
            j = site[k, i]
            if j < 0:
                continue
            r = own_r[(row_r[i] + shift_residual[j, 0]) % rows_r, (col_r[i] + shift_residual[j, 1]) % cols_r]
            s = own_s[(row_s[i] + shift_shadow[j, 0]) % rows_s, (col_s[i] + shift_shadow[j, 1]) % cols_s]
            error = bias_db + residual_db * (c_r + single * r)
            if criterion[k, i] + error >= 0.0:
                found |= 1 << k
                met = True
            if threshold[k, i] + error + sigma[k, i] * (c_s + single * s) >= 0.0:
                found |= 1 << (operators + 1 + k)
                heard = True
        if met:
            found |= 1 << operators
        if heard:
            found |= 1 << (2 * operators + 1)
        bits[i] = found


@kernel
def add_up(bits: Any, units: Any, weights: Any, sums: Any) -> None:
    """Add the weights of entries to ``sums[out, unit]`` for every bit that is set."""
    outs = sums.shape[0]
    for i in range(len(bits)):
        b = bits[i]
        if b == 0:
            continue
        for k in range(outs):
            if (b >> k) & 1:
                sums[k, units[i]] += weights[i]
