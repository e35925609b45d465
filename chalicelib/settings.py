"""What the deployment decides: names from one prefix, addresses, limits. The only reader of the environment."""

from os import environ
from typing import Self

from msgspec import Struct


class Settings(Struct, frozen=True):
    """The defaults suit a developer's machine; infra/ sets what a deployed function needs (names in capitals)."""

    prefix: str = "itinera-local"
    stage: str = "local"
    public_url: str = "http://127.0.0.1:4566"
    aws_region: str = "us-east-1"
    aws_endpoint_url: str = ""
    queue_base: str = "http://127.0.0.1:4566/000000000000/"
    secret_name: str = "itinera-local-keys"  # noqa: S105  the name of a secret, not a secret
    journey_machine_arn: str = ""
    bulk_machine_arn: str = ""
    exports_bucket: str = ""
    user_pool_id: str = ""
    client_id: str = ""
    issuer: str = ""
    jwks_url: str = ""
    configuration_set: str = "itinera-local"
    # Run-time figures that tests and the demo shorten.
    live_cache_seconds: str = "5"
    verdict_delay_seconds: str = "10"
    lease_seconds: str = "300"
    poll_grace_seconds: str = "5"
    job_delay_seconds: str = "10"
    allow_test_domains: str = ""
    audit_days: str = "730"
    # Where LinkedIn is, and how often it is asked for what it did not tell.
    linkedin_url: str = "https://api.linkedin.com"
    linkedin_login_url: str = "https://www.linkedin.com"
    linkedin_pull_minutes: str = "30"

    @classmethod
    def from_environment(cls) -> Self:
        names = cls.__struct_fields__
        return cls(**{name: environ[name.upper()] for name in names if environ.get(name.upper())})

    def table(self, name: str) -> str:
        """Return the physical name of a domain's table."""
        return f"{self.prefix}-{name}"

    @property
    def linkedin_secret_name(self) -> str:
        """Return the name of the secret that LinkedIn's tokens are sealed with."""
        return f"{self.prefix}-linkedin-keys"

    def queue_url(self, name: str) -> str:
        """Return the address of a queue."""
        return f"{self.queue_base}{self.prefix}-{name}"


settings = Settings.from_environment()
