"""Processes that train one ranker together: each computes its share of every batch, and all take the same step.

Data-parallel training with synchronous steps (DDP), started by torchrun and joined through Lightning Fabric, which chooses gloo or
NCCL. Gradients go around in one piece: a ranker has some millions of weights, too few for overlapping buckets to pay.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import torch
from torch import nn

from fuserank.devices import Device, device_of
from fuserank.errors import InputError

if TYPE_CHECKING:
    from lightning_fabric import Fabric

Item = TypeVar("Item")


@dataclass(frozen=True)
class TrainingGroup:
    """The processes of a training, seen from one of them.

    Attributes:
        rank: which of them this is; 0 writes files.
        size: how many there are.
        fabric: joins them; None: this process trains alone.
    """

    rank: int = 0
    size: int = 1
    fabric: Fabric | None = None

    def device(self, name: Device) -> torch.device:
        """Where this process computes."""
        return device_of(name) if self.fabric is None else self.fabric.device

    def share(self, items: Sequence[Item]) -> Sequence[Item]:
        """The items that fall to this process: every `size`-th."""
        return items[self.rank :: self.size]

    def together(self, mine: Sequence[Item]) -> list[Item]:
        """The inverse of `share`: everybody's items, in their order."""
        if self.fabric is None:
            return list(mine)
        parts: list[list[Item]] = [[] for _ in range(self.size)]
        torch.distributed.all_gather_object(parts, list(mine))
        return [parts[i % self.size][i // self.size] for i in range(sum(map(len, parts)))]

    def add_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Make every gradient the sum over the processes; none counts as zero, unless no process has one."""
        if self.fabric is None:
            return
        wanted = [p for p in parameters if p.requires_grad]
        having = torch.tensor([float(p.grad is not None) for p in wanted], device=wanted[0].device)
        flat = torch.cat([having, *((torch.zeros_like(p) if p.grad is None else p.grad).flatten() for p in wanted)])
        torch.distributed.all_reduce(flat)
        sums = flat[len(wanted) :].split([p.numel() for p in wanted])
        for p, summed, had in zip(wanted, sums, flat[: len(wanted)].tolist(), strict=True):
            p.grad = summed.view_as(p) if had else None

    def wait(self) -> None:
        """Until all processes are here."""
        if self.fabric is not None:
            self.fabric.barrier()

    def total(self, value: float) -> float:
        """Sum of a number over the processes."""
        return sum(self.together([value]))


ONE_PROCESS = TrainingGroup()


def join(device: Device, size: int) -> TrainingGroup:
    """Join the processes that torchrun has started.

    Args:
        device: as of `device_of`; with GPUs each process takes its own.
        size: how many processes there are on this machine.

    Raises:
        InputError: Lightning Fabric is not installed.
        SettingsError: a GPU is asked for and there is none.
    """
    try:
        from lightning_fabric import Fabric
    except ImportError:
        raise InputError(
            "training in several processes needs the package lightning-fabric",
            allowed="scale.processes 1, or Fabric",
            todo='pip install "fuserank[scale]"',
        ) from None
    fabric = Fabric(accelerator=device_of(device).type, devices=size, strategy="ddp")
    fabric.launch()
    return TrainingGroup(fabric.global_rank, fabric.world_size, fabric)
