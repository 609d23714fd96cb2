"""Frames: the memory a program runs in, kept from call to call so that the hot path allocates nothing."""

from libc.string cimport memset


cdef class Workspace:
    """One frame.  One run uses it at a time; it serves programs of any shape in turn."""

    def __dealloc__(self):
        for i in range(self.frame.capacity):
            free_slot(&self.frame.slots[i])
        free(self.frame.slots)
        free_slot(&self.frame.tile)
        free(self.frame.scratch.at)
        free(self.frame.scratch2.at)
        free(self.frame.tokens.at)

    cdef int make_slots(self, int64_t count) except -1:
        """Make room for that many slots and preserve the existing ones."""
        cdef Buffer slots
        if count <= self.frame.capacity:
            return 0
        slots.at = self.frame.slots
        slots.capacity = self.frame.capacity * sizeof(Slot)
        if extend(&slots, count * sizeof(Slot), slots.capacity) != OK:
            raise MemoryError(f"frame: no memory for {count} slots")
        self.frame.slots = <Slot*>slots.at
        memset(
            <char*>slots.at + self.frame.capacity * sizeof(Slot), 0,
            <size_t>((count - self.frame.capacity) * sizeof(Slot)),
        )
        self.frame.capacity = count
        return 0

    @property
    def nbytes(self) -> int:
        """Bytes that the frame holds now."""
        cdef int64_t total = self.frame.scratch.capacity + self.frame.scratch2.capacity + self.frame.tokens.capacity
        for i in range(self.frame.capacity):
            total += slot_bytes(&self.frame.slots[i])
        return total + slot_bytes(&self.frame.tile) + self.frame.capacity * sizeof(Slot)


cdef void free_slot(Slot* slot) noexcept:
    free(slot.own_values.at)
    free(slot.own_columns.at)
    free(slot.own_starts.at)
    free(slot.own_bytes.at)


cdef int64_t slot_bytes(const Slot* slot) noexcept:
    return slot.own_values.capacity + slot.own_columns.capacity + slot.own_starts.capacity + slot.own_bytes.capacity
