"""Importers: each turns a folder of some origin into the canonical dataset."""

from __future__ import annotations

from collections.abc import Callable

from fuserank.data.importers.chorus import import_chorus
from fuserank.data.importers.fashion import import_fashion
from fuserank.data.importers.grocery import import_grocery
from fuserank.data.importers.imported import ImportedDataset
from fuserank.data.importers.retail import import_retail
from fuserank.data.importers.table import import_table
from fuserank.plugins import PluginTable

Importer = Callable[..., ImportedDataset]  # (source, target, *, progress=None, **options)
IMPORTERS: PluginTable[Importer] = PluginTable(
    "importer",
    {
        "fashion": import_fashion,
        "grocery": import_grocery,
        "chorus": import_chorus,
        "online_retail": import_retail,
        "table": import_table,
    },
)

__all__ = [
    "IMPORTERS",
    "ImportedDataset",
    "Importer",
    "import_chorus",
    "import_fashion",
    "import_grocery",
    "import_retail",
    "import_table",
]
