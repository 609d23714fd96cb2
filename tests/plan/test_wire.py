"""Values survive the wire to the bit, and a hostile message does no worse than an error that names it."""

import dataclasses
import tracemalloc

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.errors import DefinitionError, InputError, PretzelError
from pretzel.plan import model, ops, wire
from pretzel.plan.definition import Definition, parameter_digests
from pretzel.plan.digest import Digest
from pretzel.plan.parameter import Parameter
from pretzel.plan.physical import Plan, PlanInput, PlanOutput, Stage
from pretzel.plan.types import NUMPY_DTYPES, ValueType
from pretzel.plan.values import Csr, Labels, Ragged, Texts
from pretzel.v1 import model_pb2, plan_pb2, values_pb2

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SIZES = st.integers(0, 5)


@st.composite
def dense_arrays(draw) -> np.ndarray:
    shape = (draw(SIZES), *draw(st.lists(SIZES, max_size=1)))
    return draw(hnp.arrays(draw(st.sampled_from([*NUMPY_DTYPES.values()])), shape))


@st.composite
def texts(draw) -> Texts:
    width = draw(st.none() | st.integers(1, 3))
    values = draw(st.lists(TEXT | st.none() | st.just(float("nan")), max_size=4)) * (width or 1)
    return Texts.of(values, width)


@st.composite
def matrices(draw) -> Csr:
    dtype = draw(st.sampled_from(["<f4", "<f8", "<i8"]))
    return Csr.of(draw(hnp.arrays(dtype, (draw(SIZES), draw(SIZES)), elements=st.integers(-2, 2))))


@st.composite
def lists(draw) -> Ragged:
    numbers = draw(st.booleans())
    rows = draw(st.lists(st.lists(st.floats() if numbers else TEXT, max_size=4), max_size=4))
    return Ragged.of(rows, numbers=numbers)


@st.composite
def labels(draw) -> Labels:
    table = draw(st.lists(TEXT, min_size=1, max_size=4, unique=True) | hnp.arrays("<i4", 3))
    codes = draw(st.lists(st.integers(0, len(table) - 1), max_size=5))
    return Labels(np.array(codes, np.int64), table)


def through_the_wire(column: values_pb2.Column) -> wire.Value:
    return wire.column_from_proto(values_pb2.Column.FromString(column.SerializeToString()))


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    return (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())


@given(st.text(st.characters(exclude_categories=["Cs"])), dense_arrays())
def test_dense_round_trip(name: str, array: np.ndarray):
    column = wire.column_to_proto(name, array)
    assert column.name == name
    assert same_bits(through_the_wire(column), array)


@given(texts())
def test_text_round_trip(value: Texts):
    got = through_the_wire(wire.column_to_proto("x", value))
    assert (got.width, len(got)) == (value.width, len(value))
    assert repr(got.tolist()) == repr(value.tolist())  # NaN equals itself as text


@given(matrices())
def test_sparse_round_trip(value: Csr):
    got = through_the_wire(wire.column_to_proto("x", value))
    assert (got.width, len(got)) == (value.width, len(value))
    assert same_bits(got.dense(), value.dense())


@given(lists())
def test_ragged_round_trip(value: Ragged):
    got = through_the_wire(wire.column_to_proto("x", value))
    assert len(got) == len(value)
    assert repr(got.tolist()) == repr(value.tolist())


@given(labels())
def test_labels_round_trip(value: Labels):
    got = through_the_wire(wire.column_to_proto("x", value))
    assert same_bits(got.codes, value.codes)
    assert type(got.labels) is type(value.labels)
    assert list(got.labels) == list(value.labels)


@pytest.mark.parametrize("value", [["a", "b"], np.array(["a", "b"]), np.array(["a", "b"], object)])
def test_strings_of_any_container_are_text(value):
    column = wire.column_to_proto("x", value)
    assert column.type == "str"
    assert through_the_wire(column).tolist() == ["a", "b"]


def test_a_matrix_of_strings_keeps_its_width():
    column = wire.column_to_proto("x", np.array([["a", None], ["", "é"]], object))
    assert column.type == "str[2]"
    assert through_the_wire(column).tolist() == ["a", None, "", "é"]


@pytest.mark.parametrize("array", [np.arange(3.0, dtype=">f8"), np.arange(6.0)[::2], np.ones((3, 2)).T])
def test_bytes_are_little_endian_and_row_major(array: np.ndarray):
    assert (through_the_wire(wire.column_to_proto("x", array)) == array).all()


def test_a_received_array_shares_the_message():
    array = through_the_wire(wire.column_to_proto("x", np.arange(4.0)))
    assert not array.flags.owndata and not array.flags.writeable


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (np.array(3.0), "0-d"),
        (np.zeros((1, 1, 1)), "3-d"),
        (np.zeros(1, "M8[s]"), "datetime64"),
        (np.zeros(1, complex), "complex"),
        (["a", "\ud800"], "row 1: .*lone surrogate"),
        (["a", 3], "row 1: expected text, got int"),
        (Csr.of(np.ones((2, 2), np.int32)), "sparse values of int32"),
    ],
)
def test_what_cannot_be_sent_is_named(value, problem: str):
    with pytest.raises(InputError, match=f"column 'x': .*{problem}"):
        wire.column_to_proto("x", value)


def column(kind: str, rows: int, **parts) -> values_pb2.Column:
    labels = parts.pop("labels", None)
    sent = {name: np.asarray(value).tobytes() if name != "data" else value for name, value in parts.items()}
    return values_pb2.Column(name="päy", type=kind, rows=rows, labels=labels, **sent)


def u32(*values: int) -> np.ndarray:
    return np.array(values, "<u4")


def sparse(starts: list[int], indices: list[int], data: bytes = bytes(16)) -> dict:
    return {"starts": np.array(starts, "<i8"), "indices": np.array(indices, "<i4"), "data": data}


TWO = wire.column_to_proto("labels", ["no", "yes"])
CODES = np.array([0, 2], "<i8").tobytes()
MALFORMED = {
    "no type": (column("", 1), "expected a form like"),
    "unknown type": (column("f99", 1), "f99"),
    "long type": (column("x" * 10**6, 1), "expected a form like|expected one of"),
    "huge width": (column("f64[9999999999]", 1), "width"),
    "lists without starts": (column("str[*]", 1), "bytes of starts"),
    "lists with indices": (column("f64[*]", 0, **sparse([0], [0], b"")), "has no indices"),
    "a list with a missing text": (
        column("str[*]", 1, starts=np.array([0, 1], "<i8"), lengths=u32(0), missing=np.ones(1, "u1")),
        "has no missing",
    ),
    "lists of too few numbers": (column("f64[*]", 1, starts=np.array([0, 2], "<i8"), data=bytes(8)), "bytes of data"),
    "lists that fall": (column("f64[*]", 2, starts=np.array([0, 2, 1], "<i8"), data=bytes(8)), "do not rise"),
    "a list that is not UTF-8": (
        column("str[*]", 2, starts=np.array([0, 2, 3], "<i8"), lengths=u32(1, 1, 1), data=b"ab\xff"),
        "row 1: not UTF-8",
    ),
    "negative rows": (column("f64", -1), "out of range"),
    "short": (column("f64", 2, data=bytes(15)), "expected 2 x 8 = 16 bytes of data, got 15"),
    "long": (column("f64", 2, data=bytes(17)), "got 17"),
    "wrong width": (column("f64[3]", 2, data=bytes(40)), "expected 6 x 8 = 48 bytes"),
    "rows that would overflow": (column("f64[2000000000]", 2**31 - 1, data=bytes(8)), "expected"),
    "rows without bytes": (column("f64[0]", 2**31 - 1), "out of range"),
    "empty texts without bytes": (column("str[0]", 2**31 - 1), "out of range"),
    "bool of 2": (column("bool", 1, data=b"\2"), "neither 0 nor 1"),
    "dense with lengths": (column("f64", 0, lengths=u32(1)), "has no lengths"),
    "text with starts": (column("str", 0, starts=np.zeros(1, "<i8")), "has no starts"),
    "sparse with missing": (column("f32{2}", 0, missing=np.zeros(1, "u1")), "has no missing"),
    "lengths missing": (column("str", 1, data=b"a"), "bytes of lengths, got 0"),
    "lengths too short": (column("str", 1, data=b"ab", lengths=u32(1)), "add up to 1, but there are 2"),
    "lengths too long": (column("str", 1, data=b"a", lengths=u32(2**32 - 1)), "add up to 4294967295"),
    "lengths that wrap": (column("str", 2, data=b"", lengths=u32(2**31, 2**31)), "add up to 4294967296"),
    "not UTF-8": (column("str", 2, data=b"a\xff", lengths=u32(1, 1)), "row 1: not UTF-8"),
    "not UTF-8 at the end": (column("str", 1, data=b"a\xc3", lengths=u32(2)), "row 0: not UTF-8"),
    "surrogate": (column("str", 1, data=b"\xed\xa0\x80", lengths=u32(3)), "row 0: not UTF-8"),
    "split character": (column("str", 3, data=b"a\xc3\xa9", lengths=u32(1, 1, 1)), "row 2: .*inside a"),
    "split in a matrix": (column("str[3]", 1, data=b"a\xc3\xa9", lengths=u32(1, 1, 1)), "row 0: "),
    "missing too long": (column("str", 1, lengths=u32(0), missing=np.zeros(2, "u1")), "of missing"),
    "missing of 3": (column("str", 1, lengths=u32(0), missing=np.array([3], "u1")), "missing holds 3"),
    "missing with bytes": (column("str", 1, data=b"a", lengths=u32(1), missing=np.ones(1, "u1")), "bytes"),
    "starts too short": (column("f64{3}", 2, **sparse([0, 2], [0, 1])), "bytes of starts"),
    "starts not from 0": (column("f64{3}", 1, **sparse([1, 2], [0, 1])), "starts do not rise"),
    "starts that fall": (column("f64{3}", 3, **sparse([0, 2, 1, 2], [0, 1])), "starts do not rise"),
    "starts that wrap": (column("f64{3}", 3, **sparse([0, 2**63 - 1, -(2**63), 2], [0, 1])), "do not rise"),
    "starts below zero": (column("f64{3}", 1, **sparse([0, -2], [])), "starts do not rise"),
    "starts too far": (column("f64{3}", 1, **sparse([0, 2**40], [0, 1])), "bytes of data"),
    "index too large": (column("f64{3}", 1, **sparse([0, 2], [0, 3])), r"outside 0\.\.2"),
    "index below zero": (column("f64{3}", 1, **sparse([0, 2], [-1, 0])), r"outside 0\.\.2"),
    "too few indices": (column("f64{3}", 1, **sparse([0, 2], [0])), "bytes of indices"),
    "code too large": (column("i64", 2, data=CODES, labels=TWO), r"a code outside 0\.\.1"),
    "labels of a float": (column("f64", 2, data=CODES, labels=TWO), "codes of type i64"),
    "labels of labels": (
        column("i64", 0, labels=column("i64", 0, labels=TWO)),
        "labels of labels",
    ),
    "labels in a matrix": (
        column("i64", 0, labels=wire.column_to_proto("l", np.zeros((2, 2)))),
        "one number or one present text",
    ),
    "labels that are missing": (
        column("i64", 0, labels=wire.column_to_proto("l", ["a", None])),
        "present text",
    ),
    "malformed labels": (column("i64", 0, labels=column("f64", 1)), "expected 1 x 8"),
}  # fmt: skip


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_columns_are_refused_by_name(case: str):
    message, problem = MALFORMED[case]
    with pytest.raises(InputError, match=f"column 'päy': .*({problem})") as caught:
        through_the_wire(message)
    assert len(str(caught.value)) < 300


@given(
    st.builds(
        values_pb2.Column,
        name=st.just("x"),
        type=st.sampled_from(["f64", "bool", "f32[2]", "i64", "str", "str[2]", "f32{3}", "str[*]", "f64[*]", "u8[0]"]),
        rows=st.integers(-1, 3),
        data=st.binary(max_size=24),
        lengths=st.sampled_from([b"", bytes(4), b"\1\0\0\0", bytes(8), b"\1\0\0\0\2\0\0\0"]),
        missing=st.binary(max_size=2),
        indices=st.binary(max_size=8),
        starts=st.sampled_from([b"", bytes(8), bytes(16), bytes(8) + b"\1" + bytes(7)]),
    )
)
def test_any_message_is_a_column_or_an_input_error(message: values_pb2.Column):
    try:
        value = wire.column_from_proto(message)
    except InputError as error:
        assert str(error).startswith("column 'x': ")
    else:
        assert len(value) == message.rows
        again = wire.column_to_proto("x", value)
        assert (again.type, again.data, again.indices) == (message.type, message.data, message.indices)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_column_or_an_error_of_ours(data: bytes):
    message = values_pb2.Column()
    try:
        message.ParseFromString(data)
    except Exception:  # what is no message the transport refuses
        return
    try:
        wire.column_from_proto(message)
    except PretzelError:
        pass


def test_memory_is_bounded_by_the_message():
    claims = [column("f64[2000000000]", 2**31 - 1), column("str", 2**31 - 1), column("f32{5}", 2**31 - 1)]
    tracemalloc.start()
    for message in claims:
        with pytest.raises(InputError):
            wire.column_from_proto(message)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_columns_agree_on_rows_and_names():
    one, two = np.zeros(1), np.zeros(2)
    sent = wire.columns_to_proto({"a": one, "b": ["x"]})
    assert list(wire.columns_from_proto(sent)) == ["a", "b"]
    with pytest.raises(InputError, match="column 'b': 2 rows, but 'a' has 1"):
        wire.columns_from_proto(wire.columns_to_proto({"a": one, "b": two}))
    with pytest.raises(InputError, match="column 'a': given twice"):
        wire.columns_from_proto([sent[0], sent[0]])


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | TEXT
    | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
)  # fmt: skip


@given(st.dictionaries(TEXT, PLAIN, max_size=4))
def test_attributes_round_trip(values: dict):
    message = plan_pb2.Definition(metadata=wire.attributes_to_proto(values))
    got = wire.attributes_from_proto(plan_pb2.Definition.FromString(message.SerializeToString()).metadata)
    assert got == values
    assert repr(sorted(got)) == repr(sorted(values))


@pytest.mark.parametrize("value", [object(), 2**63, {1, 2}, "\ud800"])
def test_attributes_that_cannot_travel(value):
    with pytest.raises(DefinitionError, match="cannot be sent"):
        wire.attribute_to_proto(value)


def test_attributes_of_no_kind_or_too_deep():
    with pytest.raises(DefinitionError, match="no value"):
        wire.attribute_from_proto(values_pb2.Attribute())
    deep: list = []
    for _ in range(70):
        deep = [deep]
    with pytest.raises(DefinitionError, match="nested deeper"):
        wire.attribute_to_proto(deep)


@pytest.mark.parametrize("bad", [("", 1), ("0" * 63, 1), ("G" * 64, 1), ("0" * 64, -1), ("A" * 64, 1)])
def test_malformed_digests(bad: tuple[str, int]):
    with pytest.raises(DefinitionError, match="digest"):
        wire.digest_from_proto(values_pb2.Digest(hex=bad[0], size=bad[1]))


def small_definition() -> Definition:
    x = ops.Input("été", "f64[2]")
    linear = ops.Linear(x, Parameter.of(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])), Parameter.of(np.zeros(3)))
    codes = ops.ArgMax(linear)
    labels = ops.LabelLookup(codes, Parameter.of(["a", "b", "c"]))
    return Definition({"predict": labels, "scores": linear}, (x,), {"input_style": "matrix", "names": ["p", "q"]})


def test_definition_round_trip():
    definition = small_definition()
    message = plan_pb2.Definition.FromString(wire.definition_to_proto(definition).SerializeToString())
    assert {*parameter_digests(wire.definition_tree(message))} == {*definition.parameters}
    assert wire.definition_from_proto(message, definition.parameters).digest == definition.digest


def spoiled(change) -> plan_pb2.Definition:
    message = wire.definition_to_proto(small_definition())
    change(message)
    return message


ILLEGAL = {
    "cycle": (lambda m: m.nodes[1].inputs.__setitem__(0, 1), "cycle"),
    "forward": (lambda m: m.nodes[1].inputs.__setitem__(0, 3), "cycle"),
    "dangling output": (lambda m: setattr(m.outputs[0], "node", 99), "99"),
    "dangling input": (lambda m: m.inputs.append(99), "99"),
    "output twice": (lambda m: setattr(m.outputs[1], "name", "predict"), "named twice"),
    "no output": (lambda m: m.ClearField("outputs"), "no output"),
    "operator": (lambda m: setattr(m.nodes[1], "operator", "evil"), "unknown operator 'evil'"),
    "attribute": (lambda m: m.nodes[0].attributes["kind"].Clear(), r"node 0 \(input\): attribute: no value"),
    "type": (lambda m: setattr(m.nodes[0].attributes["kind"], "text", "f64"), "linear"),
    "digest": (
        lambda m: setattr(m.nodes[1].parameters["weights"], "hex", "no"),
        r"node 1 \(linear\): digest",
    ),
}


@pytest.mark.parametrize("case", ILLEGAL)
def test_illegal_definitions_are_refused(case: str):
    change, problem = ILLEGAL[case]
    with pytest.raises(DefinitionError, match=problem):
        wire.definition_from_proto(spoiled(change), small_definition().parameters)


def small_plan() -> Plan:
    table = Parameter.of(["a", "b"])
    stage = Stage("arg_max", "argmax", {"n": 2}, {}, (0,), ValueType("i64"), "f" * 64)
    return Plan(
        kernel_set="1",
        inputs=(PlanInput("X", ValueType("f64", 2)),),
        stages=(stage,),
        outputs=(PlanOutput("predict", 1, table.digest), PlanOutput("scores", 0)),
        inline={table.digest: bytes(table.blob)},
    )


def test_plan_message_tells_the_plan():
    plan = small_plan()
    message = wire.plan_to_proto(plan)
    assert wire.digest_from_proto(message.digest) == plan.digest
    assert [(s.kernel, list(s.inputs), s.type) for s in message.stages] == [("argmax", [0], "i64")]
    assert [o.HasField("labels") for o in message.outputs] == [True, False]


def version() -> model.ModelVersion:
    return model.ModelVersion("m", 3, Digest("0" * 64, 1), Digest("1" * 64, 2), 5.5, 77, {"input_style": "matrix"})


def test_models_round_trip():
    known = model.Model("m", (version(),), {"stable": 3})
    message = model_pb2.Model.FromString(wire.model_to_proto(known).SerializeToString())
    assert wire.model_from_proto(message) == known


def test_descriptions_round_trip_with_labels_for_codes_and_for_one_column_a_class():
    description = model.describe(version(), small_plan(), {"stable": 3}, lambda digest: pytest.fail("is inline"))
    message = wire.description_to_proto(description)
    got = wire.description_from_proto(model_pb2.ModelDescription.FromString(message.SerializeToString()))
    assert (got.version, got.inputs, got.aliases) == (description.version, description.inputs, {"stable": 3})
    assert [(o.name, str(o.type), o.labels) for o in got.outputs] == [
        ("predict", "i64", ["a", "b"]),
        ("scores", "f64[2]", ["a", "b"]),
    ]


def test_the_columns_of_a_target_are_labelled_by_its_own_classes():
    tables = [Parameter.of(["a", "b"]), Parameter.of(["c", "d"])]
    outputs = [PlanOutput(f"predict[{i}]", 1, table.digest) for i, table in enumerate(tables)]
    outputs += [PlanOutput(f"predict_proba[{i}]", 0) for i in range(2)]
    plan = dataclasses.replace(
        small_plan(), outputs=tuple(outputs), inline={table.digest: bytes(table.blob) for table in tables}
    )
    described = model.describe(version(), plan, {}, lambda digest: pytest.fail("is inline"))
    assert [o.labels for o in described.outputs] == [["a", "b"], ["c", "d"]] * 2
