"""The sections of the tree, but for the search."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from fuserank.devices import Device
from fuserank.settings.values import Folder, Names, Section, Seed, Seeds, SomeNames


class MediaSettings(Section):
    """Caps at the door for pictures and sounds."""

    max_image_bytes: int = Field(8 * 2**20, gt=0, description="bytes of an encoded picture")
    max_image_pixels: int = Field(25_000_000, gt=0, description="width times height")
    max_audio_bytes: int = Field(16 * 2**20, gt=0, description="bytes of an encoded sound")
    max_audio_seconds: float = Field(30.0, gt=0, description="seconds of sound")


class EncoderSettings(Section):
    """Encoders of your own in place of those that ship: a folder, or a hub id ``org/name`` or ``org/name@revision``."""

    text: str | None = Field(None, description="sentence encoder of text and history: a folder or a hub id")
    multilingual: str | None = Field(None, description="sentence encoder of the modality multilingual")
    image: str | None = Field(None, description="picture encoder of the modality image")
    joint: str | None = Field(None, description="CLIP, SigLIP or Chinese-CLIP of the modalities joint and joint_image")


class FeatureSettings(Section):
    """What is extracted, and how."""

    modalities: SomeNames = Field(
        default=("text", "multilingual", "words", "lexical", "image", "audio", "numeric", "history"),
        description="modalities to extract and to train on, in order",
    )
    batch_size: int = Field(32, gt=0, description="items an encoder sees at once")
    workers: int = Field(2, gt=0, description="threads that decode media beside the encoder")
    encoders: EncoderSettings = EncoderSettings()
    allow_download: bool = Field(False, description="fetch encoders named by hub id; else only the local hub cache is read")
    device: Device = Field("auto", description="that encoders of your own run on; auto: CUDA when it is there")


class TrainingSettings(Section):
    """The fusion models that are trained, and how."""

    rankers: SomeNames = Field(
        default=("late", "late+concat+sequence", "sum+sequence", "concat+sequence", "attention+attention_sequence"),
        description="late, fusion+scorer or late+fusion+scorer of each model; the first is also trained on each family alone",
    )
    loss: str = Field("softmax", description="name in fuserank.losses")
    clicks: Literal["off", "naive", "rate", "ipw", "additive"] = Field(
        "off", description="learn the training queries from interactions in place of judgments, and how places are corrected for"
    )
    seeds: Seeds = Field((0,), description="each ranker is trained once for each seed")
    start: Folder | None = Field(
        None, description="model folder that training starts from, as far as modalities and encoders agree"
    )
    width: int = Field(64, gt=0, le=4096, multiple_of=4, description="D, the width of a modality's vector in the model")
    interaction: int = Field(64, ge=0, le=4096, description="R, rank of the query-product product term; 0 leaves it out")
    epochs: int = Field(20, gt=0, description="the learning rate falls to 0 over them")
    patience: int = Field(8, gt=0, description="epochs without better validation nDCG@10 before training stops")
    batch_queries: int = Field(16, gt=0, description="queries in a training batch")
    slate: int = Field(512, gt=1, description="candidates per query in training")
    pool: int = Field(4096, gt=1, description="candidates per query that slates are drawn from")
    learning_rate: float = Field(2e-3, gt=0, description="of AdamW, at the start")
    weight_decay: float = Field(1e-2, ge=0, description="of AdamW")
    late: int = Field(192, gt=0, le=4096, description="K, width of late interaction; for rankers named late…")
    late_learning_rate: float = Field(
        3e-3, gt=0, description="of AdamW, at the start, for late interaction; learning_rate for the rest"
    )
    late_weight_decay: float = Field(0.3, ge=0, description="of AdamW, for late interaction")
    input_dropout: float = Field(0.3, ge=0, lt=1, description="probability on the vectors that late interaction reads")
    modality_dropout: float = Field(
        0.1, ge=0, lt=1, description="share of training slates that keep only some families of modalities"
    )
    dropout: float = Field(0.2, ge=0, lt=1, description="probability on vectors and hidden layers of a fusion and its scorer")
    device: Device = Field("auto", description="that trains; auto: CUDA when it is there")
    precision: Literal["auto", "float32", "bfloat16"] = Field("auto", description="auto: bfloat16 on CUDA, float32 on the CPU")


class FinetuningSettings(Section):
    """How `fuserank finetune` trains the last blocks of the picture encoder."""

    epochs: int = Field(8, gt=0, description="the learning rate rises for a tenth of their steps, then falls to 0")
    crops: int = Field(4, gt=0, le=64, description="of each photo, kept on disk while it runs: 44 kB each")
    batch: int = Field(32, gt=0, description="photos a step")
    learning_rate: float = Field(5e-4, gt=0, description="of AdamW, at its peak")
    weight_decay: float = Field(1e-2, ge=0, description="of AdamW")
    seed: Seed = Field(0, description="of crops, order and classification head")


class EvaluationSettings(Section):
    """What the leaderboard holds beside the fusion models."""

    baselines: Names = Field(
        default=(
            "random",
            "single",
            "fixed",
            "lambdamart",
            "textbook",
            "contrastive_projection",
            "word_tagger",
            "plain_mlp",
            "popularity",
            "repeat",
            "item_knn",
            "als",
        ),
        description="names in fuserank.baselines; those that read a log are left out where there is none",
    )
    families: dict[str, tuple[str, ...]] = Field(
        default={
            "text": ("text", "multilingual", "text_tokens", "words", "lexical"),
            "picture": ("image", "joint", "joint_image"),
            "sound": ("audio",),
            "numbers": ("numeric",),
            "history": ("history", "behaviour"),
        },
        description="modalities that are one source of evidence: each family is also trained alone, with the same supervision",
    )


class GateSettings(Section):
    """What a challenger must show to become champion."""

    slice_tolerance: float = Field(0.02, ge=0, description="nDCG@10 a protected slice may lose")
    latency_ms: float = Field(50.0, gt=0, description="budget to score 1,000 candidates on one thread")
    missing_tolerance: float = Field(
        0.5, ge=0, le=1, description="share by which the model without a family may stand below the best other family alone"
    )
    alpha: float = Field(0.05, gt=0, lt=1, description="level of the paired test")


class ScaleSettings(Section):
    """Where work is done that is too much for one process."""

    engine: Literal["local", "ray"] = Field(
        "local", description="extracts features, counts words, measures: this process, or Ray Data"
    )
    actors: int = Field(2, gt=0, le=4096, description="processes of Ray, each with encoders of its own")
    address: str | None = Field(
        None, description="of a Ray cluster; None: one is started on this machine for as long as it is needed"
    )
    processes: int = Field(1, gt=0, le=1024, description="of a training: each computes its share of every batch (DDP)")


class MonitoringSettings(Section):
    """When drift is called drift."""

    column_share: float = Field(0.05, gt=0, le=1, description="share of drifting columns that makes a table drift")
    alpha: float = Field(0.05, gt=0, lt=1, description="false-alarm level that thresholds are calibrated to")
    days: float = Field(7.0, gt=0, description="days of the log that are judged, up to now; what lies before tells how quality was")
    keep: int = Field(50, gt=0, description="reports of verdicts on traffic; of older ones a line in the history stays")
    position_bias: float = Field(1.0, ge=0, description="a place at rank r is looked at with probability r^-this; clicks go by it")
    sample: int = Field(2000, ge=30, description="rows drawn from each side at most; fewer than 30 are never compared")


class ServingSettings(Section):
    """How a service answers. The token is no setting: it comes from the environment variable FUSERANK_TOKEN alone."""

    workers: int = Field(2, gt=0, le=64, description="processes, each with the model; product vectors are shared between them")
    threads: int = Field(2, gt=0, le=64, description="requests that a worker computes at once")
    device: Device = Field("auto", description="that ranks; on a GPU requests are scored together, so give it 16 threads or more")
    rounded: bool = Field(True, description="read English text with weights in 8 bits: half the time, the same order nearly always")
    log: bool = Field(True, description="keep answers and feedback under home/log, for monitoring")
    log_share: float = Field(1.0, gt=0, le=1, description="share of the answers that are kept; feedback is all kept")
    log_bytes: int = Field(2**30, gt=0, description="bytes of the log; above it the oldest segments are removed")
    log_days: float | None = Field(None, gt=0, description="segments older than so many days are removed; None: none")
    diversity: float = Field(
        0.0, ge=0, le=1, description="share of diversity in maximal marginal relevance over the best products; 0: off"
    )
    diversity_depth: int = Field(50, ge=2, le=1000, description="products, from the top, that diversity reorders")
    patience_ms: float = Field(20.0, gt=0, description="milliseconds a request may wait for its turn before it is shed with 503")
