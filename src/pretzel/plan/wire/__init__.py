"""Convert between Pretzel's values and Protobuf messages; no other package does.

The contents of a message are checked in full before they are returned.  An invalid column raises an
:class:`~pretzel.errors.InputError` that names it; an invalid definition or digest, a
:class:`~pretzel.errors.DefinitionError`.
"""

from pretzel.plan.wire.attributes import (
    attribute_from_proto,
    attribute_to_proto,
    attributes_from_proto,
    attributes_to_proto,
    digest_from_proto,
    digest_to_proto,
)
from pretzel.plan.wire.columns import (
    Value,
    column_from_proto,
    column_to_proto,
    columns_from_bytes,
    columns_from_proto,
    columns_to_bytes,
    columns_to_proto,
)
from pretzel.plan.wire.graphs import (
    definition_from_proto,
    definition_to_proto,
    definition_tree,
    plan_to_proto,
)
from pretzel.plan.wire.messages import read_or_error, read_or_raise
from pretzel.plan.wire.models import (
    description_from_proto,
    description_to_proto,
    model_from_proto,
    model_to_proto,
    model_version_from_proto,
    model_version_to_proto,
    shadow_from_proto,
    shadow_to_proto,
)

__all__ = [
    "Value",
    "attribute_from_proto",
    "attribute_to_proto",
    "attributes_from_proto",
    "attributes_to_proto",
    "column_from_proto",
    "column_to_proto",
    "columns_from_bytes",
    "columns_from_proto",
    "columns_to_bytes",
    "columns_to_proto",
    "definition_from_proto",
    "definition_to_proto",
    "definition_tree",
    "description_from_proto",
    "description_to_proto",
    "digest_from_proto",
    "digest_to_proto",
    "model_from_proto",
    "model_to_proto",
    "model_version_from_proto",
    "model_version_to_proto",
    "plan_to_proto",
    "read_or_error",
    "read_or_raise",
    "shadow_from_proto",
    "shadow_to_proto",
]
