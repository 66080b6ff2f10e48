"""AWS → history: looks at scopes as the catalogue declares, decides what changed, confirms it, records it.

Reading order: ``taking`` (values out of answers) → ``listing`` (which resources there are) → ``completing`` (everything
about each) → ``read`` (one look at one scope, as a :class:`~vigie.model.resource.Reading`) → ``decide`` (pure: what to
record) → ``confirm`` (a second look where needed) → ``worker`` (one scope: all of these) → ``sweep`` (all scopes).
"""
