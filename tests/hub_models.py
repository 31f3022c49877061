"""Tiny models with random weights, written as the hub's models are: the loading code is real, only the numbers mean nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

WORDS = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "red", "blue", "mug", "shirt", "striped", "ceramic", "cup",
    "红", "色", "杯", "子",
]  # fmt: skip
LAYERS = {"hidden_size": 32, "intermediate_size": 40, "num_attention_heads": 4, "num_hidden_layers": 2}
TEXT = {**LAYERS, "vocab_size": len(WORDS), "max_position_embeddings": 16}
VISION = {**LAYERS, "image_size": 32, "patch_size": 8}


def bert(folder: Path) -> Path:
    """A sentence encoder with BERT's architecture; 32 numbers."""
    from transformers import BertConfig, BertModel

    return _written(folder, BertModel(BertConfig(**TEXT)), tokenizer=True)


def vit(folder: Path) -> Path:
    """A vision transformer; 32 numbers."""
    from transformers import ViTConfig, ViTImageProcessorPil, ViTModel

    return _written(folder, ViTModel(ViTConfig(**VISION)), ViTImageProcessorPil(size=_square(32)))


def dinov2(folder: Path) -> Path:
    """DINOv2's architecture, whose processor crops the middle; 32 numbers."""
    from transformers import BitImageProcessorPil, Dinov2Config, Dinov2Model

    processor = BitImageProcessorPil(size={"shortest_edge": 36}, crop_size=_square(32), do_convert_rgb=True)
    return _written(folder, Dinov2Model(Dinov2Config(**VISION)), processor)


def convnext(folder: Path) -> Path:
    """A convolutional network; 24 numbers."""
    from transformers import ConvNextConfig, ConvNextImageProcessorPil, ConvNextModel

    network = ConvNextModel(ConvNextConfig(hidden_sizes=[8, 12, 16, 24], depths=[1, 1, 1, 1]))
    return _written(folder, network, ConvNextImageProcessorPil(size={"shortest_edge": 384}))


def siglip_vision(folder: Path) -> Path:
    """The picture half of SigLIP, saved alone; 32 numbers."""
    from transformers import SiglipImageProcessorPil, SiglipVisionConfig, SiglipVisionModel

    return _written(folder, SiglipVisionModel(SiglipVisionConfig(**VISION)), SiglipImageProcessorPil(size=_square(32)))


def clip(folder: Path, seed: int = 0) -> Path:
    """CLIP's architecture; 24 numbers."""
    from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel

    words = {**TEXT, "eos_token_id": 3, "bos_token_id": 2, "pad_token_id": 0}
    network = CLIPModel(CLIPConfig(text_config=words, vision_config=VISION, projection_dim=24))
    return _written(
        folder, network, CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size=_square(32)), tokenizer=True, seed=seed
    )


def siglip(folder: Path) -> Path:
    """SigLIP's architecture, whose texts are all padded to one length; 32 numbers."""
    from transformers import SiglipConfig, SiglipImageProcessorPil, SiglipModel

    words = {**TEXT, "projection_size": 32}
    network = SiglipModel(SiglipConfig(text_config=words, vision_config=VISION))
    return _written(folder, network, SiglipImageProcessorPil(size=_square(32)), tokenizer=True)


def chinese_clip(folder: Path) -> Path:
    """Chinese-CLIP's architecture; 24 numbers."""
    from transformers import ChineseCLIPConfig, ChineseCLIPImageProcessorPil, ChineseCLIPModel

    network = ChineseCLIPModel(ChineseCLIPConfig(text_config=TEXT, vision_config=VISION, projection_dim=24))
    processor = ChineseCLIPImageProcessorPil(size=_square(32), do_center_crop=False)
    return _written(folder, network, processor, tokenizer=True)


PICTURE_MODELS: dict[str, Callable[[Path], Path]] = {
    "vit": vit,
    "dinov2": dinov2,
    "convnext": convnext,
    "siglip_vision": siglip_vision,
}
JOINT_MODELS: dict[str, Callable[[Path], Path]] = {"clip": clip, "siglip": siglip, "chinese_clip": chinese_clip}


def _square(side: int) -> dict[str, int]:
    return {"height": side, "width": side}


def _written(folder: Path, network: Any, processor: Any = None, *, tokenizer: bool = False, seed: int = 0) -> Path:
    """The model folder, with weights drawn from `seed`."""
    import torch
    from transformers import BertTokenizerFast
    from transformers.utils import logging

    logging.disable_progress_bar()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(0.3 * torch.randn(parameter.shape, generator=generator))
    network.save_pretrained(folder)
    if processor is not None:
        processor.save_pretrained(folder)
    if tokenizer:
        (folder / "vocab.txt").write_text("\n".join(WORDS), encoding="utf-8")
        BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=16).save_pretrained(folder)
    return folder
