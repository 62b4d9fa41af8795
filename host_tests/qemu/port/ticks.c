// Time since the start: the 25 MHz timer of an MPS2, the 10 MHz mtime of RISC-V's virt machine.
#include <stdint.h>

#include "py/mphal.h"
#include "py/runtime.h"
#include "extmod/modtime.h"
#include "shared/timeutils/timeutils.c"

#if defined(QEMU_SOC_MPS2)
#define HZ 25000000
#define TIMER ((volatile uint32_t *)0x40000000) // CTRL, VALUE (counts down), RELOAD

static uint64_t counted(void) {
    static uint64_t sum;
    static uint32_t last = 0xffffffff;
    if (!(TIMER[0] & 1)) {
        TIMER[2] = TIMER[1] = 0xffffffff;
        TIMER[0] = 1;
    }
    uint32_t now = TIMER[1];
    sum += (uint32_t)(last - now);
    last = now;
    return sum;
}
#elif defined(QEMU_SOC_VIRT)
#define HZ 10000000
#define MTIME ((volatile uint32_t *)0x0200bff8)

static uint64_t counted(void) {
    uint32_t high, low;
    do {
        high = MTIME[1];
        low = MTIME[0];
    } while (high != MTIME[1]);
    return (uint64_t)high << 32 | low;
}
#endif

mp_uint_t mp_hal_ticks_us(void) {
    return (mp_uint_t)(counted() / (HZ / 1000000));
}

mp_uint_t mp_hal_ticks_ms(void) {
    return (mp_uint_t)(counted() / (HZ / 1000));
}

mp_uint_t mp_hal_ticks_cpu(void) {
    return mp_hal_ticks_us();
}

uint64_t mp_hal_time_ns(void) {
    return counted() * (1000000000 / HZ);
}

void mp_hal_delay_us(mp_uint_t us) {
    uint64_t end = counted() + (uint64_t)us * (HZ / 1000000);
    while (counted() < end) {
        mp_event_handle_nowait();
    }
}

void mp_hal_delay_ms(mp_uint_t ms) {
    mp_hal_delay_us(ms * 1000);
}
