"""A catalogue: products as vectors with a present mask, and the indexes of words and of behaviour over them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from fuserank.engines import LOCAL, Engine
from fuserank.errors import ModelFolderError, RequestError
from fuserank.features.extraction import Encode, ExtractionReport, Progress, ReadBytes, encode
from fuserank.features.histories import shopping_log
from fuserank.features.product_vectors import product_vectors
from fuserank.features.screens import Screens
from fuserank.features.segments import Growth
from fuserank.features.stacked_rows import Rows, joined
from fuserank.features.store import FeatureStore
from fuserank.features.vocabulary import spoken_words
from fuserank.files import new_folder
from fuserank.modalities.base import Modality
from fuserank.modalities.behaviour import Behaviour, BehaviourIndex
from fuserank.modalities.behaviour_growth import GrownBehaviour
from fuserank.modalities.lexical import LexicalIndex
from fuserank.modalities.lexical_growth import GrownLexical
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
        growth: of a catalogue that came out of `fuserank.features.growth`: where its rows come from, and which of them live.
        screens: for fast cosines; shared by a catalogue and what grows from it.

    Arrays and ids are aligned row by row, dead rows included, and N counts these too. By id only living rows are found.
    """

    product_ids: Sequence[str]
    modalities: tuple[str, ...]
    vectors: Mapping[str, Rows]
    present: Rows
    lexical: LexicalIndex | None = None
    words: tuple[str, ...] = ()
    behaviour: BehaviourIndex | None = None
    growth: Growth | None = None
    screens: Screens = field(default_factory=Screens, compare=False, repr=False)

    def __len__(self) -> int:
        return len(self.product_ids)

    @cached_property
    def row_of(self) -> Mapping[str, int]:
        """Row of each living product by id."""
        if self.growth is not None:
            return self.growth.row_of()
        return {product_id: row for row, product_id in enumerate(self.product_ids)}

    @property
    def alive(self) -> np.ndarray | None:
        """Which rows live: bool (N,); None: all. A row is dead when its product was removed or has a newer row."""
        return None if self.growth is None else self.growth.alive

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
                allowed=f"one of its {len(self.row_of)} product ids",
                todo="leave them out, or build the catalogue with them",
            )
        return np.array([self.row_of[product_id] for product_id in product_ids], np.int64)

    def has(self, modality: str, rows: np.ndarray | None = None) -> np.ndarray:
        """Which products have this modality: bool (N,), or (n,) of the n `rows` alone."""
        column = self.modalities.index(modality)
        return np.asarray(self.present[:, column] if rows is None else self.present[rows, column])

    def compacted(self) -> Catalogue:
        """The living products as a catalogue that did not grow, in memory; their scores stay what they are, to rounding."""
        if self.growth is None:
            return self
        rows = np.flatnonzero(self.growth.alive)
        return Catalogue(
            [self.product_ids[row] for row in rows.tolist()],
            self.modalities,
            joined([self.vectors], lambda arrays: arrays[0][rows]),
            self.present[rows],
            self.lexical.taken(rows) if isinstance(self.lexical, GrownLexical) else None,
            self.words,
            self.behaviour.taken(rows) if isinstance(self.behaviour, GrownBehaviour) else None,
        )

    def save(self, folder: Path) -> None:
        """Write the catalogue to a folder of .npy and .json files, atomically; an array of two modalities is written once.

        Of a catalogue that grew, `compacted` is written: what is loaded again has living rows only.
        """
        if self.growth is not None:
            self.compacted().save(folder)
            return
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
                "product_ids": list(self.product_ids),
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
        except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
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
    encode: Encode = encode,
    masked: Collection[str] = frozenset(),
    interactions: Iterable[Interaction] = (),
    moments: Sequence[int] = (),
    engine: Engine = LOCAL,
    progress: Progress | None = None,
) -> tuple[Catalogue, list[ExtractionReport]]:
    """Products as features; what the store lacks is encoded now.

    Args:
        masked: media hashes in quarantine, treated as absent.
        store: None: encode everything and keep nothing.
        interactions: the log, read when "behaviour" is among the modalities.
        moments: when the queries are asked that know the time (milliseconds since 1970); see `BehaviourIndex.build`.
        engine: where words are counted.

    Returns:
        the catalogue, and one report for each encoder.
    """
    names = tuple(modality.name for modality in modalities)
    vectors, present, reports = product_vectors(
        products, modalities, store, read_bytes, encode=encode, masked=masked, progress=progress
    )
    lexical = LexicalIndex.build(products, engine) if "lexical" in names else None
    ids = [product.product_id for product in products]
    catalogue = Catalogue(ids, names, vectors, present, lexical, spoken_words(products))
    if Behaviour.name in names and len(log := shopping_log(interactions, catalogue.row_of)):
        # All products have it: a mask by who was ever taken would tell a query of the past what is taken later.
        present[:, names.index(Behaviour.name)] = True
        catalogue = replace(catalogue, behaviour=BehaviourIndex.build(log, moments))
    return catalogue, reports
