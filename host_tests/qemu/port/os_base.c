// Included by extmod/modos.c: no secrets here, so a plain generator will do.
#include "py/objstr.h"
#include "py/mphal.h"

static mp_obj_t mp_os_urandom(mp_obj_t num) {
    static uint32_t state = 0x9e3779b9;
    mp_int_t n = mp_obj_get_int(num);
    vstr_t vstr;
    vstr_init_len(&vstr, n);
    state ^= mp_hal_ticks_us() | 1;
    for (mp_int_t i = 0; i < n; i++) {
        state = state * 1664525 + 1013904223;
        vstr.buf[i] = state >> 24;
    }
    return mp_obj_new_bytes_from_vstr(&vstr);
}
static MP_DEFINE_CONST_FUN_OBJ_1(mp_os_urandom_obj, mp_os_urandom);
