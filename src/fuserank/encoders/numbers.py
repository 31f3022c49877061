"""Price, rating and popularity as six numbers: each a value and a flag that says whether it is missing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fuserank.encoders.base import EncoderInfo

COLUMNS = ("log_price", "price_missing", "rating", "rating_missing", "log_popularity", "popularity_missing")


class Numbers:
    """[log1p(price), missing?, rating, missing?, log1p(popularity), missing?].

    A missing number is 0 with its flag 1, so no vector holds a NaN. Whoever scales a value column takes its median and
    quartiles over rows whose flag is 0 and leaves the others at 0.
    """

    info = EncoderInfo("numbers", "1", len(COLUMNS), "none")

    def prepare(self, value: tuple[float | None, float | None, float | None]) -> tuple[float | None, ...]:
        """(price, rating, popularity), with what is not a finite number >= 0 taken as missing."""
        return tuple(v if v is not None and np.isfinite(v) and v >= 0 else None for v in value)

    def encode(self, prepared: Sequence[tuple[float | None, ...]]) -> np.ndarray:
        """Vectors of number triples: float32 (n, 6)."""
        values = np.array([[np.nan if v is None else v for v in row] for row in prepared], np.float64).reshape(-1, 3)
        missing = np.isnan(values)
        values = np.where(missing, 0, values)
        values[:, [0, 2]] = np.log1p(values[:, [0, 2]])
        return np.stack([values, missing], axis=2).reshape(-1, self.info.dim).astype(np.float32)
