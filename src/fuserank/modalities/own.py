"""Modalities with an encoder of your own, named in settings by folder or hub id, in place of one that ships.

`joint` and `joint_image` exist only so: no model of words and pictures ships. They are two modalities over one encoder, because
their cosines live on different scales (words lie far from all pictures) and a query may have both; a product is encoded once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cache
from typing import NamedTuple

from fuserank.encoders.efficientnet import ARCHITECTURE, EfficientNetLite0
from fuserank.encoders.hub_folder import HubFolder, locate
from fuserank.encoders.hub_image import HubImage
from fuserank.encoders.hub_joint import HubJoint
from fuserank.encoders.hub_text import HubText
from fuserank.errors import SettingsError
from fuserank.modalities.base import Modality, ModalityFactory, Resources
from fuserank.modalities.image import Image
from fuserank.modalities.pictures import PictureModality, picture_of, words_of
from fuserank.modalities.prompted import PromptedHistory, PromptedSentence
from fuserank.plugins import PluginTable
from fuserank.settings import EncoderSettings

# One encoder a process: modalities of the same model share its weights.
hub_text, hub_image, hub_joint = cache(HubText), cache(HubImage), cache(HubJoint)


class Own(NamedTuple):
    """How a modality is made with an encoder of your own.

    Attributes:
        setting: which of `EncoderSettings` names the encoder.
        make: gives the modality.
    """

    setting: str
    make: Callable[[HubFolder, Resources], Modality]


def _image(folder: HubFolder, resources: Resources) -> Modality:
    """A network of the hub, or the one that ships with weights of your own."""
    if folder.model_type == ARCHITECTURE:
        return Image(resources, folder)
    media = resources.media
    return PictureModality("image", hub_image(folder, media.max_image_bytes, media.max_image_pixels, resources.device), picture_of)


def _joint(folder: HubFolder, resources: Resources) -> HubJoint:
    return hub_joint(folder, resources.media.max_image_bytes, resources.media.max_image_pixels, resources.device)


OWN: PluginTable[Own] = PluginTable(
    "modality with an encoder of your own",
    {
        "text": Own("text", lambda f, r: PromptedSentence("text", hub_text(f, r.device))),
        "multilingual": Own("multilingual", lambda f, r: PromptedSentence("multilingual", hub_text(f, r.device))),
        "history": Own("text", lambda f, r: PromptedHistory("history", hub_text(f, r.device))),
        "image": Own("image", _image),
        "joint": Own("joint", lambda f, r: PictureModality("joint", _joint(f, r), words_of)),
        "joint_image": Own("joint", lambda f, r: PictureModality("joint_image", _joint(f, r), picture_of)),
    },
)


def own_factory(name: str) -> ModalityFactory:
    """The factory of a modality that exists only with an encoder of your own."""

    def make(resources: Resources) -> Modality:
        """Make the modality.

        Raises:
            SettingsError: no encoder was named.
        """
        own = OWN[name]
        if own.setting not in resources.own:
            raise SettingsError(
                f"modality {name!r} has no encoder",
                allowed="a CLIP, SigLIP or Chinese-CLIP model, by folder or hub id",
                todo=f"set features.encoders.{own.setting}, or leave {name} out of features.modalities",
            )
        return own.make(resources.own[own.setting], resources)

    return make


def own_folders(encoders: EncoderSettings, names: Collection[str], *, allow_download: bool = False) -> dict[str, HubFolder]:
    """Folders of the encoders that the settings name, by setting.

    Args:
        encoders: as settings have them.
        names: the modalities in use.
        allow_download: see `locate`.

    Raises:
        SettingsError: an encoder that no modality in use would read, or one that cannot be located.
    """
    given = {setting: source for setting, source in encoders if source is not None}
    for setting in given:
        readers = [name for name, own in OWN.items() if own.setting == setting]
        if not set(readers) & set(names):
            raise SettingsError(
                f"features.encoders.{setting} is set, but no modality in use reads it",
                allowed=f"features.modalities with {' or '.join(readers)}",
                todo=f"add {readers[0]} to features.modalities, or unset the encoder",
            )
    return {setting: locate(source, allow_download=allow_download) for setting, source in given.items()}


def folders_of(modalities: Collection[Modality]) -> Mapping[str, HubFolder]:
    """The inverse: folders of the encoders of your own that these modalities read, by setting."""
    found = {}
    for modality in modalities:
        if isinstance(modality.encoder, HubText | HubImage | EfficientNetLite0) and modality.encoder.folder is not None:
            found[OWN[modality.name].setting] = modality.encoder.folder
    return found
