from django.apps import AppConfig


class DemoConfig(AppConfig):
    """The demonstration: public data as a bank would deliver it."""

    name = "dunwell.demo"
