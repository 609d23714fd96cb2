"""Frames: the memory a program runs in, kept by its owner from call to call so that the hot path allocates nothing."""

from libc.string cimport memset


cdef class Workspace:
    """One frame.  At most one run uses it at a time; it serves programs of any shape, one after another."""

    def __dealloc__(self):
        for i in range(self.frame.capacity):
            free(self.frame.slots[i].own_values.at)
            free(self.frame.slots[i].own_columns.at)
            free(self.frame.slots[i].own_starts.at)
            free(self.frame.slots[i].own_bytes.at)
        free(self.frame.slots)
        free(self.frame.scratch.at)
        free(self.frame.scratch2.at)

    cdef int make_slots(self, int64_t count) except -1:
        """Make room for that many slots, keeping those there are."""
        cdef Buffer slots
        if count <= self.frame.capacity:
            return 0
        slots.at = self.frame.slots
        slots.capacity = self.frame.capacity * sizeof(Slot)
        if extend(&slots, count * sizeof(Slot), slots.capacity) != OK:
            raise MemoryError(f"frame: no memory for {count} slots")
        self.frame.slots = <Slot*>slots.at
        memset(<char*>slots.at + self.frame.capacity * sizeof(Slot), 0, <size_t>((count - self.frame.capacity) * sizeof(Slot)))
        self.frame.capacity = count
        return 0

    @property
    def nbytes(self) -> int:
        """Bytes that the frame holds at present."""
        cdef int64_t total = self.frame.scratch.capacity + self.frame.scratch2.capacity
        cdef Slot* slot
        for i in range(self.frame.capacity):
            slot = &self.frame.slots[i]
            total += slot.own_values.capacity + slot.own_columns.capacity + slot.own_starts.capacity + slot.own_bytes.capacity
        return total + self.frame.capacity * sizeof(Slot)
