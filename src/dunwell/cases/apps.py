from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_out


class CasesConfig(AppConfig):
    name = "dunwell.cases"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Models are there only now; staff knows no cases and so cannot call it.
        from dunwell.cases.leases import let_go

        user_logged_out.connect(let_go, dispatch_uid="cases.let_go")
