"""Look at the metrics of several workers at once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from pretzel.cli.tls import TlsFiles, bearer_of, files_of
from pretzel.cli.top.rates import Look
from pretzel.scraping.reader import Reader

MOST_AT_ONCE = 16


def look(urls: Sequence[str], tls: TlsFiles) -> Look:
    """Return the metrics of all workers.

    Raises:
        UnavailableError: a worker does not answer, or with something else than metrics of Pretzel.
    """
    reader = Reader(files_of(tls), bearer_of(tls), insecure_token=tls.get("insecure_token", False))
    at = time.monotonic()
    with ThreadPoolExecutor(min(len(urls), MOST_AT_ONCE)) as pool:
        return Look(at, dict(zip(urls, pool.map(reader.read_now, urls), strict=True)))
