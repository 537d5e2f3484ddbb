"""Parts of reading that take long, handed to whoever keeps them between runs: nobody, unless one is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]

Keep = Callable[[tuple[object, ...], Callable[[], Arrays]], Arrays]
"""``keep(parts, compute)``: what ``compute`` gives, or gave for the same ``parts``, the first one a name."""


def computed(parts: tuple[object, ...], compute: Callable[[], Arrays]) -> Arrays:
    """Compute anew: keep nothing."""
    return compute()


def digestible(shapes: NDArray[np.object_]) -> tuple[bytes, ...]:
    """Return shapes in the form in which they stand among the ``parts``."""
    return tuple(shapely.to_wkb(shapes).tolist())


def packed(name: str, shapes: NDArray[np.object_]) -> dict[str, NDArray[Any]]:
    """Return shapes as two arrays under a name: well-known binary one after another, and their ends."""
    texts = digestible(shapes)
    return {
        f"{name}.wkb": np.frombuffer(b"".join(texts), dtype=np.uint8),
        f"{name}.ends": np.cumsum([len(text) for text in texts], dtype=np.int64),
    }


def unpacked(name: str, arrays: Arrays) -> NDArray[np.object_]:
    """Return the shapes that `packed` put under a name."""
    whole, ends = arrays[f"{name}.wkb"].tobytes(), arrays[f"{name}.ends"].tolist()
    texts = [whole[a:b] for a, b in zip([0, *ends], ends, strict=False)]
    return np.asarray(shapely.from_wkb(np.array(texts, dtype=object)), dtype=object)
