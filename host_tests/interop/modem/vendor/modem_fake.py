"""A vendor's table: the BG95's, and a command that gives its DTLS the pre-shared key."""

from binascii import hexlify

from modem import bg95


class Kind(bg95.Kind):
    """The fake modem, whose command for the key is an invention."""

    def secure(self, number: int, account) -> tuple:
        """Identity and key of Object 0 for the context that `open` will name."""
        context = number % 6
        return (
            b'AT+QSSLCFG="dtls",%d,1' % context,
            b'AT+QSSLCFG="psk",%d,"%s","%s"' % (context, account.identity, hexlify(account.key)),
        )
