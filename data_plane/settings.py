"""What a worker is told: settings of its supervisor and of its serving processes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from pretzel.serving.settings import PlaneSettings, is_loopback

MIB = 1 << 20
Seconds = Annotated[float, Field(gt=0)]
Port = Annotated[int, Field(ge=0, le=65535)]


class Settings(PlaneSettings):
    """The settings of one worker, that is of its supervisor and all its serving processes."""

    model_config = SettingsConfigDict(cli_kebab_case=True, cli_implicit_flags=True)

    host: str = "127.0.0.1"
    """Address to listen on; one that others can reach needs `insecure`."""
    port: Port = 8001
    """Port of the prediction service; 0 takes any."""
    metrics_port: Port = 8002
    """Port of `/metrics`; 0 takes any."""
    insecure: bool = False
    """Allow plain text on addresses that others can reach."""
    control_plane: str = "127.0.0.1:8101"
    """Where the control plane answers."""
    advertise: str = ""
    """Address that the control plane tells clients; the one listened on, where it is empty."""
    worker: str = ""
    """Name of this worker, unique; made up where it is empty."""
    accept_epoch: str = ""
    """Epoch of a store that is followed even where it lacks models that are served from another."""
    cache_dir: Path = Path("pretzel-cache")
    """Directory of the local object cache; one worker at a time uses it."""
    workers: Annotated[int, Field(ge=1, le=256)] = 1
    """Serving processes."""
    die_with_parent: bool = False
    """Stop when the process that started this one is gone."""

    memory_budget: Annotated[int, Field(gt=0)] = 4096 * MIB
    """Bytes that each serving process keeps resident: parameters, and in a part of it what fused kernels hold."""
    request_memory_bytes: Annotated[int, Field(ge=0)] = 0
    """Bytes that running requests of a serving process allocate together; 0 takes a quarter of the memory budget."""
    pin: Annotated[list[str], NoDecode] = []
    """Models that are loaded at once and never leave, as `a,b:canary`."""

    executor_threads: Annotated[int, Field(ge=0)] = 0
    """Threads for dear requests; 0 takes one a core."""
    queue_limit: Annotated[int, Field(ge=1)] = 1024
    """Dear requests that may wait or run; more are refused with RESOURCE_EXHAUSTED."""
    inline_seconds: Annotated[float, Field(ge=0)] = 0.0005
    """A request expected to take less runs on the event loop, which spares two thread switches."""

    max_message_bytes: Annotated[int, Field(ge=1024)] = 64 * MIB
    """Largest message taken and given."""
    connection_age_seconds: Seconds = 300
    """Clients are asked to reconnect after this long, so that load spreads over new processes."""
    connection_idle_seconds: Seconds = 120
    """A connection without a call for this long is ended, so that idle ones do not keep descriptors."""
    catch_up_seconds: Annotated[float, Field(ge=0)] = 1.0
    """How long a request for an unknown name may wait for the control plane."""
    drain_seconds: Annotated[float, Field(ge=0)] = 10.0
    """How long running calls may take after SIGTERM."""
    report_seconds: Seconds = 2.0
    """Time between reports to the control plane, unless it asks for another."""
    cache_grace_seconds: Annotated[float, Field(ge=0)] = 300.0
    """How long an object that no version needs stays in the cache."""
    scrub_bytes_per_second: Annotated[int, Field(ge=0)] = 4 * MIB
    """How fast the objects of the cache are read again in the background, to find damage; 0 not at all."""
    metrics_models: Annotated[int, Field(ge=0)] = 200
    """Models that have metrics of their own; the others share the label `other`."""
    log_level: str = "info"
    """`debug`, `info`, `warning` or `error`."""

    @model_validator(mode="before")
    @classmethod
    def _split(cls, values: object) -> object:
        """Read a list written as `a,b`."""
        if isinstance(values, dict) and isinstance(values.get("pin"), str):
            values = values | {"pin": [name.strip() for name in values["pin"].split(",") if name.strip()]}
        return values

    @model_validator(mode="after")
    def _refuse_open_plain_text(self) -> Self:
        if not (self.insecure or is_loopback(self.host)):
            raise ValueError(
                f"host {self.host!r} can be reached by others, and nothing here is encrypted; "
                "listen on 127.0.0.1, or pass --insecure where the network is trusted"
            )
        return self

    @property
    def request_memory(self) -> int:
        """How many bytes running requests of each serving process may allocate together."""
        return self.request_memory_bytes or max(MIB, self.memory_budget // 4)

    @property
    def threads(self) -> int:
        """How many executor threads each serving process has."""
        return self.executor_threads or len(os.sched_getaffinity(0))
