from collections.abc import Mapping
from typing import Any

from repository.models import AuditEvent, User


def record_event(
    *, actor: User | None, action: str, target: str, detail: Mapping[str, Any] | None = None
) -> AuditEvent:
    """Add one line to the audit trail; call it in the transaction of the write that it records."""
    return AuditEvent.objects.create(actor=actor, action=action, target=target, detail=dict(detail or {}))
