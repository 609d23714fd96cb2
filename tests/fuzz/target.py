"""Targets: what parses bytes that anyone may have written, one module each under ``targets/``.

A module holds ``seeds() -> list[bytes]``, inputs that are served, and ``run(data)``, which returns or raises what
:data:`PretzelError` covers; it may hold ``FORM``, how inputs are taken apart, and ``MAY_RAISE``, what else it raises.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError

from pretzel.errors import PretzelError
from tests.fuzz import targets
from tests.fuzz.forms import PLAIN, Form

CORPUS = Path(__file__).with_name("corpus")
NAMES = sorted(module.name for module in pkgutil.iter_modules(targets.__path__))


@dataclass(frozen=True)
class Target:
    """A parser under test."""

    name: str
    run: Callable[[bytes], object]
    seeds: Callable[[], list[bytes]]
    form: Form = PLAIN
    may_raise: tuple[type[BaseException], ...] = (PretzelError,)

    def accepts(self, data: bytes) -> bool:
        """Run one input: whether it was served; False where it was refused as it may be."""
        try:
            self.run(data)
        except self.may_raise:
            return False
        return True


def parsed(message: Any, data: bytes) -> bool:
    """Whether these are the bytes of such a message, which they then fill; gRPC refuses what is none."""
    try:
        message.ParseFromString(data)
    except DecodeError:
        return False
    return True


def load(name: str) -> Target:
    """Return the target of a module: a name under ``targets/``, or a dotted one."""
    module = importlib.import_module(name if "." in name else f"{targets.__name__}.{name}")
    may_raise = (PretzelError, *getattr(module, "MAY_RAISE", ()))
    return Target(name.rsplit(".", 1)[-1], module.run, module.seeds, getattr(module, "FORM", PLAIN), may_raise)


def committed(name: str) -> list[Path]:
    """Return the files of a target's regression corpus: inputs that once did harm."""
    return sorted((CORPUS / name).glob("*"))
