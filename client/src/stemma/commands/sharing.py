"""groups, people, links: who works on deposits together, and who may look at a draft."""

import argparse
from typing import Any

from stemma.commands.output import Result
from stemma.commands.sharing_arguments import GROUP_ROLES
from stemma.connection import Connection, api_path, read_object
from stemma.errors import JsonObject, UsageError
from stemma.identifiers import parse_reference
from stemma.progress import Progress
from stemma.texts import count_things

_DAY = 10  # letters of a date
_Place = tuple[str, str]


def groups(arguments: argparse.Namespace, connection: Connection, progress: Progress) -> Result:
    """List or make groups, invite people, and say who is in one."""
    if arguments.act == "list":
        found = connection.get_json(api_path("groups"))
        return Result(found, _describe_groups(found["results"]))
    if arguments.act == "create":
        body = {"name": arguments.name, "ror": arguments.ror}
        made = read_object(connection.request("POST", api_path("groups"), json=body))
        return Result(made, f"The group {made['name']} is made: {made['id']}")
    group = ("groups", parse_reference(arguments.group).id)
    if arguments.act == "invite":
        body = {"address": arguments.address, "role": arguments.role}
        invited = read_object(connection.request("POST", api_path(*group, "invitations"), json=body))
        progress.note(f"An invitation goes to {arguments.address}. It is good for two weeks.")
        return Result(invited, _describe_members(invited))
    return _change_members(arguments, connection, group)


def _change_members(arguments: argparse.Namespace, connection: Connection, group: _Place) -> Result:
    """Do what is asked with the members, and show who is in then."""
    if arguments.set:
        username, role = arguments.set
        if role not in GROUP_ROLES:
            raise UsageError(f"{role} is no role in a group.", hint=f"Roles are {' and '.join(GROUP_ROLES)}.")
        connection.request("PATCH", api_path(*group, "members", username), json={"role": role})
    if arguments.remove:
        connection.request("DELETE", api_path(*group, "members", arguments.remove))
        if connection.get_json(api_path("account"))["username"] == arguments.remove:
            return Result({"left": group[1]}, "You left the group.")
    shown = connection.get_json(api_path(*group))
    return Result(shown, _describe_members(shown))


def people(arguments: argparse.Namespace, connection: Connection, progress: Progress) -> Result:
    """Say who shares a deposit, and what each may."""
    deposit = ("deposits", parse_reference(arguments.id).id)
    if arguments.act == "set":
        body = {"username": arguments.username, "role": arguments.role}
        connection.request("POST", api_path(*deposit, "members"), json=body)
    elif arguments.act == "invite":
        body = {"address": arguments.address, "role": arguments.role}
        connection.request("POST", api_path(*deposit, "invitations"), json=body)
        progress.note(f"An invitation goes to {arguments.address}. It is good for two weeks.")
    elif arguments.act == "remove":
        connection.request("DELETE", api_path(*deposit, "members", arguments.username))
        if connection.get_json(api_path("account"))["username"] == arguments.username:
            return Result({"left": arguments.id}, "You share this deposit no more.")
    sharing = connection.get_json(api_path(*deposit, "sharing"))
    return Result(sharing, _describe_people(sharing))


def links(arguments: argparse.Namespace, connection: Connection, progress: Progress) -> Result:
    """List, make or revoke links for reviewers."""
    del progress
    deposit = ("deposits", parse_reference(arguments.id).id)
    if arguments.act == "make":
        body: JsonObject = {"for_whom": arguments.for_whom}
        if arguments.days is not None:
            body["days"] = arguments.days
        made = read_object(connection.request("POST", api_path(*deposit, "links"), json=body))
        until = made["expires_at"][:_DAY]
        return Result(
            made, f"{made['url']}\nGood until {until}. It is shown this once: whoever has it reads the draft."
        )
    if arguments.act == "revoke":
        connection.request("DELETE", api_path(*deposit, "links", arguments.link))
    sharing = connection.get_json(api_path(*deposit, "sharing"))
    return Result({"links": sharing["links"]}, _describe_links(sharing["links"]))


def _describe_groups(found: list[Any]) -> str:
    lines = [f"{one['id']}  {one['name']}  {one['role']}" for one in found]
    return "\n".join(lines) or "You are in no group. `stemma groups create NAME` makes one."


def _describe_members(group: JsonObject) -> str:
    lines = [f"{group['name']} ({group['id']}): {count_things(len(group['members']), 'member')}"]
    lines += [f"  {one['username']}  {one['role']}" for one in group["members"]]
    return "\n".join([*lines, *_describe_invitations(group["invitations"])])


def _describe_people(sharing: JsonObject) -> str:
    lines = [f"{sharing['owner']}  owner"]
    lines += [f"{one['username']}  {one['role']}" for one in sharing["members"]]
    if sharing["group"]:
        lines.append(f"{sharing['group']['name']}  group")
    return "\n".join([*lines, *_describe_invitations(sharing["invitations"])])


def _describe_invitations(invitations: list[Any]) -> list[str]:
    return [
        f"  {one['address']}  {one['role']}, invited until {one['expires_at'][:_DAY]}"
        + (", the mail server refused the address" if one["is_undelivered"] else "")
        for one in invitations
    ]


def _describe_links(found: list[Any]) -> str:
    words = {"good": "good until", "over": "over since", "revoked": "ended; was good until"}
    lines = [
        f"{one['id']}  {one['for_whom']}: {words[one['state']]} {one['expires_at'][:_DAY]}, "
        f"opened {count_things(one['openings'], 'time')}"
        for one in found
    ]
    return "\n".join(lines) or "There is no link."
