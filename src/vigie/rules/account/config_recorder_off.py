"""A recorder that is stopped, or that leaves types out, has holes where an investigation will look."""

from collections.abc import Iterator

from vigie.rules import CannotTell, Estate, Revision, Severity, Violation, rule


@rule(
    "config-recorder-off",
    title="Configuration recorder is stopped",
    applies_to="AWS::Config::ConfigurationRecorder",
    severity=Severity.MEDIUM,
    remedy="Start the recorder, and find out who stopped it.",
    references=("https://docs.aws.amazon.com/config/latest/developerguide/stop-start-recorder.html",),
)
def config_recorder_off(recorder: Revision, estate: Estate) -> Iterator[Violation]:
    status = recorder.configuration.get("Status")
    if not status or "recording" not in status:
        raise CannotTell("the status of the recorder was not read")
    if not status["recording"]:
        yield Violation("The recorder is stopped", evidence={"recording": False})
