"""Notifications by hand: what the rules say of each attribute, and of the ETS and Zephyr's tests.

The times are the originals', on a virtual clock. Expected are (ms, value), see `holds`.
"""

from observing import ANY, BATTERIES, holds

OBJECT = "/33000"
COUNT = "/33000/0/0"
LEVEL = "/33000/0/1"
FLAG = "/33000/0/2"
NAME = "/33000/0/3"
LIST = "/33000/0/4"
QUIET = "/33000/0/5"
SECRET = "/33000/0/6"
RUN = "/33000/0/7"
OK, CONTENT, BAD, NOT_ALLOWED = 0x44, 0x45, 0x80, 0x85
DAY = 86400000
BOTH = {0: 3800, 1: 5000}  # of the Device's voltages, at the start


def counts(path, *pairs):
    """The Integer at a path is set to value after value: (ms, value)."""
    return [(ms, "set", path, value) for ms, value in pairs]


# OMA's Enabler Test Specification


def test_ets_301_observation_and_notification():
    amperes = {0: 12, 1: 100}
    holds(
        [
            (0, "attributes", "/3/0/7", "pmin=5&pmax=15"),
            (0, "attributes", "/3/0/8", "pmin=10&pmax=20"),
            (0, "observe", "a", "/3/0/7", ""),
            (0, "observe", "b", "/3/0/8", ""),
            (2000, "set", "/3/0/7", {0: 3700, 1: 5000}),
            (21000, "set", "/3/0/7", {0: 3600, 1: 5000}),
            (46000, "wait"),
        ],
        [
            (5000, {0: 3700, 1: 5000}),
            (20000, {0: 3700, 1: 5000}),
            (20000, amperes, "b"),
            (25000, {0: 3600, 1: 5000}),
            (40000, {0: 3600, 1: 5000}),
            (40000, amperes, "b"),
        ],
    )


def test_ets_310_a_changed_pmax_holds_at_once():
    holds(
        [
            (0, "observe", "a", "/3/0", ""),
            (1234, "attributes", "/3", "pmax=5"),
            (16000, "wait"),
        ],
        [(5000, ANY), (10000, ANY), (15000, ANY)],
    )


def test_ets_312_attributes_in_the_request():
    holds(
        [
            (0, "observe", "a", BATTERIES, "pmin=5&pmax=15"),
            (16000, "set", BATTERIES, {0: 3700, 1: 5000}),
            (36000, "wait"),
        ],
        [(15000, BOTH), (20000, {0: 3700, 1: 5000}), (35000, {0: 3700, 1: 5000})],
        {2: 1, 3: 10},
    )


def test_ets_313_attributes_in_the_request_win():
    holds(
        [
            (0, "attributes", BATTERIES, "pmin=5&pmax=60"),
            (0, "observe", "a", BATTERIES, "pmin=5&pmax=10"),
            (25000, "wait"),
        ],
        [(10000, BOTH), (20000, BOTH)],
        {2: 1, 3: 10},
    )


# Zephyr's interoperability tests


def test_zephyr_attribute_step():
    holds(
        [
            (0, "attributes", BATTERIES, "st=200"),
            (0, "attributes", BATTERIES, "pmax=4"),
            (0, "observe", "a", BATTERIES, ""),
            (1000, "set", BATTERIES, {0: 3000}),
            (1500, "set", BATTERIES, {0: 3100}),
            (5500, "set", BATTERIES, {0: 3500}),
            (6000, "wait"),
        ],
        [(1000, {0: 3000}), (5000, {0: 3100}), (5500, {0: 3500})],
    )


def test_zephyr_attribute_greater_than():
    holds(
        [
            (0, "attributes", BATTERIES + "/0", "gt=4200"),
            (0, "attributes", BATTERIES, "pmax=4"),
            (0, "observe", "a", BATTERIES + "/0", ""),
            (0, "set", BATTERIES, {0: 3000, 1: 5000}),
            (500, "set", BATTERIES, {0: 4100, 1: 5000}),
            (5000, "set", BATTERIES, {0: 4400, 1: 5000}),
            (6000, "set", BATTERIES, {0: 4300, 1: 5000}),
            (9500, "set", BATTERIES, {0: 4100, 1: 5000}),
            (10000, "wait"),
        ],
        [(4000, 4100), (5000, 4400), (9000, 4300), (9500, 4100)],
    )


def test_zephyr_attribute_less_than():
    """It sets gt where its name says lt; here both."""
    for name in ("gt", "lt"):
        holds(
            [
                (0, "attributes", BATTERIES, name + "=3000"),
                (0, "attributes", BATTERIES, "pmax=4"),
                (0, "observe", "a", BATTERIES, ""),
                (500, "set", BATTERIES, {0: 3100, 1: 5000}),
                (5000, "set", BATTERIES, {0: 2800, 1: 5000}),
                (6000, "set", BATTERIES, {0: 2900, 1: 5000}),
                (9500, "set", BATTERIES, {0: 3100, 1: 5000}),
                (10000, "wait"),
            ],
            [
                (4000, {0: 3100, 1: 5000}),
                (5000, {0: 2800, 1: 5000}),
                (9000, {0: 2900, 1: 5000}),
                (9500, {0: 3100, 1: 5000}),
            ],
        )


# Periods


def test_without_attributes_every_change_is_notified_at_once():
    holds(
        [(0, "observe", "a", COUNT, "")]
        + counts(COUNT, (1, 1), (1, 2), (2, 2), (3, 1), (99999, 0)),
        [(1, 1), (1, 2), (3, 1), (99999, 0)],
    )


def test_pmin_puts_off_to_its_very_end_and_tells_the_value_of_then():
    for events, expected in (
        (((1, 5), (2, 6)), [(10000, 6)]),
        (((1, 5), (2, 0)), [(10000, 0)]),
        (((9999, 5),), [(10000, 5)]),
        (((10000, 5),), [(10000, 5)]),
        (((10001, 5),), [(10001, 5)]),
        (((1, 5), (10000, 6)), [(10000, 5), (20000, 6)]),
        (((12000, 5), (21999, 6), (22000, 7)), [(12000, 5), (22000, 6), (32000, 7)]),
    ):
        holds(
            [(0, "observe", "a", COUNT, "pmin=10")] + counts(COUNT, *events) + [(40000, "wait")],
            expected,
        )


def test_pmax_tells_what_has_not_changed():
    holds(
        [(0, "observe", "a", NAME, "pmax=10"), (12000, "set", NAME, "x"), (32000, "wait")],
        [(10000, ""), (12000, "x"), (22000, "x"), (32000, "x")],
    )


def test_a_pmax_of_0_or_below_pmin_is_none():
    for query in ("pmin=10&pmax=9", "pmin=10&pmax=0", "pmin=10"):
        holds(
            [(0, "observe", "a", COUNT, query), (1, "set", COUNT, 1), (99000, "wait")],
            [(10000, 1)],
        )
    holds(
        [(0, "observe", "a", COUNT, "pmin=10&pmax=10"), (1, "set", COUNT, 1), (29000, "wait")],
        [(10000, 1), (20000, 1)],
    )


def test_defaults_of_the_account_and_levels_above_them():
    account = {2: 4, 3: 20}
    change = [(1, "set", COUNT, 1), (24000, "wait")]
    observe = (0, "observe", "a", COUNT, "")
    holds([observe] + change, [(4000, 1), (24000, 1)], account)
    for path in (OBJECT, OBJECT + "/0", COUNT):
        attach = (0, "attributes", path, "pmin=5")
        holds([attach, observe] + change, [(5000, 1)], account)
        attach = (0, "attributes", path, "pmax=0")
        holds([attach, observe] + change, [(4000, 1)], account)
        attach = (0, "attributes", path, "pmax=3")  # below the default pmin
        holds([attach, observe] + change, [(4000, 1)], account)


def test_the_deeper_level_wins_name_by_name():
    holds(
        [
            (0, "attributes", OBJECT, "pmin=9&pmax=11&con=0"),
            (0, "attributes", OBJECT + "/0", "pmin=6"),
            (0, "attributes", LIST, "pmin=3"),
            (0, "attributes", LIST + "/1", "pmin=1&pmax=50&con=1"),
            (0, "observe", "a", OBJECT, ""),
            (0, "observe", "b", OBJECT + "/0", ""),
            (0, "observe", "c", LIST, ""),
            (0, "observe", "d", LIST + "/1", ""),
            (1, "set", LIST, {0: 0, 1: 7}),
            (10000, "wait"),
        ],
        [
            (1000, 7, "d"),
            (3000, {0: 0, 1: 7}, "c", "NON"),
            (6000, ANY, "b", "NON"),
            (9000, ANY, "a", "NON"),
        ],
    )


def test_periods_written_while_observed_hold_at_once():
    holds(
        [
            (0, "observe", "a", COUNT, ""),
            (7000, "attributes", COUNT, "pmin=10"),
            (7001, "set", COUNT, 1),
            (8000, "attributes", COUNT, "pmin=12"),
            (11000, "attributes", COUNT, "pmin=11"),
            (12000, "set", COUNT, 2),
            (13000, "attributes", COUNT, "pmin=1"),
            (20000, "attributes", COUNT, "pmax=5"),
            (22000, "attributes", COUNT, "pmax"),
            (29000, "attributes", COUNT, "pmax=10"),
            (31000, "wait"),
        ],
        [(11000, 1), (13000, 2), (20000, 2), (30000, 2)],
    )


def test_defaults_written_while_observed_hold_at_once():
    holds(
        [
            (0, "observe", "a", COUNT, ""),
            (1000, "set", COUNT, 1),
            (5000, "account", 3, 3),
            (6000, "account", 2, 9),
            (7000, "set", COUNT, 2),
            (20000, "wait"),
        ],
        [(1000, 1), (5000, 1), (14000, 2)],
    )


def test_what_a_server_writes_is_a_change_where_it_differs():
    holds(
        [
            (0, "observe", "a", COUNT, ""),
            (0, "observe", "b", LIST, "gt=5"),
            (0, "observe", "c", LIST + "/1", ""),
            (1, "write", COUNT, 3),
            (2, "write", COUNT, 3),
            (3, "write", LIST + "/1", 5),
            (4, "write", LIST + "/1", 6),
            (5, "write", LIST + "/0", 6),
        ],
        [
            (1, 3),
            (3, 5, "c"),
            (4, {0: 0, 1: 6}, "b"),
            (4, 6, "c"),
            (5, {0: 6, 1: 6}, "b"),
        ],
    )


# Change conditions


def notified(path, attributes, values, change=str):
    """The first of `values` is there when the Observe comes, each further one is set a second
    later; those with an exclamation mark, and no others, are notified, at once.
    """
    values = values.split()
    events = [(0, "set", path, change(values[0]))]
    events += [(0, "attributes", path, part) for part in attributes]
    events.append((0, "observe", "a", path, ""))
    expected = []
    for i in range(1, len(values)):
        value = change(values[i].strip("!"))
        events.append((i * 1000, "set", path, value))
        if values[i][-1] == "!":
            expected.append((i * 1000, value))
    holds(events, expected)


def test_gt_and_lt_are_crossed_in_both_directions():
    for attributes, values in (
        (("gt=5",), "4 5 6! 7 6 5! 4 9! -9!"),
        (("lt=5",), "4 5! 6 7 6 5 4! 9! -9!"),
        (("gt=4.5",), "4 5! 6 4! 9! -9!"),
        (("lt=4.5",), "4 5! 6 4! 9! -9!"),
        (("gt=-1",), "-1 0! -1! -2 -1"),
        (("lt=-1",), "-1 0 -1 -2! -1!"),
        (("lt=2&gt=4",), "3 4 5! 4! 2 1! 2! 5! 1! 3!"),
        (("gt=9007199254740992",), "9007199254740992 9007199254740993! 9007199254740992!"),
    ):
        notified(COUNT, attributes, values, int)


def test_st_is_held_against_the_value_last_notified():
    for attributes, values in (
        (("st=3",), "0 1 2 3! 5 6! 3! 1 5 6!"),
        (("st=2.5",), "0 2 -2 -3! -1 0! 2 3!"),
        (("st=0",), "0 1! 2! 2 1!"),
        (("st=3", "gt=4"), "0 2 3! 4 5! 7 8! 4! 5! 4!"),
        (("st=2", "lt=0&gt=9"), "3 4 5! 6 4 3! -1! 0! 1 10! 9! 8 7!"),
        (("st=0", "lt=0&gt=9"), "3 4! 5! 5 6!"),
    ):
        notified(COUNT, attributes, values, int)


def test_floats_are_compared_exactly():
    def pair(text):
        mantissa, exponent = text.split("e")
        return int(mantissa), int(exponent)

    for attributes, values in (
        (("gt=0.3",), "3e-1 300001e-6! 3e-1!"),
        (("st=0.1",), "2e-1 299999e-6 3e-1! 4e-1! 1e0! 9e-1!"),
        (("lt=1e3",), "1e3 9999e-1! 1e4!"),
        (("lt=1&gt=2&st=0.25",), "15e-1 17e-1 175e-2! 2e0! 201e-2! 2e0!"),
    ):
        notified(LEVEL, attributes, values, pair)


def test_edge_rises_or_falls():
    def flag(text):
        return text == "1"

    notified(FLAG, ("edge=1",), "0 1! 0 1! 1 0", flag)
    notified(FLAG, ("edge=0",), "0 1 0! 1 0!", flag)
    notified(FLAG, (), "0 1! 0! 0 1!", flag)


def test_conditions_that_contradict_each_other_are_ignored():
    for attributes, values in (
        (("lt=5", "gt=5"), "0 1! 2! 2 3!"),
        (("lt=5", "gt=6", "st=3"), "0 1! 2! 2 3!"),
        (("st=0.5", "lt=5&gt=6"), "0 1! 2! 2 3!"),
        (("st=0.4", "lt=5&gt=6"), "0 1! 2! 2 3!"),
        (("st=4", "lt=-5&gt=6"), "0 1 4! 5 7! 6!"),
    ):
        notified(COUNT, attributes, values, int)
    for query in ("lt=5&gt=5", "lt=6&gt=5", "lt=5&gt=6&st=0.5"):
        holds(
            [
                (0, "observe", "a", COUNT, ""),
                (0, "attributes", COUNT, query + "&pmin=9"),
                (1, "set", COUNT, 1),
            ],
            [(1, 1)],
            codes=[CONTENT, BAD],
        )


def test_contradictions_come_about_over_levels_and_the_request():
    holds(
        [
            (0, "attributes", LIST, "lt=5"),
            (0, "attributes", LIST + "/1", "gt=3"),
            (0, "observe", "a", LIST, ""),
            (0, "observe", "b", LIST + "/1", ""),
            (1, "set", LIST, {0: 0, 1: 1}),
            (2, "set", LIST, {0: 0, 1: 9}),
            (3, "attributes", LIST + "/1", "gt"),
            (4, "set", LIST, {0: 0, 1: 8}),
            (5, "set", LIST, {0: 0, 1: 1}),
        ],
        [
            (1, 1, "b"),
            (2, {0: 0, 1: 9}),
            (2, 9, "b"),
            (5, {0: 0, 1: 1}),
            (5, 1, "b"),
        ],
    )


def test_a_condition_that_was_met_within_pmin_is_notified_at_its_end():
    for path, query, values, notified_value in (
        (COUNT, "gt=5", (9, 0), 0),
        (COUNT, "st=5", (9, 1), 1),
        (COUNT, "lt=-5", (-9, 0, 2), 2),
        (FLAG, "edge=1", (True, False), False),
        (FLAG, "edge=0", (True, False, True), True),
    ):
        events = [(0, "observe", "a", path, query + "&pmin=10")]
        for i in range(len(values)):
            events.append((1000 + i, "set", path, values[i]))
        holds(events + [(30000, "wait")], [(10000, notified_value)])


def test_pmax_tells_what_no_condition_has():
    holds(
        [
            (0, "observe", "a", COUNT, "st=10&pmax=60"),
            (1000, "set", COUNT, 9),
            (61000, "set", COUNT, 18),
            (61001, "set", COUNT, 19),
            (61002, "wait"),
        ],
        [(60000, 9), (61001, 19)],
    )


# Evaluation


def test_epmin_keeps_evaluations_apart():
    holds(
        [(0, "observe", "a", COUNT, "gt=5&epmin=10")]
        + counts(COUNT, (1000, 9), (2000, 1), (12000, 9), (13000, 1), (14000, 9))
        + counts(COUNT, (31000, 0), (45000, 9), (46000, 0), (50000, 9), (60000, 0)),
        # 10 s: 1; 20 s: 9; 31 s: 0; 45 s: 9; 55 s: 9; 65 s: 0
        [(20000, 9), (31000, 0), (45000, 9)],
    )


def test_a_change_within_epmin_that_came_back_is_a_change():
    for query in ("epmin=10", "epmin=10&st=0", "epmin=10&st=0&gt=20"):
        holds(
            [(0, "observe", "a", COUNT, query)]
            + counts(COUNT, (1000, 9), (2000, 0))
            + [(30000, "wait")],
            [(10000, 0)],
        )


def test_a_notification_is_an_evaluation():
    holds(
        [
            (0, "observe", "a", COUNT, "st=5&pmax=15&epmin=10"),
            (12000, "set", COUNT, 1),  # evaluated at once
            (14000, "set", COUNT, 9),  # not before 22 s; notified by pmax at 15 s
            (16000, "set", COUNT, 3),  # evaluated at 25 s
            (26000, "wait"),
        ],
        [(15000, 9), (25000, 3)],
    )


def test_epmax_looks_at_what_nobody_marks():
    for query, expected in (
        ("", []),
        ("epmax=10", [(10000, 3), (20000, 7), (50000, 0)]),
        ("epmin=10&epmax=10", []),
        ("epmin=10&epmax=0", []),
        ("epmin=9&epmax=10", [(10000, 3), (20000, 7), (50000, 0)]),
        ("epmax=10&st=5", [(20000, 7), (50000, 0)]),
        ("epmax=10&gt=3", [(20000, 7), (50000, 0)]),
        ("epmax=10&pmin=25", [(25000, 7), (50000, 0)]),  # evaluated at 45 s
        ("pmax=24", [(24000, 7), (48000, 0)]),
    ):
        holds(
            [
                (0, "observe", "a", QUIET, query),
                (1000, "quiet", QUIET, 3),
                (11000, "quiet", QUIET, 7),
                (42000, "quiet", QUIET, 0),
                (59000, "wait"),
            ],
            expected,
        )


# Multiple Resources, and levels above


def test_each_resource_instance_is_held_against_the_conditions():
    notified(
        LIST, ("st=5",), "00 40 44 54! 51 09! 05 00!", lambda text: dict(enumerate(map(int, text)))
    )


def test_a_resource_instance_that_comes_or_goes_is_notified():
    for query in ("", "gt=100", "st=50"):
        holds(
            [
                (0, "observe", "a", LIST, query),
                (1, "set", LIST, {0: 0, 1: 0, 2: 0}),
                (2, "set", LIST, {0: 0, 1: 0, 2: 0}),
                (3, "set", LIST, {0: 0, 1: 0}),
                (4, "set", LIST, {0: 0, 1: 0, 5: 1}),
            ],
            [(1, {0: 0, 1: 0, 2: 0}), (3, {0: 0, 1: 0}), (4, {0: 0, 1: 0, 5: 1})],
        )


def test_a_resource_instance_is_notified_of_its_own_changes_only():
    holds(
        [
            (0, "observe", "a", LIST + "/1", ""),
            (1, "set", LIST, {0: 9, 1: 0}),
            (2, "set", LIST, {0: 9, 1: 3}),
            (3, "set", LIST, {0: 9, 1: 3, 2: 0}),
        ],
        [(2, 3)],
    )


def test_a_change_counts_for_all_levels_above_it():
    filled = {0: 1, 1: (0, 0), 2: False, 3: "", 4: {0: 0, 1: 0}, 5: 0}
    other = {0: 0, 1: (0, 0), 2: False, 3: "", 4: {0: 0, 1: 0}, 5: 0}
    holds(
        [
            (0, "observe", "a", OBJECT, ""),
            (0, "observe", "b", OBJECT + "/0", ""),
            (0, "observe", "c", OBJECT + "/1", ""),
            (0, "observe", "d", COUNT, ""),
            (0, "observe", "e", NAME, ""),
            (1000, "set", COUNT, 1),
        ],
        [(1000, {0: filled, 1: other}), (1000, filled, "b"), (1000, 1, "d")],
    )


def test_conditions_below_the_observed_path_do_not_count():
    holds(
        [
            (0, "attributes", COUNT, "gt=100&pmin=50&pmax=60&con=0"),
            (0, "observe", "a", OBJECT + "/0", ""),
            (1000, "set", COUNT, 1),
            (90000, "wait"),
        ],
        [(1000, ANY)],
    )


def test_what_cannot_be_read_is_neither_notified_nor_observed():
    holds(
        [
            (0, "observe", "a", OBJECT + "/0", ""),
            (0, "observe", "b", SECRET, "pmax=1"),
            (0, "observe", "c", RUN, "pmax=1"),
            (1000, "set", SECRET, "new"),
            (5000, "wait"),
        ],
        [],
        codes=[CONTENT, NOT_ALLOWED, NOT_ALLOWED],
    )


# Confirmable or not; ends


def test_confirmable_by_attribute_by_account_by_default():
    for account, query, kind in (
        (None, "", "CON"),
        ({26: 0}, "", "NON"),
        ({26: 1}, "", "CON"),
        ({26: 0}, "con=1", "CON"),
        ({26: 1}, "con=0", "NON"),
        (None, "con=0", "NON"),
    ):
        holds(
            [(0, "observe", "a", COUNT, query), (1, "set", COUNT, 1)], [(1, 1, "a", kind)], account
        )


def test_one_of_a_day_is_confirmable():
    holds(
        [
            (0, "observe", "a", COUNT, "con=0&pmax=25000"),
            (90000000, "set", COUNT, 1),
            (90000000 + DAY - 1, "set", COUNT, 2),
            (90000000 + DAY + 1, "set", COUNT, 3),
        ],
        [
            (25000000, 0, "a", "NON"),
            (50000000, 0, "a", "NON"),
            (75000000, 0, "a", "NON"),
            (90000000, 1),
            (115000000, 1, "a", "NON"),
            (140000000, 1, "a", "NON"),
            (165000000, 1, "a", "NON"),
            (90000000 + DAY - 1, 2, "a", "NON"),
            (90000000 + DAY + 1, 3),
        ],
    )


def test_an_observe_begins_the_day_of_what_is_not_confirmable_anew():
    for token in ("a", "b"):  # refreshed, replaced
        holds(
            [
                (0, "observe", "a", COUNT, "con=0&pmax=40000"),
                (50000000, "observe", token, COUNT, "con=0&pmax=40000"),
                (130000000, "wait"),
                (136399999, "set", COUNT, 1),
                (136400001, "set", COUNT, 2),
            ],
            [
                (40000000, 0, "a", "NON"),
                (90000000, 0, token, "NON"),
                (130000000, 0, token, "NON"),
                (136399999, 1, token, "NON"),
                (136400001, 2, token),
            ],
        )


def test_cancelled_refreshed_and_replaced():
    holds(
        [
            (0, "observe", "a", COUNT, "pmax=10"),
            (4000, "observe", "a", COUNT, "pmax=10"),
            (15000, "observe", "b", COUNT, "pmin=3"),
            (16000, "set", COUNT, 1),
            (40000, "cancel", "b", COUNT),
            (41000, "set", COUNT, 2),
            (60000, "wait"),
        ],
        [(14000, 0), (18000, 1, "b")],
    )


def test_ets_302_a_reset_ends_its_observation_only():
    for con, kind in (("1", "CON"), ("0", "NON")):
        holds(
            [
                (0, "observe", "a", COUNT, "pmax=10&con=" + con),
                (1000, "observe", "b", LEVEL, "pmax=10&con=" + con),
                (15000, "reset", "a"),
                (32000, "set", COUNT, 1),
                (39000, "wait"),
            ],
            [
                (10000, 0, "a", kind),
                (11000, (0, 0), "b", kind),
                (20000, 0, "a", kind),
                (21000, (0, 0), "b", kind),
                (31000, (0, 0), "b", kind),
            ],
        )
