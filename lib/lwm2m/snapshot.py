"""Instances of Objects as one structure, to be stored; imported only where something is kept.

It consists of tuples, integers, texts, bytes, booleans and None, as nvstore's `pack` takes them:
(format, of each Object: (its ID, of each Instance: (its ID, of each Resource: (its ID, value)))).
A multiple Resource is a tuple of pairs (Resource Instance ID, value). A decimal and an Objlnk
begin with an integer, so they are no such tuple.
"""

from micropython import const

_SNAPSHOT_FORMAT = const(1)


def export(model, oids) -> tuple:
    """The Instances of these Objects, those that the model has: all values, exact.

    What a function gives is not in it: the device finds it anew.
    """
    state: list = [_SNAPSHOT_FORMAT]
    for oid in oids:
        if oid in model.objects:
            instances = model.objects[oid].instances
            entries = [(iid,) + _values(instances[iid]) for iid in sorted(instances)]
            state.append((oid,) + tuple(entries))
    return tuple(state)


def restore(model, state: tuple) -> None:
    """Replace the Instances of the Objects in `state`, whole; observers are notified, and
    servers by an Update.

    ValueError, with nothing changed, where it is of another format. An Instance that is the same
    stays the very same one, and so its account goes on; the account of one that differs has
    ended, see `Account.exists`, and those that are new are to be added. Objects and Resources
    that this software has no more are left out.
    """
    if not state or state[0] != _SNAPSHOT_FORMAT:
        raise ValueError
    plan = []
    for entry in state[1:]:
        if entry[0] in model.objects:
            obj = model.objects[entry[0]]
            plan.append((obj, {part[0]: _resources(obj, part[1:]) for part in entry[1:]}))
    for obj, instances in plan:
        replace(model, obj, instances)


def replace(model, obj, instances: dict) -> None:
    """Give an Object other Instances, see `restore`."""
    known = obj.instances
    for iid in tuple(known):
        if iid not in instances:
            del known[iid]
            model.forget([obj.oid, iid])
            model.instance_changed(obj.oid, iid)
    for iid in instances:
        if known.get(iid) != instances[iid]:
            known[iid] = instances[iid]
            model.instance_changed(obj.oid, iid)


def _values(resources):
    values = []
    for rid in sorted(resources):
        value = resources[rid]
        if isinstance(value, dict):
            value = tuple(sorted(value.items()))
        if not callable(value):
            values.append((rid, value))
    return tuple(values)


def _resources(obj, values):
    resources = {}
    for rid, value in values:
        if isinstance(value, tuple) and not (value and isinstance(value[0], int)):
            value = dict(value)
        if obj.descriptor(rid):
            resources[rid] = value
    return resources
