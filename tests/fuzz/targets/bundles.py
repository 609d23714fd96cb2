"""Model files: a header, a definition, and its blobs; digests are computed from the mutated content."""

import hashlib
import struct
import tempfile
from pathlib import Path
from typing import Any

from pretzel.plan import bundle
from pretzel.plan.definition import Definition, parameter_digests
from pretzel.plan.digest import Digest
from pretzel.plan.encoding import decode, encode
from tests.fuzz import plans
from tests.fuzz.forms import Form
from tests.ops import harness

HEADER = struct.Struct("<16sQ32s8s")


def parse(data: bytes) -> dict[str, Any]:
    """Return the parts of a file; a node refers to its parameters by their index in the blobs."""
    magic, length, _, padding = HEADER.unpack_from(data)
    at = HEADER.size
    tree = decode(data[at : at + length])
    places = {str(digest): i for i, digest in enumerate(parameter_digests(tree))}
    parts = [data[at : at + length]]
    for digest in map(Digest.parse, places):
        at += len(parts[-1]) + -len(parts[-1]) % 64
        parts.append(data[at : at + digest.size])
    for node in tree["nodes"]:
        node["parameters"] = {name: places[digest] for name, digest in node["parameters"].items()}
    return {"magic": magic, "padding": padding, "gap": b"", "definition": tree, "blobs": parts[1:]}


def write(tree: Any) -> bytes:
    """Return the file of these parts."""
    for node in tree["definition"]["nodes"]:
        node["parameters"] = {name: _named(tree["blobs"], place) for name, place in node["parameters"].items()}
    encoded = encode(tree["definition"])
    header = HEADER.pack(tree["magic"], len(encoded), hashlib.sha256(encoded).digest(), tree["padding"])
    parts = [encoded, *tree["blobs"]]
    return header + b"".join(part + (tree["gap"] or bytes(-len(part) % 64)) for part in parts)


def _named(blobs: list[bytes], place: Any) -> Any:
    """Return the digest of the blob at an index, and any other value unchanged."""
    return str(Digest.of(blobs[place])) if isinstance(place, int) else place


FORM = Form(parse, write)


def seeds() -> list[bytes]:
    nodes = [node for case in harness.CASES.values() for node, _ in harness.drawn(case, 1)]
    files = (_saved(Definition({"out": node}, metadata={"library": "none"})) for node in nodes)
    return [data for data in files if len(data) <= plans.MAX_SEED_BYTES]


def _saved(definition: Definition) -> bytes:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "model")
        bundle.save(path, definition)
        return path.read_bytes()


def run(data: bytes) -> None:
    """Load a file, and check that its model survives a save and load."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "model")
        path.write_bytes(data)
        loaded = bundle.load(path)
        bundle.save(path, loaded)
        assert bundle.load(path).digest == loaded.digest
