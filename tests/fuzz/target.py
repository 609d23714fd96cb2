"""Targets: parsers of untrusted bytes, one module each under ``targets/``.

A module defines ``seeds() -> list[bytes]``, mostly valid inputs, and ``run(data)``, which returns or raises a
:class:`PretzelError`.  It may define ``FORM``, which parses inputs, and ``MAY_RAISE``, other errors that are allowed.
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
        """Run one input; return False if it was rejected with an allowed error."""
        try:
            self.run(data)
        except self.may_raise:
            return False
        return True


def parsed(message: Any, data: bytes) -> bool:
    """Parse bytes into ``message``; return False if they are invalid, as gRPC rejects those."""
    try:
        message.ParseFromString(data)
    except DecodeError:
        return False
    return True


def load(name: str) -> Target:
    """Return the target of a module: a name under ``targets/``, or a dotted module name."""
    module = importlib.import_module(name if "." in name else f"{targets.__name__}.{name}")
    may_raise = (PretzelError, *getattr(module, "MAY_RAISE", ()))
    return Target(name.rsplit(".", 1)[-1], module.run, module.seeds, getattr(module, "FORM", PLAIN), may_raise)


def committed(name: str) -> list[Path]:
    """Return the files of a target's regression corpus: inputs that caused faults before."""
    return sorted((CORPUS / name).glob("*"))
