"""Bootstrap-Pack: all accounts in one answer (LwM2M Core 1.2, 6.1.7). Imported with LwM2M 1.2."""

from micropython import const

from ..errors import Lwm2mError
from ..management.write import check, take

_GET = const(1)
_CHANGED = const(0x44)
_CONTENT = const(0x45)
_BAD_REQUEST = const(0x80)
_NOT_ACCEPTABLE = const(0x86)
_URI_PATH = const(11)
_CONTENT_FORMAT = const(12)
_URI_QUERY = const(15)
_ACCEPT = const(17)
_DEVICE = const(3)

_ASKING = const(3)  # a state of a Session
_UNREACHABLE = const(1)  # see recovery


def request(session, now: int) -> None:
    """Ask for a pack, in the preferred format of a Session.

    What it has holds at once; where there is none, or it is wrong, a Bootstrap-Request follows.
    """

    def answered(message, now):
        if session.state != _ASKING:  # it goes the other way already, or has ended
            return
        if not message:
            session.recover(_UNREACHABLE, now)
            return
        code = message.code
        if code == _CONTENT:
            try:
                _stage(session, message)
                code = session.take()
            except Lwm2mError as error:
                code = error.code
        session.log(3, "bootstrap pack", code)
        if code == _CHANGED:
            session.packed(now)
        else:
            session.ask(now)

    options = (
        (_URI_PATH, "bspack"),
        (_URI_QUERY, "ep=" + session.endpoint),
        (_ACCEPT, int(session.preferred)),
    )
    session.peer.request(_GET, options, b"", answered, now)


def _stage(session, message):
    # Objects that are in it are replaced, others stay as they are
    app = session.peer.app
    model = session.model
    number = message.uint(_CONTENT_FORMAT)
    if not number:  # text, which has one value and no path
        raise Lwm2mError(_NOT_ACCEPTABLE)
    module, _ = app.format(number, _NOT_ACCEPTABLE)
    instances = {}
    for item, value in module.decode(message.payload(), [], model.resource_type):
        obj = model.objects.get(item[0])
        if obj and item[0] != _DEVICE and obj.descriptor(item[2]):
            take(obj, instances.setdefault(item[:2], {}), item, value)
    stage = session.stage
    for oid in {place[0]: 0 for place in instances}:
        stage.delete([oid])
    for place, resources in instances.items():
        if not place[0] and not app.permitted(resources):
            raise Lwm2mError(_BAD_REQUEST)
        check(None, model.objects[place[0]], place[1], resources, False)
        stage.write(place[0], place[1], resources, True)
