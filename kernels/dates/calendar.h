/* Days since 1970-01-01 to dates of the Gregorian calendar and back, for every day within int64 seconds. */
#ifndef PRETZEL_CALENDAR_H
#define PRETZEL_CALENDAR_H

#include <stdint.h>

enum { DAYS_OF_ERA = 146097 /* 400 years */, DAYS_TO_EPOCH = 719468 /* from 0000-03-01 */ };

typedef struct {
    int64_t year;
    int32_t month, day;
} civil_date;

static inline int64_t floor_of(int64_t a, int64_t b) {
    int64_t q = a / b;
    return q - (a % b != 0 && (a < 0) != (b < 0));
}

static inline int calendar_is_leap(int64_t year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static inline int32_t calendar_month_length(int64_t year, int32_t month) {
    static const int8_t lengths[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return lengths[month - 1] + (month == 2 && calendar_is_leap(year));
}

/* Years start in March here, so that the leap day is the last day of one. */
static inline int64_t calendar_days(int64_t year, int32_t month, int32_t day) {
    int64_t y = year - (month <= 2), era = floor_of(y, 400);
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * DAYS_OF_ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year - DAYS_TO_EPOCH;
}

static inline civil_date calendar_date(int64_t days) {
    int64_t shifted = days + DAYS_TO_EPOCH, era = floor_of(shifted, DAYS_OF_ERA);
    int64_t day = shifted - era * DAYS_OF_ERA;
    int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    int64_t of_year = day - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;
    civil_date date;
    date.day = (int32_t)(of_year - (153 * month + 2) / 5 + 1);
    date.month = (int32_t)(month < 10 ? month + 3 : month - 9);
    date.year = year + era * 400 + (date.month <= 2);
    return date;
}

static inline int64_t calendar_weekday(int64_t days) { /* 0 on Mondays */
    return days + 3 - floor_of(days + 3, 7) * 7;
}

static inline int64_t calendar_thursday(int64_t days) {
    return days - calendar_weekday(days) + 3;
}

static inline int64_t calendar_day_of_year(int64_t days) {
    return days - calendar_days(calendar_date(days).year, 1, 1) + 1;
}

#endif
