"""Settings of the control plane."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from pretzel.serving.settings import Names, ServerSettings

MiB = 1 << 20
Port = Annotated[int, Field(ge=0, le=65535)]
Count = Annotated[int, Field(gt=0)]
Seconds = Annotated[float, Field(gt=0)]


class Settings(ServerSettings):
    """Settings of a control plane; ``PRETZEL_CONTROL_PORT=9000`` sets ``control_port``, and so on."""

    model_config = SettingsConfigDict(frozen=True, use_attribute_docstrings=True)

    data_dir: Path = Path("pretzel-data")
    """Directory of the catalog and the objects; only one control plane may use it at a time."""
    catalog: str = ""
    """URL of the catalog: postgresql://user@host/database, sqlite:///path or a path; default: a file in data_dir."""
    store: str = ""
    """URL of the objects: s3://bucket/prefix, file:///path or a path (a directory), memory: (for tests); default:
    objects in data_dir."""
    store_copies_bytes: Annotated[int, Field(ge=0)] = 4 << 30
    """Disk in data_dir for copies of objects that are in an S3-compatible store."""
    direct_bytes: Annotated[int, Field(ge=0)] = MiB
    """Size from which workers fetch objects of a store in S3 by URLs from the store itself; 0: none."""
    direct_seconds: Annotated[float, Field(ge=1, le=43_200)] = 300.0
    """Time that such a URL is valid."""
    new: bool = False
    """Start a new epoch without models if the objects lost their catalog; the objects are kept until a check."""
    replaces: str = ""
    """Epoch of the store that this one replaces: workers that serve that one follow this one."""
    control_port: Port = 8101
    """Port of the gRPC services; 0 picks a free one."""
    control_listen: Names = []
    """Further addresses of the gRPC services, as ``10.0.0.1:8101,unix:/run/pretzel-control.sock``."""
    control_metrics_port: Port = 8102
    """Port of ``/metrics``; 0 picks a free one."""
    log_level: str = "info"
    worker_token_file: Path | None = None
    """File with a token that workers use, in addition to those in ``identities``; `pretzel up` sets it."""

    max_message_bytes: Annotated[int, Field(ge=2 * MiB)] = 64 * MiB
    """Largest message received or sent; a piece of an object is always at most 1 MiB."""
    max_object_bytes: Count = 8 << 30
    lease_seconds: Seconds = 3600.0
    """Time that an object is kept after a client requested it, even if no version needs it."""
    most_leases: Annotated[int, Field(ge=2)] = 100_000
    """Objects that clients asked for and did not deploy yet; one host may have half."""
    most_leased_bytes: Annotated[int, Field(ge=2)] = 64 << 30
    """Bytes that clients uploaded and did not deploy yet; one host may have half."""
    most_uploads: Annotated[int, Field(ge=2)] = 64
    """Uploads that are open at once; one host may have half."""
    upload_idle_seconds: Seconds = 60.0
    """Time that the server waits for an upload that sends less than 16 KiB a second."""
    request_seconds: Seconds = 120.0
    """Time that a call may take to send its request."""
    keep_versions: Annotated[int, Field(ge=0)] = 10
    """Versions without an alias that a model keeps; a deployment deletes older ones.  0 keeps all."""
    audit_days: Annotated[float, Field(ge=0)] = 0.0
    """Days after which records of the audit trail are dropped, at the next collection; 0 keeps all."""
    audit_records: Annotated[int, Field(ge=0)] = 0
    """Records of the audit trail that are kept, the newest; 0 keeps all."""
    keep_sample_rows: Annotated[int, Field(ge=0)] = 100
    """Rows of the sample of a deployment that are kept with the version, to compare the plans of later kernels with; 0
    keeps none, and removes those that are kept."""
    keep_sample_bytes: Annotated[int, Field(ge=0)] = 256 << 10
    """Most bytes of such rows with their answers."""
    kernel_set_seconds: Annotated[float, Field(ge=0)] = 3600.0
    """Time that plans for other kernels are kept after the last worker with those kernels left."""
    collect_seconds: Seconds = 600.0
    """Interval between garbage collections of unneeded objects."""

    scrub_bytes_per_second: Annotated[int, Field(ge=0)] = 8 * MiB
    """Rate at which stored objects are read again and checked in the background; 0 turns this off."""
    parameter_cache_bytes: Annotated[int, Field(ge=0)] = 64 * MiB
    """Parameters cached for the next deployment of a sibling; those of 64 KiB and more are maps of their files."""
    derived_cache_bytes: Annotated[int, Field(ge=0)] = 64 * MiB
    """Derived parameters, such as hash tables of dictionaries, cached for the next deployment of a sibling."""

    report_seconds: Seconds = 2.0
    """Interval at which workers report; a worker that missed five reports counts as dead."""
    spread: Annotated[int, Field(ge=0, le=100)] = 0
    """Workers that keep each model loaded, unless its hints say how many; 0: those that it is called on."""
    wait_seconds: Seconds = 30.0
    """Time that a deployment waits for workers, unless the caller's deadline is earlier."""
    rollout_seconds: Seconds = 1.0
    """Interval at which running rollouts are looked at."""
    drain_seconds: Annotated[float, Field(ge=0)] = 10.0
    """Time that running calls get after SIGTERM."""

    connection_idle_seconds: Seconds = 120.0
    """Time without a call after which a connection is closed, so that idle ones do not hold descriptors."""

    deployments: Count = 2
    """Concurrent deployments; each has a verifying child."""
    queued_deployments: Annotated[int, Field(ge=0)] = 64
    """Deployments that may wait; further ones are rejected."""
    verify_memory_bytes: Count = 2 << 30
    verify_cpu_seconds: Count = 30
    verify_seconds: Seconds = 60.0
    verify_jobs: Count = 200
    """Verifications after which a child is replaced."""

    verify_python_stages: Literal["off", "true", "unconfined", "refused"] = "off"
    """Python stages of models: `off` stores them unverified; `true` runs them, confined; `refused` accepts none."""
    python_environments: Path | None = None
    """Directory with environments of Python stages, as for workers."""

    def address(self, port: int) -> str:
        """Return the gRPC address of a port of this host."""
        host = self.host.strip("[]")
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def further(self) -> list[str]:
        """Return the addresses to listen on besides ``host``."""
        return self.control_listen
