from django.apps import AppConfig


class WorkbenchConfig(AppConfig):
    name = "dunwell.workbench"
    default_auto_field = "django.db.models.BigAutoField"
