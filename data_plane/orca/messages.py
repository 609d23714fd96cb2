"""The messages of ORCA, from descriptors in a pool of their own: other packages register the same names elsewhere."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass


def _read() -> DescriptorPool:
    """Return a pool with the files that ``make proto`` wrote; a file comes after those it imports."""
    pool = DescriptorPool()
    for file in FileDescriptorSet.FromString(files(__package__).joinpath("orca.binpb").read_bytes()).file:
        pool.AddSerializedFile(file.SerializeToString())
    return pool


POOL = _read()
NAME: str = POOL.FindServiceByName("xds.service.orca.v3.OpenRcaService").full_name
"""The service of reports out of band."""
OrcaLoadReport: Any = GetMessageClass(POOL.FindMessageTypeByName("xds.data.orca.v3.OrcaLoadReport"))
OrcaLoadReportRequest: Any = GetMessageClass(POOL.FindMessageTypeByName("xds.service.orca.v3.OrcaLoadReportRequest"))
