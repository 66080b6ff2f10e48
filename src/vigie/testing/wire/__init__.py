"""AWS's protocols from the server's side: which call a request is, and how an answer is written.

botocore publishes serialisers for requests and parsers for answers; this is the other half, driven by the same
service models.
"""
