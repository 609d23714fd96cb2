"""Missing and forbidden values of dense numbers: Impute, MissingIndicator, RequireFinite."""

from libc.float cimport DBL_MAX, FLT_MAX
from libc.math cimport isinf, isnan
from libc.stdint cimport int64_t, uint8_t

from pretzel.kernels.checks import address, alike, positions, typed, vector
from pretzel.kernels.cpu cimport level
from pretzel.kernels.dense.within cimport RUN, Within, within_for
from pretzel.kernels.frame cimport OK, Frame, Slot, Text, reject
from pretzel.kernels.kernel cimport Kernel
from pretzel.kernels.types cimport number, real

cdef const Within* within = within_for(level)

cdef enum Refusal:
    HAS_NAN = 1
    HAS_INFINITY = 2


cdef inline bint is_missing(number x, double missing) noexcept nogil:
    """Return whether a value is the one that means missing; NaN matches NaN."""
    if number is int64_t:
        return x == missing
    else:
        return x == missing or (x != x and missing != missing)


cdef class Impute(Kernel):
    """Missing numbers replaced by the fill of their column (``SimpleImputer.transform``).

    Args:
        inputs: dense f32, f64 or i64.
        output: the same.
        fill: ``[width]`` of that type.
        missing: the number that means missing; NaN matches NaN.
        missing_text: used by texts only.

    Raises:
        ValueError: types or shape do not fit.
    """

    cdef object array
    cdef const void* fill
    cdef double missing
    cdef int64_t width
    cdef str dtype
    cdef int kind              # 0 f32, 1 f64, 2 i64

    def __init__(self, inputs, output, *, fill, missing, missing_text=None):
        alike(inputs, output, ("f32", "f64", "i64"))
        self.width, self.missing = output.columns, missing
        self.kind = ["f32", "f64", "i64"].index(output.dtype)
        self.array = vector("fill", fill, output.dtype, self.width)
        self.fill = <const void*><size_t>address(self.array)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef void* x = inputs[0].values
        if self.kind == 0:
            impute(<float*>x, <float*>output.values, frame.rows, self.width, <const float*>self.fill, self.missing)
        elif self.kind == 1:
            impute(<double*>x, <double*>output.values, frame.rows, self.width, <const double*>self.fill, self.missing)
        else:
            impute(
                <int64_t*>x, <int64_t*>output.values, frame.rows, self.width, <const int64_t*>self.fill, self.missing
            )
        return OK


cdef inline void impute(
    const number* x, number* y, int64_t rows, int64_t width, const number* fill, double missing
) noexcept nogil:
    cdef int64_t row, i
    cdef bint nan_is_missing = missing != missing
    for row in range(rows):
        if nan_is_missing:
            for i in range(width):
                y[i] = fill[i] if x[i] != x[i] else x[i]
        else:
            for i in range(width):
                y[i] = fill[i] if is_missing(x[i], missing) else x[i]
        x += width
        y += width


cdef class MissingIndicator(Kernel):
    """One where a value of the listed columns is missing, else zero; a text is missing if it is None or NaN.

    Args:
        inputs: dense f32, f64, i64 or texts.
        output: k columns of ``dtype``.
        columns: ``i64[k]``, each in 0..width-1.
        missing: the number that means missing; NaN matches NaN.
        dtype: f32, f64, i64 or bool.

    Raises:
        ValueError: types do not fit, or a column is outside x.
    """

    cdef object array
    cdef const int64_t* columns
    cdef int64_t count, width
    cdef double missing
    cdef int kind              # of x: 0 f32, 1 f64, 2 i64, 3 text
    cdef int out_kind              # of the result: 0 f32, 1 f64, 2 i64, 3 bool

    def __init__(self, inputs, output, *, columns, missing, dtype):
        typed("x", inputs[0], ("f32", "f64", "i64", "str"))
        typed("result", output, (dtype,), len(columns))
        self.array = positions("columns", columns, inputs[0].columns)
        self.columns = <const int64_t*><size_t>address(self.array)
        self.count, self.width, self.missing = len(self.array), inputs[0].columns, missing
        self.kind = ["f32", "f64", "i64", "str"].index(inputs[0].dtype)
        self.out_kind = ["f32", "f64", "i64", "bool"].index(dtype)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef int64_t row, i, at = 0
        cdef bint flag
        for row in range(frame.rows):
            for i in range(self.count):
                flag = self.finds(inputs[0].values, row * self.width + self.columns[i])
                self.put(output.values, at, flag)
                at += 1
        return OK

    cdef inline bint finds(self, const void* x, int64_t at) noexcept nogil:
        if self.kind == 0:
            return is_missing((<const float*>x)[at], self.missing)
        if self.kind == 1:
            return is_missing((<const double*>x)[at], self.missing)
        if self.kind == 2:
            return is_missing((<const int64_t*>x)[at], self.missing)
        return (<const Text*>x)[at].length < 0

    cdef inline void put(self, void* y, int64_t at, bint flag) noexcept nogil:
        if self.out_kind == 0:
            (<float*>y)[at] = flag
        elif self.out_kind == 1:
            (<double*>y)[at] = flag
        elif self.out_kind == 2:
            (<int64_t*>y)[at] = flag
        else:
            (<uint8_t*>y)[at] = flag


cdef class RequireFinite(Kernel):
    """x unchanged; rejects infinities, and NaN unless it is allowed (``sklearn.utils.check_array``).

    Args:
        inputs: dense f32 or f64.
        output: the same.
        owner: the estimator named in the message.
        allow_nan: reject only infinities.

    Raises:
        ValueError: the types do not fit.
    """

    cdef int64_t width
    cdef bint single, allow_nan
    cdef str owner, dtype

    def __init__(self, inputs, output, *, owner, allow_nan):
        alike(inputs, output)
        self.owner, self.allow_nan = owner, allow_nan
        self.width, self.single = output.columns, output.dtype == "f32"
        self.dtype = "float32" if self.single else "float64"

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef int64_t n = frame.rows * self.width, at
        if self.single:
            at = first_rejected(<float*>inputs[0].values, n, self.allow_nan)
        else:
            at = first_rejected(<double*>inputs[0].values, n, self.allow_nan)
        if at < n:
            return self.reject_at(frame, inputs[0].values, at)
        if output.values == output.own_values.at:
            output.values = inputs[0].values      # only later kernels read it: no copy is needed
        elif self.single:
            copy(<float*>inputs[0].values, <float*>output.values, n)
        else:
            copy(<double*>inputs[0].values, <double*>output.values, n)
        return OK

    cdef int reject_at(self, Frame* frame, void* values, int64_t at) noexcept nogil:
        cdef double x = (<float*>values)[at] if self.single else (<double*>values)[at]
        return reject(frame, HAS_NAN if isnan(x) else HAS_INFINITY, at // self.width, at % self.width, x)

    def describe(self, code, row, column, value):
        return describe_rejection(code, row, column, self.owner, self.dtype)


def describe_rejection(code, row, column, owner, dtype):
    """Describe the value as scikit-learn does, with its position."""
    if code == HAS_NAN:
        problem, remedy = "NaN", f"{owner} does not accept missing values; impute them first"
    else:
        problem, remedy = f"infinity or a value too large for dtype('{dtype}')", f"{owner} takes finite values"
    return f"Input X contains {problem}: row {row}, column {column}. {remedy}"


cdef inline int64_t first_rejected(const real* x, int64_t n, bint allow_nan) noexcept nogil:
    """Return the position of the first rejected value, or n."""
    cdef int64_t i, start = 0
    while True:
        start += first_infinite(x + start, n - start)
        for i in range(start, min(start + RUN, n)):
            if isinf(x[i]) or (not allow_nan and isnan(x[i])):
                return i
        if start + RUN >= n:
            return n
        start += RUN


cdef inline int64_t first_infinite(const real* x, int64_t n) noexcept nogil:
    """Return the start of the first run of RUN values that are not all finite."""
    if real is float:
        return within.f32(x, n, FLT_MAX)
    else:
        return within.f64(x, n, DBL_MAX)


cdef inline void copy(const real* x, real* y, int64_t n) noexcept nogil:
    cdef int64_t i
    for i in range(n):
        y[i] = x[i]
