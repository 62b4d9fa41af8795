"""A meter does not press a server that refuses what it sends."""

from test_send import UNAVAILABLE, Sending
from watcher import CHANGED, NOT_FOUND, START


def test_a_busy_server_that_names_no_time_is_not_asked_at_once():
    w = Sending()
    w.samples((START, 1))
    w.reply(UNAVAILABLE, [(14, b"")])
    w.session.service()
    assert w.counted()[0] == 1


def test_a_server_that_takes_no_send_gets_one_register_for_all():
    w = Sending()
    for value in range(3):
        w.samples((START + value, value))
        w.reply(NOT_FOUND)
        w.reply(CHANGED)
        if w.requests(1)[-1] == (2, "rd"):
            w.session.accept()
        w.reply(NOT_FOUND)
    assert w.codes == [NOT_FOUND] * 3
    assert w.counted()[2] == 1
