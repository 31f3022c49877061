"""From settings to a running deployment: the door of the service."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from fuserank.inference_log import InferenceLog, log_folder
from fuserank.model_folder import read_meta
from fuserank.serving import memory
from fuserank.serving.deployment import Deployment, Lineup
from fuserank.serving.following import Follower, lineup_of
from fuserank.serving.loading import load
from fuserank.serving.merchandising import Merchandising
from fuserank.serving.release import read_release
from fuserank.serving.rules_following import RulesFollower, rules_file
from fuserank.serving.service import RankingService
from fuserank.serving.updates import Updates, updates_folder
from fuserank.serving.watching import Watch
from fuserank.settings import Settings


def deploy(what: Path, settings: Settings, *, cache: Path | None = None) -> Deployment:
    """Load what is served, and keep it up to date: with its release, and with changes of the catalogue that other workers take.

    Args:
        what: a release file, which is followed, or a package folder.
        settings: whose home holds the log and the changes of the catalogue, by name of the data set.
        cache: folder of encoders exported to ONNX; None: the user's own.

    Raises:
        InputError: there is no such release.
        ModelFolderError: a package is damaged.
        StaleFeatureError: an installed encoder is not the one that the model was trained with.
    """
    release = None if what.is_dir() else read_release(what)
    first = what if release is None else what.parent / release.champion
    # The name comes out of a file, and becomes that of a folder.
    folder, knobs = log_folder(settings.home, read_meta(first / "model").data.name), settings.serving
    updates = Updates(updates_folder(settings.home, folder.name))
    merchandising = Merchandising(diversity=knobs.diversity, depth=knobs.diversity_depth)
    rules = RulesFollower(merchandising, rules_file(settings.home, folder.name))

    def caught_up(package: Path, wait_for_sound: bool = True) -> RankingService:
        families = settings.evaluation.families
        service = load(
            package,
            cache=cache,
            media=settings.media,
            families=families,
            wait_for_sound=wait_for_sound,
            device=knobs.device,
            rounded=knobs.rounded,
            merchandising=merchandising,
        )
        updates.catch_up(service)
        return service

    kept = None
    if knobs.log:
        kept = InferenceLog(folder, share=knobs.log_share, keep_bytes=knobs.log_bytes, keep_days=knobs.log_days)
    soon = partial(caught_up, wait_for_sound=False)  # this worker may stand in for one that died
    lineup = Lineup(soon(what)) if release is None else lineup_of(release, what.parent, soon)
    deployment = Deployment(lineup, log=kept, updates=updates, merchandising=merchandising)
    Watch("following the rules", rules.look)
    Watch("catching up with the catalogue", deployment.catch_up)
    Watch("giving memory back", memory.give_back, memory.EVERY)
    if release is not None:
        Follower(deployment, what, release, caught_up)
    return deployment
