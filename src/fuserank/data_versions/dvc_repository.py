"""The only DVC import: its repository, opened for a while, its errors in our words."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fuserank.errors import FuserankError, InputError, UnavailableError

if TYPE_CHECKING:
    from dvc.repo import Repo


@contextmanager
def dvc_repository(root: Path) -> Iterator[Repo]:
    """Open the DVC repository in `root`; nothing is reported to anyone.

    Raises:
        InputError: there is none, it has no such remote, or it is locked by another command.
        UnavailableError: a remote, or the disk, did not give or take what it was asked to.
    """
    os.environ.setdefault("DVC_NO_ANALYTICS", "1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of DVC's own dependencies
        from dvc.config import ConfigError
        from dvc.exceptions import DownloadError, DvcException, NotDvcRepoError, UploadError
        from dvc.lock import LockError
        from dvc.repo import Repo

        logging.getLogger("dvc").setLevel(logging.WARNING)  # it would tell how to use its own command line
        try:
            with Repo(str(root.absolute())) as repo:
                yield repo
        except FuserankError:
            raise
        except NotDvcRepoError:
            raise InputError(
                f"{root.absolute()} is no DVC repository", allowed="a folder with .dvc in it", todo="dvc init"
            ) from None
        except LockError:
            raise InputError("another command works on the data versions", allowed="one at a time", todo="wait for it") from None
        except ConfigError as error:
            raise InputError(
                _first_line(error), allowed="a remote of .dvc/config", todo="dvc remote add --default NAME FOLDER_OR_S3_URL"
            ) from None
        except (DownloadError, UploadError) as error:
            raise UnavailableError(
                f"the remote: {_first_line(error)}", todo="see that it can be reached, then do it again"
            ) from None
        except ImportError as error:
            raise InputError(
                f"the remote: {_first_line(error)}", allowed="a folder, or s3://… with fuserank[s3]", todo="install what it names"
            ) from None
        except OSError as error:
            raise UnavailableError(
                f"DVC: {_first_line(error)}", todo="see that it can be read and written, then do it again"
            ) from None
        except DvcException as error:
            raise InputError(f"DVC: {_first_line(error)}", todo="fuserank data verify") from None


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:300] if str(error) else type(error).__name__
