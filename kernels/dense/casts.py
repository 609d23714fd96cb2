"""The order of the element types in the table of casts (``cast.h``)."""

CAST_ORDER = {
    name: i for i, name in enumerate(["bool", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f32", "f64"])
}
ITEM_SIZE = {
    "bool": 1, "i8": 1, "u8": 1, "i16": 2, "u16": 2, "i32": 4, "u32": 4, "f32": 4, "i64": 8, "u64": 8, "f64": 8,
    "str": 16,
}  # fmt: skip
"""Bytes of an element in a slot; a text is a pointer and a length."""
