"""``dunwell migrate``: Django's, as the owner of the tables; history is protected afterwards."""

from __future__ import annotations

from typing import Any

import psycopg
from django.core.management.base import CommandError
from django.core.management.commands import migrate

from dunwell.database.current import as_owner, current_url
from dunwell.database.roles import VARIABLE, NotApart, owner_url, protect, user_of


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        app, owner = current_url(), owner_url(current_url())
        if options["plan"] or options["check_unapplied"]:
            super().handle(*args, **options)
            return
        if user_of(owner) == user_of(app):
            self.not_anothers(app)
        with as_owner():
            super().handle(*args, **options)
        if user_of(owner) != user_of(app):
            self.protect(owner, app)
        elif options["verbosity"]:
            self.stdout.write(
                f"History is protected by triggers only: the role {user_of(app)} owns its tables "
                f"and can remove them. Two roles keep it apart: docs/operator.md, {VARIABLE}."
            )

    def not_anothers(self, app: str) -> None:
        with psycopg.connect(app) as connection:
            found = connection.execute(
                "SELECT pg_get_userbyid(relowner) FROM pg_class"
                " WHERE oid = to_regclass('public.django_migrations')"
                " AND NOT pg_has_role(relowner, 'USAGE')"
            ).fetchone()
        if found:
            raise CommandError(
                f"The tables belong to the role {found[0]}. Run this with {VARIABLE}="
                f"{found[0]}:password beside DUNWELL_DATABASE_URL."
            )

    def protect(self, owner: str, app: str) -> None:
        try:
            with psycopg.connect(owner) as connection:
                protect(connection, owner=user_of(owner), app=user_of(app))
        except NotApart as found:
            raise CommandError(str(found)) from None
        except psycopg.errors.LockNotAvailable:
            raise CommandError(
                "The tables are migrated but not yet protected: somebody works in them. "
                "Stop the other commands and run this again."
            ) from None
