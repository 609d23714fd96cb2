// The first version of CityHash64 (Pike and Alakuijala, Google); later versions give other values.
#pragma once
#include <stdint.h>
#include <string.h>

#define CITY_0 0xc3a5c85c97cb3127ULL
#define CITY_1 0xb492b66fbe98f273ULL
#define CITY_2 0x9ae16a3b2f90404fULL
#define CITY_3 0xc949d7c7509e6557ULL
#define CITY_PAIR 0x9ddfea08eb382d69ULL

typedef struct { uint64_t low, high; } city_two;

static inline uint64_t city_word(const char* at) { uint64_t x; memcpy(&x, at, 8); return x; }
static inline uint32_t city_short(const char* at) { uint32_t x; memcpy(&x, at, 4); return x; }
static inline uint64_t city_turn(uint64_t x, int by) { return x >> by | x << (64 - by); }  // by is in 1..63
static inline uint64_t city_fold(uint64_t x) { return x ^ x >> 47; }

static inline uint64_t city_pair(uint64_t low, uint64_t high) {
    uint64_t mixed = city_fold((low ^ high) * CITY_PAIR);
    return city_fold((high ^ mixed) * CITY_PAIR) * CITY_PAIR;
}

static inline uint64_t city_up_to_16(const char* s, uint64_t n) {
    if (n > 8) {
        uint64_t last = city_word(s + n - 8);
        return city_pair(city_word(s), city_turn(last + n, (int)n)) ^ last;
    }
    if (n >= 4) return city_pair(n + ((uint64_t)city_short(s) << 3), city_short(s + n - 4));
    if (n == 0) return CITY_2;
    uint8_t first = (uint8_t)s[0], middle = (uint8_t)s[n >> 1], last = (uint8_t)s[n - 1];
    uint32_t y = (uint32_t)first + ((uint32_t)middle << 8), z = (uint32_t)n + ((uint32_t)last << 2);
    return city_fold(y * CITY_2 ^ z * CITY_3) * CITY_2;
}

static inline uint64_t city_up_to_32(const char* s, uint64_t n) {
    uint64_t a = city_word(s) * CITY_1, b = city_word(s + 8);
    uint64_t c = city_word(s + n - 8) * CITY_2, d = city_word(s + n - 16) * CITY_0;
    return city_pair(city_turn(a - b, 43) + city_turn(c, 30) + d, a + city_turn(b ^ CITY_3, 20) - c + n);
}

static inline city_two city_half(const char* s, uint64_t a, uint64_t z) {
    uint64_t b = city_turn(a + z, 52), c = city_turn(a, 37);
    a += city_word(s + 8);
    c += city_turn(a, 7);
    a += city_word(s + 16);
    city_two half = {a + z, b + city_turn(a, 31) + c};
    return half;
}

static inline uint64_t city_up_to_64(const char* s, uint64_t n) {
    city_two v = city_half(s, city_word(s) + (n + city_word(s + n - 16)) * CITY_0, city_word(s + 24));
    city_two w = city_half(s + n - 32, city_word(s + 16) + city_word(s + n - 32), city_word(s + n - 8));
    uint64_t mixed = city_fold((v.low + w.high) * CITY_2 + (w.low + v.high) * CITY_0);
    return city_fold(mixed * CITY_0 + v.high) * CITY_2;
}

static inline city_two city_weak(const char* s, uint64_t a, uint64_t b) {
    uint64_t c, z = city_word(s + 24);
    a += city_word(s);
    b = city_turn(b + a + z, 21);
    c = a;
    a += city_word(s + 8) + city_word(s + 16);
    city_two mixed = {a + z, b + city_turn(a, 44) + c};
    return mixed;
}

static inline uint64_t city_longer(const char* s, uint64_t n) {
    uint64_t x = city_word(s), y = city_word(s + n - 16) ^ CITY_1, z = city_word(s + n - 56) ^ CITY_0, swap, left;
    city_two v = city_weak(s + n - 64, n, y), w = city_weak(s + n - 32, n * CITY_1, CITY_0);
    z += city_fold(v.high) * CITY_1;
    x = city_turn(z + x, 39) * CITY_1;
    y = city_turn(y, 33) * CITY_1;
    for (left = (n - 1) & ~(uint64_t)63; left != 0; left -= 64, s += 64) {
        x = city_turn(x + y + v.low + city_word(s + 16), 37) * CITY_1 ^ w.high;
        y = city_turn(y + v.high + city_word(s + 48), 42) * CITY_1 ^ v.low;
        z = city_turn(z ^ w.low, 33);
        v = city_weak(s, v.high * CITY_1, x + w.low);
        w = city_weak(s + 32, z + w.high, y);
        swap = z, z = x, x = swap;
    }
    return city_pair(city_pair(v.low, w.low) + city_fold(y) * CITY_1 + z, city_pair(v.high, w.high) + x);
}

// IN s, n: bytes; nothing beyond them is read.
static inline uint64_t city_hash(const char* s, int64_t n) {
    if (n <= 16) return city_up_to_16(s, (uint64_t)n);
    if (n <= 32) return city_up_to_32(s, (uint64_t)n);
    return n <= 64 ? city_up_to_64(s, (uint64_t)n) : city_longer(s, (uint64_t)n);
}
