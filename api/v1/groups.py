"""Groups: laboratories whose members work on deposits together."""

import uuid
from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.v1.deposits import read_input
from api.v1.documentation import problems
from api.v1.shapes import Nested
from api.v1.sharing import InvitationShape, LaboratoryLineShape
from api.visitors import visitor_of
from repository.selectors.access import require_account
from repository.selectors.group_pages import describe_group
from repository.selectors.groups import GROUP_ROLES, get_group, get_managed_group, list_own_groups
from repository.services.groups import close_group, create_group, remove_from_group, set_role, update_group
from repository.services.invitations import revoke_invitation
from repository.workflows.invitations import invite_person_to_group

GONE = OpenApiResponse(description="It is done.")
ROLE_HELP = (
    "member: looks into the group's deposits; manager: also looks after them, the group and its members."
)


class GroupMemberShape(Nested[Any]):
    username = serializers.CharField()
    name = serializers.CharField()
    role = serializers.ChoiceField(choices=list(GROUP_ROLES), help_text=ROLE_HELP)
    joined_at = serializers.DateTimeField()


class GroupDepositShape(Nested[Any]):
    id = serializers.CharField()
    title = serializers.CharField(allow_blank=True)
    state = serializers.CharField()
    owner = serializers.CharField()
    url = serializers.CharField()


class EventShape(Nested[Any]):
    at = serializers.DateTimeField()
    actor = serializers.CharField(allow_blank=True)
    action = serializers.CharField()
    detail = serializers.DictField()


class LaboratoryShape(Nested[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    ror = serializers.CharField(allow_blank=True, help_text="ROR of the institution, as an address.")
    role = serializers.CharField(allow_blank=True, help_text="What you are in it.")
    quota = serializers.IntegerField(
        allow_null=True, help_text="Bytes; null: its deposits count against the quota of their owners."
    )
    used = serializers.IntegerField(help_text="Bytes of the files of its deposits.")
    members = GroupMemberShape(many=True)
    invitations = InvitationShape(many=True, help_text="Those that nobody has answered; for managers.")
    deposits = GroupDepositShape(many=True, help_text="The 200 newest.")
    history = EventShape(many=True, help_text="The 100 newest events; for managers.")


class LaboratoryListShape(Nested[Any]):
    results = LaboratoryLineShape(many=True)


class CreateGroupInput(Nested[Any]):
    name = serializers.CharField(max_length=300)
    ror = serializers.CharField(max_length=100, required=False, allow_blank=True)


class UpdateGroupInput(Nested[Any]):
    name = serializers.CharField(max_length=300, required=False)
    ror = serializers.CharField(max_length=100, required=False, allow_blank=True)


class GroupRoleInput(Nested[Any]):
    role = serializers.ChoiceField(choices=list(GROUP_ROLES), help_text=ROLE_HELP)


class InviteToGroupInput(Nested[Any]):
    address = serializers.CharField(max_length=254, help_text="Mail address.")
    role = serializers.ChoiceField(choices=list(GROUP_ROLES), required=False, help_text=ROLE_HELP)


def answer_group(request: Request, group_id: str, *, code: int = status.HTTP_200_OK) -> Response:
    """Return the group as the visitor sees it."""
    visitor = visitor_of(request)
    return Response(LaboratoryShape(describe_group(visitor, get_group(visitor, group_id))).data, status=code)


class GroupListView(APIView):
    needs_account = True

    @extend_schema(operation_id="listGroups", responses={200: LaboratoryListShape, **problems(401, 403)})
    def get(self, request: Request) -> Response:
        """List the groups in which you are."""
        groups = LaboratoryLineShape(list_own_groups(visitor_of(request)), many=True)
        return Response({"results": groups.data})

    @extend_schema(
        operation_id="createGroup",
        request=CreateGroupInput,
        responses={201: LaboratoryShape, **problems(400, 401, 403, 409, 415, 422)},
    )
    def post(self, request: Request) -> Response:
        """Make a group; you are its first manager."""
        fields = read_input(CreateGroupInput, request)
        group = create_group(actor=require_account(visitor_of(request)), **fields)
        answer = answer_group(request, group.pk, code=status.HTTP_201_CREATED)
        answer["Location"] = request.build_absolute_uri(f"/api/v1/groups/{group.pk}/")
        return answer


class GroupView(APIView):
    needs_account = True

    @extend_schema(operation_id="getGroup", responses={200: LaboratoryShape, **problems(401, 403, 404)})
    def get(self, request: Request, group_id: str) -> Response:
        """Return a group with its members and deposits; to others than members it does not exist."""
        return answer_group(request, group_id)

    @extend_schema(
        operation_id="updateGroup",
        request=UpdateGroupInput,
        responses={200: LaboratoryShape, **problems(400, 401, 403, 404, 415, 422)},
    )
    def patch(self, request: Request, group_id: str) -> Response:
        """Change name or institution."""
        visitor = visitor_of(request)
        group = get_managed_group(visitor, group_id)
        fields = read_input(UpdateGroupInput, request)
        if not fields:
            raise ValidationError("Nothing is named that would change: send name or ror.")
        update_group(group_id=group.pk, actor=require_account(visitor), **fields)
        return answer_group(request, group_id)

    @extend_schema(operation_id="closeGroup", request=None, responses={204: GONE, **problems(401, 403, 404)})
    def delete(self, request: Request, group_id: str) -> Response:
        """Close a group: nobody is in it any more, drafts are their owners', what is published goes on naming it."""
        visitor = visitor_of(request)
        group = get_managed_group(visitor, group_id)
        close_group(group_id=group.pk, actor=require_account(visitor))
        return Response(status=status.HTTP_204_NO_CONTENT)


class MemberView(APIView):
    needs_account = True

    @extend_schema(
        operation_id="setGroupRole",
        request=GroupRoleInput,
        responses={200: LaboratoryShape, **problems(400, 401, 403, 404, 409, 415)},
    )
    def patch(self, request: Request, group_id: str, username: str) -> Response:
        """Make a member a manager, or a manager a member; a group keeps one manager."""
        visitor = visitor_of(request)
        group = get_managed_group(visitor, group_id)
        role = read_input(GroupRoleInput, request)["role"]
        set_role(group_id=group.pk, actor=require_account(visitor), username=username, role=role)
        return answer_group(request, group_id)

    @extend_schema(
        operation_id="removeGroupMember",
        request=None,
        responses={204: GONE, **problems(401, 403, 404, 409)},
    )
    def delete(self, request: Request, group_id: str, username: str) -> Response:
        """Take somebody out of a group, or leave it; deposits of the person stay the person's, and in the group."""
        visitor = visitor_of(request)
        account = require_account(visitor)
        is_leaving = username == account.username
        group = get_group(visitor, group_id) if is_leaving else get_managed_group(visitor, group_id)
        remove_from_group(group_id=group.pk, actor=account, username=username)
        return Response(status=status.HTTP_204_NO_CONTENT)


class InvitationsView(APIView):
    needs_account = True

    @extend_schema(
        operation_id="inviteToGroup",
        request=InviteToGroupInput,
        responses={201: LaboratoryShape, **problems(400, 401, 403, 404, 409, 415, 422)},
    )
    def post(self, request: Request, group_id: str) -> Response:
        """Invite whoever has a mail address; a former invitation of the address ends."""
        visitor = visitor_of(request)
        group = get_managed_group(visitor, group_id)
        fields = read_input(InviteToGroupInput, request)
        invite_person_to_group(
            group_id=group.pk,
            actor=require_account(visitor),
            address=fields["address"],
            role=fields.get("role", "member"),
        )
        return answer_group(request, group_id, code=status.HTTP_201_CREATED)


class InvitationView(APIView):
    needs_account = True

    @extend_schema(
        operation_id="revokeGroupInvitation",
        request=None,
        responses={204: GONE, **problems(401, 403, 404, 409)},
    )
    def delete(self, request: Request, group_id: str, invitation_id: uuid.UUID) -> Response:
        """Take an invitation back."""
        visitor = visitor_of(request)
        group = get_managed_group(visitor, group_id)
        revoke_invitation(invitation_id=invitation_id, actor=require_account(visitor), group_id=group.pk)
        return Response(status=status.HTTP_204_NO_CONTENT)
