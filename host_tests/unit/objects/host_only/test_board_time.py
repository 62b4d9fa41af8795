"""The time of boards whose epoch is 2000: a module of the host takes the place of theirs."""

import time

from lwm2m.objects import device as device_module


def test_times_of_boards_that_count_from_2000_are_of_1970():
    class Clock:
        """As the module time of such a board."""

        epoch = 2000

        def time(self):
            return 100

        def gmtime(self, seconds):
            assert seconds == 0
            return (self.epoch, 1, 1)

    clock = Clock()
    device_module.time = clock
    try:
        assert device_module.unix_time() == 946684800 + 100
        clock.epoch = 1970
        assert device_module.unix_time() == 100
    finally:
        device_module.time = time
