"""What a bootstrap server may do: Write, Delete, Discover, Read, Finish (LwM2M Core 6.1.7).

Nobody else has these operations, and the bootstrap server has no others.
"""

from micropython import const

from ..management.answer import Answer
from ..management.write import check, decode

_GET = const(1)
_POST = const(2)
_PUT = const(3)
_DELETE = const(4)
_DELETED = const(0x42)
_CHANGED = const(0x44)
_CONTENT = const(0x45)
_BAD_REQUEST = const(0x80)
_NOT_FOUND = const(0x84)
_NOT_ALLOWED = const(0x85)
_NOT_ACCEPTABLE = const(0x86)

_URI_PATH = const(11)
_ACCEPT = const(17)
_LINK = const(40)
_LINK_OPTIONS = ((12, 40),)

_READ = const(0x100)
_SECURITY_OBJECT = const(0)
_SERVER_OBJECT = const(1)
_URI = const(0)
_SSID = const(0)
_SECRET_KEY = const(5)
_SHORT_SERVER_ID = const(10)
_READABLE_OBJECTS = (1, 2)


class Interface(Answer):
    """The application behind the bootstrap server's peer; `registration` is a Session."""

    def handle(self, message, now: int):
        """Answer a request: a code, or (code, options, payload). May raise Lwm2mError."""
        session = self.registration
        stage = session.stage
        code = message.code
        if code == _POST and message.all(_URI_PATH) == [b"bs"]:
            return session.finish(now)
        if stage is None:  # it has ended
            return _NOT_ALLOWED
        session.heard(now)
        self.message = message
        path = self.locate(message)
        if code == _DELETE:
            stage.delete(path)
            return _DELETED
        if path and path[0] not in self.model.objects:
            return _NOT_FOUND if code == _GET else _BAD_REQUEST
        if code == _PUT and 0 < len(path) < 4:
            return self._write(stage, path)
        if code != _GET:
            return _NOT_ALLOWED
        accept = message.uint(_ACCEPT)
        if accept == _LINK and len(path) < 2:
            return self._discover(stage, path)
        return self._read(stage, path, accept)

    def upload(self, message):
        """A body in blocks is collected."""
        return None

    def reset(self, mid: int) -> None:
        """Nothing is notified here."""

    def log(self, level: int, *event) -> None:
        """An event at the server's peer."""
        self.registration.log(level, *event)

    def close(self) -> None:
        """Nothing is kept for the server."""

    def _write(self, stage, path):
        self.obj = obj = self.model.objects[path[0]]
        stage.take(len(self.message.payload()))
        instances = decode(self)
        if not instances and len(path) == 1:
            return _BAD_REQUEST
        if not instances:
            instances = {path[1]: {}}
        for iid, resources in instances.items():
            if not 0 <= iid < 65535 or not obj.oid and not self.permitted(resources):
                return _BAD_REQUEST
            check(None, obj, iid, resources, False)
        for iid, resources in instances.items():
            stage.write(obj.oid, iid, resources, len(path) < 3)
        return _CHANGED

    def permitted(self, security: dict) -> bool:
        """May such an account be written? Not where whoever listens would know the key."""
        session = self.registration
        return (
            not security.get(_SECRET_KEY)
            or session.keys_allowed
            or session.account.uri.startswith("coaps")
        )

    def _discover(self, stage, path):
        session = self.registration
        quote = '"' if session.version == "1.0" else ""
        links = ["</>;lwm2m=" + quote + session.version + quote]
        for oid in path[:1] or sorted(self.model.objects):
            instances = stage.instances(oid)
            if not instances:
                links.append("</%d>" % oid)
            for iid in sorted(instances):
                link = "</%d/%d>" % (oid, iid)
                resources = instances[iid]
                if oid == _SECURITY_OBJECT and iid != stage.account:
                    ssid = resources.get(_SHORT_SERVER_ID, 0)
                    link += ';ssid=%d;uri="%s"' % (ssid, resources.get(_URI, ""))
                elif oid == _SERVER_OBJECT:
                    link += ";ssid=%d" % resources.get(_SSID, 0)
                links.append(link)
        return _CONTENT, _LINK_OPTIONS, ",".join(links).encode()

    def _read(self, stage, path, accept):
        if not path or len(path) > 2 or path[0] not in _READABLE_OBJECTS:
            return _NOT_ALLOWED
        obj = self.model.objects[path[0]]
        instances = stage.instances(path[0])
        content = []
        for iid in path[1:] or sorted(instances):
            if iid not in instances:
                return _NOT_FOUND
            resources = []
            for rid in sorted(instances[iid]):
                descriptor = obj.descriptor(rid)
                if descriptor & _READ and instances[iid][rid] is not None:
                    resources.append((rid, descriptor & 255, instances[iid][rid]))
            content.append((path[0], iid, resources))
        number = accept if accept >= 0 else self.default(path)
        module, option = self.format(number, _NOT_ACCEPTABLE)
        return _CONTENT, option, module.encode(content, tuple(path))
