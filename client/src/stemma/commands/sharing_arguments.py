"""The part of the command line that is about people: groups, co-owners with their roles, links for reviewers."""

import argparse
from collections.abc import Callable
from typing import Any

Parsers = Callable[[str, str], Any]
"""Makes the parser of a command by its name and what it does."""

GROUP_ROLES = ("member", "manager")
DEPOSIT_ROLES = ("view", "edit", "publish")
_ROLE_HELP = "view: look; edit: also change the draft; publish: also publish, delete and say who shares it"
_GROUP_ROLE_HELP = "member: looks into the group's deposits; manager: also looks after them and the group"


def add_sharing(add: Parsers) -> None:
    """Add the commands `groups`, `people` and `links`."""
    _add_groups(
        add("groups", "Groups in which you are: list and make them, invite people, see and change who is in.")
    )
    _add_people(
        add("people", "Who shares a deposit, and what they may: list, set a role, invite by mail, take off.")
    )
    _add_links(add("links", "Links by which reviewers without an account read a draft: list, make, revoke."))


def _act(acts: Any, name: str, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = acts.add_parser(name, help=text, description=text)
    # The command has the flag too; where the act does not repeat it, that one holds.
    parser.add_argument(
        "--json",
        action="store_true",
        default=argparse.SUPPRESS,
        help="print exactly one JSON object on stdout",
    )
    return parser


def _acts_of(parser: argparse.ArgumentParser) -> Any:
    return parser.add_subparsers(dest="act", required=True, metavar="ACT", parser_class=type(parser))


def _add_groups(parser: argparse.ArgumentParser) -> None:
    acts = _acts_of(parser)
    _act(acts, "list", "List the groups in which you are.")
    create = _act(acts, "create", "Make a group; you are its first manager.")
    create.add_argument("name", metavar="NAME")
    create.add_argument("--ror", default="", help="ROR of the institution")
    invite = _act(acts, "invite", "Invite whoever has a mail address; they answer within two weeks.")
    invite.add_argument("group", metavar="GROUP", help="the group's id, as `stemma groups list` prints it")
    invite.add_argument("address", metavar="ADDRESS")
    invite.add_argument("--role", choices=GROUP_ROLES, default="member", help=_GROUP_ROLE_HELP)
    members = _act(
        acts, "members", "Show who is in a group and who is invited; change a role, or take somebody out."
    )
    members.add_argument("group", metavar="GROUP")
    change = members.add_mutually_exclusive_group()
    change.add_argument("--set", nargs=2, metavar=("USERNAME", "ROLE"), help=_GROUP_ROLE_HELP)
    change.add_argument("--remove", metavar="USERNAME", help="take somebody out; your own name: leave")


def _add_people(parser: argparse.ArgumentParser) -> None:
    acts = _acts_of(parser)
    listed = _act(acts, "list", "Show who shares a deposit and who is invited.")
    role = _act(acts, "set", "Make somebody a co-owner by user name, or change what a co-owner may do.")
    invite = _act(acts, "invite", "Invite a co-owner by mail address.")
    remove = _act(acts, "remove", "Take a co-owner off; your own name: leave.")
    for act in (listed, role, invite, remove):
        act.add_argument("id", metavar="ID")
    role.add_argument("username", metavar="USERNAME")
    role.add_argument("role", metavar="ROLE", choices=DEPOSIT_ROLES, help=_ROLE_HELP)
    invite.add_argument("address", metavar="ADDRESS")
    invite.add_argument("--role", choices=DEPOSIT_ROLES, default="edit", help=_ROLE_HELP)
    remove.add_argument("username", metavar="USERNAME")


def _add_links(parser: argparse.ArgumentParser) -> None:
    acts = _acts_of(parser)
    listed = _act(
        acts, "list", "Show the links of a deposit: for whom, until when, how often they were opened."
    )
    make = _act(acts, "make", "Make a link; it is printed this once.")
    revoke = _act(acts, "revoke", "End a link: who has it reads nothing any more, at once.")
    for act in (listed, make, revoke):
        act.add_argument("id", metavar="ID")
    make.add_argument("for_whom", metavar="FOR_WHOM", help="by which you know which link to end")
    make.add_argument("--days", type=int, help="how long it is good, 1 to 366; 90 without it")
    revoke.add_argument("link", metavar="LINK", help="its id, as `stemma links list` prints it")
