"""A sentence encoder of your own: a transformer whose token vectors are pooled as its sentence-transformers folder says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from fuserank.devices import Device
from fuserank.encoders.base import EncoderInfo, unit_rows
from fuserank.encoders.hub_folder import HubFolder
from fuserank.encoders.hub_loading import explained, refuse_other_architecture
from fuserank.encoders.hub_network import HubNetwork, HubTokenizer
from fuserank.errors import SettingsError
from fuserank.plugins import PluginTable

ARCHITECTURES = (
    "albert", "bert", "camembert", "deberta-v2", "distilbert", "electra", "ernie", "eurobert", "modernbert", "mpnet", "nomic_bert",
    "roberta", "xlm-roberta", "gemma3_text", "mistral", "qwen2", "qwen3",
)  # fmt: skip
# Modules of a sentence-transformers folder that change nothing but what stands here anyway.
MODULES = ("Transformer", "Pooling", "Normalize")


def _mean(tokens: np.ndarray, mask: np.ndarray) -> np.ndarray:
    weights = mask[:, :, None].astype(np.float32)
    return (tokens * weights).sum(1) / weights.sum(1).clip(min=1)


def _first(tokens: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return tokens[np.arange(len(mask)), mask.argmax(1)]


def _last(tokens: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return tokens[np.arange(len(mask)), mask.shape[1] - 1 - mask[:, ::-1].argmax(1)]


def _max(tokens: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return np.where(mask[:, :, None] > 0, tokens, -np.inf).max(1)


# Token vectors float32 (n, t, d) and mask (n, t) -> (n, d); names as sentence-transformers gives them.
POOLINGS: PluginTable[Callable[[np.ndarray, np.ndarray], np.ndarray]] = PluginTable(
    "pooling",
    {
        "mean": _mean,
        "cls": _first,
        "lasttoken": _last,
        "max": _max,
    },
)
# As older folders flag them.
FLAGS = {
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "cls",
    "pooling_mode_lasttoken": "lasttoken",
    "pooling_mode_max_tokens": "max",
}


class Prompts(NamedTuple):
    """What the model was trained to see before a text of either kind; "" for nothing."""

    query: str = ""
    product: str = ""


class HubText:
    """Vectors of texts, rows of length 1.

    Attributes:
        prompts: to be put before texts by whoever knows which kind they are.

    Args:
        folder: of the model; checked at once, loaded on first use.
        device: a torch device, or ``auto``: a GPU when there is one.

    Raises:
        SettingsError: not a text encoder, or one with modules or a pooling that are not known here.
    """

    def __init__(self, folder: HubFolder, device: Device = "cpu") -> None:
        refuse_other_architecture(folder, "text", ARCHITECTURES)
        with explained(folder):
            _refuse_other_modules(folder)
            self.folder, self._pool, self.prompts = folder, POOLINGS[_pooling(folder)], _prompts(folder)
        self._network = HubNetwork(folder, device, unused=("pooler.",))
        self._tokenize = HubTokenizer(self._network, self._longest)

    @cached_property
    def info(self) -> EncoderInfo:
        """Identity; reads the weights' bytes once."""
        return self._network.info(lambda config: config.hidden_size)

    def prepare(self, value: str) -> str:
        """The text as it is: cleaned before its prompt was put before it, whose line breaks belong to it."""
        return value

    def encode(self, prepared: Sequence[str]) -> np.ndarray:
        """Vectors of texts: float32 (n, dim)."""
        if not prepared:
            return np.zeros((0, self.info.dim), np.float32)
        inputs = self._tokenize(prepared)
        network = self._network.network
        tokens = self._network.run(inputs, lambda **given: network(**given).last_hidden_state)
        return unit_rows(self._pool(tokens, inputs.get("attention_mask", np.ones(tokens.shape[:2], np.int64))))

    def _longest(self, config: Any) -> int:
        """Tokens read at most: what the folder was trained with, else the positions that the network has."""
        said = self.folder.read_json("sentence_bert_config.json").get("max_seq_length")
        # RoBERTa and its kin count positions from the padding id on.
        offset = (config.pad_token_id or 0) + 1 if config.model_type in {"roberta", "xlm-roberta", "camembert", "mpnet"} else 0
        return int(said or config.max_position_embeddings - offset)


def _refuse_other_modules(folder: HubFolder) -> None:
    others = [m["type"] for m in folder.read_json("modules.json", list) if m["type"].rpartition(".")[2] not in MODULES]
    if others:
        raise SettingsError(
            f"encoder {folder.path}: module {others[0]} of its modules.json",
            allowed=", ".join(MODULES),
            todo="choose a model without further layers, for example one of the same family with mean pooling",
        )


def _pooling(folder: HubFolder) -> str:
    """The pooling that 1_Pooling/config.json names (newer files) or flags (older ones); the mean where there is no such file."""
    config = folder.read_json("1_Pooling/config.json")
    if config.get("include_prompt") is False:
        raise SettingsError(
            f"encoder {folder.path}: a pooling that skips its prompt",
            allowed="one over all tokens",
            todo="choose another model",
        )
    flagged = [FLAGS.get(key, key) for key, on in config.items() if key.startswith("pooling_mode_") and on is True]
    named = config.get("pooling_mode", flagged or "mean")
    names = [named] if isinstance(named, str) else named
    if len(names) != 1 or not isinstance(names[0], str):
        raise SettingsError(
            f"encoder {folder.path}: poolings {str(names)[:80]} together",
            allowed="one pooling",
            todo="choose another model",
        )
    return str(names[0])


def _prompts(folder: HubFolder) -> Prompts:
    """As sentence-transformers would choose them for a query and for a document."""
    config = folder.read_json("config_sentence_transformers.json")
    named: dict[str, str] = config.get("prompts") or {}
    if not isinstance(named, dict) or not all(isinstance(prompt, str) for prompt in named.values()):
        raise TypeError("prompts that are no texts by name in config_sentence_transformers.json")
    otherwise = named.get(config.get("default_prompt_name") or "", "")
    document = next((named[name] for name in ("document", "passage", "corpus") if name in named), otherwise)
    return Prompts(named.get("query", otherwise), document)
