"""Importers: each turns a folder of some origin into the canonical dataset."""

from __future__ import annotations

from collections.abc import Callable

from fuserank.data.importers.chorus import import_chorus
from fuserank.data.importers.esci import import_esci
from fuserank.data.importers.fashion import import_fashion
from fuserank.data.importers.grocery import import_grocery
from fuserank.data.importers.huggingface import import_huggingface
from fuserank.data.importers.imported import ImportedDataset
from fuserank.data.importers.letor import import_letor
from fuserank.data.importers.metarank import import_metarank
from fuserank.data.importers.quepid import import_quepid
from fuserank.data.importers.retail import import_retail
from fuserank.data.importers.table import import_table
from fuserank.data.importers.trec import import_trec
from fuserank.data.importers.ubi import import_ubi
from fuserank.data.importers.wands import import_wands
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
        "esci": import_esci,
        "huggingface": import_huggingface,
        "wands": import_wands,
        "trec": import_trec,
        "quepid": import_quepid,
        "ubi": import_ubi,
        "letor": import_letor,
        "metarank": import_metarank,
    },
)

__all__ = [
    "IMPORTERS",
    "ImportedDataset",
    "Importer",
    "import_chorus",
    "import_esci",
    "import_fashion",
    "import_grocery",
    "import_huggingface",
    "import_letor",
    "import_metarank",
    "import_quepid",
    "import_retail",
    "import_table",
    "import_trec",
    "import_ubi",
    "import_wands",
]
