"""Exporters: each writes a dataset, or what of it the format can hold, as others read it."""

from __future__ import annotations

from collections.abc import Callable

from fuserank.data.exporters.esci import export_esci
from fuserank.data.exporters.huggingface import export_huggingface
from fuserank.data.exporters.letor import export_letor
from fuserank.data.exporters.metarank import export_metarank
from fuserank.data.exporters.quepid import export_quepid
from fuserank.data.exporters.trec import export_trec
from fuserank.data.exporters.ubi import export_ubi
from fuserank.data.exporters.wands import export_wands
from fuserank.plugins import PluginTable

# (dataset, new folder that is there and empty) -> notes: what the format cannot hold, one sentence each
Exporter = Callable[..., list[str]]
EXPORTERS: PluginTable[Exporter] = PluginTable(
    "export format",
    {
        "trec": export_trec,
        "quepid": export_quepid,
        "ubi": export_ubi,
        "letor": export_letor,
        "esci": export_esci,
        "huggingface": export_huggingface,
        "wands": export_wands,
        "metarank": export_metarank,
    },
)

__all__ = [
    "EXPORTERS",
    "Exporter",
    "export_esci",
    "export_huggingface",
    "export_letor",
    "export_metarank",
    "export_quepid",
    "export_trec",
    "export_ubi",
    "export_wands",
]
