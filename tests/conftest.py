"""How random tests are: the same cases each time, so that red means a change; `make test-random` draws anew."""

from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("anew", derandomize=False, deadline=None, print_blob=True)
settings.load_profile("same")
