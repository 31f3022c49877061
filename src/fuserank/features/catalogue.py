"""A catalogue: products as vectors with a present mask, and the indexes of words and of behaviour over them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from fuserank.errors import ModelFolderError, RequestError
from fuserank.features.extraction import ExtractionReport, Progress, ReadBytes
from fuserank.features.histories import shopping_log
from fuserank.features.store import FeatureStore
from fuserank.features.vectors import content_vectors
from fuserank.features.vocabulary import spoken_words
from fuserank.files import new_folder
from fuserank.modalities.base import Content, Modality
from fuserank.modalities.behaviour import Behaviour, BehaviourIndex
from fuserank.modalities.lexical import LexicalIndex
from fuserank.types import Interaction, Product


@dataclass(frozen=True)
class Catalogue:
    """N products as features.

    Attributes:
        product_ids: N ids, row by row.
        modalities: names of the M modalities.
        vectors: modality -> float16 (N, d); only modalities with an encoder. Zero where not present.
        present: bool (N, M), columns as in `modalities`.
        lexical: the word index, when "lexical" is among the modalities.
        words: what the catalogue is about, for voice queries.
        behaviour: the log of what shoppers took, counted, when "behaviour" is among the modalities and there is a log.
    """

    product_ids: list[str]
    modalities: tuple[str, ...]
    vectors: dict[str, np.ndarray]
    present: np.ndarray
    lexical: LexicalIndex | None = None
    words: tuple[str, ...] = ()
    behaviour: BehaviourIndex | None = None

    def __len__(self) -> int:
        return len(self.product_ids)

    @cached_property
    def row_of(self) -> dict[str, int]:
        """Row by product id."""
        return {product_id: row for row, product_id in enumerate(self.product_ids)}

    def __contains__(self, product_id: str) -> bool:
        return product_id in self.row_of

    def rows(self, product_ids: Sequence[str]) -> np.ndarray:
        """Rows of products: int64 (n,).

        Raises:
            RequestError: an id that the catalogue does not hold.
        """
        unknown = [product_id for product_id in product_ids if product_id not in self.row_of]
        if unknown:
            raise RequestError(
                f"{len(unknown)} products are not in the catalogue: {', '.join(map(repr, unknown[:5]))}",
                allowed=f"one of its {len(self)} product ids",
                todo="leave them out, or build the catalogue with them",
            )
        return np.array([self.row_of[product_id] for product_id in product_ids], np.int64)

    def has(self, modality: str) -> np.ndarray:
        """Which products have this modality: bool (N,)."""
        return self.present[:, self.modalities.index(modality)]

    def save(self, folder: Path) -> None:
        """Write the catalogue to a folder of .npy and .json files, atomically; an array of two modalities is written once."""
        with new_folder(folder) as work:
            files: dict[int, str] = {}
            for modality, array in self.vectors.items():
                if id(array) not in files:
                    files[id(array)] = f"{modality}.npy"
                    np.save(work / f"{modality}.npy", array, allow_pickle=False)
            np.save(work / "present.npy", self.present, allow_pickle=False)
            if self.lexical is not None:
                self.lexical.save(work / "lexical")
            if self.behaviour is not None:
                self.behaviour.save(work / "behaviour")
            header = {
                "product_ids": self.product_ids,
                "modalities": self.modalities,
                "lexical": self.lexical is not None,
                "behaviour": self.behaviour is not None,
                "words": self.words,
                "vectors": {modality: files[id(array)] for modality, array in self.vectors.items()},
            }
            (work / "catalogue.json").write_text(json.dumps(header, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Catalogue:
        """Read what `save` wrote; vectors are memory-mapped.

        Raises:
            ModelFolderError: a file is missing, or shapes do not agree.
        """
        try:
            header = json.loads((folder / "catalogue.json").read_text())
            # Copy-on-write: pages are shared and read on demand as with "r", but torch wants memory that it may write.
            arrays = {name: np.load(folder / name, mmap_mode="c", allow_pickle=False) for name in set(header["vectors"].values())}
            catalogue = cls(
                header["product_ids"],
                tuple(header["modalities"]),
                {m: arrays[name] for m, name in header["vectors"].items()},
                np.load(folder / "present.npy", allow_pickle=False),
                LexicalIndex.load(folder / "lexical") if header["lexical"] else None,
                tuple(header["words"]),
                BehaviourIndex.load(folder / "behaviour") if header["behaviour"] else None,
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelFolderError(f"catalogue {folder} cannot be read: {error}", todo="build the catalogue again") from None
        n = len(catalogue)
        if catalogue.present.shape != (n, len(catalogue.modalities)) or any(len(v) != n for v in catalogue.vectors.values()):
            raise ModelFolderError(f"catalogue {folder}: arrays do not have {n} rows", todo="build the catalogue again")
        return catalogue


def build_catalogue(
    products: Sequence[Product],
    modalities: Sequence[Modality],
    store: FeatureStore | None,
    read_bytes: ReadBytes,
    *,
    batch_size: int = 32,
    workers: int = 2,
    masked: Collection[str] = frozenset(),
    interactions: Iterable[Interaction] = (),
    moments: Sequence[int] = (),
    progress: Progress | None = None,
) -> tuple[Catalogue, list[ExtractionReport]]:
    """Products as features; what the store lacks is encoded now.

    Args:
        masked: media hashes in quarantine, treated as absent.
        store: None: encode everything and keep nothing.
        interactions: the log, read when "behaviour" is among the modalities.
        moments: when the queries are asked that know the time (milliseconds since 1970); see `BehaviourIndex.build`.

    Returns:
        the catalogue, and one report for each encoder.
    """
    names = tuple(modality.name for modality in modalities)
    present = np.zeros((len(products), len(names)), bool)
    vectors: dict[str, np.ndarray] = {}
    done: dict[tuple[str | None, ...], tuple[np.ndarray, np.ndarray]] = {}
    reports = []
    for column, modality in enumerate(modalities):
        contents = [unmasked(modality.product_content(product), masked) for product in products]
        if modality.encoder is None:
            present[:, column] = [content is not None for content in contents]
            continue
        key = modality.encoder.info.key, *(None if content is None else content.key for content in contents)
        if key not in done:  # text and history read the same content with the same encoder
            found, here, report = content_vectors(
                contents, modality.encoder, store, read_bytes, batch_size=batch_size, workers=workers, progress=progress
            )
            done[key] = found, here
            reports.append(report)
        vectors[modality.name], present[:, column] = done[key]
    lexical = LexicalIndex.build(products) if "lexical" in names else None
    ids = [product.product_id for product in products]
    catalogue = Catalogue(ids, names, vectors, present, lexical, spoken_words(products))
    if Behaviour.name in names and len(log := shopping_log(interactions, catalogue.row_of)):
        # All products have it: a mask by who was ever taken would tell a query of the past what is taken later.
        present[:, names.index(Behaviour.name)] = True
        catalogue = replace(catalogue, behaviour=BehaviourIndex.build(log, moments))
    return catalogue, reports


def unmasked(content: Content | None, masked: Collection[str]) -> Content | None:
    """None for media in quarantine, else the content."""
    return None if content is not None and content.is_media and content.value in masked else content
