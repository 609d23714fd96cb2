/* The grammar of numbers in texts, as Python's float() and int() read them: white space around them, digits of any
 * script, underscores between digits. */
#ifndef PRETZEL_NUMBERS_H
#define PRETZEL_NUMBERS_H

#include <locale.h>
#include <stdlib.h>
#include "unicode_tables.h"
#include "utf8.h"

#define MOST_DIGITS 4300 /* Python's limit for int() */

typedef struct {
    const uint8_t *at, *end;
    char *out; /* the number in ASCII, without underscores, or NULL */
} number_reader;

static inline int number_kinds(uint32_t c) {
    return KIND_BLOCKS[(uint32_t)KIND_INDEX[c / TEXT_BLOCK] * TEXT_BLOCK + c % TEXT_BLOCK];
}

/* Python leaves the ASCII separators 0x1C to 0x1F in place, though str.isspace has them. */
static inline int number_space(uint32_t c) {
    if (c < 0x80) return c == ' ' || (c >= '\t' && c <= '\r');
    return PROPERTY_BLOCKS[(uint32_t)PROPERTY_INDEX[c / TEXT_BLOCK] * TEXT_BLOCK + c % TEXT_BLOCK] & UNICODE_SPACE;
}

/* The value of a decimal digit, or -1.  Digits of one script are ten in a row, and such rows may follow each other. */
static inline int number_digit(uint32_t c) {
    if (c < 0x80) return c >= '0' && c <= '9' ? (int)(c - '0') : -1;
    if (!(number_kinds(c) & UNICODE_DECIMAL)) return -1;
    uint32_t first = c;
    while (number_kinds(first - 1) & UNICODE_DECIMAL) first--;
    return (int)((c - first) % 10);
}

static inline void number_put(number_reader *reader, char c) {
    if (reader->out != NULL) *reader->out++ = c;
}

/* Reads digits with single underscores between them; their number, or -1 if an underscore is elsewhere. */
static inline int64_t number_digits(number_reader *reader) {
    int64_t count = 0;
    int size, digit;
    while (reader->at < reader->end) {
        const uint8_t *next = reader->at;
        if (*next == '_' && ++next == reader->end) return -1;
        digit = number_digit(utf8_at(next, reader->end, &size));
        if (digit < 0) return next == reader->at ? count : -1;
        if (next > reader->at && count == 0) return -1;
        number_put(reader, (char)('0' + digit));
        reader->at = next + size;
        count++;
    }
    return count;
}

static inline int number_is(const number_reader *reader, char c) {
    return reader->at < reader->end && (*reader->at | 0x20) == (c | 0x20);
}

/* Reads the rest, which must be this word in any case. */
static inline int number_word(number_reader *reader, const char *word) {
    for (; *word; word++, reader->at++) {
        if (!number_is(reader, *word)) return 0;
        number_put(reader, *word);
    }
    return reader->at == reader->end;
}

static inline void number_sign(number_reader *reader) {
    if (reader->at < reader->end && (*reader->at == '+' || *reader->at == '-')) number_put(reader, (char)*reader->at++);
}

static inline int number_float(number_reader *reader) {
    int64_t whole, fraction = 0;
    if (number_is(reader, 'n')) return number_word(reader, "nan");
    if (number_is(reader, 'i')) return number_word(reader, reader->end - reader->at == 3 ? "inf" : "infinity");
    if ((whole = number_digits(reader)) < 0) return 0;
    if (reader->at < reader->end && *reader->at == '.') {
        number_put(reader, '.');
        reader->at++;
        if ((fraction = number_digits(reader)) < 0) return 0;
    }
    if (whole + fraction == 0) return 0;
    if (number_is(reader, 'e')) {
        number_put(reader, 'e');
        reader->at++;
        number_sign(reader);
        if (number_digits(reader) <= 0) return 0;
    }
    return reader->at == reader->end;
}

/* Whether a text is a number; if `out` is not NULL, it gets the number, at most `length + 1` bytes, in ASCII. */
static inline int number_read(const char *text, int64_t length, int whole, char *out) {
    number_reader reader = {(const uint8_t *)text, (const uint8_t *)text + (length > 0 ? length : 0), out};
    int size, found;
    while (reader.at < reader.end && number_space(utf8_at(reader.at, reader.end, &size))) reader.at += size;
    while (reader.at < reader.end && number_space(utf8_before(reader.end, reader.at, &size))) reader.end -= size;
    number_sign(&reader);
    if (whole) {
        int64_t digits = number_digits(&reader);
        found = digits > 0 && digits <= MOST_DIGITS && reader.at == reader.end;
    } else {
        found = number_float(&reader);
    }
    number_put(&reader, 0);
    return found;
}

/* The value of a number that number_read wrote; a locale of the process does not matter. */
static inline double number_value(const char *number) {
    static locale_t c_locale = NULL;
    locale_t known = __atomic_load_n(&c_locale, __ATOMIC_ACQUIRE);
    if (known == NULL) {
        known = newlocale(LC_ALL_MASK, "C", NULL);
        __atomic_store_n(&c_locale, known, __ATOMIC_RELEASE); /* two threads may make one each: a few bytes, once */
    }
    return strtod_l(number, NULL, known);
}

#endif
