"""docs/operations.md lists exactly the existing settings, with their defaults, and the existing metrics."""

import re

import pytest
from prometheus_client import generate_latest

from pretzel.control_plane.serve.metrics import Metrics
from pretzel.control_plane.settings import Settings as ControlPlane
from pretzel.data_plane.settings import Settings as Worker
from pretzel.engine.bindings.binding import DERIVED
from tests.deploy.manifests import DEPLOY

PAGE = (DEPLOY.parent / "docs/operations.md").read_text()


def section(title):
    """The text under a heading, up to the next one."""
    return re.search(rf"^#+ {title}$(.*?)(?=^#|\Z)", PAGE, re.MULTILINE | re.DOTALL)[1]


def documented(title):
    """Yield the name of each setting and its default, as written in the table."""
    for names, defaults in re.findall(r"^\| (`[^|]*`) \| ([^|]*) \|", section(title), re.MULTILINE):
        names = re.findall(r"`(\w+)`", names)
        yield from zip(names, defaults.split(", "), strict=True)


IN_WORDS = {
    "advertise": "the listening address",
    "worker": "generated",
    "executor_threads": "one per core",
    "pin": "none",
    "poll_microseconds": "200 with a spare core",
    "result_cache": "none",
    "weights": "none",
    "listen": "none",
    "invocations_model": "none",
    "model_name": "none",
    "cors_origins": "none",
    "direct_hosts": "none",
    "labels": "none",
    "without": "none",
    "control_listen": "none",
    "socket_mode": "0600",
    "client_cert": "`tls_cert`",
    "client_key": "`tls_key`",
    "replaces": "none",
    "store": "none",
    "catalog": "none",
    "accept_epoch": "none",
    "request_memory_bytes": "a quarter of `memory_budget`",
    "request_log_drop": "none",
    "request_log_hash": "none",
    "request_log_key": "generated",
    "shared_memory": "if no other host can reach the server",
}
"""Defaults that are computed when a server starts."""


def spelled(name, value):
    """Return a default as spelled in the table."""
    if name in IN_WORDS:
        return IN_WORDS[name]
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20)):
        if isinstance(value, int) and value >= size:
            return f"{value / size:g} {unit}"
    return f"{value:g}" if isinstance(value, float) else str(value)


@pytest.mark.parametrize("title, settings", [("Worker", Worker), ("Control plane", ControlPlane)])
def test_settings(title, settings):
    fields = {name: field.default for name, field in settings.model_fields.items()}
    assert dict(documented(title)) == {name: spelled(name, default) for name, default in fields.items()}


_RECOMPILED = "recompilations_left", "recompilations_failed"


def test_metrics_of_the_control_plane():
    metrics = Metrics()
    # These read the state of the plane.
    for name in ("models", "revision", "live_workers", "workers_held_models", "lost_objects", *_RECOMPILED):
        metrics.gauge(name, "", lambda: 0.0)
    for name in ("mended_objects", "scrubbed_bytes", "recompiled_versions", "compared_versions"):
        metrics.watch_total(name, "", lambda: 0.0)
    metrics.watch_caches({"derived": DERIVED})
    text = generate_latest(metrics.registry).decode()
    there = {
        name for name in re.findall(r"^# TYPE (pretzel_\w+) ", text, re.MULTILINE) if not name.endswith("_created")
    }
    assert there == {
        name
        for name in re.findall(r"`(pretzel_control_\w+)", section("Metrics"))
        if name != "pretzel_control_plane_connected"
    }
