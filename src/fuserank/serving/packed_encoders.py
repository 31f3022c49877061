"""Encoders of your own inside a package folder, so that it serves where they were never installed.

encoders/<name@version>/  weights and preprocessing, as the encoder's folder held them
encoders.json             setting -> name@version; absent when all encoders ship
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from fuserank.encoders.hub_folder import HubFolder
from fuserank.modalities.base import Modality
from fuserank.modalities.own import folders_of

FOLDER, INDEX = "encoders", "encoders.json"


def pack_encoders(package: Path, modalities: Sequence[Modality]) -> None:
    """Copy the encoders of your own that `modalities` read into a package folder that is being made."""
    keys = {}
    for setting, folder in folders_of(modalities).items():
        keys[setting] = f"{folder.name}@{folder.sha256[:12]}"
        if not (package / FOLDER / keys[setting]).exists():  # two settings may name the same model
            folder.copy_to(package / FOLDER / keys[setting])
    if keys:
        (package / INDEX).write_text(json.dumps(keys, indent=1) + "\n")


def packed_encoders(package: Path) -> dict[str, HubFolder]:
    """Encoders of a package folder by setting, under the names they had; {} when all ship. The seal was checked before."""
    index = package / INDEX
    keys = json.loads(index.read_bytes()) if index.is_file() else {}
    return {setting: HubFolder(key.rpartition("@")[0], package / FOLDER / key) for setting, key in keys.items()}
