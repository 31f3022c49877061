"""The table of modalities: one file and one entry here make a new one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from fuserank.encoders.onnx_cache import default_cache
from fuserank.modalities.audio import Audio
from fuserank.modalities.base import Modality, ModalityFactory, Resources
from fuserank.modalities.history import history
from fuserank.modalities.image import Image
from fuserank.modalities.lexical import Lexical
from fuserank.modalities.numeric import Numeric
from fuserank.modalities.text import multilingual, text
from fuserank.plugins import PluginTable
from fuserank.settings import MediaSettings

__all__ = ["MODALITIES", "make_modalities"]

MODALITIES: PluginTable[ModalityFactory] = PluginTable(
    "modality",
    {
        "text": text,
        "multilingual": multilingual,
        "lexical": Lexical,
        "image": Image,
        "audio": Audio,
        "numeric": Numeric,
        "history": history,
    },
)


def make_modalities(
    names: Iterable[str], *, cache: Path | None = None, threads: int = 2, media: MediaSettings | None = None
) -> list[Modality]:
    """Modalities by name; weights are loaded when the first batch is encoded.

    Args:
        names: keys of MODALITIES, in the order wanted.
        cache: folder for models exported to ONNX; default: the user's cache folder.
        threads: threads of each encoder.
        media: caps for pictures and sounds.

    Raises:
        UnknownNameError: a name is not in the table.
    """
    resources = Resources(cache or default_cache(), threads, media or MediaSettings())
    return [MODALITIES[name](resources) for name in names]
