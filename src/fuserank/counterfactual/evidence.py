"""What a log says of a policy that did not write it, decision by decision. A decision is a list shown, or one act of a bandit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Evidence:
    """Of S decisions.

    Attributes:
        shopper: int (S,), who made it: intervals go by them.
        weighted: (S,) Σ weight * reward.
        weight: (S,) Σ weight, each as often as its reward could be seen.
        due: what `weight` is on average when the log covers all that the policy does and nothing is clipped.
        model: (S,) what a model of rewards expects of the policy.
        predicted: (S,) Σ weight * what the model expects of the reward that was seen.
        covered: share of what the policy does that the log has ever done, 0 to 1.
    """

    shopper: np.ndarray
    weighted: np.ndarray
    weight: np.ndarray
    due: float
    model: np.ndarray
    predicted: np.ndarray
    covered: float = 1.0

    @property
    def effective(self) -> float:
        """Decisions that would say as much if all had the same weight: (Σ w)² / Σ w² (Kish 1965); 0 where all weights are 0."""
        squares = float((self.weight**2).sum())
        return float(self.weight.sum()) ** 2 / squares if squares else 0.0

    @classmethod
    def of_bandit(
        cls,
        ours: np.ndarray,
        logged: np.ndarray,
        rewards: np.ndarray,
        *,
        shopper: np.ndarray | None = None,
        predicted: np.ndarray | None = None,
        model: np.ndarray | None = None,
        clip: float = np.inf,
    ) -> Evidence:
        """One act a decision.

        Args:
            ours, logged: (S,) probability of the act that was taken, under the policy that is judged and under the one that took
                it; the latter above 0.
            rewards: (S,).
            shopper: (S,) int; None: each decision is another's.
            predicted, model: (S,) of a model of rewards: of the act that was taken, and the mean over our policy; None: 0.
            clip: no weight is above.
        """
        if (logged <= 0).any():
            raise ValueError("an act with a logged probability of 0 or less was taken")
        nothing, weights = np.zeros(len(rewards)), np.minimum(ours / logged, clip)
        return cls(
            shopper=np.arange(len(rewards)) if shopper is None else shopper,
            weighted=weights * rewards,
            weight=weights,
            due=1.0,
            model=nothing if model is None else model,
            predicted=nothing if predicted is None else weights * predicted,
        )
