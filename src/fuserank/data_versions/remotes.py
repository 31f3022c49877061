"""Where versions are kept beside this disk."""

from __future__ import annotations

from pathlib import Path

from fuserank.data_versions.dvc_repository import dvc_repository


def remotes(root: Path) -> dict[str, str]:
    """name -> address of the configured remotes, the default one first."""
    with dvc_repository(root) as repo:
        default = repo.config["core"].get("remote")
        return {name: repo.config["remote"][name]["url"] for name in sorted(repo.config["remote"], key=lambda n: (n != default, n))}


def unreachable(root: Path, remote: str) -> str:
    """Why a remote cannot be read; "" when it can."""
    with dvc_repository(root) as repo:
        try:
            store = repo.cloud.get_remote(remote)
            store.fs.ls(store.path, detail=False)
        except FileNotFoundError:
            return "" if store.fs.protocol != "local" or Path(store.path).parent.is_dir() else f"{store.path} is not there"
        except Exception as error:  # of the client of the remote, one of many
            return " ".join(f"{type(error).__name__}: {error}".split())[:200]
    return ""
