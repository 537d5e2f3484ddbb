"""Scales stay in order for every eye and in grey, in even steps."""

from __future__ import annotations

import numpy as np
import pytest

from phusong.maps import colours


def _linear(colour: colours.Rgb) -> np.ndarray:
    v = np.array(colour) / 255.0
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def _luminance(colour: colours.Rgb) -> float:
    return float(_linear(colour) @ [0.2126, 0.7152, 0.0722])


def _lightness(colour: colours.Rgb) -> float:
    """CIE L*, another space than the one that made the scale."""
    y = _luminance(colour)
    return 116.0 * np.cbrt(y) - 16.0


# Machado, Oliveira and Fernandes 2009, severity 1.0.
DEFICIENT = {
    "protan": [
        [0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]
    ],
}


@pytest.mark.parametrize("scale", [colours.PERCENT_COLOURS, colours.SIGNAL_COLOURS])
def test_lightness_falls_in_even_steps(scale: tuple[colours.Rgb, ...]) -> None:
    steps = -np.diff([_lightness(c) for c in scale])
    assert (steps > 5.0).all()
    assert steps.max() / steps.min() < 1.35


@pytest.mark.parametrize("kind", sorted(DEFICIENT))
@pytest.mark.parametrize("scale", [colours.PERCENT_COLOURS, colours.SIGNAL_COLOURS])
def test_order_is_kept_for_colour_blind_eyes(scale: tuple[colours.Rgb, ...], kind: str) -> None:
    seen = [np.clip(np.array(DEFICIENT[kind]) @ _linear(c), 0, 1) @ [0.2126, 0.7152, 0.0722] for c in scale]
    assert (np.diff(seen) < -0.02).all()


def test_known_colours_of_oklch() -> None:
    # CSS Color Module Level 4: white, and sRGB red is oklch(0.62796 0.25768 29.234).
    assert colours.oklch_to_rgb(1.0, 0.0, 0.0) == (255, 255, 255)
    assert colours.oklch_to_rgb(0.62796, 0.25768, 29.234) == (255, 0, 0)


@pytest.mark.parametrize(
    ("percent", "expected"),
    [(0.0, 0), (19.99, 0), (20.0, 1), (98.999, 4), (99.0, 5), (100.0, 5), (np.nan, -1)],
)
def test_classes(percent: float, expected: int) -> None:
    assert colours.percent_class(percent) == expected
