"""What an importer gives back: the dataset, and what the reader should know about how it came in."""

from __future__ import annotations

from dataclasses import dataclass

from fuserank.data.dataset import Dataset


@dataclass(frozen=True)
class ImportedDataset(Dataset):
    """A dataset just written.

    Attributes:
        warnings: what was left out or assumed, one sentence each; empty when everything came in as it stood.
    """

    warnings: tuple[str, ...] = ()

    @classmethod
    def of(cls, dataset: Dataset, warnings: list[str]) -> ImportedDataset:
        """`dataset` together with the warnings of its import."""
        return cls(dataset.root, dataset.manifest, tuple(warnings))
