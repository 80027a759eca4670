"""Sign-in that counts guesses before it looks at them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest
from django.utils import timezone

from dunwell.staff.models import Agent
from dunwell.staff.signing_in import Locked, sign_in


class CountedBackend(BaseBackend):
    """Checks name and password; after five wrong ones in a row the name is locked."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> Agent | None:
        if not username or password is None:
            return None
        try:
            return sign_in(username, password, now=timezone.now())
        except Locked:
            return None

    def get_user(self, user_id: int) -> Agent | None:
        return Agent.objects.select_related("team").filter(pk=user_id, is_active=True).first()
