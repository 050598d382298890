from django.db import models


class LimitCount(models.Model):
    """How far a subject has used up a limit. The table is UNLOGGED: a crash of the server forgets the counts."""

    key = models.CharField(max_length=64, primary_key=True)
    # No index: an update then stays on its page. The table is small, for what lies in the past is removed.
    paid_until = models.DateTimeField(help_text="When all attempts will have come back.")

    def __str__(self) -> str:
        return f"{self.key[:8]} until {self.paid_until:%H:%M:%S}"
