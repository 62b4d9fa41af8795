"""What the log says of each event, for people. Imported with the first line that is printed.

A line of the table is an event's first words, `|` and its text, in which %0 %1 ... are the parts
that follow the words, #0 is one as a CoAP code, and !0 as a DTLS alert. Longer words come first
where one begins as another. docs/faults.md has them all, with what to do.
"""

_EVENT_TEXTS = """
registering at|registering at %0 as %1
back at|connecting to %0 as %1, which knows it
registered|registered at %1 (/%2), LwM2M %0
bootstrapping at|asking the bootstrap server at %0, as %1
bootstrap pack|answer to the Bootstrap-Pack-Request: #0
bootstrapped|the bootstrap server has finished: #0
not bootstrapped|not bootstrapped: #0
accounts as before|the new accounts have failed: those from before are back
de-registered|de-registered: #0
not registered|not registered: #0
update refused|update not taken: #0
next attempt|next attempt in %0 s
sent again|no answer yet, sent again (%0)
no answer|no answer from the server
no transport|no way to the server: %0
account deleted|a server deleted this account: de-registering
receive|the network has refused to receive: errno %0
too long|a datagram is too long to be sent: %0 bytes
failed|a fault of this software: %0 %1
abandoned|a body in blocks was left half-way
broken|a download was broken off after %0 bytes
Send refused|a Send was refused: #0
not acknowledged|a notification was not acknowledged: %0
samples evicted|stored samples were dropped, no memory for them: %0
no value|no value of %0: %1
not measured|not measured: Object %0: %1
valve|the valve is not where it was moved to: fault %0
record lost|stored record %0 is damaged and lost
older record|stored record %0 is damaged: the older one is used
state not used|what is stored of %0 is not understood, and not used: %1
state not kept|what is to outlive a restart cannot be stored: code %0
entropy|the random numbers fail their test: no DTLS
dtls given up|DTLS: the session is not answered any more, a handshake follows
dtls ended|DTLS ended: !0
dtls resumed|DTLS: session resumed, suite %0
dtls established|DTLS: session established, suite %0
dtls sent again|DTLS: no answer yet, sent again (%0)
dtls no answer: wrong key?|DTLS: no answer: wrong key, or unknown identity
dtls no answer|DTLS: no answer: is there a coaps server at this address?
dtls no memory|DTLS: no memory
dtls store in doubt|DTLS: the stored session is in doubt, a handshake follows
dtls store|DTLS: the session cannot be stored
dtls too old|DTLS: the session is too old, a handshake follows
dtls wrong message|DTLS: a message that cannot be (%1 so far)
dtls wrong tag|DTLS: a record that was forged or damaged (%1 so far)
dtls alert|DTLS: an alert in the clear, perhaps forged: !0 (%1 so far)
modem socket lost|modem: socket %0 is lost
modem socket|modem: socket %0 is open
modem no socket|modem: socket %0 cannot be opened
modem no answer|modem: no answer to %0
modem|modem: %0
network up|network up %0
network down|network down: %0, next attempt in %1 ms
wifi|Wi-Fi: %0
started|started: slot %0, reset cause %1, crashes in a row %2
safe mode|safe mode after %0 crashes: Device only, for %1 s
no checkpoint|the count of pulses cannot be kept: fault %0: a power cut would lose pulses
configuration not kept|the configuration cannot be copied: errno %0
factory reset|factory reset
not erased|factory reset: %0 cannot be erased: errno %1
rebooting|rebooting
"""

# Of an answer, and what to look at
_CODES = """
0|no answer
4.00|Bad Request: does it take this name, version and lifetime?
4.01|Unauthorized
4.02|Bad Option
4.03|Forbidden: is this identity known there?
4.04|Not Found: is it an LwM2M server?
4.05|Method Not Allowed
4.06|Not Acceptable
4.08|Request Entity Incomplete
4.09|Conflict
4.12|Precondition Failed: which LwM2M versions does it take?
4.13|Request Entity Too Large
4.15|Unsupported Content-Format
4.29|Too Many Requests
5.00|Internal Server Error
5.01|Not Implemented
5.02|Bad Gateway
5.03|Service Unavailable
5.04|Gateway Timeout
"""

_ALERTS = """
-1|no answer
0|closed by the server
20|alert 20, wrong key
40|alert 40, no cipher suite in common
51|alert 51, wrong key
70|alert 70, no DTLS 1.2 there
115|alert 115, unknown identity: is it known there?
"""


def _find(table, key):
    start = table.find("\n" + key + "|")
    if start < 0:
        return ""
    start += len(key) + 2
    return table[start : table.find("\n", start)]


def code(number: int) -> str:
    """A CoAP code as 4.04, with what it says."""
    name = "%d.%02d" % (number >> 5, number & 31) if number else "0"
    text = _find(_CODES, name)
    if not number:
        return text
    return name + " " + text if text else name


def alert(number: int) -> str:
    """A DTLS alert, -1 for silence."""
    return _find(_ALERTS, str(number)) or "alert %d" % number


def _plain(part):
    if isinstance(part, list):  # of a location
        return "/".join([segment.decode() for segment in part])
    return repr(part) if isinstance(part, Exception) else str(part)


def text(event: tuple) -> str:
    """An event in words."""
    words = ""
    used = min(len(event), 2)
    while used and not words:
        words = _find(_EVENT_TEXTS, " ".join([str(part) for part in event[:used]]))
        used -= not words
    if not words:
        return " ".join([_plain(part) for part in event])
    done = ""
    parts = event[used:]
    i = 0
    while i < len(words):
        kind = words[i]
        if kind in "%#!" and words[i + 1 : i + 2].isdigit():
            which = int(words[i + 1])
            part = parts[which] if which < len(parts) else ""
            if isinstance(part, int) and kind != "%":
                part = code(part) if kind == "#" else alert(part)
            done += _plain(part)
            i += 2
        else:
            done += kind
            i += 1
    return done.rstrip()
