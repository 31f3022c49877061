"""What a champion answers to the held-out queries of its dataset, noted as the log of a service notes answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from fuserank.data.dataset import Dataset
from fuserank.errors import InputError, MediaError
from fuserank.files import new_folder
from fuserank.inference_log import RankingRecord
from fuserank.inference_log.columns import to_table
from fuserank.messages import SearchRequest, ShopperQuery
from fuserank.model_folder import read_meta
from fuserank.monitoring.drift import FEWEST
from fuserank.pipeline.growing import grown_folder
from fuserank.pipeline.job import Job
from fuserank.pipeline.releasing import release_file
from fuserank.serving import RankingService, load, observer, read_release
from fuserank.serving.observing import Observer
from fuserank.types import Query

SALT = b"nobody is named in it"


@dataclass(frozen=True)
class Watched:
    """The champion that answers, in its package, and the dataset that it was trained on."""

    package: Path
    service: RankingService
    dataset: Dataset


def watched(job: Job) -> Watched:
    """Load what is released for the job's dataset, as a service does.

    Raises:
        InputError: nothing is released, or the dataset that its champion was trained on is not here any more.
    """
    home, knobs = job.settings.home, job.settings.serving
    package = home / "packages" / read_release(release_file(home, job.name)).champion
    wanted = read_meta(package / "model").data.version
    service = load(package, cache=home / "encoders", media=job.settings.media, device=knobs.device, rounded=knobs.rounded)
    return Watched(package, service, _dataset(job, wanted))


def _dataset(job: Job, version: str) -> Dataset:
    for folder in (job.data, grown_folder(job.settings.home, job.name)):
        if (folder / "dataset.json").is_file() and (found := Dataset.open(folder)).version == version:
            return found
    raise InputError(
        f"the dataset of version {version[:12]}, that the champion was trained on, is neither in {job.data} nor grown",
        allowed="traffic is compared with what the champion was trained on",
        todo="run the chain on the dataset as it is, or restore that version",
    )


def replayed(found: Watched, home: Path) -> pa.Table:
    """Answers to the queries of val and test, or to all where these are too few; asked once and kept under <home>/monitoring."""
    folder = home / "monitoring" / "replays" / f"{found.package.name}-{found.dataset.version[:8]}"
    if not folder.exists():
        records: list[RankingRecord] = []
        observe = observer(records.append)
        queries = found.dataset.queries
        held_out = [query for query in queries if query.split in ("val", "test")]
        for query in held_out if len(held_out) >= FEWEST else queries:
            _ask(found, query, observe)
        with new_folder(folder) as work:
            pq.write_table(to_table("rankings", records, salt=SALT, share=1.0)[0], work / "rankings.parquet")
    return pq.read_table(folder / "rankings.parquet")


def _ask(found: Watched, query: Query, observe: Observer) -> None:
    media = {kind: found.dataset.media.get(digest) for kind, digest in (("image", query.image), ("audio", query.audio)) if digest}
    request = SearchRequest(query=ShopperQuery(text=query.text, user_id=query.user_id, locale=query.locale, **media))
    try:
        observe("search", "champion", request, found.service.searched(request))
    except MediaError:
        return  # it is in quarantine
