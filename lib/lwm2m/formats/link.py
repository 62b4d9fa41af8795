"""CoRE link format, content format 40: what a client has (RFC 6690, LwM2M Core 6.2.1)."""

_HIDDEN = (0, 21, 23)


def registration(model, version: str) -> bytes:
    """The Objects and Instances that a Register carries. LwM2M 1.0 puts versions in quotes."""
    links = []
    quote = '"' if version == "1.0" else ""
    for oid in sorted(model.objects):
        if oid in _HIDDEN:
            continue
        obj = model.objects[oid]
        iids = sorted(obj.instances)
        if obj.version != "1.0":
            # The version belongs on the Object's link: Leshan 2.0.0 refuses it on an Instance's.
            links.append("</%d>;ver=%s%s%s" % (oid, quote, obj.version, quote))
        elif not iids:
            links.append("</%d>" % oid)
        for iid in iids:
            links.append("</%d/%d>" % (oid, iid))
    return ",".join(links).encode()
