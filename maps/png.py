"""Small PNG images with a palette, for overlays inside a page."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Rgba = tuple[int, int, int, int]


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def palette_png(index: NDArray[np.uint8], palette: Sequence[Rgba]) -> bytes:
    """Write an image of up to 16 colours as a PNG of four bits a pixel.

    Parameters
    ----------
    index : (rows, cols) uint8
        Position of each pixel's colour in ``palette``.
    palette : sequence of (red, green, blue, alpha), 16 at most

    Notes
    -----
    Format: W3C PNG (Second Edition), ISO/IEC 15948:2003; colour type 3, bit depth 4, filter 0. The
    bytes depend on nothing but the arguments.
    """
    if len(palette) > 16 or (index.size and int(index.max()) >= len(palette)):
        raise ValueError("a four-bit image has at most 16 colours")
    rows, cols = index.shape
    even = np.zeros((rows, cols + cols % 2), dtype=np.uint8)
    even[:, :cols] = index
    packed = np.zeros((rows, 1 + even.shape[1] // 2), dtype=np.uint8)
    packed[:, 1:] = (even[:, 0::2] << 4) | even[:, 1::2]
    colours = np.asarray(palette, dtype=np.uint8)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", struct.pack(">IIBBBBB", cols, rows, 4, 3, 0, 0, 0)),
            _chunk(b"PLTE", colours[:, :3].tobytes()),
            _chunk(b"tRNS", colours[:, 3].tobytes()),
            _chunk(b"IDAT", zlib.compress(packed.tobytes(), 6)),
            _chunk(b"IEND", b""),
        )
    )


def data_uri(png: bytes) -> str:
    """Write an image as an address that holds the image itself."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
