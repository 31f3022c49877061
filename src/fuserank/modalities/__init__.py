"""The table of modalities: one file and one entry here make a new one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from fuserank.devices import Device
from fuserank.encoders.hub_folder import HubFolder
from fuserank.encoders.onnx_cache import default_cache
from fuserank.modalities.audio import Audio
from fuserank.modalities.base import Modality, ModalityFactory, Resources
from fuserank.modalities.behaviour import Behaviour
from fuserank.modalities.history import history
from fuserank.modalities.image import Image
from fuserank.modalities.lexical import Lexical
from fuserank.modalities.numeric import Numeric
from fuserank.modalities.own import OWN, own_factory
from fuserank.modalities.text import multilingual, text
from fuserank.modalities.text_tokens import text_tokens
from fuserank.modalities.words import Words
from fuserank.plugins import PluginTable
from fuserank.settings import MediaSettings

__all__ = ["MODALITIES", "make_modalities"]

MODALITIES: PluginTable[ModalityFactory] = PluginTable(
    "modality",
    {
        "text": text,
        "multilingual": multilingual,
        "text_tokens": text_tokens,
        "words": Words,
        "lexical": Lexical,
        "image": Image,
        "audio": Audio,
        "numeric": Numeric,
        "history": history,
        "behaviour": Behaviour,
        "joint": own_factory("joint"),
        "joint_image": own_factory("joint_image"),
    },
)


def make_modalities(
    names: Iterable[str],
    *,
    cache: Path | None = None,
    threads: int = 2,
    media: MediaSettings | None = None,
    own: Mapping[str, HubFolder] | None = None,
    device: Device = "cpu",
    rounded: bool = False,
) -> list[Modality]:
    """Modalities by name; weights are loaded when the first batch is encoded.

    Args:
        names: keys of MODALITIES, in the order wanted.
        cache: folder for models exported to ONNX; default: the user's cache folder.
        threads: threads of each encoder that ships.
        media: caps for pictures and sounds.
        own: encoders of your own, by the name of their setting (`fuserank.modalities.own.own_folders`).
        device: torch device that these run on; ``auto``: a GPU when there is one.
        rounded: English text is read with weights in 8 bits: for whoever reads one query at a time.

    Raises:
        UnknownNameError: a name is not in the table.
        SettingsError: an encoder of your own cannot do what its modality asks for, or a modality has none and needs one.
    """
    resources = Resources(cache or default_cache(), threads, media or MediaSettings(), own or {}, device, rounded)
    return [_factory(name, resources)(resources) for name in names]


def _factory(name: str, resources: Resources) -> ModalityFactory:
    shipped = MODALITIES[name]
    return own_factory(name) if name in OWN and OWN[name].setting in resources.own else shipped
