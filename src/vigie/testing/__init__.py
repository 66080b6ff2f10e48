"""A public kit for authors of resource types, rules and channels: AWS answers without AWS, faults on demand,
estates, conformance.

- ``endpoint``: an HTTP endpoint on loopback that speaks the protocols of every service botocore knows.
- ``answers``: what it answers: generated from botocore's output shapes, or scripted.
- ``faults``: how it fails, as AWS does.
- ``estates``: a realistic estate to watch, which a test can change.
- ``observatory``: the real reader over that endpoint; ``watchtower``: the real watcher and a store.
- ``conformance``: runs the declaration of a resource type against generated answers through the real reader.

Nothing here is imported by vigie itself.
"""
