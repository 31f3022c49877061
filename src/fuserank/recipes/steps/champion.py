"""Step: load the served champion of the recipe's dataset."""

from __future__ import annotations

from fuserank.pipeline.releasing import release_file
from fuserank.recipes.answering.shops import LoadedShop, Shop
from fuserank.recipes.running import Run
from fuserank.serving import load, read_release


def champion(run: Run) -> Shop:
    """The package that the release names, loaded as the service loads it.

    Raises:
        InputError: nothing is released; run the chain first.
    """
    job, settings = run.job, run.settings
    file = release_file(settings.home, job.name)
    service = load(
        file.parent / read_release(file).champion,
        cache=settings.home / "encoders",
        media=settings.media,
        families=settings.evaluation.families,
        wait_for_sound=False,
    )
    run.say(f"champion of {job.name}: {service.version}, {len(service.stock.catalogue)} products")
    return LoadedShop(service)
