import datetime as dt
from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.v1.deposits import read_input
from api.v1.documentation import problems
from api.v1.shapes import Nested
from api.visitors import visitor_of
from repository.selectors.access import require_account
from repository.selectors.accounts import TOKEN_SCOPES, describe_account, list_tokens
from repository.services.accounts import create_token, revoke_token, set_mails_when_read, update_profile


class AccountShape(Nested[Any]):
    username = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    orcid = serializers.CharField(allow_blank=True)
    affiliation = serializers.CharField(allow_blank=True)
    affiliation_ror = serializers.CharField(
        allow_blank=True, help_text="ROR of the institution, as an address."
    )
    address = serializers.CharField(allow_blank=True, help_text="The mail address, shown to its owner alone.")
    is_address_confirmed = serializers.BooleanField(
        help_text="Whether a new password can be sent there and the address signs in."
    )
    role = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    expiry = serializers.DateTimeField(allow_null=True)
    mails_when_read = serializers.BooleanField(
        help_text="Whether a mail says that a deposit was read and what waits."
    )
    quota = serializers.IntegerField(source="storage.quota")
    used = serializers.IntegerField(
        source="storage.used", help_text="Bytes that count against the quota, `waiting` among them."
    )
    waiting = serializers.IntegerField(
        source="storage.waiting", help_text="Bytes of files that were deleted and are still stored."
    )
    waiting_until = serializers.DateTimeField(
        source="storage.waiting_until",
        allow_null=True,
        help_text="From when these are removed by themselves.",
    )
    makes_room_at = serializers.DateTimeField(
        source="storage.makes_room_at",
        allow_null=True,
        help_text="From when these are removed at once where an upload needs their room.",
    )


class TokenShape(Nested[Any]):
    key = serializers.CharField(help_text="The first characters: enough to tell tokens apart.")
    name = serializers.CharField(allow_blank=True)
    scopes = serializers.ListField(child=serializers.CharField())
    created = serializers.DateTimeField()
    expiry = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)


class TokenListShape(Nested[Any]):
    results = TokenShape(many=True)


class CreateTokenInput(Nested[Any]):
    name = serializers.CharField(max_length=100, required=False, allow_blank=True)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=list(TOKEN_SCOPES)), required=False, allow_empty=False
    )
    days = serializers.IntegerField(min_value=1, max_value=366, required=False)


class NewTokenShape(Nested[Any]):
    token = serializers.CharField(help_text="Shown this once.")
    key = serializers.CharField()
    expiry = serializers.DateTimeField()


class AccountInput(Nested[Any]):
    mails_when_read = serializers.BooleanField(required=False)
    name = serializers.CharField(max_length=200, required=False, allow_blank=True)
    orcid = serializers.CharField(max_length=100, required=False, allow_blank=True)
    affiliation = serializers.CharField(max_length=300, required=False, allow_blank=True)
    affiliation_ror = serializers.CharField(max_length=100, required=False, allow_blank=True)


class AccountView(APIView):
    needs_account = True

    @extend_schema(operation_id="getAccount", responses={200: AccountShape, **problems(401, 403)})
    def get(self, request: Request) -> Response:
        """Say who you are, what the token may do and how much space is left."""
        account = describe_account(
            require_account(visitor_of(request)),
            request.auth,  # type: ignore[arg-type]  # knox makes tokens of our model
        )
        return Response(AccountShape(account).data)

    @extend_schema(
        operation_id="updateAccount",
        request=AccountInput,
        responses={200: AccountShape, **problems(400, 401, 403, 415, 422)},
    )
    def patch(self, request: Request) -> Response:
        """Say who you are and which mails you want; a new deposit names its creator by it. What is left out stays."""
        fields = read_input(AccountInput, request)
        user = require_account(visitor_of(request))
        if "mails_when_read" in fields:
            set_mails_when_read(user=user, wanted=fields.pop("mails_when_read"))
        request.user = update_profile(user=user, changes=fields)
        return self.get(request)


class TokenListView(APIView):
    """Tokens are managed in a browser session: a token cannot make or revoke tokens."""

    needs_account = True
    authentication_classes = (SessionAuthentication,)

    @extend_schema(operation_id="listTokens", responses={200: TokenListShape, **problems(401, 403)})
    def get(self, request: Request) -> Response:
        """List your tokens; their text is never shown again."""
        tokens = TokenShape(list_tokens(require_account(visitor_of(request))), many=True)
        return Response({"results": tokens.data})

    @extend_schema(
        operation_id="createToken",
        request=CreateTokenInput,
        responses={201: NewTokenShape, **problems(400, 401, 403, 415, 422)},
    )
    def post(self, request: Request) -> Response:
        """Make a token for programs."""
        fields = read_input(CreateTokenInput, request)
        token, text = create_token(
            user=require_account(visitor_of(request)),
            name=fields.get("name", ""),
            scopes=fields.get("scopes", ["read"]),
            lifetime=dt.timedelta(days=fields.get("days", 30)),
        )
        shape = NewTokenShape({"token": text, "key": token.token_key, "expiry": token.expiry})
        return Response(shape.data, status=status.HTTP_201_CREATED)


class TokenView(APIView):
    needs_account = True
    authentication_classes = (SessionAuthentication,)

    @extend_schema(
        operation_id="revokeToken",
        request=None,
        responses={204: OpenApiResponse(description="It is gone."), **problems(401, 403, 404)},
    )
    def delete(self, request: Request, key: str) -> Response:
        """End a token at once."""
        revoke_token(user=require_account(visitor_of(request)), token_key=key)
        return Response(status=status.HTTP_204_NO_CONTENT)
