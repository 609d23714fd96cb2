"""Sparse coding that chooses one atom of a dictionary after the other."""

from libc.math cimport fabs, sqrt
from libc.stdint cimport int64_t
from libc.string cimport memcpy, memset

from pretzel.kernels.checks import address, alike, matrix
from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Frame, Slot, interrupted, reserve
from pretzel.kernels.kernel cimport Kernel

cdef double TINY = 2.220446049250313e-16

# The state of one row: `order` lists all atoms, chosen ones first; `factor` is the Cholesky factor of their products.
cdef struct Pursuit:
    const double* gram
    const double* products
    int64_t k
    int64_t* order
    double* left
    double* coefficients
    double* factor
    int64_t stride


cdef class MatchingPursuit(Kernel):
    """Orthogonal matching pursuit on products with the atoms (``sklearn.linear_model.orthogonal_mp_gram``).

    Args:
        inputs: the products of each row with the k atoms, ``f64[k]``.
        output: the coefficients, ``f64[k]``.
        gram: ``f64[k, k]``: the products of the atoms with each other.
        count: the largest number of atoms per row, 1..k.

    Raises:
        ValueError: types, shape or count do not fit.
    """

    cdef object array
    cdef const double* gram
    cdef int64_t k, count

    def __init__(self, inputs, output, *, gram, count):
        alike(inputs, output, ("f64",))
        self.k, self.count = output.columns, count
        if not 1 <= count <= self.k:
            raise ValueError(f"count: expected 1..{self.k}, got {count}")
        self.array = matrix("gram", gram, "f64", (self.k, self.k))
        self.gram = <const double*><size_t>address(self.array)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef Pursuit state
        cdef double* y = <double*>output.values
        cdef int64_t row, i, taken
        cdef int status
        if reserve(&frame.scratch, (2 * self.k + self.count * (self.count + 1)) * 8):
            return OUT_OF_MEMORY
        state.gram, state.k, state.stride = self.gram, self.k, self.count
        state.order = <int64_t*>frame.scratch.at
        state.left = <double*>frame.scratch.at + self.k
        state.coefficients = state.left + self.k
        state.factor = state.coefficients + self.count
        for row in range(frame.rows):
            status = interrupted(frame)
            if status != OK:
                return status
            state.products = <double*>inputs[0].values + row * self.k
            taken = pursue(&state, self.count)
            memset(y, 0, self.k * sizeof(double))
            for i in range(taken):
                y[state.order[i]] = state.coefficients[i]
            y += self.k
        return OK


cdef inline int64_t pursue(Pursuit* state, int64_t count) noexcept nogil:
    """Choose atoms and return their number; `coefficients` holds their coefficients."""
    cdef int64_t taken = 0, best, i
    for i in range(state.k):
        state.order[i] = i
    memcpy(state.left, state.products, state.k * sizeof(double))
    while taken < count:
        best = largest(state)
        if best < taken or state.left[state.order[best]] * state.left[state.order[best]] < TINY:
            break
        if not extend(state, state.order[best], taken):
            break
        i = state.order[best]
        state.order[best], state.order[taken] = state.order[taken], i
        taken += 1
        solve(state, taken)
        subtract(state, taken)
    return taken


cdef inline int64_t largest(const Pursuit* state) noexcept nogil:
    """Return the place of the atom with the largest product, the first of equals; a NaN counts as largest."""
    cdef int64_t i, best = 0
    for i in range(state.k):
        if state.left[state.order[i]] != state.left[state.order[i]]:
            return i
        if fabs(state.left[state.order[i]]) > fabs(state.left[state.order[best]]):
            best = i
    return best


cdef inline bint extend(Pursuit* state, int64_t atom, int64_t taken) noexcept nogil:
    """Add a row to the factor; return whether the atom is independent of those chosen."""
    cdef double* row = state.factor + taken * state.stride
    cdef const double* products = state.gram + atom * state.k
    cdef double rest = products[atom], squares = 0, size
    cdef int64_t i, j
    for i in range(taken):
        row[i] = products[state.order[i]]
        for j in range(i):
            row[i] -= state.factor[i * state.stride + j] * row[j]
        row[i] /= state.factor[i * state.stride + i]
        squares += row[i] * row[i]
    size = sqrt(squares)
    rest -= size * size
    if taken > 0 and rest <= TINY:
        return False
    row[taken] = sqrt(rest)
    return True


cdef inline void solve(Pursuit* state, int64_t taken) noexcept nogil:
    """Solve for all coefficients: forwards through the factor, then backwards."""
    cdef double* z = state.coefficients
    cdef const double* factor = state.factor
    cdef int64_t i, j
    for i in range(taken):
        z[i] = state.products[state.order[i]]
        for j in range(i):
            z[i] -= factor[i * state.stride + j] * z[j]
        z[i] /= factor[i * state.stride + i]
    for i in range(taken - 1, -1, -1):
        for j in range(i + 1, taken):
            z[i] -= factor[j * state.stride + i] * z[j]
        z[i] /= factor[i * state.stride + i]


cdef inline void subtract(Pursuit* state, int64_t taken) noexcept nogil:
    """Write the products of all atoms with the residual."""
    cdef int64_t i, j
    cdef double explained
    for i in range(state.k):
        explained = 0
        for j in range(taken):
            explained += state.gram[i * state.k + state.order[j]] * state.coefficients[j]
        state.left[i] = state.products[i] - explained
