"""Which requests are logged: a hash of the request id decides, so that every worker and every reader decides alike."""

from __future__ import annotations

from hashlib import blake2b


def is_sampled(request_id: str, share: float) -> bool:
    """Whether the rankings of this request are kept when `share` (0..1] of all requests are.

    A request kept at one share is kept at every larger one. An event's request can be asked about in the same way.
    """
    if share >= 1:
        return True
    digest = blake2b(request_id.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") < share * 2**64
