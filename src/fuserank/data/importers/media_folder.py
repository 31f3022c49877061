"""Pictures and sounds by file name, from one folder and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fuserank.data.media import media_hash
from fuserank.errors import MediaError, SchemaError
from fuserank.files import sha256_file

MAX_BYTES = 64 * 2**20  # a larger file is not read into memory; the limits at the door of the ranker are lower


class MediaFolder:
    """Hashes files when they are named, and reads them one by one when the dataset is written.

    Args:
        root: the only folder that files may lie in.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._paths: dict[str, Path] = {}

    def add(self, name: str) -> str:
        """Take up a file.

        Args:
            name: relative to the folder.

        Returns:
            Its media hash.

        Raises:
            SchemaError: the name is absolute, climbs out of the folder, or is a link that leads out of it.
            MediaError: reason ``missing`` (no such file, a link that leads to itself, or no leave to read it) or ``too_large``.
        """
        try:
            path = self.locate(name)
            if not path.is_file():
                raise FileNotFoundError
            if path.stat().st_size > MAX_BYTES:
                raise MediaError(
                    "too_large", f"{name[:80]!r} has {path.stat().st_size} bytes", allowed=f"at most {MAX_BYTES} bytes"
                )
            digest = sha256_file(path)
        except (OSError, RuntimeError) as error:
            why = f" ({error.strerror})" if isinstance(error, OSError) and error.strerror else ""
            raise MediaError(
                "missing", f"no file {name[:80]!r} in the media folder{why}", todo="correct the name or add the file"
            ) from None
        self._paths.setdefault(digest, path)
        return digest

    def locate(self, name: str) -> Path:
        """The file called `name`, links followed; it need not exist.

        Raises:
            SchemaError: it would lie outside the folder.
        """
        wrong = "\0" in name or Path(name).is_absolute() or ".." in Path(name.replace("\\", "/")).parts
        path = self.root if wrong else (self.root / name).resolve()
        if wrong or not path.is_relative_to(self.root):
            raise SchemaError(
                f"media file {name[:80]!r} lies outside the media folder",
                allowed="names relative to the media folder, without '..' and without links that lead out",
                todo="copy the file into the folder",
            )
        return path

    def read(self) -> Iterator[bytes]:
        """Bytes of every file taken up, in that order, one at a time.

        Raises:
            MediaError: reason ``hash_mismatch``; a file changed since it was taken up.
        """
        for digest, path in self._paths.items():
            data = path.read_bytes()
            if media_hash(data) != digest:
                raise MediaError("hash_mismatch", f"{path.name} changed during the import", todo="import again")
            yield data
