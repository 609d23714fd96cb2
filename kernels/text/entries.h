/* The entries of one sparse row, sorted by column exactly as SciPy sorts them.

   SciPy's `sort_indices` calls `std::sort`, which preserves the order of equal columns in short rows only; entries of
   one column are summed in the order that it leaves.  So this is the same algorithm, step for step: quicksort with the
   median of three down to sixteen entries, heapsort beyond a depth limit, and one final insertion sort. */
#ifndef PRETZEL_ENTRIES_H
#define PRETZEL_ENTRIES_H

#include <stdint.h>
#include <string.h>

#define ENTRIES_SHORT 16

typedef struct {
    int32_t column;
    double value;
} Entry;

static inline void entries_swap(Entry *a, Entry *b) {
    Entry held = *a;
    *a = *b;
    *b = held;
}

static inline int entries_sorted(const Entry *first, int64_t count) {
    for (int64_t i = 1; i < count; i++)
        if (first[i].column < first[i - 1].column) return 0;
    return 1;
}

/* Moves an entry down to its place; an entry that is not greater comes before. */
static inline void entries_sink(Entry *at) {
    Entry held = *at;
    for (; held.column < at[-1].column; at--) *at = at[-1];
    *at = held;
}

static inline void entries_insert_all(Entry *first, Entry *last) {
    Entry *guarded = last - first > ENTRIES_SHORT ? first + ENTRIES_SHORT : last;
    for (Entry *i = first + 1; i < guarded; i++) {
        if (i->column < first->column) {
            Entry held = *i;
            memmove(first + 1, first, (size_t)(i - first) * sizeof(Entry));
            *first = held;
        } else {
            entries_sink(i);
        }
    }
    for (Entry *i = guarded; i < last; i++) entries_sink(i); /* the smallest is among the first */
}

/* Fills the hole of a heap of `count` with an entry: down to a leaf first, then up to its place. */
static inline void entries_settle(Entry *heap, int64_t hole, int64_t count, Entry held) {
    int64_t top = hole, child = hole;
    while (child < (count - 1) / 2) {
        child = 2 * (child + 1);
        if (heap[child].column < heap[child - 1].column) child--;
        heap[hole] = heap[child];
        hole = child;
    }
    if (count % 2 == 0 && child == (count - 2) / 2) {
        heap[hole] = heap[2 * child + 1];
        hole = 2 * child + 1;
    }
    for (int64_t up; hole > top && heap[up = (hole - 1) / 2].column < held.column; hole = up) heap[hole] = heap[up];
    heap[hole] = held;
}

static inline void entries_heapsort(Entry *first, int64_t count) {
    for (int64_t parent = (count - 2) / 2; parent >= 0; parent--) entries_settle(first, parent, count, first[parent]);
    for (int64_t last = count - 1; last > 0; last--) {
        Entry held = first[last];
        first[last] = first[0];
        entries_settle(first, 0, last, held);
    }
}

/* Swaps the median of three into the first place, as the pivot. */
static inline void entries_pivot(Entry *first, Entry *a, Entry *b, Entry *c) {
    Entry *low = a->column < b->column ? a : b, *high = low == a ? b : a;
    entries_swap(first, high->column < c->column ? high : low->column < c->column ? c : low);
}

static inline Entry *entries_cut(Entry *first, Entry *last) {
    const int32_t pivot = first->column;
    for (Entry *left = first + 1, *right = last;; left++) {
        while (left->column < pivot) left++;
        for (right--; pivot < right->column;) right--;
        if (left >= right) return left;
        entries_swap(left, right);
    }
}

static void entries_part(Entry *first, Entry *last, int depth) {
    while (last - first > ENTRIES_SHORT) {
        if (depth-- == 0) {
            entries_heapsort(first, last - first);
            return;
        }
        entries_pivot(first, first + 1, first + (last - first) / 2, last - 1);
        Entry *cut = entries_cut(first, last);
        entries_part(cut, last, depth);
        last = cut;
    }
}

/* Sorts by column, unless it is sorted. */
static inline void entries_sort(Entry *first, int64_t count) {
    if (entries_sorted(first, count)) return;
    entries_part(first, first + count, 2 * (63 - __builtin_clzll((uint64_t)count)));
    entries_insert_all(first, first + count);
}

#endif
