"""Step: train over the seeds of the settings, set when to be silent, measure on test, and make ready to serve."""

from __future__ import annotations

import json
from dataclasses import dataclass

from fuserank.files import write_file
from fuserank.recipes.answering.confidence import Confidence
from fuserank.recipes.answering.shops import LoadedShop, Shop
from fuserank.recipes.answering.study import Study, as_dict, packaged, study
from fuserank.recipes.running import Run
from fuserank.serving import load

PARTS = {"-": lambda query_id: query_id.rsplit("-", 2)[1], "/": lambda query_id: query_id.split("/")[1]}


@dataclass(frozen=True)
class Ready:
    """A study whose first seed is loaded."""

    study: Study
    shop: Shop
    confidence: Confidence


def answer_study(run: Run, parts: str = "-") -> Ready:
    """The study, printed and written to reports as answers.json.

    Args:
        parts: how a question's id says its part: ``-`` its language, as in ``topic-en-2``; ``/`` what is asked, as in
            ``RA123456785GB/where/en``.
    """
    job = run.job
    found = study(job, run.say)
    for line in _lines(found):
        run.say(line)
    by_part = found.by(PARTS[parts])
    run.say(
        "right at first place, by part: " + ", ".join(f"{name} {share:.2f} of {count}" for name, (count, share) in by_part.items())
    )
    write_file(job.reports / "answers.json", json.dumps(as_dict(found) | {"parts": by_part}, indent=1) + "\n")
    home = job.settings.home
    folder = packaged(job, found, home / "packages" / f"{job.name}-{job.fingerprint(model=found.seeds[0].folder.name)}")
    service = load(folder, cache=home / "encoders", media=job.settings.media, wait_for_sound=False)
    return Ready(found, LoadedShop(service), found.seeds[0].confidence)


def _lines(found: Study) -> list[str]:
    """Floors, then the measures as mean (least to greatest) over the seeds."""
    floors = [f"{name}: " + ", ".join(f"{m} {v:.3f}" for m, v in values.items()) for name, values in found.floors.items()]
    spread = [f"  {name:18} {mean:.3f} ({least:.3f} to {most:.3f})" for name, (least, mean, most) in found.spread().items()]
    return [*floors, f"fuserank, {len(found.seeds)} seeds, {len(found.questions)} questions of test:", *spread]
