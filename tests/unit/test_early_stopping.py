"""The training loop of the small nets: which epoch's weights it ends at, and when it ends."""

import numpy as np
import pytest
import torch
from torch import nn

from fuserank.baselines.early_stopping import EPOCHS, fit_net
from fuserank.slates import Slate

BLANK = np.zeros((6, 1), np.float32)
VAL = [Slate(0, np.arange(6), np.eye(1, 6, dtype=np.float32)[0], BLANK, BLANK > 0)]  # only the first candidate is relevant


class OneWeight(nn.Module):
    """A weight that each epoch moves on; after epoch e the relevant candidate is at place `places[e - 1]`, or the last of these."""

    def __init__(self, *places):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(()))
        self.places, self.epochs, self.was_training = places, [], []

    def epoch(self):
        self.was_training.append(self.training)
        for _ in range(2):
            yield -self.weight

    def scorer(self):
        assert not self.training
        place = self.places[min(len(self.epochs), len(self.places) - 1)]
        self.epochs.append(self.weight.item())
        scores = -np.arange(6.0)
        scores[0] = 1.5 - place
        return lambda slate: scores[slate.rows]


def fitted(*places, **options):
    net = OneWeight(*places)
    fit_net(net, net.epoch, net.scorer, VAL, **{"learning_rate": 0.1, "weight_decay": 0.0, "patience": 3} | options)
    return net


def test_the_weights_are_those_of_the_best_epoch_and_patience_epochs_follow_it():
    net = fitted(3, 1, 2, 3, 2, 1)
    assert len(net.epochs) == 2 + 3
    assert len({*net.epochs}) == 5, "every epoch has weights of its own"
    assert net.weight.item() == net.epochs[1]
    assert net.was_training == [True] * 5 and not net.training


def test_patience_begins_anew_with_a_better_epoch_and_of_equals_the_first_is_kept():
    net = fitted(4, 5, 5, 2, 2)
    assert len(net.epochs) == 4 + 3
    assert net.weight.item() == net.epochs[3]


@pytest.mark.parametrize(("options", "epochs"), [({"epochs": 2}, 2), ({"patience": EPOCHS}, EPOCHS)])
def test_epochs_are_limited(options, epochs):
    net = fitted(1, **options)
    assert len(net.epochs) == epochs
    assert net.weight.item() == net.epochs[0]
