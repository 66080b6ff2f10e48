"""S3 access control lists: the groups that can be named in them (S3 user guide, "Access control list overview")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

EVERYBODY: Final = "http://acs.amazonaws.com/groups/global/AllUsers"
ANY_AWS_USER: Final = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
LOG_DELIVERY: Final = "http://acs.amazonaws.com/groups/s3/LogDelivery"


def granted_to(acl: Mapping[str, Any] | None, *groups: str) -> Iterator[tuple[str, str]]:
    """(group, permission) of every grant of a list to one of the groups."""
    for grant in (acl or {}).get("Grants") or ():
        group = (grant.get("Grantee") or {}).get("URI", "")
        if group in groups:
            yield group, grant.get("Permission", "")


def acls_disabled(configuration: Mapping[str, Any]) -> bool:
    """Whether the bucket owner owns every object and lists mean nothing (object ownership ``BucketOwnerEnforced``)."""
    return any(r.get("ObjectOwnership") == "BucketOwnerEnforced" for r in configuration.get("Ownership") or ())
