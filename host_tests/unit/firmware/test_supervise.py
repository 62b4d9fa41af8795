"""The watchdog is fed only while each task has reported within its time."""

from firmware.supervise import Stuck, Supervisor, prompt


class World:
    now = 0
    fed = 0

    def __init__(self):
        self.supervisor = Supervisor(self, lambda: self.now)

    def alive(self):
        self.fed += 1

    def feeds(self, at):
        """Is the watchdog fed at that time? Else the name of who is stuck."""
        self.now = at
        before = self.fed
        try:
            self.supervisor.feed()
        except Stuck as error:
            assert self.fed == before
            return error.args[0]
        return self.fed == before + 1


def test_it_is_fed_while_all_report_and_not_when_one_does_not():
    world = World()
    quick = world.supervisor.watch("quick", 1000)
    world.supervisor.watch("slow", 60000)
    for second in range(60):
        assert world.feeds(second * 1000) is True
        quick()
    assert world.feeds(60000) is True
    quick()
    assert world.feeds(60001) == "slow"


def test_who_has_left_is_not_waited_for():
    world = World()
    world.supervisor.watch("one", 1000)
    world.supervisor.check("two", lambda now: False)
    world.supervisor.leave("one")
    assert world.feeds(5000) == "two"
    world.supervisor.leave("two")
    assert world.feeds(5000) is True


def test_a_client_that_leaves_undone_what_is_due_is_stuck():
    class Link:
        def deadline(self):
            return self.due

    class Client:
        links = []

    works = prompt(Client)
    assert works(0)
    link = Link()
    Client.links = [Link(), link]
    Client.links[0].due = 1 << 43
    link.due = 1000
    assert works(1000) and works(91000) and not works(91001)
