"""Settings of a worker: of its supervisor and of its serving processes."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_settings import SettingsConfigDict

from pretzel.data_plane.telemetry.settings import TelemetrySettings
from pretzel.engine.mechanisms import OF_WORKERS, checked
from pretzel.errors import InputError
from pretzel.isolation.limits import Allowed, SideLimits
from pretzel.plan.labels import check_labels
from pretzel.serving.cores import usable_cores
from pretzel.serving.listeners import Address, is_loopback
from pretzel.serving.settings import Bytes, Names
from pretzel.targets import Tls

MIB = 1 << 20
POLL_SECONDS = 200e-6
Seconds = Annotated[float, Field(gt=0)]
Port = Annotated[int, Field(ge=0, le=65535)]


def _weighed(items: list[str]) -> list[str]:
    for item in items:
        name, _, weight = item.rpartition("=")
        try:
            valid = bool(name) and 0.001 <= float(weight) <= 1000
        except ValueError:
            valid = False
        if not valid:
            raise ValueError(f"{item[:100]!r}: expected a model and its weight, 0.001 to 1000, as wine=4")
    return items


def _labelled(items: list[str]) -> list[str]:
    pairs = [item.partition("=") for item in items]
    if lacking := [item for item, (_, equals, _) in zip(items, pairs, strict=True) if not equals]:
        raise ValueError(f"{lacking[0][:100]!r}: expected key=value, as tier=fast")
    if len({key for key, _, _ in pairs}) < len(pairs):
        raise ValueError(f"{','.join(items)[:200]!r}: a key is given twice; expected each once")
    try:
        check_labels({key: value for key, _, value in pairs})
    except InputError as error:
        raise ValueError(str(error)) from None
    return items


def _known(items: list[str]) -> list[str]:
    try:
        return sorted(checked(items, OF_WORKERS))
    except InputError as error:
        raise ValueError(str(error).removeprefix("without: ")) from None


Labels = Annotated[Names, AfterValidator(_labelled)]
"""A list of labels, which an option and a variable write as `tier=fast,zone=a`."""
Weights = Annotated[Names, AfterValidator(_weighed)]
"""A list of models with weights, which an option and a variable write as `a=4,b=0.5`."""


class Settings(TelemetrySettings):
    """The settings of one worker: its supervisor and all its serving processes."""

    model_config = SettingsConfigDict(cli_kebab_case=True, cli_implicit_flags=True)

    port: Port = 8001
    """Port of the prediction service; 0 picks a free one."""
    listen: Names = []
    """Further addresses of the prediction service, as ``10.0.0.1:8001,unix:/run/pretzel.sock``."""
    http: str = "8080"
    """Address of the HTTP front: a port of `host`, or `HOST:PORT`, or `unix:/path`; port 0 picks a free one, and
    `off` serves none."""
    invocations_model: str = ""
    """Model that `/invocations` asks; if empty, the only one that is deployed."""
    cors_origins: Names = []
    """Origins whose scripts in browsers may read answers over HTTP, as `https://example.org`; `*` for all."""
    metrics_port: Port = 8002
    """Port of `/metrics`; 0 picks a free one."""
    models: Path | None = None
    """Directory with files of `pretzel export` to serve in place of a control plane; it is watched for changes."""
    model_name: str = ""
    """Name of the only model of that directory; if empty, each file is served under its own name."""
    control_plane: str = "127.0.0.1:8101"
    """Address of the control plane; ``https://host:port`` for TLS, ``unix:/path`` for a socket; several over one
    catalog with commas."""
    tls_ca: Path | None = None
    """Authorities of the control plane's certificate, PEM; by default those that gRPC trusts."""
    client_cert: Path | None = None
    """Certificate that this worker shows to the control plane, PEM; by default ``tls_cert``."""
    client_key: Path | None = None
    """Private key of that certificate, PEM; by default ``tls_key``."""
    control_token_file: Path | None = None
    """File with the token that this worker shows to the control plane, where it has the role `worker`."""
    insecure_token: bool = False
    """Allow that token over plain text to a control plane on another machine."""
    direct_fetch: bool = True
    """Fetch large objects from a store in S3 itself, by URLs of the control plane, where this can be reached."""
    direct_hosts: Names = []
    """Hosts that such URLs may name, as `s3.internal,*.example.com`; if empty, those that the control plane names."""
    direct_ca: Path | None = None
    """Authorities of the certificates of these hosts, PEM; by default those of the system."""
    advertise: str = ""
    """Address that the control plane gives to clients; if empty, the address listened on."""
    worker: str = ""
    """Unique name of this worker; generated if empty."""
    accept_epoch: str = ""
    """Epoch of a store to follow even if it lacks models that are served from another store."""
    cache_dir: Path = Path("pretzel-cache")
    """Directory of the local object cache; only one worker may use it at a time."""
    workers: Annotated[int, Field(ge=1, le=256)] = 1
    """Number of serving processes."""
    die_with_parent: bool = False
    """Stop when the process that started this one exits."""

    memory_budget: Annotated[Bytes, Field(gt=0)] = 4096 * MIB
    """Bytes that each serving process keeps resident: parameters, and in part of it the tables of fused kernels."""
    request_memory_bytes: Annotated[int, Field(ge=0)] = 0
    """Bytes that the running requests of one serving process may allocate together; 0 takes a quarter of the budget."""
    labels: Labels = []
    """Labels of this worker, by which models select their workers, as `tier=fast,zone=a`."""
    pin: Names = []
    """Models that are loaded at start and never evicted, as `a,b:canary`."""

    shadow_queue_calls: Annotated[int, Field(ge=1)] = 1000
    """Copies of calls that wait for shadows in each serving process; further ones are dropped."""
    shadow_queue_bytes: Annotated[int, Field(ge=0)] = 16 * MIB
    """Bytes of these copies."""
    shadow_examples: bool = False
    """Keep a few rows on which a shadow differs, with their inputs: they are data of callers."""
    result_cache: Names = []
    """Models whose answers are kept for requests that come again; ``*`` for all."""
    result_cache_bytes: Annotated[int, Field(ge=0)] = 64 * MIB
    """Bytes of kept answers and their requests in each serving process; 0 turns this off."""

    python_stages: Literal["off", "true", "unconfined"] = "off"
    """Whether Python stages run: `true` in confined side processes; `unconfined` also where the kernel lacks that."""
    python_environments: Path | None = None
    """Directory with environments of Python stages: virtual ones or packages, each under the digest of its versions."""
    python_processes: Annotated[int, Field(ge=1, le=256)] = 4
    """Side processes of one serving process; idle ones give way to those of other models."""
    python_seconds: Seconds = 10.0
    """Longest time of one call of a Python stage; the deadline of its request may be earlier."""
    python_memory_bytes: Annotated[Bytes, Field(ge=16 * MIB)] = 1024 * MIB
    """Bytes that a side process may allocate beyond its interpreter and packages."""
    python_calls: Annotated[int, Field(ge=1)] = 10_000
    """Calls after which a side process is replaced."""

    executor_threads: Annotated[int, Field(ge=0)] = 0
    """Threads for expensive requests; 0 takes one per core."""
    weights: Weights = []
    """Shares of the threads among models whose requests wait, as `a=4,b=0.5`; 1 for others."""
    queue_limit: Annotated[int, Field(ge=1)] = 1024
    """Expensive requests that may wait or run; further ones are rejected with RESOURCE_EXHAUSTED."""
    gather_rows: Annotated[int, Field(ge=0, le=4096)] = 64
    """Rows of waiting requests for one plan that run as one, where that is measured to be cheaper; 0 turns this off."""
    inline_seconds: Annotated[float, Field(ge=0)] = 0.0005
    """A request expected to take less runs on the event loop, which saves two thread switches."""
    poll_microseconds: Annotated[int, Field(ge=0, le=10_000)] | None = None
    """Time that a process stays awake for the next call if calls come in short succession; 0 turns this off.

    If unset, 200 where there are more cores than serving processes, else 0.
    """
    shed_after_seconds: Annotated[float, Field(ge=0)] = 0.02
    """Wait for the event loop or a thread after which predictions are refused while an overload lasts; 0 for none."""

    max_message_bytes: Annotated[int, Field(ge=1024)] = 64 * MIB
    """Largest message received or sent."""
    shared_memory: bool | None = None
    """Let clients register POSIX shared memory for tensors; if unset, only where no other host can reach the server."""
    connection_age_seconds: Seconds = 300
    """Age after which clients are asked to reconnect, so that load spreads over new processes."""
    connection_idle_seconds: Seconds = 120
    """Time without a call after which a connection is closed, so that idle ones do not hold descriptors."""
    load_reports: bool = True
    """Report the load of this worker to gRPC clients (ORCA), which balance by it with `weighted_round_robin`."""
    catch_up_seconds: Annotated[float, Field(ge=0)] = 1.0
    """Longest time that a request for an unknown name waits for the control plane."""
    drain_seconds: Annotated[float, Field(ge=0)] = 10.0
    """Time that running calls get after SIGTERM."""
    report_seconds: Seconds = 2.0
    """Time between reports to the control plane, unless it requests another interval."""
    cache_grace_seconds: Annotated[float, Field(ge=0)] = 300.0
    """Time that an object without a version that needs it stays in the cache."""
    scrub_bytes_per_second: Annotated[int, Field(ge=0)] = 4 * MIB
    """Rate at which the cached objects are read again in the background, to find damage; 0 turns this off."""
    metrics_models: Annotated[int, Field(ge=0)] = 200
    """Models with a label of their own in metrics; all others share the label `other`."""
    front: Literal["native", "grpcio"] = "native"
    """Server of the prediction port: `native` is several times faster; `grpcio` serves the same calls by grpc.aio."""
    without: Annotated[Names, AfterValidator(_known)] = []
    """Mechanisms that plans do without, for measurements: `object_sharing`, `chain_fusion`, `stacked_heads`."""
    log_level: str = "info"
    """`debug`, `info`, `warning` or `error`."""

    @property
    def http_address(self) -> Address | None:
        """Return the address of the HTTP front; None without one."""
        if self.http == "off":
            return None
        if self.http.isascii() and self.http.isdecimal():
            if int(self.http) > 65535:
                raise ValueError(f"{self.http[:20]!r}: expected a port, at most 65535")
            return Address(self.host.strip("[]"), int(self.http))
        return Address.parse(self.http)

    @property
    def control_tls(self) -> Tls:
        """Return the files of TLS to the control plane: by default, this worker shows its own certificate."""
        own = (self.tls_cert, self.tls_key)
        cert, key = (self.client_cert, self.client_key) if self.client_cert or self.client_key else own
        return Tls(self.tls_ca, cert, key)

    @property
    def shares_memory(self) -> bool:
        """True if clients may register shared memory."""
        return is_loopback(self.host) if self.shared_memory is None else self.shared_memory

    @property
    def request_memory(self) -> int:
        """Bytes that the running requests of one serving process may allocate together."""
        return self.request_memory_bytes or max(MIB, self.memory_budget // 4)

    @property
    def labels_by_key(self) -> dict[str, str]:
        """Return the labels of this worker."""
        return {key: value for key, _, value in (item.partition("=") for item in self.labels)}

    @property
    def weight_by_model(self) -> dict[str, float]:
        """Return the weights of models."""
        return {name: float(weight) for name, _, weight in (item.rpartition("=") for item in self.weights)}

    @property
    def python(self) -> Allowed:
        """Return the limits of Python stages."""
        limits = SideLimits(
            seconds=self.python_seconds,
            memory=self.python_memory_bytes,
            file_bytes=self.max_message_bytes,
            calls=self.python_calls,
        )
        directory = Path(self.python_environments) if self.python_environments else None
        return Allowed(self.python_stages, directory, self.python_processes, limits)

    @property
    def threads(self) -> int:
        """Number of executor threads of each serving process."""
        return self.executor_threads or math.ceil(usable_cores())

    @property
    def poll_seconds(self) -> float:
        """Longest time that a serving process stays awake for the next call."""
        if self.poll_microseconds is not None:
            return self.poll_microseconds * 1e-6
        return POLL_SECONDS if usable_cores() > self.workers else 0.0

    @model_validator(mode="after")
    def _guard_http(self) -> Self:
        try:
            address = self.http_address
        except ValueError as error:
            raise ValueError(f"http: {error}, a port of `host`, or off") from None
        exposed = address is not None and not address.path and not is_loopback(address.host)
        if exposed and self.tls_cert is None and not self.insecure:
            raise ValueError(
                f"http {self.http!r} is reachable from other hosts: give tls_cert and tls_key, "
                "or set insecure (pass --insecure) if the network is trusted"
            )
        return self

    def further(self) -> list[str]:
        """Return the addresses to listen on besides ``host``."""
        return self.listen
