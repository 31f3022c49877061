"""All encoders with version, size and licence, for documentation and model cards."""

from __future__ import annotations

from fuserank.encoders import efficientnet, whisper
from fuserank.encoders.base import EncoderInfo
from fuserank.encoders.minilm import MiniLM
from fuserank.encoders.minilm_tokens import MiniLMTokens
from fuserank.encoders.multilingual import MultilingualUse
from fuserank.encoders.numbers import Numbers
from fuserank.encoders.sound import Sound
from fuserank.encoders.word_sketch import WordSketch

ENCODERS: tuple[EncoderInfo, ...] = (
    MiniLM.info,
    MiniLMTokens.info,
    MultilingualUse.info,
    efficientnet.SHIPPED,
    Sound.info,
    whisper.INFO,
    Numbers.info,
    WordSketch.info,
)


def encoder_table() -> str:
    """The encoders as a Markdown table."""
    rows = [f"| {e.name} | {e.version} | {e.dim} | {e.licence} | {f'`{e.sha256[:12]}…`' if e.sha256 else ''} |" for e in ENCODERS]
    return "\n".join(["| encoder | version | dim | licence of weights | sha256 |", "|---|---|---|---|---|", *rows]) + "\n"
