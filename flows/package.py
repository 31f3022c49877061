"""Package the champion as a Bento."""

import os

from prefect import task
from prefect.cache_policies import NO_CACHE

from bentos.ranker.build import build_bento, is_built
from fuserank.files import write_file
from fuserank.pipeline import package as step
from fuserank.pipeline.job import EVERYTHING, Job, code_version
from fuserank.slates import Features


@task(name="package", cache_policy=NO_CACHE)
def package(job: Job, features: Features, version: str) -> str:
    """Build the Bento of a registered model, or take the one that was built from the same parts, and release it; gives its tag."""
    os.environ["BENTOML_HOME"] = str((job.settings.home / "bentoml").resolve())
    folder = step.package(job, features, version)
    noted = folder.with_suffix(f".{code_version(EVERYTHING)[:8]}.bento")  # a Bento carries all sources, the service's too
    if not (noted.exists() and is_built(noted.read_text())):
        write_file(noted, build_bento(folder))
    step.serve(job, folder, tag := noted.read_text())
    return tag
