"""Look at the metrics of several workers at once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from pretzel.cli.tls import TlsFiles
from pretzel.cli.top.rates import Look
from pretzel.scraping.reader import Reader
from pretzel.targets import Tls

MOST_AT_ONCE = 16


def look(urls: Sequence[str], tls: TlsFiles) -> Look:
    """Return the metrics of all workers.

    Raises:
        UnavailableError: a worker does not answer, or with something else than metrics of Pretzel.
    """
    reader = Reader(Tls(tls["tls_ca"], tls["tls_cert"], tls["tls_key"]))
    at = time.monotonic()
    with ThreadPoolExecutor(min(len(urls), MOST_AT_ONCE)) as pool:
        return Look(at, dict(zip(urls, pool.map(reader.read_now, urls), strict=True)))
