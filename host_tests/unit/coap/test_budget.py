"""The bytes that a client keeps for its servers: who gets them, what goes first."""

from virtual import App, Chance, budget_of

from coap.peer import Peer


class User:
    """Keeps `items`, a list of sizes, the oldest first."""

    def __init__(self, budget, fixed, *items):
        self.budget = budget
        self.fixed = fixed
        self.items = []
        self.size = 0
        budget.users.append(self)
        for item in items:
            assert self.keep(item)

    def keep(self, size, evict=True):
        taken = self.budget.take(self, size, evict)
        if taken:
            self.items.append(size)
        return taken

    def evict(self):
        freed = self.items.pop(0) if self.items else 0
        self.size -= freed
        return freed


def test_all_users_share_one_limit():
    budget = budget_of(100)
    one = User(budget, True, 60)
    other = User(budget, True, 40)
    assert not one.keep(1) and not other.keep(1)
    one.size -= 10
    assert other.keep(10) and not other.keep(1)


def test_the_first_user_loses_its_oldest_until_it_has_nothing_left_then_the_next_does():
    budget = budget_of(100)
    samples = User(budget, False, 10, 20, 30)
    views = User(budget, False, 15, 5)
    other = User(budget, True, 20)
    assert other.keep(5)
    assert samples.items == [20, 30] and views.items == [15, 5]
    assert other.keep(56)
    assert samples.items == [] and views.items == [5]
    assert budget.take(other, 4) and not budget.take(other, 16)


def test_a_user_makes_room_out_of_what_it_keeps_itself():
    budget = budget_of(100)
    samples = User(budget, False, 40, 40)
    assert samples.keep(40)
    assert samples.items == [40, 40] and samples.size == 80


def test_nothing_is_dropped_where_that_would_not_be_enough():
    budget = budget_of(100)
    samples = User(budget, False, 30)
    other = User(budget, True, 50)
    assert not other.keep(51) and samples.items == [30]
    assert not other.keep(21, False) and samples.items == [30]
    assert other.keep(20, False) and other.keep(30) and samples.items == []


def test_peers_of_one_client_have_one_budget_and_a_peer_alone_its_own():
    app = App()
    app.budget = budget_of(100)
    first, second = Peer(app, Chance(1)), Peer(app, Chance(2))
    assert first.budget is second.budget is app.budget
    assert app.budget.users == [first, second]
    first.close()
    assert app.budget.users == [second]
    alone = Peer(App(), Chance(3))
    assert alone.budget is not app.budget and alone.budget.users == [alone]
