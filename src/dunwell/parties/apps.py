from django.apps import AppConfig


class PartiesConfig(AppConfig):
    name = "dunwell.parties"
    default_auto_field = "django.db.models.BigAutoField"
