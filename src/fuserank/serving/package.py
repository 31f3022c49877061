"""The package folder: a model and the catalogue it ranks, ready to serve.

model/           a model folder
catalogue/       product vectors, present mask and word index (`fuserank.features.Catalogue`)
stored/          what the model computes of a product alone, computed once (`fuserank.stored_products`)
products.parquet what an answer shows of a product
pictures/        small pictures (`fuserank.serving.pictures`)
histories.json   user_id -> what the shopper took: [milliseconds since 1970, product id], newest last
encoders/        encoders of your own, if any (`fuserank.serving.packed_encoders`)
files.json       the seal
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from fuserank.devices import Device, device_of
from fuserank.errors import InputError, ModelFolderError
from fuserank.features import Catalogue, build_query_features
from fuserank.features.extraction import ReadBytes
from fuserank.features.histories import History
from fuserank.files import new_folder, sha256_file
from fuserank.modalities.base import Modality
from fuserank.model_folder import ModelMeta, check_encoders, load_model
from fuserank.ranker import Ranker
from fuserank.sealed import SEAL, seal, verify
from fuserank.serving.packed_encoders import pack_encoders
from fuserank.serving.pictures import Pictures, save_pictures
from fuserank.serving.stock import SHOWN, Stock
from fuserank.settings import MediaSettings
from fuserank.slates import Features, store_catalogue
from fuserank.stored_products import StoredProducts
from fuserank.types import SCHEMAS, Product

NEEDED = (
    "products.parquet",
    "histories.json",
    "catalogue/catalogue.json",
    "pictures/data.bin",
    "pictures/offsets.npy",
    f"model/{SEAL}",
)


@dataclass(frozen=True)
class Package:
    """An opened package folder.

    Attributes:
        folder: where it lies.
        ranker: in evaluation mode.
        meta: of the model.
        version: name of the ranker and first 12 hex digits of its folder's seal, as at the end of its registry version.
        stock: the products it ranks, memory-mapped.
        histories: user_id -> (milliseconds since 1970, product id) of what the shopper took, newest last.
    """

    folder: Path
    ranker: Ranker
    meta: ModelMeta
    version: str
    stock: Stock
    histories: dict[str, list[tuple[int, str]]]


def build_package(
    out: Path,
    *,
    model_folder: Path,
    products: Sequence[Product],
    catalogue: Catalogue,
    histories: Mapping[str, History],
    modalities: Sequence[Modality],
    read_bytes: ReadBytes,
    media: MediaSettings | None = None,
) -> Path:
    """Write a package folder atomically.

    Args:
        out: the folder to make or replace.
        model_folder: as `save_model` wrote it.
        products: those of the catalogue, in its order.
        catalogue: built with `modalities`.
        histories: of shoppers whose queries are to be personal.
        modalities: the model's, in its order.
        read_bytes: of pictures, by hash.
        media: caps for pictures.

    Returns:
        `out`.

    Raises:
        InputError: products and catalogue differ.
        ModelFolderError: the model folder is damaged, or its modalities are not those of the catalogue.
        StaleFeatureError: an encoder is not the one that the model was trained with.
    """
    ranker, meta = load_model(model_folder)
    check_encoders(meta, modalities)
    _refuse_other_modalities(ranker, catalogue, out)
    if [p.product_id for p in products] != catalogue.product_ids:
        raise InputError(
            f"{len(products)} products and a catalogue of {len(catalogue)}: their ids differ",
            allowed="the products that the catalogue was built from, in its order",
            todo="build the catalogue again",
        )
    no_media: dict[str, bytes] = {}
    nobody, _ = build_query_features([], modalities, catalogue, None, no_media.__getitem__)
    stored = store_catalogue(ranker, Features(modalities, catalogue, nobody))
    rows = [{name: value for name, value in asdict(p).items() if name in SHOWN} for p in products]
    with new_folder(out) as work:
        shutil.copytree(model_folder, work / "model")
        catalogue.save(work / "catalogue")
        stored.save(work / "stored")
        schema = pa.schema([SCHEMAS["products"].field(name) for name in SHOWN])
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), work / "products.parquet", compression="zstd")
        save_pictures(work / "pictures", [p.image for p in products], read_bytes, media or MediaSettings())
        (work / "histories.json").write_text(json.dumps({user: list(ids) for user, ids in histories.items()}))
        pack_encoders(work, modalities)
        seal(work)
    return out


def open_package(folder: Path, device: Device = "cpu") -> Package:
    """Open a package folder after checking every byte of it.

    Args:
        device: where the ranker and what it stores of products are kept; on a processor the latter stay memory-mapped.

    Raises:
        ModelFolderError: missing, half-written, altered, or parts that do not belong together.
    """
    verify(folder, NEEDED)
    ranker, meta = load_model(folder / "model")
    catalogue = Catalogue.load(folder / "catalogue")
    _refuse_other_modalities(ranker, catalogue, folder)
    stored = StoredProducts.load(
        folder / "stored", [spec.name for spec in ranker.spec.modalities], ranker.stored_shapes(len(catalogue))
    )
    products = pq.ParquetFile(folder / "products.parquet").read()  # `read_table` would load pandas, and do the same
    pictures = Pictures.load(folder / "pictures")
    if {len(products), len(pictures)} != {len(catalogue)}:
        raise ModelFolderError(
            f"{folder}: {len(products)} shown products and {len(pictures)} pictures",
            allowed=f"the catalogue's {len(catalogue)} of both",
            todo="build the package again",
        )
    version = f"{meta.name}@{sha256_file(folder / 'model' / SEAL)[:12]}"
    raw = json.loads((folder / "histories.json").read_bytes())
    histories = {user: [(moment, product) for moment, product in events] for user, events in raw.items()}
    place = device_of(device)
    return Package(folder, ranker.to(place), meta, version, Stock(catalogue, stored.to(place), products, pictures), histories)


def _refuse_other_modalities(ranker: Ranker, catalogue: Catalogue, folder: Path) -> None:
    """Every mask and vector of the catalogue must mean to the model what it meant in training."""
    wanted = {spec.name: spec.product_dim for spec in ranker.spec.modalities}
    found = {name: catalogue.vectors[name].shape[1] if name in catalogue.vectors else 0 for name in catalogue.modalities}
    # Dimension 0 is a modality that no product had in training: the model does not read its vectors.
    if list(wanted) != list(found) or any(dim not in (0, found[name]) for name, dim in wanted.items()):
        raise ModelFolderError(
            f"{folder}: catalogue with modalities {found}", allowed=f"the model's: {wanted}", todo="build the catalogue again"
        )
