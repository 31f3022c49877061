"""From a package folder to a service that has answered once."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from fuserank.devices import Device
from fuserank.modalities import make_modalities
from fuserank.model_folder import check_encoders
from fuserank.serving.merchandising import Merchandising
from fuserank.serving.package import open_package
from fuserank.serving.packed_encoders import packed_encoders
from fuserank.serving.service import RankingService
from fuserank.serving.warming import warming_requests
from fuserank.settings import MediaSettings


def load(
    folder: Path,
    *,
    cache: Path | None = None,
    threads: int = 1,
    media: MediaSettings | None = None,
    families: Mapping[str, Sequence[str]] | None = None,
    wait_for_sound: bool = True,
    device: Device = "auto",
    rounded: bool = False,
    merchandising: Merchandising | None = None,
) -> RankingService:
    """Load a package folder and answer a request of each kind, so that no shopper waits for weights.

    Args:
        folder: as `build_package` wrote it.
        cache: folder for encoders exported to ONNX; default: the user's cache folder.
        threads: of torch and of each encoder. Few, because requests run side by side.
        media: caps for pictures and sounds.
        families: of modalities, for explanations.
        wait_for_sound: False: return when words and pictures are answered, and make ready for sounds behind that. The speech
            model takes nearly as long as all else, and a worker that starts in place of another is wanted soon.
        device: that ranks, and that encoders of your own run on; auto: a GPU where there is one.
        rounded: English text is read with weights in 8 bits.
        merchandising: rules and diversity; None: neither.

    Raises:
        ModelFolderError: the folder is damaged.
        StaleFeatureError: an installed encoder is not the one that the model was trained with.
    """
    package = open_package(folder, device)
    names, own = [spec.name for spec in package.ranker.spec.modalities], packed_encoders(folder)
    modalities = make_modalities(names, cache=cache, threads=threads, media=media, own=own, device=device, rounded=rounded)
    check_encoders(package.meta, modalities)
    torch.set_num_threads(threads)
    service = RankingService(package, modalities, families, media, merchandising)
    words_and_picture, sound = warming_requests()
    service.search(words_and_picture)
    if wait_for_sound:
        service.search(sound)
    else:
        threading.Thread(target=service.search, args=(sound,), name="warm", daemon=True).start()
    return service
