"""A bot makes one act in twenty: a model retrained on clicks loses at most .01 nDCG@10, or the gate refuses it."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from fuserank.data.dataset import Dataset
from fuserank.data.sample import build_sample
from fuserank.inference_log import EventRecord, InferenceLog, RankingRecord, log_folder
from fuserank.metrics.ndcg import ndcg
from fuserank.model_folder import load_model
from fuserank.pipeline.compare import compare_rankers
from fuserank.pipeline.evaluate import score_with
from fuserank.pipeline.extract import extract
from fuserank.pipeline.growing import grown
from fuserank.pipeline.job import Job
from fuserank.pipeline.train import slates_of
from tests.faults.row import Row, main
from tests.faults.small_chain import Shop
from tests.faults.stand import Stand

SHARE, SHOPPERS, SHOWN, SEED, SECONDS = 0.05, 6, 20, 0, 900
LIMIT = 0.01
TIME = 1_780_000_000_000


def honest(data: Dataset, dice: random.Random) -> Iterator[tuple[RankingRecord, list[EventRecord]]]:
    """Shoppers ask in words of their own for what training queries ask for, see SHOWN products and buy what is good."""
    products = [product.product_id for product in data.products if product.split in (None, "train")]
    for query in (query for query in data.queries if query.text and query.split == "train"):
        grades = data.qrels.get(query.query_id, {})
        for shopper in range(SHOPPERS):
            shown = dice.sample([p for p in products if p not in grades], SHOWN // 2)
            shown += dice.sample(
                sorted(p for p in grades if p in set(products)), min(len(grades), SHOWN // 2, sum(p in grades for p in products))
            )
            dice.shuffle(shown)
            request = f"{query.query_id}-{shopper}"
            acts = [
                EventRecord(TIME, "purchase" if grades[p] >= data.manifest.max_grade else "click", request, p)
                for rank, p in enumerate(shown, start=1)
                if grades.get(p, 0) and dice.random() < 1 / rank
            ]
            yield ranking(request, f"please, {query.text}", query.locale, f"shopper {shopper}", shown), acts


def ranking(request: str, text: str, locale: str, user: str, shown: Sequence[str]) -> RankingRecord:
    """An answer to words alone."""
    scores = [float(-n) for n in range(len(shown))]
    return RankingRecord(
        request, TIME, "search", "m@1", "champion", text, locale, user, True, False, False, True, shown, scores, len(shown), 1.0
    )


def bot(asked: Sequence[RankingRecord], acts: int, favourite: str) -> Iterator[tuple[RankingRecord, list[EventRecord]]]:
    """One visitor asks what others ask and buys the same product each time, whatever it is."""
    for number in range(acts):
        request, old = f"bot-{number}", asked[number % len(asked)]
        shown = [favourite, *(p for p in old.product_ids if p != favourite)]
        spam = replace(old, request_id=request, user="the bot", product_ids=shown, scores=[float(-n) for n in range(len(shown))])
        yield spam, [EventRecord(TIME, "purchase", request, favourite)]


def quality(job: Job) -> float:
    """nDCG@10, on the test queries of the dataset itself, of the model that the grown one gives."""
    more = grown(job)
    assert more is not job
    best = compare_rankers(more).challenger
    features, _ = extract(job)
    score = score_with(features, load_model(best)[0], tuple(m.name for m in job.modalities))
    return float(np.mean([ndcg(score(slate), slate.grades) for slate in slates_of(job, features)[2]]))


def tries(folder: Path, **size: int) -> dict[str, float]:
    """Quality without clicks of the bot, and with them."""
    shop = Shop(folder)
    build_sample(folder / "data", **size)
    data, found = Dataset.open(shop.data), {}
    for name in ("without", "with"):
        home = folder / name
        job = shop.job(home, 0)
        made = list(honest(data, random.Random(SEED)))
        total = sum(len(acts) for _, acts in made)
        if name == "with":
            favourite = next(product.product_id for product in data.products if product.split in (None, "train"))
            made += bot([asked for asked, _ in made], round(total * SHARE / (1 - SHARE)), favourite)
        with InferenceLog(log_folder(home, job.name), capacity=10**6) as log:
            for answer, acts in made:
                log.put(answer)
                for act in acts:
                    log.put(replace(act, user=answer.user))
        found[name] = quality(job)
    return found


def measure(_: Stand) -> list[Row]:
    """On a store of 240 products."""
    with tempfile.TemporaryDirectory(prefix="fuserank-bots-") as name:
        found = tries(Path(name), products=240, queries=150)
    loss = found["without"] - found["with"]
    seen = f"nDCG@10 {found['with']:.4f} with the bot, {found['without']:.4f} without"
    return [Row("bots: one act in twenty", 1, int(loss > LIMIT), f"loss at most {LIMIT}", seen, loss <= LIMIT)]


if __name__ == "__main__":
    main(measure, SECONDS)
