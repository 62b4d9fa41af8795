"""The RP2040 of rp2040py 0.3.6, five of its faults mended in subclasses; each tells its fault.

Subclasses rather than patches: nothing changes for another user of the package in this process.
"""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

from rp2040py.boards import BoardSpec
from rp2040py.device.base_device import BaseDevice, ResetCause
from rp2040py.peripherals import uart
from rp2040py.peripherals.peripheral import UnimplementedPeripheral
from rp2040py.simulator import Simulator
from rp2040py.usb.cdc import USBCDC

from .flash import ErasingSsi, SteadyPio

NS_PER_MS = 1_000_000
_FROM_USB_PLL, _USB_PLL_HZ = 2, 48_000_000  # a source of the clock of peripherals
_BITS_A_BYTE = 10  # start, eight, stop
_HEARTBEAT_NS = 1 * NS_PER_MS
_LEAD_S = 0.002

_ROSC = 0x40060  # the ring oscillator's registers, in units of 4 KiB
_RANDOM_BIT = 0x1C
_UARTIFLS = 0x34
_RX_TIMEOUT = 1 << 6
_RX_LEVELS = (4, 8, 16, 24, 28, 28, 28, 28)  # of 32, by UARTIFLS bits 5:3


class QuietCdc(USBCDC):
    """USB console whose idle OUT endpoint says NAK.

    The fault: the endpoint was completed with 0 bytes for ever, so that the guest never slept.
    """

    def __init__(self, usb: object):
        super().__init__(usb)
        self._awaited = None
        self._complete = usb.on_endpoint_read
        usb.on_endpoint_read = self._on_endpoint_read

    def _on_endpoint_read(self, endpoint: int, size: int) -> None:
        if endpoint == self._out_endpoint and endpoint and self.tx_fifo.empty:
            self._awaited = size
        else:
            self._complete(endpoint, size)

    def send_serial_byte(self, data: int) -> None:
        """Queue a byte to the guest, and complete the read that waits for it."""
        self.tx_fifo.push(data)
        if self._awaited is None:
            return
        count = min(self._awaited, self.tx_fifo.item_count)
        self._awaited = None
        data = bytearray(self.tx_fifo.pull() for _ in range(count))
        self.usb.endpoint_read_done(self._out_endpoint, data)

    def wake(self) -> None:
        """Complete the read that waits with no byte, which wakes the guest.

        A host polls a device every millisecond, and there is nothing here that does: what the
        guest printed last may wait in its buffer until something happens on USB.
        """
        if self._awaited is not None:
            self._awaited = None
            self.usb.endpoint_read_done(self._out_endpoint, bytearray())

    def _on_controller_reset(self) -> None:
        self._awaited = None
        super()._on_controller_reset()


class RandomOscillator(UnimplementedPeripheral):
    """Ring oscillator with a random bit, by which MicroPython makes random numbers.

    The fault: the register was constant, and with it every random number.
    """

    def read_uint32(self, offset: int) -> int:
        """Read a register."""
        if offset == _RANDOM_BIT:
            return os.urandom(1)[0] & 1
        return super().read_uint32(offset)


class EventUart(uart.RPUART):
    """UART whose interrupts are events.

    The fault: the transmit interrupt was always asserted, the receive one ignored its threshold,
    and there was no receive time-out, on which the firmware's driver relies for a frame's end.
    """

    @classmethod
    def mend(cls, plain: uart.RPUART) -> None:
        """Turn a built chip's plain UART into this class, in its place in the address map."""
        plain.__class__ = cls
        plain._levels = 0x12
        plain._rx_alarm = plain.rp2040.clock.create_alarm(plain._silence)
        plain._tx_alarm = plain.rp2040.clock.create_alarm(plain._sent)

    @property
    def byte_ns(self) -> float:
        """Return the guest time of one byte on the wire."""
        return _BITS_A_BYTE * 1e9 / (self.baud_rate if self.baud_divider else 115200)

    @property
    def baud_rate(self) -> int:
        """Return the bits per second, by the clock that the guest has chosen for peripherals.

        The fault: 125 MHz whatever it chose; MicroPython takes 48 MHz of the USB's PLL.
        """
        source = self.rp2040.clocks.peri_ctrl >> 5 & 7
        clock = _USB_PLL_HZ if source == _FROM_USB_PLL else self.rp2040.clk_sys
        return round(clock / (self.baud_divider * 16))

    @property
    def _threshold(self) -> int:
        return _RX_LEVELS[(self._levels >> 3) & 7]

    def _raise(self, bit: int) -> None:
        self._interrupt_status |= bit
        self.check_interrupts()

    def _silence(self) -> None:
        if not self.rx_fifo.empty:
            self._raise(_RX_TIMEOUT)

    def _sent(self) -> None:
        self._raise(uart.UARTTXINTR)

    def check_interrupts(self) -> None:
        """Assert the line by what happened, not always."""
        self.rp2040.set_interrupt(self.irq, bool(self._interrupt_status & self._interrupt_mask))

    def feed_byte(self, value: int) -> None:
        """Take a byte from the wire."""
        self.rx_fifo.push(value)
        if self.rx_fifo.item_count >= self._threshold:
            self._interrupt_status |= uart.UARTRXINTR
        self._rx_alarm.schedule(
            3.2 * self.byte_ns
        )  # 32 bit times of silence, as in the data sheet
        self.check_interrupts()

    def read_uint32(self, offset: int) -> int:
        """Read a register; reading data clears what its level no longer asks for."""
        if offset == _UARTIFLS:
            return self._levels
        if offset != uart.UARTDR:
            return super().read_uint32(offset)
        value = self.rx_fifo.pull()
        if self.rx_fifo.item_count < self._threshold:
            self._interrupt_status &= ~uart.UARTRXINTR
        if self.rx_fifo.empty:
            self._interrupt_status &= ~_RX_TIMEOUT
        self.check_interrupts()
        return value

    def write_uint32(self, offset: int, value: int) -> None:
        """Write a register; a byte takes its time on the wire before the interrupt."""
        if offset == _UARTIFLS:
            self._levels = value
            return
        super().write_uint32(offset, value)
        if offset == uart.UARTDR:
            self._tx_alarm.schedule(self.byte_ns)


class _AheadError(Exception):
    """Guest time leads wall time: ends a batch from inside the clock."""


class PacedSimulator(Simulator):
    """Simulator whose guest time does not run ahead of wall time.

    The fault: an idle guest jumped from alarm to alarm, so that its time-outs fired before a
    server on the host could answer. Computing is slower than real time and needs no brake.
    """

    def __init__(self, rp2040: object, pace: float = 1.0):
        super().__init__(rp2040=rp2040)
        self.pace = pace
        self.braked = True  # false inside an instruction, where a batch cannot be ended
        self._origin = (0.0, 0.0)
        self._heart = self.clock.create_alarm(self._beat)

    def _lead(self) -> float:
        guest = (self.clock.nanos - self._origin[0]) / 1e9 / self.pace
        return guest - (time.monotonic() - self._origin[1])

    def _beat(self) -> None:
        self._heart.schedule(_HEARTBEAT_NS)
        if self.braked and self._lead() > _LEAD_S:
            raise _AheadError

    def _restart_pace(self) -> None:
        self._origin = (self.clock.nanos, time.monotonic())

    async def execute(self) -> None:
        """Run until `stop()`, yielding to the event loop after each batch."""
        self.stopped = False
        self._restart_pace()
        self._heart.schedule(_HEARTBEAT_NS)
        try:
            while not self.stopped:
                await self._turn()
        finally:
            self.stopped = True
            self._heart.cancel()

    async def _turn(self) -> None:
        try:
            self._execute_batch()
        except _AheadError:
            pass
        lead = self._lead()
        if lead < 0:
            self._restart_pace()  # time lost in computing is not caught up: that would race
        await asyncio.sleep(min(lead, 0.005) if lead > 0.001 else 0)


class Chip(BaseDevice):
    """The mended device: a UF2 in its flash, UARTs, a USB console, an execute loop.

    `erase_ms`: how long an erase of flash takes.
    """

    def __init__(self, image: Path, pace: float = 1.0, erase_ms: float = 45.0):
        super().__init__(board=BoardSpec(image=image))
        self.simulator = PacedSimulator(self.mcu, pace)
        self.cdc = QuietCdc(self.mcu.usb_ctrl)
        for plain in self.mcu.uart:
            EventUart.mend(plain)
        self.mcu.peripherals[_ROSC] = RandomOscillator(self.mcu, "ROSC_BASE")
        self.erase_ms, self.erased = erase_ms, 0
        self.pio = SteadyPio(self.mcu)
        ErasingSsi.mend(self.mcu.ssi, self._erase)
        self.connected = asyncio.Event()
        self.cdc.on_device_connected = self.connected.set
        self.on_hard_reset: Callable[[], object] = lambda: None

    @property
    def now_ns(self) -> float:
        """Return guest time since power-on; a reset does not set it back."""
        return self.mcu.clock.nanos

    def _erase(self) -> None:
        self.erased += 1
        self.simulator.braked = False
        try:
            self.pio.pass_time(self.erase_ms * NS_PER_MS)
        finally:
            self.simulator.braked = True

    def hard_reset(self, **cause: object) -> None:
        """Reset the chip, flash kept, by us or by the guest; `connected`: its console is back."""
        self.connected.clear()
        super().hard_reset(**cause)
        self.on_hard_reset()

    def power_cut(self) -> None:
        """Reset the chip as power does that comes back; what RAM has then is any bytes."""
        ram = self.mcu.sram
        ram[:] = b"\xa5" * len(ram)
        self.hard_reset(cause=ResetCause.POWER_ON)
