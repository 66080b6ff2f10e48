"""Configurations as hypothesis makes them: JSON with the shapes that AWS uses."""

from __future__ import annotations

from hypothesis import strategies as st

from vigie.model.treatment import Treatment

TREATMENT = Treatment(
    ephemeral=("Seen", "Rules[].Count", "Things[].Seen", "Steps[].Count", "Volatile[]", "Last*"),
    ordered=("Steps",),
)

words = st.sampled_from(["a", "b", "c", "sg-1", "10.0.0.0/8", "é", "𝄞", 'q"]', "x=y", "#1", "a/b", ""])
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), words, st.sampled_from([0.5, -0.25, 1e-7, 2**70, 1e22])
)
keys = st.sampled_from(
    ["Sid", "Name", "Id", "Key", "CidrIp", "Count", "Seen", "IpProtocol", "FromPort", "Value", "a/b", "LastUsed"]
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=12,
)
elements = st.dictionaries(keys, st.one_of(scalars, st.lists(words, max_size=3)), max_size=4)
one_or_many = st.one_of(words, st.lists(words, min_size=1, max_size=3))
actions = st.sampled_from(["s3:GetObject", "S3:getobject", "s3:*", "iam:PassRole", "*"])
statements = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow", "Deny"]),
        "Action": st.one_of(actions, st.lists(actions, min_size=1, max_size=3)),
    },
    optional={
        "Sid": st.sampled_from(["One", "Two", "Three"]),
        "Resource": one_or_many,
        "Principal": st.one_of(st.just("*"), st.dictionaries(st.just("AWS"), one_or_many, min_size=1)),
        "Condition": st.fixed_dictionaries({"Bool": st.dictionaries(words, st.one_of(st.booleans(), one_or_many))}),
    },
)
policies = st.fixed_dictionaries(
    {"Version": st.just("2012-10-17"), "Statement": st.one_of(statements, st.lists(statements, min_size=1, max_size=3))}
)
raws = st.fixed_dictionaries(
    {},
    optional={
        "Seen": values,
        "LastUsed": values,
        "Rules": st.lists(elements, max_size=4),
        "Things": st.one_of(st.lists(elements, max_size=4), scalars),
        "Steps": st.lists(st.one_of(words, elements), max_size=5),
        "Volatile": st.lists(scalars, max_size=3),
        "Policy": st.one_of(policies, st.none()),
        "Inline": st.lists(st.fixed_dictionaries({"PolicyName": words, "PolicyDocument": policies}), max_size=3),
        "Tags": st.dictionaries(words, words, max_size=3),
        "Other": values,
    },
)
"""What may come out of a watcher, before it is normalised."""
