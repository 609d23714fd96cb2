"""Decides by the names in a message, before it is decoded, whether its caller may predict with these models."""

from pretzel.errors import PermissionDeniedError
from pretzel.serving.identity.caller import Access

ONE: int
MANY: int
NESTED: int

def decide(access: Access, message: bytes, form: int) -> bool | PermissionDeniedError | None: ...
