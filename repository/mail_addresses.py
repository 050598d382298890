"""The one spelling of a mail address: forms, counts, look-ups, storage and mail servers all see this one.

Two spellings that a mail server may tell apart are two addresses here, however alike they look to a database.
"""

import re

import idna

LONGEST = 254
_LONGEST_USER = 64
_USER = re.compile(r"[!-~]+")
_IS_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_JOINERS = frozenset("\u200c\u200d")


def canonicalize_address(text: str) -> str:
    """Return an address in its one spelling, in ASCII and small letters; empty if it cannot be written to.

    The part before the sign has ASCII only, for few servers take more. The domain is written as its A-labels (UTS 46,
    non-transitional). Signs that nobody sees, address literals and numbers for a host are refused, not taken out:
    otherwise one mailbox has any number of addresses.
    """
    user, _, domain = text.strip().rpartition("@")
    if len(text) > LONGEST or len(user) > _LONGEST_USER or not _USER.fullmatch(user):
        return ""
    try:
        if any(sign in _JOINERS or not idna.uts46_remap(sign, std3_rules=True) for sign in domain):
            return ""
        host = idna.encode(domain, uts46=True, std3_rules=True).decode("ascii").lower()
    except UnicodeError:
        return ""
    if host.endswith(".") or _IS_NUMBER.fullmatch(host.rpartition(".")[2]):
        return ""
    address = f"{user.lower()}@{host}"
    return address if len(address) <= LONGEST else ""


def spell_out(address: str) -> str:
    """Return a canonical address with its domain in the letters of its alphabet, as it was once stored."""
    user, _, host = address.rpartition("@")
    return f"{user}@{idna.decode(host)}" if host else address
