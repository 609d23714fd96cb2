"""Objects of the tests of the store in S3: one that is sent at once, and one that is sent in two parts."""

from pretzel.control_plane.store.s3 import S3Store
from pretzel.plan.digest import Digest
from tests.control_plane.store.suite import blob
from tests.helpers.s3_proxy import Proxy

SMALL, LARGE = blob(5000), blob(9 << 20)


def put(store: S3Store, data: bytes) -> Digest:
    store.put(Digest.of(data), data)
    return Digest.of(data)


def asked(proxy: Proxy, method: str) -> int:
    return [made for made, _ in proxy.requests].count(method)
