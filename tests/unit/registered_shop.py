"""A home with registered models of a shop, and what was built, measured and decided of them; nothing is trained."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from test_model_folder import make

from fuserank.data.dataset import Manifest, write_dataset
from fuserank.files import write_file
from fuserank.gate import Evidence, Without
from fuserank.model_folder import DataIdentity, save_model
from fuserank.model_registry import Registry
from fuserank.pipeline.registered import evidence_file, registry_of
from fuserank.types import Product

DATA = "ab" * 32  # version of the data that models were trained on


@dataclass
class RegisteredShop:
    """The shop `shop`; what it registers gets older names than what it registers later."""

    root: Path
    home: Path
    data: Path
    versions: list[str] = field(default_factory=list)
    age: int = 0

    @property
    def registry(self) -> Registry:
        return registry_of(self.home, "shop")

    def register(self, fusion="sum", dataset="shop", **changes) -> str:
        """A model whose meta differs in `changes` from one of `make`; every call makes another."""
        ranker, meta = make(fusion)
        data = DataIdentity(name=dataset, version=DATA, dvc_hash="d" * 32, sources=("synthetic",))
        save_model(self.root / "model", ranker, meta.model_copy(update={"data": data, "git_commit": "c0ffee"} | changes))
        version = registry_of(self.home, dataset).register(self.root / "model")
        if dataset == "shop":
            self.versions.append(version)
        return version

    def package(self, version: str, fingerprint="11112222", tag: str | None = None) -> str:
        """A package folder as far as its name goes, and perhaps the note of its Bento."""
        name, self.age = f"{version}-{fingerprint}", self.age + 1
        folder = self.home / "packages" / name
        folder.mkdir(parents=True)
        (folder / "files.json").write_text("{}")
        os.utime(folder, (self.age, self.age))
        if tag is not None:
            folder.with_suffix(".c0de.bento").write_text(tag)
        return name

    def measure(self, version: str, ndcg: dict[str, float], data: str = DATA, **changes) -> Path:
        """Evidence of the gate on a model."""
        said = {"slices": {}, "latency_ms_per_1000": 2.5, "missing": {"text": Without(ndcg=0.25, rest=0.2)}} | changes
        file = evidence_file(self.home, "shop", version, data)
        write_file(file, Evidence(ranker="sum", per_query=ndcg, **said).model_dump_json())
        return file


def registered_shop(root: Path) -> RegisteredShop:
    """An empty home beside a dataset."""
    write_dataset(root / "data", Manifest(name="shop"), products=[Product("p", "mug")])
    return RegisteredShop(root, root / "home", root / "data")
