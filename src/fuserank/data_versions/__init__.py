"""Versions of data/: git knows their names (data.dvc), DVC keeps their bytes; what is read back is hashed first."""

from fuserank.data_versions.differences import DatasetDifference, TableDifference, differences
from fuserank.data_versions.fetching import is_cached
from fuserank.data_versions.history import Version, find, versions
from fuserank.data_versions.keeping import add, pull, push, restore
from fuserank.data_versions.pointer import POINTER, recorded_hash
from fuserank.data_versions.remotes import remotes, unreachable
from fuserank.data_versions.verifying import Damage, verify

__all__ = [
    "POINTER",
    "Damage",
    "DatasetDifference",
    "TableDifference",
    "Version",
    "add",
    "differences",
    "find",
    "is_cached",
    "pull",
    "push",
    "recorded_hash",
    "remotes",
    "restore",
    "unreachable",
    "verify",
    "versions",
]
