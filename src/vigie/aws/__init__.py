"""Talking to AWS: accounts, credentials, shared clients, pacing, retries, and what each failure means.

The only package that builds botocore clients. Above it nobody sees a botocore exception: a call gives an answer or
raises :class:`vigie.aws.errors.CallFailed`, whose ``outcome`` says what it means for coverage.
"""
