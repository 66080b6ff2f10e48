"""``make demo``: vigie at work on a local AWS, without credentials, in about a minute.

Starts a moto server on loopback, fills two accounts with a small estate that has mistakes in it, sweeps it, changes
things as an administrator and as an intruder would, takes in the events that CloudTrail would send, sweeps again, and
shows what changed and who did it, what was found and who was told: all with the commands that a user would type.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from vigie.testing.demo_estate import HOME, PARTNER, REGIONS, Estate
from vigie.testing.local_aws import local_aws
from vigie.testing.trail import Trail

FOLDER = Path(".demo")
SETTINGS = """\
# The settings of the demo. Yours would look like this, without the file channel.
regions = {regions}

[[accounts]]
id = "{home}"
name = "production"

[[accounts]]
id = "{partner}"
name = "analytics"
role_arn = "arn:aws:iam::{partner}:role/vigie"
external_id = "demo"

[[accounts]]
id = "444455556666"
name = "Backup Inc."
relation = "third-party"
reason = "keeps our off-site backups"

[[events.queues]]
url = "{queue}"

[channels.security-team]
kind = "file"
path = "{outbox}"
format = "text"

[[routes]]
name = "what an intruder would do"
topic = "finding"
severity_at_least = "high"
channels = ["security-team"]

[[routes]]
name = "power and exposure"
topic = "change"
types = ["AWS::IAM::*", "AWS::EC2::SecurityGroup", "AWS::S3::Bucket"]
channels = ["security-team"]

[[routes]]
name = "new accounts"
topic = "baseline"
channels = ["security-team"]
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; returns the exit code."""
    parser = argparse.ArgumentParser(prog="make demo ARGS=…", description="vigie at work on a local AWS.")
    parser.add_argument("--once", action="store_true", help="End instead of serving the page.")
    parser.add_argument("--listen", default="127.0.0.1:8080", help="Where to serve the page.")
    options = parser.parse_args(arguments)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    with local_aws(FOLDER / "aws.log") as endpoint:
        return Demo(endpoint, FOLDER).run(once=options.once, listen=options.listen)


class Demo:
    """The steps, each announced before it is done."""

    def __init__(self, endpoint: str, folder: Path) -> None:
        self.endpoint = endpoint
        self.folder = folder
        self.outbox = folder.absolute() / "told.txt"
        self.estate = Estate(endpoint)
        self.queue = self.estate.events_queue()
        (folder / "vigie.toml").write_text(
            SETTINGS.format(
                regions=list(REGIONS), home=HOME, partner=PARTNER, outbox=self.outbox, queue=self.queue
            ).replace("'", '"')
        )
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "VIGIE_"))}
        self.environment = kept | {
            **self.estate.home.environment,
            "VIGIE_CONFIG": str(folder.absolute() / "vigie.toml"),
            "VIGIE_DATA_DIR": str(folder.absolute() / "data"),
        }

    def run(self, *, once: bool, listen: str) -> int:
        started = time.monotonic()
        estate = self.estate
        with self.step("Filling two accounts of a local AWS with a small estate"):
            estate.build()
        self.title("The first sweep: everything is new to vigie, so it is a baseline, told in one message")
        self.vigie("sweep")
        self.say(
            "  (The local AWS does not implement those calls: vigie says so, instead of taking them for empty.)", "2"
        )
        changed_at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.title("Now an administrator works, and an intruder does too")
        trail = Trail()
        for sentence in estate.change(trail):
            self.say(f"  · {sentence}")
        trail.send(self.estate.home("sqs"), self.queue)
        time.sleep(1)  # the times of what follows differ visibly from those before
        self.title("CloudTrail tells of it through a queue: what was changed is read at once")
        self.vigie("listen", "--once")
        self.title("The second sweep finds what no event told of")
        self.vigie("sweep")
        self.title("What changed")
        self.vigie("changes", "--since", changed_at)
        self.title("What is wrong now (high and critical)")
        self.vigie("findings", "--severity", "high")
        self.title("All that bob did, or somebody with his keys")
        self.vigie("actor", "bob")
        self.title("How the security group was before the intruder came")
        self.vigie("show", estate.opened_group, "--at", changed_at)
        self.title("Who was told what")
        self.say(self.outbox.read_text(encoding="utf-8") if self.outbox.exists() else "  nobody")
        self.title(f"Done in {time.monotonic() - started:.0f} s. The store and the settings are in {self.folder}/")
        return 0 if once else self.serve(listen)

    def serve(self, listen: str) -> int:
        self.title("The page and the API; Ctrl-C ends the demo")
        command = [*VIGIE, "up", "--listen", listen]
        with subprocess.Popen(command, env=self.environment) as served:  # noqa: S603 - our own words
            try:
                return served.wait()
            except KeyboardInterrupt:
                served.send_signal(signal.SIGTERM)
                return served.wait()

    def vigie(self, *words: str) -> None:
        """Run the command as a user would, and show it.

        Raises:
            RuntimeError: It failed (exit codes 1 and 3 tell of findings and gaps, and are no failure).
        """
        self.say(f"$ vigie {' '.join(words)}", style="2")
        done = subprocess.run([*VIGIE, *words], env=self.environment, check=False)  # noqa: S603 - our own words
        if done.returncode not in (0, 1, 3):
            raise RuntimeError(f"vigie {' '.join(words)} ended with exit code {done.returncode}")

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        self.title(text)
        started = time.monotonic()
        yield
        self.say(f"  done in {time.monotonic() - started:.1f} s", style="2")

    def title(self, text: str) -> None:
        self.say(f"\n{text}", style="1;36")

    @staticmethod
    def say(text: str, style: str | None = None) -> None:
        colour = style is not None and sys.stdout.isatty() and "NO_COLOR" not in os.environ
        sys.stdout.write(f"\x1b[{style}m{text}\x1b[0m\n" if colour else f"{text}\n")
        sys.stdout.flush()


VIGIE = (sys.executable, "-m", "vigie")

if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
