"""Fields, arithmetic, units and local times of dates."""

from libc.math cimport NAN
from libc.stdint cimport INT64_MIN, int64_t

from pretzel.kernels.checks import address, typed, vector
from pretzel.kernels.frame cimport OK, Frame, Slot, reject
from pretzel.kernels.kernel cimport Kernel

cdef extern from "calendar.h" nogil:
    ctypedef struct civil_date:
        int64_t year
        int month
        int day
    int64_t floor_of(int64_t a, int64_t b)
    bint calendar_is_leap(int64_t year)
    int calendar_month_length(int64_t year, int month)
    civil_date calendar_date(int64_t days)
    int64_t calendar_weekday(int64_t days)
    int64_t calendar_thursday(int64_t days)
    int64_t calendar_day_of_year(int64_t days)

cdef extern from *:
    """
    #define adds_over(a, b, c) __builtin_add_overflow(a, b, c)
    #define subtracts_over(a, b, c) __builtin_sub_overflow(a, b, c)
    #define multiplies_over(a, b, c) __builtin_mul_overflow(a, b, c)
    """
    bint adds_over(int64_t a, int64_t b, int64_t* c) nogil
    bint subtracts_over(int64_t a, int64_t b, int64_t* c) nogil
    bint multiplies_over(int64_t a, int64_t b, int64_t* c) nogil

cdef int64_t MISSING = INT64_MIN
UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
FIELDS = {
    name: i
    for i, name in enumerate([
        "ticks", "hour", "minute", "second", "seconds", "microsecond", "nanosecond", "days", "day_of_week", "year",
        "month", "day", "day_of_year", "days_in_month", "days_in_year", "iso_year", "iso_week",
    ])
}

cdef enum Field:
    TICKS, HOUR, MINUTE, SECOND, SECONDS, MICROSECOND, NANOSECOND, DAYS, DAY_OF_WEEK, YEAR
    MONTH, DAY, DAY_OF_YEAR, DAYS_IN_MONTH, DAYS_IN_YEAR, ISO_YEAR, ISO_WEEK


def check_ticks(inputs, output, count, dtype):
    """Reject inputs other than ``count`` columns of one i64 per row, and an output that is not one ``dtype`` per row.

    Raises:
        ValueError: the types do not fit.
    """
    if len(inputs) != count:
        raise ValueError(f"expected {count} inputs, got {len(inputs)}")
    for kind in inputs:
        typed("x", kind, ("i64",), 1)
    typed("result", output, (dtype,), 1)


cdef class DatePart(Kernel):
    """A field of each date or span; NaN for NaT.

    Args:
        inputs: one i64 per row.
        output: one f64 per row.
        unit: the unit of the ticks: s, ms, us or ns.
        field: one of ``FIELDS``.

    Raises:
        ValueError: the types do not fit.
    """

    cdef int64_t per_second, per_day
    cdef int field

    def __init__(self, inputs, output, *, unit, field):
        check_ticks(inputs, output, 1, "f64")
        self.per_second, self.field = UNITS[unit], FIELDS[field]
        self.per_day = 86400 * self.per_second

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const int64_t* x = <const int64_t*>inputs[0].values
        cdef double* out = <double*>output.values
        cdef int64_t row
        for row in range(frame.rows):
            out[row] = NAN if x[row] == MISSING else <double>self.of(x[row])
        return OK

    cdef inline int64_t of(self, int64_t ticks) noexcept nogil:
        cdef int64_t rest
        if self.field == TICKS:
            return ticks
        if self.field > NANOSECOND:
            return day_part(self.field, floor_of(ticks, self.per_day))
        rest = ticks % self.per_day
        return time_part(self.field, rest + self.per_day if rest < 0 else rest, self.per_second)


cdef inline int64_t time_part(int field, int64_t rest, int64_t per_second) noexcept nogil:
    """Return a field of the ticks since midnight."""
    cdef int64_t seconds = rest // per_second, below = rest % per_second
    if field == HOUR:
        return seconds // 3600
    if field == MINUTE:
        return seconds // 60 % 60
    if field == SECOND:
        return seconds % 60
    if field == SECONDS:
        return seconds
    below *= 1000000000 // per_second  # nanoseconds
    return below // 1000 if field == MICROSECOND else below % 1000


cdef inline int64_t day_part(int field, int64_t days) noexcept nogil:
    """Return a field of a day since 1970-01-01."""
    cdef civil_date date
    if field == DAYS:
        return days
    if field == DAY_OF_WEEK:
        return calendar_weekday(days)
    if field == ISO_WEEK:
        return (calendar_day_of_year(calendar_thursday(days)) - 1) // 7 + 1
    date = calendar_date(calendar_thursday(days) if field == ISO_YEAR else days)
    if field == YEAR or field == ISO_YEAR:
        return date.year
    if field == MONTH:
        return date.month
    if field == DAY:
        return date.day
    if field == DAY_OF_YEAR:
        return calendar_day_of_year(days)
    return calendar_month_length(date.year, date.month) if field == DAYS_IN_MONTH else 365 + calendar_is_leap(date.year)


cdef class _Ticks(Kernel):
    """Base of kernels that return ticks and reject results outside of int64."""

    def describe(self, code, row, column, value):
        return f"row {row}: a date or a time span of about {value:.17g} ticks has a result outside of int64"


cdef class DateArithmetic(_Ticks):
    """The sum or the difference of ticks; NaT if either is NaT.

    Args:
        inputs: two of one i64 per row.
        output: one i64 per row.
        function: ``add`` or ``subtract``.

    Raises:
        ValueError: the types do not fit.
    """

    cdef bint subtracts

    def __init__(self, inputs, output, *, function):
        check_ticks(inputs, output, 2, "i64")
        self.subtracts = function == "subtract"

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const int64_t* a = <const int64_t*>inputs[0].values
        cdef const int64_t* b = <const int64_t*>inputs[1].values
        cdef int64_t* out = <int64_t*>output.values
        cdef int64_t row
        cdef bint over
        for row in range(frame.rows):
            if a[row] == MISSING or b[row] == MISSING:
                out[row] = MISSING
                continue
            over = subtracts_over(a[row], b[row], &out[row]) if self.subtracts else adds_over(a[row], b[row], &out[row])
            if over or out[row] == MISSING:
                return reject(frame, 0, row, 0, <double>a[row])
        return OK


cdef class DateScale(_Ticks):
    """``x // divide * multiply``, rounded down; NaT stays.

    Args:
        inputs: one i64 per row.
        output: one i64 per row.
        multiply: positive.
        divide: positive.

    Raises:
        ValueError: the types do not fit, or a number is not positive.
    """

    cdef int64_t multiply, divide

    def __init__(self, inputs, output, *, multiply, divide):
        check_ticks(inputs, output, 1, "i64")
        if multiply < 1 or divide < 1:
            raise ValueError(f"multiply, divide: expected positive numbers, got {multiply}, {divide}")
        self.multiply, self.divide = multiply, divide

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const int64_t* x = <const int64_t*>inputs[0].values
        cdef int64_t* out = <int64_t*>output.values
        cdef int64_t row
        for row in range(frame.rows):
            if x[row] == MISSING:
                out[row] = MISSING
            elif multiplies_over(floor_of(x[row], self.divide), self.multiply, &out[row]) or out[row] == MISSING:
                return reject(frame, 0, row, 0, <double>x[row])
        return OK


cdef class LocalTime(Kernel):
    """The local time of instants; NaT stays.

    Args:
        inputs: one i64 per row.
        output: one i64 per row.
        transitions: ``i64[n]``, ascending.
        offsets: ``i64[n + 1]``: before the first transition, and after each.
        first, last: the instants for which the table holds.
        zone: the name of the time zone.

    Raises:
        ValueError: the types or the sizes of the arrays do not fit.
    """

    cdef object arrays
    cdef str zone
    cdef const int64_t* transitions
    cdef const int64_t* offsets
    cdef int64_t count, first, last

    def __init__(self, inputs, output, *, transitions, offsets, first, last, zone):
        check_ticks(inputs, output, 1, "i64")
        transitions = vector("transitions", transitions, "i64", transitions.size)
        offsets = vector("offsets", offsets, "i64", transitions.size + 1)
        self.arrays = (transitions, offsets)
        self.transitions = <const int64_t*><size_t>address(transitions)
        self.offsets = <const int64_t*><size_t>address(offsets)
        self.count, self.first, self.last, self.zone = transitions.size, first, last, zone

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const int64_t* x = <const int64_t*>inputs[0].values
        cdef int64_t* out = <int64_t*>output.values
        cdef int64_t row
        for row in range(frame.rows):
            if x[row] == MISSING:
                out[row] = MISSING
            elif not self.first <= x[row] <= self.last:
                return reject(frame, 0, row, 0, <double>x[row])
            elif adds_over(x[row], self.offsets[self.after(x[row])], &out[row]) or out[row] == MISSING:
                return reject(frame, 0, row, 0, <double>x[row])
        return OK

    cdef inline int64_t after(self, int64_t instant) noexcept nogil:
        """Return the number of transitions until an instant."""
        cdef int64_t low = 0, high = self.count, middle
        while low < high:
            middle = (low + high) >> 1
            if self.transitions[middle] <= instant:
                low = middle + 1
            else:
                high = middle
        return low

    def describe(self, code, row, column, value):
        return (f"row {row}: a date is outside of those for which the model knows the local time in {self.zone}, "
                "1900 to 2100 in imported models")
