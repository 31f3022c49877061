"""The media suite over all pictures and sounds: what it found, and which items are quarantined for which reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from fuserank.data.dataset import Progress
from fuserank.data.media import MediaStore
from fuserank.validation.media_check import Kind, MediaCaps, defect, media_frames
from fuserank.validation.report import SHOWN_IDS, RuleResult
from fuserank.validation.suites import SuiteRunner

if TYPE_CHECKING:
    import pandas as pd


def check_media(
    store: MediaStore, used_as: Mapping[str, set[Kind]], runner: SuiteRunner, caps: MediaCaps, progress: Progress | None
) -> tuple[list[RuleResult], dict[str, str]]:
    """Run the media suite chunk by chunk, so that memory stays bounded.

    Args:
        store: the pictures and sounds.
        used_as: hash -> what the tables use it as.
        runner: runs the suite.
        caps: limits, the same as in extraction.
        progress: called with (items done, items in all) after each chunk.

    Returns:
        One result a rule over all chunks, and hash -> reason of what cannot be used (``missing``: named but not stored).
    """
    quarantine = {digest: "missing" for digest in sorted(used_as) if digest not in store}
    total: dict[str, RuleResult] = {}
    done = 0
    for frame in media_frames(store, used_as):
        rows = frame.set_index("id")
        for result in runner.run("media", frame, all_ids=True):
            for digest in result.ids:
                quarantine.setdefault(digest, _reason(rows.loc[digest], caps))
            total[result.rule] = _merged(total.get(result.rule), result)
        done += len(frame)
        if progress:
            progress(done, len(store))
    return list(total.values()), quarantine


def _reason(row: pd.Series, caps: MediaCaps) -> str:
    if not row["intact"]:
        return "hash_mismatch"
    picture, sound = row["picture"], row["sound"]
    wrong = picture is not None and defect(picture, "picture", max_bytes=caps.max_image_bytes, max_size=caps.max_image_pixels)
    wrong = wrong or (sound is not None and defect(sound, "sound", max_bytes=caps.max_audio_bytes, max_size=caps.max_audio_seconds))
    return str(wrong or "unsupported_type")


def _merged(before: RuleResult | None, now: RuleResult) -> RuleResult:
    """The results of one rule on the chunks so far and on this one."""
    if before is None:
        return replace(now, ids=now.ids[:SHOWN_IDS])
    return replace(
        now,
        ok=before.ok and now.ok,
        checked=before.checked + now.checked,
        failed=before.failed + now.failed,
        ids=(before.ids + now.ids)[:SHOWN_IDS],
        observed=before.observed or now.observed,
    )
