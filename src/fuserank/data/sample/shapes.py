"""Outlines of the product types as integer inequalities, so that every machine draws the same pixels.

Shape space: u to the right, v downwards, each about -1000 … 1000. An outline gives a boolean mask for arrays u, v.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Outline = Callable[[np.ndarray, np.ndarray], np.ndarray]


def disc(u: np.ndarray, v: np.ndarray, x: int, y: int, rx: int, ry: int | None = None) -> np.ndarray:
    """Points within the ellipse around (x, y) with half axes rx, ry."""
    ry = rx if ry is None else ry
    return (u - x) ** 2 * (ry * ry) + (v - y) ** 2 * (rx * rx) <= rx * rx * ry * ry


def box(u: np.ndarray, v: np.ndarray, left: int, top: int, right: int, bottom: int) -> np.ndarray:
    """Points within the rectangle."""
    return (u >= left) & (u <= right) & (v >= top) & (v <= bottom)


def trapezium(u: np.ndarray, v: np.ndarray, top: int, bottom: int, half_top: int, half_bottom: int) -> np.ndarray:
    """Points within the symmetric trapezium between heights top and bottom."""
    return (v >= top) & (v <= bottom) & (np.abs(u) * (bottom - top) <= half_top * (bottom - v) + half_bottom * (v - top))


def mug(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """A straight cup with a handle at the right."""
    handle = disc(u, v, 560, 0, 400, 420) & ~disc(u, v, 560, 0, 230, 250)
    return box(u, v, -650, -700, 500, 700) | handle


def plate(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """A disc with a groove."""
    return disc(u, v, 0, 0, 900) & ~(disc(u, v, 0, 0, 620) & ~disc(u, v, 0, 0, 570))


def teapot(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """A belly with spout, handle and knob."""
    spout = (u >= 400) & (u <= 1000) & (np.abs(v + u // 2 - 150) <= 130)
    handle = disc(u, v, -620, 50, 360, 380) & ~disc(u, v, -620, 50, 220, 240)
    return disc(u, v, 0, 120, 640, 560) | spout | handle | disc(u, v, 0, -520, 110)


def cushion(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """A square with hollow sides."""
    return (np.abs(u) <= 720 + v * v // 4000) & (np.abs(v) <= 720 + u * u // 4000)


def tote(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """A bag with a loop above."""
    loop = disc(u, v, 0, -350, 430, 560) & ~disc(u, v, 0, -350, 310, 440)
    return trapezium(u, v, -350, 850, 600, 780) | (loop & (v < -340))


def umbrella(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """A half disc with scallops and a stick."""
    scallops = disc(u, v, -600, 60, 300, 180) | disc(u, v, 0, 60, 300, 180) | disc(u, v, 600, 60, 300, 180)
    return (disc(u, v, 0, 50, 930, 850) & (v <= 50) & ~scallops) | box(u, v, -35, -850, 35, 900)


def doorbell(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """An upright plate with a round button cut free."""
    ring = disc(u, v, 0, 300, 330) & ~disc(u, v, 0, 300, 260)
    return box(u, v, -480, -900, 480, 900) & ~ring


def clock(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """A round body with two bells and two feet."""
    bells = disc(u, v, -480, -640, 270, 230) | disc(u, v, 480, -640, 270, 230)
    hands = box(u, v, -35, -380, 35, 80) | box(u, v, -35, 10, 300, 80)
    return (disc(u, v, 0, 50, 700) & ~hands) | bells | disc(u, v, -430, 720, 160) | disc(u, v, 430, 720, 160)


def chime(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """A bar with four hanging tubes."""
    mask = box(u, v, -850, -850, 850, -600)
    for index, length in enumerate((500, 850, 650, 350)):
        mask = mask | box(u, v, -760 + 430 * index, -500, -540 + 430 * index, length)
    return mask


def piano(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """A wide box with the gaps of its keys, on two legs."""
    keys = (v > 50) & (v < 380) & (np.mod(u + 900, 260) < 45)
    legs = box(u, v, -850, 450, -650, 850) | box(u, v, 650, 450, 850, 850)
    return (box(u, v, -950, -500, 950, 450) & ~keys) | legs


def lamp(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """A shade on a stem on a foot."""
    return trapezium(u, v, -900, 0, 350, 800) | box(u, v, -60, 0, 60, 750) | disc(u, v, 0, 800, 500, 120)


OUTLINES: dict[str, Outline] = {
    "mug": mug,
    "plate": plate,
    "teapot": teapot,
    "cushion": cushion,
    "tote": tote,
    "umbrella": umbrella,
    "doorbell": doorbell,
    "clock": clock,
    "chime": chime,
    "piano": piano,
    "lamp": lamp,
}
