"""A model exported once to ONNX into a cache folder, then run by ONNX Runtime: faster than eager torch, and quick to load."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from fuserank.encoders.base import EncoderInfo
from fuserank.errors import ModelFolderError
from fuserank.files import new_folder
from fuserank.sealed import seal, verify

if TYPE_CHECKING:
    import onnxruntime
    import torch

MODEL = "model.onnx"
BLOCK, PRODUCTS_OF_BYTES = 32, 4  # as ONNX Runtime's MatMulNBits names it


def default_cache() -> Path:
    """The user's own cache folder for exported models."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("fuserank")) / "onnx"


def exported(info: EncoderInfo, cache: Path, export: Callable[[Path], None], form: str = "") -> Path:
    """The folder that holds an encoder's MODEL, exported when it is missing or damaged.

    Args:
        info: names the folder; another version or other weights give another one.
        cache: folder of exported models, made when missing. Two processes may ask at once.
        export: writes MODEL, and what else the encoder reads, into the folder it is given; loads the weights, so it is called
            only when needed.
        form: of the numbers, where an encoder has more than one.
    """
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / "-".join(filter(None, (info.key, info.sha256[:12], form)))
    with FileLock(cache / f".{folder.name}.lock"):
        if not _intact(folder):
            with new_folder(folder) as work:
                export(work)
                seal(work)
    return folder


def export_of_pixels(network: torch.nn.Module, forward: Callable[[Any, torch.Tensor], torch.Tensor], size: int, path: Path) -> None:
    """Write `forward(network, pixels)` as ONNX: pixels float32 (n, 3, size, size), n may differ from call to call."""
    import torch

    class Exported(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            return forward(self.network, pixels)

    with quiet_export():
        torch.onnx.export(
            Exported().eval(),
            (torch.zeros(2, 3, size, size),),
            str(path),
            input_names=["pixels"],
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            dynamo=True,
            external_data=False,
            verbose=False,
        )


@contextmanager
def quiet_export() -> Iterator[None]:
    """Silence what torch's exporter says of itself (deprecations inside torch, absent torchvision); errors still come through."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def round_weights(model: Path, rounded: Path) -> None:
    """Write a model with the weights of its matrix products in 8 bits, a scale for each block of BLOCK of them.

    A single query is so little work that reading the weights is most of it: a quarter of the bytes takes half the time. Activations
    are rounded as they come; processors without instructions for products of bytes are slower than in float32.
    """
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    import onnx
    from onnxruntime.quantization import matmul_nbits_quantizer as quantizer

    root.handlers[:] = handlers  # the module sets up logging for everybody when it is imported
    root.setLevel(level)
    logging.getLogger(quantizer.__name__).setLevel(logging.WARNING)
    how = {"block_size": BLOCK, "is_symmetric": True, "accuracy_level": PRODUCTS_OF_BYTES, "bits": 8}
    work = quantizer.MatMulNBitsQuantizer(onnx.load(model), **how, algo_config=quantizer.DefaultWeightOnlyQuantConfig(**how))
    work.process()
    work.model.save_model_to_file(str(rounded), False)


def session(model: Path, threads: int) -> onnxruntime.InferenceSession:
    """An ONNX Runtime session of a file, on the CPU with `threads` threads."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.enable_cpu_mem_arena = False  # an arena never gives back what the longest text took, and is not measurably faster
    # Spinning threads would take the cores from those that decode beside the encoder.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def _intact(folder: Path) -> bool:
    try:
        verify(folder, [MODEL])
    except ModelFolderError:
        return False
    return True
