"""The palette can be told apart by every reader, on both backgrounds, and keys keep their colours."""

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from apps.portal.colours import _FIXED, HUES, PATTERNS, Colour, colour_of

CSS = (Path(__file__).parents[2] / "static" / "css" / "portal.css").read_text()
GROUNDS = {"light": "#ffffff", "dark": "#262626"}
# Machado, Oliveira and Fernandes 2009: what people without one kind of cone see, on linear RGB.
VISIONS = {
    "normal": np.eye(3),
    "protan": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "deutan": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    "tritan": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = np.array([0.95047, 1.0, 1.08883])


def palette(theme):
    block = CSS.split(f'[data-bs-theme="{theme}"] {{')[1].split("}")[0]
    return [re.search(rf"--series-{n}: (#[0-9a-f]{{6}})", block)[1] for n in range(HUES)]


def linear(colour):
    channels = np.array([int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)])
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def lab(light):
    ratio = TO_XYZ @ np.clip(light, 0, 1) / WHITE
    x, y, z = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(one, other):
    first, second = sorted((float(TO_XYZ[1] @ linear(colour)) for colour in (one, other)), reverse=True)
    return (first + 0.05) / (second + 0.05)


@pytest.mark.parametrize("theme", GROUNDS)
def test_every_curve_stands_out_from_its_background(theme):
    assert min(contrast(colour, GROUNDS[theme]) for colour in palette(theme)) >= 3


@pytest.mark.parametrize("theme", GROUNDS)
@pytest.mark.parametrize("name", ["good", "bad", "chart-text", "chart-ink", "tblr-link-color", "tblr-secondary-color"])
def test_words_can_be_read_on_the_card(theme, name):
    block = CSS.split(f'[data-bs-theme="{theme}"] {{')[1].split("}")[0]
    assert contrast(re.search(rf"--{name}: (#[0-9a-f]{{6}})", block)[1], GROUNDS[theme]) >= 4.5


@pytest.mark.parametrize("theme", GROUNDS)
@pytest.mark.parametrize("vision", VISIONS)
def test_any_two_hues_differ_for_every_kind_of_colour_vision(theme, vision):
    seen = [lab(VISIONS[vision] @ linear(colour)) for colour in palette(theme)]
    assert min(np.linalg.norm(one - other) for one, other in combinations(seen, 2)) >= 20


def test_a_key_has_one_colour_whatever_else_is_drawn():
    assert colour_of("tcp/23") == Colour(1, 0)
    assert colour_of("tcp/60023") == colour_of("tcp/60023")


def test_colours_lie_within_the_palette_and_spread_over_it():
    colours = [colour_of(f"tcp/{port}") for port in range(2000)]
    assert {colour.hue for colour in colours} == set(range(HUES))
    assert {colour.pattern for colour in colours} == set(range(PATTERNS))
    assert all(hue < HUES and pattern < PATTERNS for hue, pattern in _FIXED.values())
