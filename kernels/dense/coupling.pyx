"""Class probabilities from pairwise (one against one) probabilities."""

from libc.math cimport fabs
from libc.stdint cimport int64_t

from pretzel.kernels.checks import typed
from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Frame, Slot, reserve
from pretzel.kernels.kernel cimport Kernel


cdef class Coupling(Kernel):
    """The iteration of ``libsvm`` (``multiclass_probability``), in its order, bit for bit.

    Args:
        inputs: the probability of the first of each pair of classes, ``f64[k * (k - 1) / 2]``.
        output: ``f64[k]``.

    Raises:
        ValueError: the number of pairs does not match the number of classes.
    """

    cdef int64_t classes, pairs, rounds

    def __init__(self, inputs, output):
        self.classes = output.columns
        self.pairs, self.rounds = self.classes * (self.classes - 1) // 2, max(100, self.classes)
        typed("x", inputs[0], ("f64",), self.pairs)
        typed("result", output, ("f64",))

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const double* x = <const double*>inputs[0].values
        cdef double* p = <double*>output.values
        cdef double* q
        cdef int64_t row
        if reserve(&frame.scratch, self.classes * (self.classes + 1) * sizeof(double)) != OK:
            return OUT_OF_MEMORY
        q = <double*>frame.scratch.at
        for row in range(frame.rows):
            fill(x + row * self.pairs, q, self.classes)
            couple(q, q + self.classes * self.classes, p + row * self.classes, self.classes, self.rounds)
        return OK


cdef inline void fill(const double* pairs, double* q, int64_t k) noexcept nogil:
    """Fill Q: the squared probabilities against a class on the diagonal, else minus the product of a pair's sides."""
    cdef int64_t i, j
    cdef double won, lost
    for i in range(k):
        q[i * k + i] = 0
    for i in range(k):
        for j in range(i + 1, k):
            won, lost = pairs[0], 1 - pairs[0]
            q[i * k + j] = q[j * k + i] = -lost * won
            # Row j gathers i = 0, 1, ... before row i gathers j: both add the other classes in order.
            q[j * k + j] += won * won
            pairs += 1
    pairs -= k * (k - 1) // 2
    for i in range(k):
        for j in range(i + 1, k):
            lost = 1 - pairs[0]
            q[i * k + i] += lost * lost
            pairs += 1


cdef inline void couple(const double* q, double* qp, double* p, int64_t k, int64_t rounds) noexcept nogil:
    cdef int64_t t
    cdef double pqp
    for t in range(k):
        p[t] = 1.0 / k
    for _ in range(rounds):
        pqp = product(q, p, qp, k)
        if error(qp, pqp, k) < 0.005 / k:
            return
        for t in range(k):
            pqp = move(q + t * k, t, qp, p, pqp, k)


cdef inline double product(const double* q, const double* p, double* qp, int64_t k) noexcept nogil:
    """Fill ``Q.p``, and return ``p.Q.p``."""
    cdef int64_t t, j
    cdef double total = 0
    for t in range(k):
        qp[t] = 0
        for j in range(k):
            qp[t] += q[t * k + j] * p[j]
        total += p[t] * qp[t]
    return total


cdef inline double error(const double* qp, double pqp, int64_t k) noexcept nogil:
    cdef int64_t t
    cdef double largest = 0
    for t in range(k):
        if fabs(qp[t] - pqp) > largest:
            largest = fabs(qp[t] - pqp)
    return largest


cdef inline double move(const double* q, int64_t t, double* qp, double* p, double pqp, int64_t k) noexcept nogil:
    """Update the probability of one class from the others, rescale all, and return the new ``p.Q.p``."""
    cdef int64_t j
    cdef double step = (-qp[t] + pqp) / q[t]
    p[t] += step
    pqp = (pqp + step * (step * q[t] + 2 * qp[t])) / (1 + step) / (1 + step)
    for j in range(k):
        qp[j] = (qp[j] + step * q[j]) / (1 + step)
        p[j] /= 1 + step
    return pqp
