"""The canonical dataset: tables, media, importers and the sample store."""
