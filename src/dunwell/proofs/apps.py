from django.apps import AppConfig


class ProofsConfig(AppConfig):
    """Benchmarks and proofs: they use the product as its users do, from outside."""

    name = "dunwell.proofs"
