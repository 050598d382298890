"""Which mails an account wants."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from frontend.views.answers import answering_refusals
from frontend.views.requests import visitor_of
from repository.selectors.access import require_account
from repository.services.accounts import set_mails_when_read


@login_required
@require_POST
@answering_refusals
def choose_mails(request: HttpRequest) -> HttpResponse:
    """Note whether a mail is to say that a deposit was read."""
    wanted = "when_read" in request.POST
    set_mails_when_read(user=require_account(visitor_of(request)), wanted=wanted)
    messages.success(request, "You are sent a mail." if wanted else "You are sent no such mail any more.")
    return HttpResponseRedirect(reverse("account_email"))
