"""The compiled inner loops of the draws: which cells hold, and what they add up to."""

from __future__ import annotations

import math
from typing import Any

from phusong.coverage.radio.jit import kernel

FAR = 5.0
"""Spreads beyond which shadowing decides nothing: once in three million."""


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
            row, col = row_r[i] + shift_residual[j, 0], col_r[i] + shift_residual[j, 1]
            r = own_r[row - rows_r if row >= rows_r else row, col - cols_r if col >= cols_r else col]
            error = bias_db + residual_db * (c_r + single * r)
            if criterion[k, i] + error >= 0.0:
                found |= 1 << k
                met = True
            above, spread = threshold[k, i] + error, sigma[k, i]
            if abs(above) <= FAR * spread:  # no shadowing turns what lies farther, and looking it up is dear
                row, col = row_s[i] + shift_shadow[j, 0], col_s[i] + shift_shadow[j, 1]
                s = own_s[row - rows_s if row >= rows_s else row, col - cols_s if col >= cols_s else col]
                above += spread * (c_s + single * s)
            if above >= 0.0:
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


@kernel
def largest_patches(
    bits: Any, bit: int, before: Any, label: Any, asked: Any, starts: Any, nodes: Any, people: Any, held: Any,
    largest: Any,
) -> None:
    """Write the people of each village's largest patch without coverage, of villages that are asked for.

    Parameters
    ----------
    bits : array of uint64, shape (nodes,)
        What holds at each piece of ground.
    bit : int
        Which of them is asked.
    before : array of int32, shape (nodes, 4)
        Earlier pieces that touch each, -1 for none: west, north-west, north, north-east.
    label : array of int32, shape (nodes,)
        Room for the patch of each.
    asked : array of bool, shape (villages,)
    starts : array of int64, shape (villages + 1,)
        Where the entries of each village begin.
    nodes, people : arrays of int32 and float64, shape (entries,)
        Piece of ground of each entry, and its people who are nearest to the village.
    held : array of float64, shape (nodes,)
        Room, all nought; nought again at the end.
    largest : array of float64, shape (villages,)
    """
    for i in range(len(bits)):
        label[i] = -1
        if (bits[i] >> bit) & 1:
            continue
        west, north_west, north, north_east = before[i, 0], before[i, 1], before[i, 2], before[i, 3]
        if north >= 0 and label[north] >= 0:  # which touches all the others
            label[i] = label[north]
            continue
        near = west if west >= 0 and label[west] >= 0 else north_west
        if near >= 0 and label[near] >= 0:
            label[i] = label[near]
        else:
            label[i] = i
        if north_east >= 0 and label[north_east] >= 0:
            a, b = label[i], label[north_east]
            while label[a] != a:
                a = label[a]
            while label[b] != b:
                b = label[b]
            label[max(a, b)] = min(a, b)
            label[i] = min(a, b)
    for i in range(len(bits)):  # a patch's number is its first piece, which comes before
        if label[i] >= 0:
            label[i] = label[label[i]]
    for v in range(len(starts) - 1):
        largest[v] = 0.0
        if not asked[v]:
            continue
        for e in range(starts[v], starts[v + 1]):
            patch = label[nodes[e]]
            if patch >= 0:
                held[patch] += people[e]
                largest[v] = max(largest[v], held[patch])
        for e in range(starts[v], starts[v + 1]):
            if label[nodes[e]] >= 0:
                held[label[nodes[e]]] = 0.0
