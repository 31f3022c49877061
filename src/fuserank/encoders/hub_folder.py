"""A model folder in the form of the Hugging Face hub, found by path or by hub id, and who it is.

Only safetensors weights are read: a pickle (pytorch_model.bin) can run code. Nothing of the folder is executed, and nothing is
fetched unless that is allowed.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from fuserank.errors import SettingsError
from fuserank.files import sha256_file

HUB_ID = re.compile(r"(?P<id>[\w-][\w.-]*(/[\w-][\w.-]*)?)(@(?P<revision>[\w./-]+))?")
WEIGHTS, INDEX, CARD = "model.safetensors", "model.safetensors.index.json", "README.md"
SHOWN = 80  # characters of a name in an error
CARD_HEADER = 65_536  # bytes of a card in which its licence is looked for
LICENCE = re.compile(r"""^license:[ \t]*["']?(?P<name>[\w.+-]+)""", re.MULTILINE)  # a line of YAML, which is not read as a whole
JSON_NAMES: dict[type, str] = {dict: "an object", list: "a list"}
Read = TypeVar("Read", dict[str, Any], list[Any])
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt")
# What decides a vector beside the weights: architecture, words to numbers, pixels to numbers, pooling.
PREPROCESSING = (
    "config.json",
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "vocab.json", "vocab.txt", "merges.txt", "spiece.model", "sentencepiece.bpe.model", "tokenizer.model",
    "preprocessor_config.json", "processor_config.json",
    "modules.json", "sentence_bert_config.json", "config_sentence_transformers.json", "1_Pooling/config.json",
)  # fmt: skip


@dataclass(frozen=True)
class HubFolder:
    """A folder with config.json and safetensors weights.

    Attributes:
        name: what it is called in identities: the folder's own name, or the hub id with ``--`` for ``/``.
        path: the folder.
    """

    name: str
    path: Path

    @cached_property
    def model_type(self) -> str:
        """The architecture, as config.json names it; "" when it names none."""
        return str(self.read_json("config.json").get("model_type", ""))

    @cached_property
    def files(self) -> tuple[str, ...]:
        """Names of the files that decide a vector: weights and preprocessing."""
        preprocessing = [name for name in PREPROCESSING if (self.path / name).is_file()]
        return (*preprocessing, *_weight_files(self.path))

    @cached_property
    def sha256(self) -> str:
        """Hex sha256 over names and bytes of `files`."""
        digest = hashlib.sha256()
        for name in sorted(self.files):
            digest.update(f"{name}\0{sha256_file(self.path / name)}\n".encode())
        return digest.hexdigest()

    @cached_property
    def licence(self) -> str:
        """As the model's card (README.md) states it in its header; "unknown" when it does not."""
        card = self.path / CARD
        if not card.is_file():
            return "unknown"
        with card.open("rb") as file:
            header = file.read(CARD_HEADER).decode(errors="replace").replace("\r\n", "\n")
        found = LICENCE.search(header.removeprefix("---\n").partition("\n---")[0]) if header.startswith("---\n") else None
        return found["name"] if found else "unknown"

    def read_json(self, name: str, kind: type[Read] = dict) -> Read:  # type: ignore[assignment]
        """A JSON file of the folder; an empty object (or list, as `kind` is) when there is none.

        Raises:
            SettingsError: it is not JSON, or holds something else at its top.
        """
        path = self.path / name
        if not path.is_file():
            return kind()
        try:
            read = json.loads(path.read_bytes())
        except (ValueError, RecursionError) as error:
            raise SettingsError(f"{path} is not JSON: {str(error)[:80]}", todo="fetch or save the model again") from None
        if not isinstance(read, kind):
            raise SettingsError(
                f"{path}: {type(read).__name__} at its top", allowed=JSON_NAMES[kind], todo="fetch or save the model again"
            )
        return read

    def copy_to(self, folder: Path) -> None:
        """Copy what decides a vector, and the card, to a new folder."""
        for name in (*self.files, *([CARD] if (self.path / CARD).is_file() else [])):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.path / name, folder / name)


def locate(source: str, *, allow_download: bool = False) -> HubFolder:
    """The model folder that `source` names.

    Args:
        source: a folder, or a hub id (``org/name``, ``org/name@revision``). What is an existing folder is never looked up on a hub.
        allow_download: fetch what the local hub cache lacks; else the cache alone is looked at.

    Raises:
        SettingsError: nothing there, not a model folder, or weights that are not safetensors.
    """
    path, hub_id = _folder(source), HUB_ID.fullmatch(source)
    if path is not None:
        folder = HubFolder(path.resolve().name, path)
    elif hub_id and source[0] not in "./~":
        folder = HubFolder(hub_id["id"].replace("/", "--"), _snapshot(hub_id["id"], hub_id["revision"], allow_download))
    else:
        raise SettingsError(
            f"encoder {source[:SHOWN]!r}: no such folder",
            allowed="a folder that holds config.json and model.safetensors, or a hub id such as org/name",
            todo="correct the path",
        )
    if not (folder.path / "config.json").is_file():
        raise SettingsError(
            f"encoder {source[:SHOWN]!r}: {folder.path} holds no config.json",
            allowed="a folder as save_pretrained of transformers or of sentence-transformers writes it",
            todo="name the folder that config.json lies in",
        )
    _ = folder.files, folder.model_type
    return folder


def _folder(source: str) -> Path | None:
    """The folder of that name, or None."""
    try:
        path = Path(source).expanduser()
        return path if path.is_dir() else None
    except (OSError, ValueError, RuntimeError):  # longer than names may be, a NUL in it, the home of nobody
        return None


def _snapshot(hub_id: str, revision: str | None, allow_download: bool) -> Path:
    """The folder of a hub model in the local cache."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    wanted = [*PREPROCESSING, CARD, "model*.safetensors", INDEX]
    try:
        return Path(snapshot_download(hub_id, revision=revision, allow_patterns=wanted, local_files_only=not allow_download))
    except (LocalEntryNotFoundError, HfHubHTTPError, HFValidationError, OSError) as error:
        raise SettingsError(
            f"encoder {hub_id[:SHOWN]!r}: neither a folder nor in the local Hugging Face cache"
            + (f", and the hub did not give it ({type(error).__name__})" if allow_download else ""),
            allowed="a folder with config.json and model.safetensors, or a model in the cache",
            todo="check the name and the network"
            if allow_download
            else f"run `hf download {hub_id[:SHOWN]}` once, or set features.allow_download to true",
        ) from None


def _weight_files(folder: Path) -> list[str]:
    """Names of the safetensors weights: one file, or the shards that an index names."""
    if (folder / WEIGHTS).is_file():
        return [WEIGHTS]
    if (folder / INDEX).is_file():
        named = HubFolder(folder.name, folder).read_json(INDEX).get("weight_map")
        if not isinstance(named, dict) or not all(isinstance(shard, str) and 0 < len(shard) < 256 for shard in named.values()):
            raise SettingsError(f"{folder}: {INDEX} without a weight_map from weights to files", todo="fetch the model again")
        shards = sorted(set(named.values()))
        absent = [name for name in shards if "/" in name or not (folder / name).is_file()]
        if shards and not absent:
            return [INDEX, *shards]
        raise SettingsError(f"{folder}: {INDEX} names weights that are not there: {', '.join(absent[:3])}", todo="fetch it again")
    pickles = sorted(path.name for pattern in PICKLES for path in folder.glob(pattern))
    raise SettingsError(
        f"{folder}: " + (f"weights as pickle only ({', '.join(pickles[:3])})" if pickles else "no weights"),
        allowed=f"{WEIGHTS}; a pickle can run code and is never read",
        todo="choose a revision with safetensors, or load the model where you trust it and write it with save_pretrained"
        if pickles
        else "fetch or save the model again",
    )
