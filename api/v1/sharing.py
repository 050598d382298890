"""Who shares a deposit: co-owners, invitations, links for reviewers, and its group."""

import datetime as dt
import uuid
from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.v1.deposits import answer_deposit, read_input
from api.v1.documentation import problems
from api.v1.shapes import DepositShape, Nested
from api.visitors import visitor_of
from repository.selectors import addresses
from repository.selectors.access import get_deposit_to_decide, get_deposit_to_leave, require_account
from repository.selectors.sharing import ROLES, compose_cookie, describe_sharing
from repository.services.deposits import add_member, remove_member
from repository.services.group_deposits import put_into_group, take_out_of_group
from repository.services.invitations import revoke_invitation
from repository.services.reviewer_links import create_reviewer_link, revoke_reviewer_link
from repository.workflows.invitations import invite_person_to_deposit

ROLE_HELP = "view: look; edit: also change the draft; publish: also publish, delete and say who shares it."
GONE = OpenApiResponse(description="It is done.")


class CoOwnerShape(Nested[Any]):
    username = serializers.CharField(
        help_text="As it was written; a name that no account has gives no right."
    )
    role = serializers.ChoiceField(choices=list(ROLES), help_text=ROLE_HELP)


class InvitationShape(Nested[Any]):
    id = serializers.UUIDField()
    address = serializers.CharField()
    role = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=["waiting", "expired"])
    is_undelivered = serializers.BooleanField(help_text="The mail server refused the address.")


class LinkShape(Nested[Any]):
    id = serializers.UUIDField()
    for_whom = serializers.CharField(source="label")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=["good", "over", "revoked"])
    openings = serializers.IntegerField(help_text="How often it was opened, once a minute at most.")
    last_opened_at = serializers.DateTimeField(allow_null=True)


class LaboratoryLineShape(Nested[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    ror = serializers.CharField(allow_blank=True, help_text="ROR of the institution, as an address.")
    role = serializers.CharField(allow_blank=True, help_text="What you are in it; empty where you are not.")


class SharingShape(Nested[Any]):
    owner = serializers.CharField()
    members = CoOwnerShape(many=True)
    invitations = InvitationShape(many=True, help_text="Those that nobody has answered.")
    links = LinkShape(many=True)
    group = LaboratoryLineShape(allow_null=True)


class MemberInput(Nested[Any]):
    username = serializers.CharField(max_length=150)
    role = serializers.ChoiceField(
        choices=list(ROLES), required=False, help_text=f"{ROLE_HELP} Without it, edit."
    )


class InviteToDepositInput(Nested[Any]):
    address = serializers.CharField(max_length=254, help_text="Mail address.")
    role = serializers.ChoiceField(choices=list(ROLES), help_text=ROLE_HELP)


class CreateLinkInput(Nested[Any]):
    for_whom = serializers.CharField(max_length=200, help_text="By which you know which link to end.")
    days = serializers.IntegerField(min_value=1, max_value=366, required=False, help_text="Without it, 90.")


class NewLinkShape(Nested[Any]):
    id = serializers.UUIDField()
    url = serializers.CharField(help_text="Shown this once: whoever has it reads the deposit.")
    cookie = serializers.CharField(
        help_text="What a program sends with each request, instead of opening the link."
    )
    expires_at = serializers.DateTimeField()


class BelongingInput(Nested[Any]):
    group = serializers.CharField(max_length=20, help_text="The id of a group in which you are.")


class SharingView(APIView):
    needs_account = True
    is_open_to_grants = True

    @extend_schema(operation_id="getSharing", responses={200: SharingShape, **problems(401, 403, 404)})
    def get(self, request: Request, deposit_id: str) -> Response:
        """Say who shares a deposit, who is invited, and which links are out; for those who decide about it."""
        visitor = visitor_of(request)
        sharing = describe_sharing(visitor, get_deposit_to_decide(visitor, deposit_id))
        return Response(SharingShape(sharing).data)


class MembersView(APIView):
    needs_account = True

    @extend_schema(
        operation_id="addMember",
        request=MemberInput,
        responses={200: DepositShape, **problems(400, 401, 403, 404, 409, 415)},
    )
    def post(self, request: Request, deposit_id: str) -> Response:
        """Make somebody a co-owner by user name, or change what a co-owner may do."""
        visitor = visitor_of(request)
        deposit = get_deposit_to_decide(visitor, deposit_id)
        fields = read_input(MemberInput, request)
        add_member(
            deposit_id=deposit.pk,
            actor=require_account(visitor),
            username=fields["username"],
            role=fields.get("role", "edit"),
        )
        return answer_deposit(request, deposit_id)


class MemberView(APIView):
    needs_account = True

    @extend_schema(
        operation_id="removeMember", request=None, responses={204: GONE, **problems(401, 403, 404)}
    )
    def delete(self, request: Request, deposit_id: str, username: str) -> Response:
        """Take a co-owner's rights away; co-owners may also leave by themselves."""
        visitor = visitor_of(request)
        deposit = get_deposit_to_leave(visitor, deposit_id, username)
        remove_member(deposit_id=deposit.pk, actor=require_account(visitor), username=username)
        return Response(status=status.HTTP_204_NO_CONTENT)


class InvitationsView(APIView):
    needs_account = True

    @extend_schema(
        operation_id="inviteToDeposit",
        request=InviteToDepositInput,
        responses={201: SharingShape, **problems(400, 401, 403, 404, 409, 415, 422)},
    )
    def post(self, request: Request, deposit_id: str) -> Response:
        """Invite whoever has a mail address to share a deposit; a former invitation of the address ends."""
        visitor = visitor_of(request)
        deposit = get_deposit_to_decide(visitor, deposit_id)
        fields = read_input(InviteToDepositInput, request)
        invite_person_to_deposit(deposit_id=deposit.pk, actor=require_account(visitor), **fields)
        sharing = describe_sharing(visitor, deposit)
        return Response(SharingShape(sharing).data, status=status.HTTP_201_CREATED)


class InvitationView(APIView):
    needs_account = True

    @extend_schema(
        operation_id="revokeDepositInvitation",
        request=None,
        responses={204: GONE, **problems(401, 403, 404, 409)},
    )
    def delete(self, request: Request, deposit_id: str, invitation_id: uuid.UUID) -> Response:
        """Take an invitation back."""
        visitor = visitor_of(request)
        deposit = get_deposit_to_decide(visitor, deposit_id)
        revoke_invitation(invitation_id=invitation_id, actor=require_account(visitor), deposit_id=deposit.pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


class LinksView(APIView):
    needs_account = True

    @extend_schema(
        operation_id="createReviewerLink",
        request=CreateLinkInput,
        responses={201: NewLinkShape, **problems(400, 401, 403, 404, 409, 415, 422)},
    )
    def post(self, request: Request, deposit_id: str) -> Response:
        """Make a link by which somebody without an account reads the deposit, and changes nothing."""
        visitor = visitor_of(request)
        deposit = get_deposit_to_decide(visitor, deposit_id)
        fields = read_input(CreateLinkInput, request)
        link, key = create_reviewer_link(
            deposit_id=deposit.pk,
            actor=require_account(visitor),
            label=fields["for_whom"],
            lifetime=dt.timedelta(days=fields.get("days", 90)),
        )
        made = {
            "id": link.pk,
            "url": addresses.shared_draft(key),
            "cookie": "=".join(compose_cookie(key)),
            "expires_at": link.expires_at,
        }
        return Response(NewLinkShape(made).data, status=status.HTTP_201_CREATED)


class LinkView(APIView):
    needs_account = True

    @extend_schema(
        operation_id="revokeReviewerLink", request=None, responses={204: GONE, **problems(401, 403, 404)}
    )
    def delete(self, request: Request, deposit_id: str, link_id: uuid.UUID) -> Response:
        """End a link at once; it stays in the list with what it was for."""
        visitor = visitor_of(request)
        deposit = get_deposit_to_decide(visitor, deposit_id)
        revoke_reviewer_link(deposit_id=deposit.pk, actor=require_account(visitor), link_id=link_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class GroupView(APIView):
    needs_account = True

    @extend_schema(
        operation_id="putIntoGroup",
        request=BelongingInput,
        responses={200: SharingShape, **problems(400, 401, 403, 404, 409, 413, 415)},
    )
    def post(self, request: Request, deposit_id: str) -> Response:
        """Let the deposit belong to a group of yours: its members look into it, its managers look after it."""
        visitor = visitor_of(request)
        deposit = get_deposit_to_decide(visitor, deposit_id)
        fields = read_input(BelongingInput, request)
        moved = put_into_group(
            deposit_id=deposit.pk, actor=require_account(visitor), group_id=fields["group"]
        )
        return Response(SharingShape(describe_sharing(visitor, moved)).data)

    @extend_schema(
        operation_id="takeOutOfGroup", request=None, responses={204: GONE, **problems(401, 403, 404, 413)}
    )
    def delete(self, request: Request, deposit_id: str) -> Response:
        """Let the deposit be its owners' alone."""
        visitor = visitor_of(request)
        deposit = get_deposit_to_decide(visitor, deposit_id)
        take_out_of_group(deposit_id=deposit.pk, actor=require_account(visitor))
        return Response(status=status.HTTP_204_NO_CONTENT)
