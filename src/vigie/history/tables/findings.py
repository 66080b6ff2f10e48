"""Tables of the auditor: findings and their states through time, justifications, failures of rules, what was judged.

``finding`` holds the last state for reading; ``finding_state`` is append-only and holds them all.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from vigie.history.tables.append_only import refuse_rewriting
from vigie.history.tables.base import Id, Instant, metadata

rule_text = Table(
    "rule_text",
    metadata,
    Column("rule", String(200), primary_key=True),
    Column("title", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    comment="texts of rules, stored once and not with every finding",
)

justification = Table(
    "justification",
    metadata,
    Column("pk", Id, primary_key=True, autoincrement=True),
    Column("finding_pk", Id, comment="null = by pattern"),
    Column("pattern", Text, comment="JSON: rule, account, region, type, name, tags"),
    Column("author", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("state_digest", Text),
    Column("evidence", Text, comment="JSON: what the finding rested on when it was given"),
    Column("severity", String(16), comment="weight that the rule itself gave then"),
    Column("ended_at", Instant, comment="null = in force (unless expired)"),
    Column("ended_by", Text, comment="who withdrew it; null = it was broken"),
    Index("ix_justification_finding_pk", "finding_pk"),
    Index("ix_justification_ended_at", "ended_at"),
)

finding = Table(
    "finding",
    metadata,
    Column("pk", Id, primary_key=True, autoincrement=True),
    Column("rule", String(200), nullable=False),
    Column("resource_pk", Id, ForeignKey("resource.pk"), nullable=False),
    Column("subject", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("rank", Integer, nullable=False, comment="of the severity: 0 weakest"),
    Column("message", Text, nullable=False),
    Column("evidence", Text, comment="JSON"),
    Column("own_severity", String(16), comment="given by the rule to this violation"),
    Column("held", String(16), comment="while unknown: the status before"),
    Column("justification_pk", Id, ForeignKey("justification.pk")),
    Column("first_seen", Instant, nullable=False),
    Column("last_seen", Instant, nullable=False),
    Column("since", Instant, nullable=False),
    Index("uq_finding_rule_resource_pk_subject", "rule", "resource_pk", "subject", unique=True),
    Index("ix_finding_resource_pk", "resource_pk"),
    Index("ix_finding_listed", "status", "rank", "pk"),
)

finding_state = Table(
    "finding_state",
    metadata,
    Column("pk", Id, primary_key=True, autoincrement=True),
    Column("finding_pk", Id, ForeignKey("finding.pk"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("cause", String(32), nullable=False),
    Column("status", String(16), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("message", Text, nullable=False),
    Column("evidence", Text, comment="JSON"),
    Column("revision", Integer, comment="number of the revision that was judged; null = no judging"),
    Column("justification_pk", Id, ForeignKey("justification.pk")),
    Column("author", Text, comment="who justified or withdrew"),
    Index("ix_finding_state_finding_pk", "finding_pk", "pk"),
)

rule_failure = Table(
    "rule_failure",
    metadata,
    Column("rule", String(200), primary_key=True),
    Column("resource_pk", Id, ForeignKey("resource.pk"), primary_key=True),
    Column("message", Text, nullable=False),
    Column("failed", Boolean, nullable=False, comment="the rule itself is at fault"),
    Column("since", Instant, nullable=False),
    Column("last_seen", Instant, nullable=False),
    Index("ix_rule_failure_resource_pk", "resource_pk"),
)

judged = Table(
    "judged",
    metadata,
    Column("resource_pk", Id, ForeignKey("resource.pk"), primary_key=True, autoincrement=False),
    Column("revision", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("compliant", Integer, nullable=False),
    Column("non_compliant", Integer, nullable=False),
    Column("unknown", Integer, nullable=False),
    comment="what passes is counted, not stored one row each",
)

audit_state = Table(
    "audit_state",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", Text, nullable=False),
    comment="what the last judging rested on",
)

refuse_rewriting(finding_state)
