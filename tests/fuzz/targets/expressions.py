"""Token patterns: lowered to runs or automata, or rejected, in bounded time."""

from pretzel.engine.bindings import lower
from pretzel.errors import DefinitionError
from pretzel.plan import ops

PATTERNS = [
    r"(?u)\b\w\w+\b",
    r"\S+",
    r"[a-z]{3,}",
    r"\b\w+(?:-\w+)*\b",
    r"[A-Z]?[a-z]+|\d+(?:\.\d+)?",
    r"(?i)(a|b|cd)+?x*",
    r"(?<!\w)\w(\w*)\b",
    r"(?:(?:a{1,3}b?){2,5}|c)\s*",
]


def seeds() -> list[bytes]:
    return [pattern.encode() for pattern in PATTERNS]


def run(data: bytes) -> None:
    try:
        pattern = data.decode()
    except UnicodeDecodeError:
        raise DefinitionError("the pattern is not valid UTF-8") from None
    lower(ops.Tokenize(ops.Input("x", "str"), pattern))
