/* hillstream's UDP datagram: the joint moments of one tick, little-endian, no gaps; 192 bytes, or
 * 256 with the joints' stiffness (output.udp_version = 2).
 *
 * For C99 and C++11 on little-endian machines. Include it, read a datagram into a buffer, call
 * hillstream_decode, and use the moments only where hillstream_usable says so. Who wants the
 * stiffness calls hillstream_decode_v2 and hillstream_usable_v2 instead, which take both layouts.
 * docs/udp.md explains the fields; the clock is CLOCK_MONOTONIC of the machine that sends, in
 * seconds.
 */
#ifndef HILLSTREAM_DATAGRAM_H
#define HILLSTREAM_DATAGRAM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HILLSTREAM_SIZE 192u
#define HILLSTREAM_SIZE_V2 256u
#define HILLSTREAM_MOST_JOINTS 16u
#define HILLSTREAM_VERSION 1u
#define HILLSTREAM_T_KNOWN 1u
#define HILLSTREAM_DEVIATION_KNOWN 2u
#define HILLSTREAM_STIFFNESS_KNOWN 4u

enum hillstream_status {
    HILLSTREAM_STARTING = 0,
    HILLSTREAM_NOMINAL = 1,
    HILLSTREAM_DEGRADED = 2,
    HILLSTREAM_STALE = 3,
    HILLSTREAM_FAULT = 4,
    HILLSTREAM_STOPPED = 5,
    HILLSTREAM_CALIBRATING = 6   /* the parameters have not been shown to fit: no joint is ok */
};

#pragma pack(push, 1)
typedef struct {
    char magic[4];               /* "HSTM" */
    uint16_t version;            /* HILLSTREAM_VERSION */
    uint8_t status;              /* enum hillstream_status */
    uint8_t joints;              /* joints in use */
    uint64_t session;            /* names one run of the predictor */
    uint64_t seq;                /* 0 for the session's first, then one more each */
    double t;                    /* newest EMG used, s; see HILLSTREAM_T_KNOWN */
    double t_published;          /* s */
    double valid_until;          /* not to be used after this time, s */
    uint32_t parameter_version;
    float parameter_age_s;
    uint16_t ok;                 /* bit i: joint i may be used */
    uint16_t flags;              /* HILLSTREAM_T_KNOWN | HILLSTREAM_DEVIATION_KNOWN */
    float moment[16];            /* N*m */
    float deviation[16];         /* standard deviation, N*m */
    uint32_t crc;                /* CRC-32 of all bytes before */
} hillstream_datagram;

/* Version 2: the same, and the stiffness before the checksum. */
typedef struct {
    char magic[4];
    uint16_t version;            /* 2; 1 where hillstream_decode_v2 was given that layout */
    uint8_t status;
    uint8_t joints;
    uint64_t session;
    uint64_t seq;
    double t;
    double t_published;
    double valid_until;
    uint32_t parameter_version;
    float parameter_age_s;
    uint16_t ok;                 /* bit i: moment and stiffness of joint i may be used */
    uint16_t flags;              /* HILLSTREAM_STIFFNESS_KNOWN besides */
    float moment[16];
    float deviation[16];
    float stiffness[16];         /* N*m/rad: minus the derivative of the moment by its own angle */
    uint32_t crc;
} hillstream_datagram_v2;
#pragma pack(pop)

/* A size that is not 192, or 256, makes these lines an error. */
typedef char hillstream_size_is_192[sizeof(hillstream_datagram) == HILLSTREAM_SIZE ? 1 : -1];
typedef char hillstream_size_is_256[sizeof(hillstream_datagram_v2) == HILLSTREAM_SIZE_V2 ? 1 : -1];

/* CRC-32 as in zlib and Ethernet. */
static inline uint32_t hillstream_crc(const void *data, size_t size) {
    const uint8_t *bytes = (const uint8_t *)data;
    uint32_t crc = 0xFFFFFFFFu;
    for (size_t i = 0; i < size; ++i) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc >> 1) ^ (0xEDB88320u & (0u - (crc & 1u)));
        }
    }
    return ~crc;
}

/* Copies a datagram out of a buffer; returns 1 if it is sound, 0 if it must not be used. */
static inline int hillstream_decode(const void *buffer, size_t size, hillstream_datagram *out) {
    if (size != HILLSTREAM_SIZE) return 0;
    memcpy(out, buffer, HILLSTREAM_SIZE);
    return memcmp(out->magic, "HSTM", 4) == 0 && out->version == HILLSTREAM_VERSION &&
           out->joints <= HILLSTREAM_MOST_JOINTS && out->status <= HILLSTREAM_CALIBRATING &&
           out->crc == hillstream_crc(out, HILLSTREAM_SIZE - 4u);
}

/* The same of either version; the stiffness of version 1 is not known, and zero. */
static inline int hillstream_decode_v2(const void *buffer, size_t size,
                                       hillstream_datagram_v2 *out) {
    hillstream_datagram first;
    if (size == HILLSTREAM_SIZE) {
        if (!hillstream_decode(buffer, size, &first)) return 0;
        memset(out, 0, sizeof *out);
        memcpy(out, &first, offsetof(hillstream_datagram, crc));
        out->crc = first.crc;
        return 1;
    }
    if (size != HILLSTREAM_SIZE_V2) return 0;
    memcpy(out, buffer, HILLSTREAM_SIZE_V2);
    return memcmp(out->magic, "HSTM", 4) == 0 && out->version == 2u &&
           out->joints <= HILLSTREAM_MOST_JOINTS && out->status <= HILLSTREAM_CALIBRATING &&
           out->crc == hillstream_crc(out, HILLSTREAM_SIZE_V2 - 4u);
}

/* Whether joint i may be used at time `now` (s, the sender's clock). */
static inline int hillstream_usable(const hillstream_datagram *d, unsigned i, double now) {
    return i < d->joints && ((d->ok >> i) & 1u) && now <= d->valid_until;
}

static inline int hillstream_usable_v2(const hillstream_datagram_v2 *d, unsigned i, double now) {
    return i < d->joints && ((d->ok >> i) & 1u) && now <= d->valid_until;
}

#endif
