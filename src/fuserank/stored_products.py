"""What a ranker stores of products, so that a request does not compute it: float16, a row for each product.

halves.npy                  (P, M, D + R)  of the first layer, by modality; only with a fusion
evidence.npy                (P, K)         of late interaction, summed over the modalities that the product has
evidence_<modality>.npy     (P, K)         of a modality that only some queries compare with, left out of that sum

Evidence is stored as a sum, so a slate may not hide modalities from it; what hides them (training, explanations) keeps them apart
(`Ranker.project_products`).

Shapes: P products, B queries, N candidates, M modalities, D width, R rank, K width of late interaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from fuserank.errors import ModelFolderError
from fuserank.files import new_folder

HALVES, EVIDENCE = "halves", "evidence"


@dataclass(frozen=True)
class Candidates:
    """The products' side of a batch of slates, gathered per candidate.

    Attributes:
        halves: (B, N, M, D + R) of the first layer; None without a fusion.
        evidence: (B, N, K) of late interaction; None without.
    """

    halves: Tensor | None
    evidence: Tensor | None


@dataclass(frozen=True)
class _Rows:
    """float16 (P, …): those that may be memory-mapped, and behind them what was added since, which is small."""

    base: Tensor
    added: Tensor

    def __len__(self) -> int:
        return len(self.base) + len(self.added)

    def take(self, rows: Tensor) -> Tensor:
        """Any shape of int64 rows -> (*shape, …) float32."""
        flat, size = rows.flatten(), len(self.base)
        if len(self.added) and (new := flat >= size).any():
            found = self.base.new_empty(len(flat), *self.base.shape[1:])
            found[~new] = self.base.index_select(0, flat[~new])
            found[new] = self.added.index_select(0, flat[new] - size)
        else:
            found = self.base.index_select(0, flat)
        return found.float().view(*rows.shape, *self.base.shape[1:])


@dataclass(frozen=True)
class StoredProducts:
    """P products as a ranker reads them.

    Attributes:
        modalities: names of the M, in the order of every present mask.
        parts: name of the file -> its rows.
    """

    modalities: tuple[str, ...]
    parts: Mapping[str, _Rows] = field(repr=False)

    @classmethod
    def of(cls, modalities: Sequence[str], parts: Mapping[str, Tensor]) -> StoredProducts:
        """From tensors of P rows each, by name of the part."""
        halves = {name: rows.half() for name, rows in parts.items()}
        return cls(tuple(modalities), {name: _Rows(rows, rows[:0]) for name, rows in halves.items()})

    @classmethod
    def joined(cls, chunks: Sequence[StoredProducts]) -> StoredProducts:
        """The products of one ranker, chunk after chunk; at least one chunk."""
        whole = {name: torch.cat([chunk.parts[name].base for chunk in chunks]) for name in chunks[0].parts}
        return cls.of(chunks[0].modalities, whole)

    def __len__(self) -> int:
        return len(next(iter(self.parts.values())))

    @property
    def device(self) -> torch.device:
        """Where the rows are."""
        return next(iter(self.parts.values())).base.device

    def to(self, device: torch.device | str) -> StoredProducts:
        """The same rows on a device; nothing is copied where they are there already."""
        moved = {name: _Rows(rows.base.to(device), rows.added.to(device)) for name, rows in self.parts.items()}
        return StoredProducts(self.modalities, moved)

    @property
    def bytes_per_product(self) -> int:
        """Bytes of a row of all parts."""
        return sum(rows.base[:1].nbytes or rows.added[:1].nbytes for rows in self.parts.values())

    def candidates(self, rows: Tensor, present: Tensor) -> Candidates:
        """Gather.

        Args:
            rows: (B, N) int64.
            present: (B, N, M) bool, of slates that hide nothing: a modality is absent where the product lacks it, or for a whole
                slate where its query has nothing to compare with it.
        """
        halves = self.parts[HALVES].take(rows) if HALVES in self.parts else None
        evidence = self.parts[EVIDENCE].take(rows) if EVIDENCE in self.parts else None
        for m, name in enumerate(self.modalities):
            part = self.parts.get(conditional(name))
            if evidence is not None and part is not None and present[..., m].any():
                evidence = evidence + part.take(rows) * present[..., m, None]
        return Candidates(halves, evidence)

    def extended(self, more: StoredProducts) -> StoredProducts:
        """With the rows of further products behind these; what is memory-mapped is not copied.

        Args:
            more: of the same ranker.
        """
        added = {name: torch.cat([rows.base, rows.added]) for name, rows in more.parts.items()}
        parts = {name: _Rows(rows.base, torch.cat([rows.added, added[name]])) for name, rows in self.parts.items()}
        return StoredProducts(self.modalities, parts)

    def save(self, folder: Path) -> None:
        """Write a .npy file for each part, atomically."""
        with new_folder(folder) as work:
            for name, rows in self.parts.items():
                np.save(work / f"{name}.npy", torch.cat([rows.base, rows.added]).cpu().numpy(), allow_pickle=False)

    @classmethod
    def load(cls, folder: Path, modalities: Sequence[str], shapes: Mapping[str, tuple[int, ...]]) -> StoredProducts:
        """Read what `save` wrote, memory-mapped.

        Args:
            modalities: of the ranker, in its order.
            shapes: of the parts that the ranker needs; those of EVIDENCE also hold for its parts by modality.

        Raises:
            ModelFolderError: a part is missing, is none of this ranker, or has another shape.
        """
        parts = {}
        try:
            for path in sorted(folder.glob("*.npy")):
                # Copy-on-write: pages are shared and read on demand as with "r", but torch wants memory that it may write.
                parts[path.stem] = torch.from_numpy(np.load(path, mmap_mode="c", allow_pickle=False))
        except (OSError, ValueError, TypeError, EOFError) as error:
            raise ModelFolderError(f"{folder} cannot be read: {error}", todo="build the package again") from None
        by_modality = {conditional(name): shapes[EVIDENCE] for name in modalities if EVIDENCE in shapes}
        expected = {**shapes, **{name: shape for name, shape in by_modality.items() if name in parts}}
        found = {name: tuple(rows.shape) for name, rows in parts.items()}
        if found != expected or any(rows.dtype != torch.float16 for rows in parts.values()):
            raise ModelFolderError(f"{folder}: {found}", allowed=f"float16 {expected}", todo="build the package again")
        return cls.of(modalities, parts)


def conditional(modality: str) -> str:
    """Name of the part with the evidence of a modality that only some queries compare with."""
    return f"{EVIDENCE}_{modality}"
