"""A queue on loopback that answers at once, in a process of its own: ``python -m bench.quick_queue PORT COUNT``.

moto looks through all messages at every call, and would be what is measured.
"""

from __future__ import annotations

import json
import sys
import uuid
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from vigie.testing.trail import enveloped, user

ACCOUNT = "111122223333"
IDENTITY = (
    "<GetCallerIdentityResponse><GetCallerIdentityResult>"
    f"<Arn>arn:aws:iam::{ACCOUNT}:user/bench</Arn><UserId>AIDA</UserId><Account>{ACCOUNT}</Account>"
    "</GetCallerIdentityResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>"
    "</GetCallerIdentityResponse>"
)


def record(number: int) -> dict[str, Any]:
    """Of a call on a type that is not read in the benchmark, as large as records are."""
    statement = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": f"arn:aws:s3:::b/{number}"}
    return {
        "eventVersion": "1.11",
        "userIdentity": user(f"user{number % 50}", ACCOUNT),
        "eventTime": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": "iam.amazonaws.com",
        "eventName": "PutRolePolicy",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "203.0.113.7",
        "userAgent": "aws-cli/2.31.0 md/awscrt#0.27.6 ua/2.1 os/linux#6.8 md/arch#x86_64 lang/python#3.13.7",
        "requestParameters": {
            "roleName": f"role-{number}",
            "policyName": "inline",
            "policyDocument": json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        },
        "responseElements": None,
        "requestID": str(uuid.uuid4()),
        "eventID": str(uuid.uuid4()),
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
        "tlsDetails": {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256"},
    }


def serve(port: int, count: int) -> None:
    """Serve until it is killed."""
    answers = []
    for start in range(0, count, 10):
        messages = [
            {"MessageId": str(n), "ReceiptHandle": str(n), "Body": json.dumps(enveloped(record(n)))}
            for n in range(start, min(start + 10, count))
        ]
        answers.append(json.dumps({"Messages": messages}).encode())
    answers.reverse()

    class Queue(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            target = self.headers.get("X-Amz-Target", "")
            if target.endswith("ReceiveMessage"):
                self._answer(answers.pop() if answers else b"{}")
            elif target:
                self._answer(b'{"Successful": [], "Failed": []}')
            else:
                self._answer(IDENTITY.encode(), "text/xml")

        def _answer(self, body: bytes, kind: str = "application/x-amz-json-1.0") -> None:
            head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nx-amzn-RequestId: r\r\n"
            head += f"Content-Length: {len(body)}\r\n\r\n"
            self.wfile.write(head.encode() + body)

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    server = HTTPServer(("127.0.0.1", port), Queue)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]))
