"""Forward and backward of every loss on 64 slates of 240 candidates, in turns with the default loss, softmax."""

import torch
from threadpoolctl import threadpool_limits

from fuserank.losses import LOSSES
from tests.benchmarks.records import Row, compare


def measure() -> list[Row]:
    torch.manual_seed(0)
    logits = torch.randn(64, 240, requires_grad=True)
    grades = torch.randint(0, 4, (64, 240)).float()
    mask = torch.ones(64, 240, dtype=torch.bool)

    def step(loss):
        logits.grad = None
        loss(logits, grades, mask).backward()

    with threadpool_limits(1):
        return [
            compare(f"loss_64x240_ms {name}", lambda loss=loss: step(loss), lambda: step(LOSSES["softmax"]), "softmax", rounds=15)
            for name, loss in LOSSES.items()
        ]
