"""Networks, tokenizers and picture processors out of a hub folder, loaded on first use and run without gradients in float32."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from fuserank.devices import Device, device_of
from fuserank.encoders.base import EncoderInfo
from fuserank.encoders.hub_folder import HubFolder
from fuserank.encoders.hub_loading import explained, quiet, refuse_without
from fuserank.encoders.picture_decoding import decode_picture
from fuserank.errors import SettingsError

if TYPE_CHECKING:
    import torch

REVISION = 1  # of the code that makes vectors of these models; counts up when it gives other numbers
# One of each must be there: without vocabulary transformers would make an empty tokenizer and say nothing.
VOCABULARIES = ("tokenizer.json", "vocab.txt", "vocab.json", "spiece.model", "sentencepiece.bpe.model", "tokenizer.model")
PROCESSORS = ("preprocessor_config.json", "processor_config.json")
WIDEST, SIDE = 65_536, 2048  # numbers of a vector; pixels of a picture as a network sees it
LONGEST = 512  # tokens of a text, when neither tokenizer nor network says less


@dataclass(frozen=True)
class HubNetwork:
    """One network of a hub folder. Making it reads nothing; the first use loads the weights.

    Attributes:
        folder: where it lies.
        device: a torch device, or ``auto``: a GPU when there is one.
        unused: beginnings of the names of weights that may be missing, because their output is not read.
    """

    folder: HubFolder
    device: Device = "cpu"
    unused: tuple[str, ...] = ()

    @cached_property
    def config(self) -> Any:
        """The configuration, defaults filled in."""
        import transformers

        with explained(self.folder), quiet():
            return transformers.AutoConfig.from_pretrained(self.folder.path, local_files_only=True, trust_remote_code=False)

    @cached_property
    def network(self) -> Any:
        """The network in evaluation mode.

        Raises:
            SettingsError: the weights do not fit the architecture, or some that are needed are missing.
        """
        import torch
        import transformers

        with explained(self.folder), quiet():
            network, report = transformers.AutoModel.from_pretrained(
                self.folder.path,
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                output_loading_info=True,
                dtype=torch.float32,
            )
        missing = sorted(name for name in report["missing_keys"] if not name.startswith(self.unused))
        if missing:  # transformers would fill them with random numbers
            raise SettingsError(
                f"encoder {self.folder.path}: {len(missing)} weights are missing, e.g. {missing[0]}",
                allowed=f"all weights of a {self.folder.model_type} network",
                todo="name the folder of the whole model, not of a head or an adapter",
            )
        return network.eval().to(self._where)

    @cached_property
    def _where(self) -> torch.device:
        return device_of(self.device)

    def info(self, dim: Callable[[Any], int]) -> EncoderInfo:
        """Identity: weights, preprocessing and our own code.

        Args:
            dim: reads the length of vectors off the configuration.
        """
        digest = self.folder.sha256
        with explained(self.folder):
            width = int(dim(self.config))
            if not 0 < width <= WIDEST:
                raise ValueError(f"vectors of {width} numbers; 1 to {WIDEST} are allowed")
        return EncoderInfo(self.folder.name, f"{digest[:12]}+{REVISION}", width, self.folder.licence, digest)

    def run(self, inputs: Mapping[str, np.ndarray], method: Callable[..., Any]) -> np.ndarray:
        """`method` of the network on a batch, as float32 on the CPU.

        Raises:
            SettingsError: the network cannot take it, or gives numbers that are not finite.
        """
        import torch

        with explained(self.folder), torch.inference_mode():
            given = {name: torch.from_numpy(value).to(self._where) for name, value in inputs.items()}
            result: np.ndarray = method(**given).float().cpu().numpy()
            if not np.isfinite(result).all():
                raise ValueError("its vectors are not finite: are its weights?")
        return result


class HubTokenizer:
    """Texts to token ids.

    Args:
        network: whose folder holds the tokenizer.
        longest: tokens that the network can read.
        fill: pad every text to `longest`, for networks trained so (SigLIP); else to the longest of the batch.

    Raises:
        SettingsError: the folder holds no vocabulary.
    """

    def __init__(self, network: HubNetwork, longest: Callable[[Any], int], *, fill: bool = False) -> None:
        refuse_without(network.folder, VOCABULARIES)
        self._network, self._longest, self._fill = network, longest, fill
        self._lock = Lock()  # a fast tokenizer keeps the padding of its call in itself

    def __call__(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """What the network takes: int64 arrays (n, t) by name; texts that are too long are cut."""
        tokenizer, config = self._tokenizer, self._network.config
        padding = "max_length" if self._fill else True
        with self._lock, explained(self._network.folder):
            limit = min(self._longest(config), tokenizer.model_max_length, LONGEST)
            if limit < 1:
                raise ValueError(f"texts of at most {limit} tokens")
            tokens = tokenizer(list(texts), padding=padding, truncation=True, max_length=limit, return_tensors="np")
            return {name: np.asarray(value, np.int64) for name, value in tokens.items()}

    @cached_property
    def _tokenizer(self) -> Any:
        import transformers

        folder = self._network.folder
        with explained(folder), quiet():
            return transformers.AutoTokenizer.from_pretrained(folder.path, local_files_only=True, trust_remote_code=False)


class HubPictures:
    """Encoded pictures to what a network sees, by the model's own processor.

    A picture is padded to a square first, so that a processor that crops the middle cuts no product off.

    Args:
        folder: holds the processor.
        max_bytes: cap on encoded pictures.
        max_pixels: cap on width times height.

    Raises:
        SettingsError: the folder says nothing of how pictures are prepared.
    """

    def __init__(self, folder: HubFolder, max_bytes: int, max_pixels: int) -> None:
        refuse_without(folder, PROCESSORS)
        self._folder, self._max_bytes, self._max_pixels = folder, max_bytes, max_pixels

    def __call__(self, data: bytes) -> np.ndarray:
        """Pixels float32 (3, h, w) of one picture.

        Raises:
            MediaError: see `decode_picture`.
        """
        processor = self._processor
        with explained(self._folder):
            size = max(int(value) for value in dict(processor.size).values() if value)
            if not 0 < size <= SIDE:
                raise ValueError(f"pictures of {size} pixels a side; at most {SIDE} are allowed")
            pixels = decode_picture(data, size, max_bytes=self._max_bytes, max_pixels=self._max_pixels)
            made: np.ndarray = processor(images=[pixels], return_tensors="np", input_data_format="channels_last")["pixel_values"][0]
            if max(made.shape) > SIDE or not np.isfinite(made).all():
                raise ValueError(f"its processor gives {made.shape}, or numbers that are not finite")
            return made.astype(np.float32)

    @cached_property
    def _processor(self) -> Any:
        import transformers

        with explained(self._folder), quiet():
            return transformers.AutoImageProcessor.from_pretrained(
                self._folder.path, local_files_only=True, trust_remote_code=False, backend="pil"
            )
