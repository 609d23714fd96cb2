"""Shapes of slots: the types of values, which are Python objects, as numbers that kernels read without the GIL."""

from pretzel.kernels.frame cimport Text
from pretzel.kernels.marshal cimport DENSE, RAGGED, SPARSE

cdef dict LAYOUTS = {"dense": DENSE, "sparse": SPARSE, "ragged": RAGGED}
cdef dict ITEM_SIZES = {
    "bool": 1, "i8": 1, "u8": 1, "i16": 2, "u16": 2, "i32": 4, "u32": 4, "f32": 4, "i64": 8, "u64": 8, "f64": 8,
    "str": sizeof(Text),
}


cdef int set_shape(Shape* shape, kind) except -1:
    shape.layout = LAYOUTS[kind.layout]
    shape.is_text = kind.dtype == "str"
    shape.itemsize = ITEM_SIZES[kind.dtype]
    shape.width = kind.columns
    return 0


def allocated_as(kind):
    """Return the width and the NumPy type of a dense number, for allocating outputs; no type for other values."""
    return kind.width, kind.numpy if kind.layout == "dense" and kind.dtype != "str" else None
