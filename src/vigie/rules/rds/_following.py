"""Databases that follow another: replicas, and members of a cluster."""

from __future__ import annotations

from vigie.model.change import Revision


def follows_another(database: Revision) -> bool:
    """Whether backups and protection are the business of its source, or of its cluster."""
    configuration = database.configuration
    if database.type == "AWS::RDS::DBInstance":
        source = configuration.get("ReadReplicaSourceDBInstanceIdentifier")
        return bool(source or configuration.get("DBClusterIdentifier"))
    return bool(configuration.get("ReplicationSourceIdentifier"))
