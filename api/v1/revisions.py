"""ETag and If-Match: two editors never overwrite each other unseen."""

import re

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_TAGS = re.compile(rf"[ \t,]*{_TAG}(?:[ \t]*,(?:[ \t]*{_TAG})?)*[ \t]*")
_ONE_TAG = re.compile(_TAG)
_REVISION = re.compile(r'"r(\d{1,9})"')


def read_expected_revisions(request: Request) -> tuple[int, ...] | None:
    """Return the revisions that If-Match names; `None` where the client does not care.

    Tags are compared strongly (RFC 9110, 13.1.1): a weak one, or one that no deposit ever had, matches nothing.
    """
    text = request.headers.get("If-Match")
    if text is None or text.strip() == "*":
        return None
    if _TAGS.fullmatch(text) is None:
        raise ValidationError({"If-Match": ["Send the ETag that the deposit was answered with."]})
    revisions = (_REVISION.fullmatch(tag) for tag in _ONE_TAG.findall(text))
    return tuple(int(revision[1]) for revision in revisions if revision is not None)
