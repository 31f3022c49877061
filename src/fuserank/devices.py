"""Where networks run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from fuserank.errors import SettingsError

if TYPE_CHECKING:
    import torch

Device = Literal["auto", "cpu", "cuda"]


def device_of(name: Device) -> torch.device:
    """The device of that name; auto: a GPU where there is one.

    Raises:
        SettingsError: a GPU is asked for and there is none.
    """
    import torch

    has_gpu = torch.cuda.is_available()
    if name == "cuda" and not has_gpu:
        raise SettingsError("device 'cuda', and torch sees no GPU", allowed="auto, cpu", todo="install the driver, or set auto")
    return torch.device("cuda" if has_gpu and name != "cpu" else "cpu")
