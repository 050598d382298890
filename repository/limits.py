"""How often somebody may do something: one table for every way in, and for the API.

A limit counts for a subject: an address, an account, a device. It lets a number of attempts through at once and gives
them back one by one, evenly over its span, so that nobody waits for the end of a span.
"""

import hashlib
import unicodedata
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

MINUTE = 60
HOUR = 60 * MINUTE

NETWORK_BITS = 64
"""An IPv6 network of this length belongs to one visitor, who has all its addresses."""


@dataclass(frozen=True, slots=True)
class Charge:
    """One attempt under a limit, for one subject."""

    key: str
    step_s: float
    span_s: float


@dataclass(frozen=True, slots=True)
class Limit:
    """So many attempts at once; all of them come back within the span."""

    name: str
    attempts: int
    span_s: int

    def of(self, *subject: str) -> Charge:
        """Return one attempt of a subject. The key tells neither address nor name to who reads the table."""
        told = "\x1f".join((self.name, *subject))
        digest = hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()
        return Charge(key=digest, step_s=self.span_s / self.attempts, span_s=self.span_s)


# Wrong passwords. A device that signed in to the account before has its own count, which nobody else can use up.
# For everybody else: of one address for one name, of one address for all names, of all addresses for one name. A
# name is what was typed: whether it opens an account changes no answer.
PASSWORDS_OF_DEVICE = Limit("passwords of device", 10, 10 * MINUTE)
PASSWORDS_OF_PAIR = Limit("passwords of address and name", 5, 5 * MINUTE)
PASSWORDS_OF_ADDRESS = Limit("passwords of address", 30, 5 * MINUTE)
PASSWORDS_OF_NAME = Limit("passwords of name", 20, HOUR)
# Of all addresses for one account, whichever of its names they type. Nobody is told when it is used up: then no
# password is right for an unknown device.
PASSWORDS_OF_ACCOUNT = Limit("passwords of account", 20, HOUR)

# A course of forty people signs up from one address.
SIGN_UPS_OF_ADDRESS = Limit("sign-ups of address", 60, HOUR)
# Mails: whoever uses up the count of a name has filled its owner's mailbox with links that work.
MAILS_OF_ADDRESS = Limit("mails of address", 20, HOUR)
MAILS_OF_NAME = Limit("mails of name", 5, HOUR)
LINKS_OF_ADDRESS = Limit("links out of mails of address", 60, HOUR)
# Mails that a person has sent to others: enough for a laboratory, too little to be a nuisance.
INVITATIONS_OF_ACCOUNT = Limit("invitations of account", 60, HOUR)
# What a person who is signed in changes about the account, the password that is asked for before included.
CHANGES_OF_ACCOUNT = Limit("changes of account", 10, 10 * MINUTE)
# A token is never guessed; a program that goes on with an ended one costs a question to the database each time.
WRONG_TOKENS_OF_ADDRESS = Limit("wrong tokens of address", 120, MINUTE)
# Empty files cost no quota. A folder of thousands of files goes through as fast as one client sends it.
UPLOADS_OF_ACCOUNT = Limit("uploads of account", 6000, MINUTE)

LONGEST_SPAN_S = HOUR
LEAST_REQUESTS_A_MINUTE = 600
"""No operator can allow a token less: programs that wait for a conversion ask often."""


def name_network(address: str) -> str:
    """Return what counts as one visitor: an IPv4 address, or the first 64 bits of an IPv6 address.

    What is not an address, such as the peer of a local socket, is one visitor too.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return "elsewhere"
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return f"{IPv6Address(int(parsed) >> NETWORK_BITS << NETWORK_BITS)}/{NETWORK_BITS}"


def fold_name(name: str) -> str:
    """Return the one spelling under which a name that somebody typed is counted.

    It follows from what was typed alone, whoever has an account. Spellings that only look alike count together.
    """
    return unicodedata.normalize("NFKC", name).strip().upper().casefold()
