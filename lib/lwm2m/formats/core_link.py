"""CoRE link format, content format 40: what a client has (RFC 6690, LwM2M Core 6.2.1)."""


def registration(objects: list, version: str) -> bytes:
    """The Objects and Instances that a Register carries. LwM2M 1.0 puts versions in quotes."""
    links = []
    quote = '"' if version == "1.0" else ""
    for obj in objects:
        iids = sorted(obj.instances)
        if obj.version != "1.0":
            # The version belongs on the Object's link: Leshan 2.0.0 refuses it on an Instance's.
            links.append("</%d>;ver=%s%s%s" % (obj.oid, quote, obj.version, quote))
        elif not iids:
            links.append("</%d>" % obj.oid)
        for iid in iids:
            links.append("</%d/%d>" % (obj.oid, iid))
    return ",".join(links).encode()
