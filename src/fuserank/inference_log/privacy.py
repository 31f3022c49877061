"""What of a person stays in the log: pseudonyms instead of ids, and no e-mail address or long number in a text."""

from __future__ import annotations

import hmac
import re
import secrets
from pathlib import Path

from fuserank.errors import InputError
from fuserank.files import create_file

SALT_NAME, SALT_BYTES = "salt", 32

# Masks hold no letter and no digit, so that they leave the script and the numbers of a text as they are.
EMAIL_MASK, NUMBER_MASK = "*@*", "#"

# Local part, @, and a domain with a dot (RFC 5321: at most 64 characters before the @). Scripts without spaces between words
# lose the words that touch the address: better too much than too little.
_EMAIL = re.compile(r"[^\s@＠]{1,64}[@＠](?=[^\s@＠]*[.．。][^\s@＠])\S+")
# Seven digits or more of any script, also in groups: +49 (170) 123-4567, 4111 1111 1111 1111.
_NUMBER = re.compile(r"\d(?:[\s.()/‐-―-]{0,2}\d){6,}")


def masked(text: str) -> str:
    """The text with e-mail addresses and numbers of seven digits or more masked; half characters (lone surrogates) become "?"."""
    whole = text.encode("utf-8", "replace").decode()
    return _NUMBER.sub(NUMBER_MASK, _EMAIL.sub(EMAIL_MASK, whole))


def pseudonym(identity: str, salt: bytes) -> str:
    """HMAC-SHA256 (RFC 2104) of an id, its first 16 bytes: 32 hex characters."""
    return hmac.digest(salt, identity.encode("utf-8", "surrogatepass"), "sha256")[:16].hex()


def folder_salt(folder: Path) -> bytes:
    """The folder's own salt, 32 random bytes; made by whichever process asks first, readable by the owner alone.

    Raises:
        OSError: it cannot be made or read.
        InputError: the file is not a salt.
    """
    path = folder / SALT_NAME
    if not path.exists():
        create_file(path, secrets.token_bytes(SALT_BYTES))
    salt = path.read_bytes()
    if len(salt) != SALT_BYTES:
        todo = "delete it: a new one is made, and pseudonyms before and after do not compare"
        raise InputError(f"{path} holds {len(salt)} bytes", allowed=f"{SALT_BYTES} bytes", todo=todo)
    return salt
