# SPDX-License-Identifier: GPL-2.0-only
"""The checklist that the cases' points belong to, and what covers it.

Each point has cases of both kinds in each mode: good ones, in which everybody keeps to the rules, and hostile ones.
What can't be is excused here, with the reason.
"""

POINTS = {
    1: ("A", "lines end with CR LF"),
    2: ("A", "no CR stands alone"),
    3: ("A", "no control octet but HTAB in a value"),
    4: ("A", "empty lines before a request; none is passed on"),
    5: ("A", "no white space leads the line behind the first one"),
    6: ("A", "off the grammar: refused, and so is what is behind it"),
    7: ("A", "versions: our own on both sides, no other major one"),
    8: ("A", "one SP between the parts of the request line"),
    9: ("A", "methods are tokens and have case; the length of a target"),
    10: ("A", "the size of a head; nothing is cut off it"),
    11: ("A", "white space before the colon"),
    12: ("A", "folded lines"),
    13: ("A", "a name is a token"),
    14: ("A", "octets from 128 on in values, unchanged"),
    15: ("B", "one valid Host"),
    16: ("B", "absolute-form overrules Host"),
    17: ("B", "empty hosts, user information"),
    18: ("B", "which form with which method"),
    19: ("B", "path and query, octet for octet"),
    20: ("B", "an intercepted request goes where its packets went"),
    21: ("B", "CONNECT opens nothing on an intercepted connection"),
    22: ("B", "no request to ourselves"),
    23: ("B", "Max-Forwards"),
    24: ("C", "Content-Length with Transfer-Encoding"),
    25: ("C", "transfer codings: chunked, once, last"),
    26: ("C", "Transfer-Encoding in HTTP/1.0"),
    27: ("C", "Content-Length is one number"),
    28: ("C", "bodies of all methods are framed"),
    29: ("C", "names that look like framing fields"),
    30: ("C", "Connection names framing fields or Host"),
    31: ("C", "a request that ends early is not completed"),
    32: ("D", "the grammar of chunks"),
    33: ("D", "extensions"),
    34: ("D", "trailers"),
    35: ("D", "nothing waits for a whole body"),
    36: ("E", "fields of this hop"),
    37: ("E", "Via"),
    38: ("E", "unknown fields, and their order"),
    39: ("E", "fields that nobody may change"),
    40: ("E", "Date"),
    41: ("E", "Proxy-Status; errors that tell nothing of the inside"),
    42: ("E", "Forwarded, X-Forwarded-For"),
    43: ("E", "authentication with other proxies"),
    44: ("F", "Expect"),
    45: ("F", "a final response while a body may still come"),
    46: ("F", "interim responses"),
    47: ("F", "Upgrade"),
    48: ("F", "CONNECT"),
    49: ("G", "the framing of responses"),
    50: ("G", "responses without a body, and what is behind one"),
    51: ("G", "what comes unasked is no response"),
    52: ("G", "a response that ends early is seen to"),
    53: ("G", "status lines"),
    54: ("G", "coding for the other side"),
    55: ("G", "an origin that says nothing or too little"),
    56: ("H", "close and keep-alive"),
    57: ("H", "pipelining"),
    58: ("H", "retries"),
    59: ("H", "idle connections, clients that leave or half-close"),
    60: ("H", "whose connection it is"),
    61: ("H", "an early error is not lost"),
    62: ("H", "slowness"),
    63: ("I", "nothing is cached"),
    64: ("J", "PROXY protocol"),
    65: ("K", "a ClientHello in any pieces, octets unchanged"),
    66: ("K", "server names: whole and valid, or none"),
    67: ("K", "what is not TLS, lengths that lie, ends"),
    68: ("K", "the name selects no address; a port of TLS reads no HTTP"),
}

INTERCEPTED = "only an intercepted connection has an original destination"
# (point, mode, kind): the reason
EXCUSED = {(point, mode, kind): INTERCEPTED for point in (20, 21) for mode in ("reverse", "forward") for kind in ("good", "hostile")}
EXCUSED[48, "transparent", "good"] = "CONNECT opens nothing on an intercepted connection: point 21"


def numbers(point):
    """"D34 E36": 34, 36. A point's letter must be the one that the checklist gives it."""
    found = []
    for word in point.split():
        number = int(word[1:])
        if number not in POINTS or POINTS[number][0] != word[0]:
            raise SystemExit(f"{word} is no point of the checklist")
        found.append(number)
    return found


def count(cases):
    """(point, mode, kind): how many cases."""
    table = {}
    for one in cases:
        for number in numbers(one.point):
            for mode in one.modes:
                key = number, mode, "hostile" if one.hostile else "good"
                table[key] = table.get(key, 0) + 1
    return table


def missing(cases, modes):
    """What is neither covered nor excused, and what is both."""
    table = count(cases)
    for number, (letter, text) in POINTS.items():
        for mode in modes:
            for kind in ("good", "hostile"):
                key = number, mode, kind
                if key not in table and key not in EXCUSED:
                    yield f"{letter}{number}, {text}: no {kind} case in {mode} mode"
                if key in table and key in EXCUSED:
                    yield f"{letter}{number}: there are {kind} cases in {mode} mode, but it is excused: {EXCUSED[key]}"


def show(cases, modes):
    """The table, a line each point."""
    table = count(cases)
    yield "point  " + "  ".join(f"{mode + ', ' + kind:>20}" for mode in modes for kind in ("good", "hostile"))
    for number, (letter, text) in POINTS.items():
        cells = (table.get((number, mode, kind), "-") for mode in modes for kind in ("good", "hostile"))
        yield f"{letter + str(number):5}  " + "  ".join(f"{cell:>20}" for cell in cells) + "  " + text
