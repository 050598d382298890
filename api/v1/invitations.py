"""Invitations, for whoever is invited."""

import uuid
from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.v1.documentation import problems
from api.v1.shapes import Nested
from api.visitors import visitor_of
from repository.selectors.access import require_account
from repository.selectors.invitations import get_offer, list_offers
from repository.services.invitations import accept_invitation, decline_invitation


class OfferShape(Nested[Any]):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=["group", "deposit"])
    subject_id = serializers.CharField(help_text="The id of the group or deposit.")
    subject = serializers.CharField(help_text="What it is called.")
    role = serializers.CharField()
    invited_by = serializers.CharField()
    address = serializers.CharField()
    expires_at = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=["waiting", "accepted", "declined", "revoked", "expired"])


class OfferListShape(Nested[Any]):
    results = OfferShape(many=True)


class OfferListView(APIView):
    needs_account = True

    @extend_schema(operation_id="listInvitations", responses={200: OfferListShape, **problems(401, 403)})
    def get(self, request: Request) -> Response:
        """List the invitations that wait for your answer: those to the addresses that your account confirmed."""
        return Response({"results": OfferShape(list_offers(visitor_of(request)), many=True).data})


class OfferView(APIView):
    needs_account = True

    @extend_schema(operation_id="getInvitation", responses={200: OfferShape, **problems(401, 403, 404)})
    def get(self, request: Request, invitation_id: uuid.UUID) -> Response:
        """Return an invitation to you, also one that was answered."""
        return Response(OfferShape(get_offer(visitor_of(request), invitation_id)).data)


class AcceptView(APIView):
    needs_account = True

    @extend_schema(
        operation_id="acceptInvitation",
        request=None,
        responses={200: OfferShape, **problems(401, 403, 404, 409)},
    )
    def post(self, request: Request, invitation_id: uuid.UUID) -> Response:
        """Accept: from then on you are in the group, or share the deposit."""
        visitor = visitor_of(request)
        accept_invitation(invitation_id=invitation_id, user=require_account(visitor))
        return Response(OfferShape(get_offer(visitor, invitation_id)).data)


class DeclineView(APIView):
    needs_account = True

    @extend_schema(
        operation_id="declineInvitation",
        request=None,
        responses={
            204: OpenApiResponse(description="It is declined."),
            **problems(401, 403, 404, 409),
        },
    )
    def post(self, request: Request, invitation_id: uuid.UUID) -> Response:
        """Say no."""
        decline_invitation(invitation_id=invitation_id, user=require_account(visitor_of(request)))
        return Response(status=status.HTTP_204_NO_CONTENT)
