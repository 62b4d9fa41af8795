"""Pieces of guest programs that several tests need."""

# The way boards/METER_PPP brings its line up: UART0 on GP0 and GP1.
PPP_UP = """
import machine, network, socket, time
uart = machine.UART(0, 921600, tx=machine.Pin(0), rx=machine.Pin(1), rxbuf=2048, txbuf=2048)
ppp = network.PPP(uart)
ppp.connect()
while not ppp.isconnected():
    time.sleep_ms(5)
def link(port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.connect(socket.getaddrinfo("10.64.64.1", port)[0][-1])
    return s
"""
