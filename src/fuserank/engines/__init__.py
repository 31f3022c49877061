"""Where work that falls into parts is done: in this process, or by actors under Ray Data."""

from fuserank.engines.base import Engine
from fuserank.engines.local import LOCAL
from fuserank.engines.ray_data import RayData

__all__ = ["LOCAL", "Engine", "RayData"]
