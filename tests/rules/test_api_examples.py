"""The rule API: discovery, examples, rules without Python, parts that could not be read."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from vigie.model.errors import RuleError, UsageError
from vigie.model.finding import Compliance
from vigie.rules.discover import RuleSet, discover
from vigie.rules.examples import ExampleResult, run_examples

RULE = '''
from collections.abc import Iterator
from vigie.rules import CannotTell, Estate, LookAgain, Revision, Severity, Violation, rule

@rule(
    "queue-open",
    title="Queue is open",
    applies_to="AWS::SQS::Queue",
    severity=Severity.HIGH,
    remedy="Close it.",
)
def queue_open(queue: Revision, estate: Estate, *, tolerated: int = 0) -> Iterator[Violation]:
    """A queue that is open."""
    BODY
'''


def write_rule(folder: Path, body: str, examples: str = "", name: str = "queue_open") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.py").write_text(RULE.replace("BODY", dedent(body).strip().replace("\n", "\n    ")))
    if examples:
        (folder / f"{name}.toml").write_text(dedent(examples))


def found_in(folder: Path) -> RuleSet:
    return discover([folder], group=None, shipped=False)


def results(folder: Path, rule: str = "queue-open") -> list[ExampleResult]:
    rules = found_in(folder)
    assert not rules.problems
    return run_examples(rules.get(rule), rules.samples)


def test_a_rule_is_found_with_its_parameters_and_examples(tmp_path: Path) -> None:
    write_rule(
        tmp_path,
        "if queue.configuration['Open'] > tolerated:\n    yield Violation('open', subject='gate')",
        """
        [[violates]]
        name = "open"
        configuration.Open = 1
        subjects = ["gate"]
        message = "ope"
        severity = "high"
        [[passes]]
        name = "tolerated"
        configuration.Open = 1
        parameters.tolerated = 1
        [[unknown]]
        name = "could not be read"
        unreadable = ["Open"]
        """,
    )
    found = results(tmp_path)
    assert [r.explanation for r in found] == [None, None, None]
    assert [r.example.expected for r in found] == [
        Compliance.NON_COMPLIANT,
        Compliance.COMPLIANT,
        Compliance.UNKNOWN,
    ]


@pytest.mark.parametrize(
    ("body", "example", "complaint"),
    [
        ("yield from ()", "[[violates]]\nname = 'x'", "expected non_compliant, got compliant"),
        ("yield Violation('open')", "[[passes]]\nname = 'x'", "expected compliant, got non_compliant: open"),
        ("yield Violation('open')", "[[violates]]\nname = 'x'\nsubjects = ['a']", "expected the subjects"),
        ("yield Violation('open')", "[[violates]]\nname = 'x'\nmessage = 'shut'", "expected a message with"),
        ("yield Violation('open')", "[[violates]]\nname = 'x'\nseverity = 'low'", "expected severity low"),
        ("1 / 0\nyield", "[[unknown]]\nname = 'x'", "the rule failed: ZeroDivisionError"),
        ("return None", "[[passes]]\nname = 'x'", "the rule failed: TypeError"),
        ("yield 'open'", "[[violates]]\nname = 'x'", "a rule yields Violation or LookAgain"),
        ("estate.resources('AWS::EC2::VPC')\nyield Violation('x')", "[[violates]]\nname = 'x'", "depends_on"),
        ("yield Violation('x', evidence=estate.now)", "[[violates]]\nname = 'x'", "changes with the clock"),
    ],
)
def test_an_example_that_does_not_hold_says_why(tmp_path: Path, body: str, example: str, complaint: str) -> None:
    write_rule(tmp_path, body, example)
    (result,) = results(tmp_path)
    assert result.explanation is not None
    assert complaint in result.explanation


@pytest.mark.parametrize(
    ("example", "complaint"),
    [
        ("[[violates]]\nmessage = 'x'", "lacks its name"),
        ("[[violates]]\nname = 'x'\ncolour = 1", "unknown key colour"),
        ("[[violates]]\nname = 'x'\ntype = 'AWS::S3::Bucket'", "does not judge"),
        ("[[violates]]\nname = 'x'\nconfiguration = '{'", "is not JSON"),
        ("[[violates]]\nname = 'x'\nseverity = 'bad'", "severity must be one of"),
        ("[[violates]]\nname = 'x'\n[violates.estate]\nfoes = 1", "unknown key foes"),
        ("[[violates]]\nname = 'x'\n[[violates.estate.accounts]]\nid = '2'\nrelation = 'foe'", "relation"),
        ("[[violates]]\nname = 'x'\nnow = 2026-01-01T00:00:00", "a time with a zone"),
        ("[[violates", "cannot be read as TOML"),
    ],
)
def test_a_wrong_example_is_one_sentence(tmp_path: Path, example: str, complaint: str) -> None:
    write_rule(tmp_path, "yield Violation('open')", example)
    rules = found_in(tmp_path)
    with pytest.raises(RuleError, match=complaint):
        run_examples(rules.get("queue-open"), rules.samples)


def test_an_example_is_laid_over_the_sample_of_its_type(tmp_path: Path) -> None:
    write_rule(
        tmp_path,
        "yield Violation(repr(sorted(queue.configuration['Attributes'].items())) + queue.id)",
        """
        [[violates]]
        name = "merged"
        configuration.Attributes.B = "2"
        without = ["Attributes.C"]
        null = ["Attributes.D"]
        message = "[('A', '1'), ('B', '2'), ('D', None)]orders"
        [[violates]]
        name = "the sample itself is untouched by the first example"
        message = "[('A', '1'), ('C', '3')]orders"
        """,
    )
    (tmp_path / "samples.toml").write_text(
        '["AWS::SQS::Queue"]\nid = "orders"\nconfiguration.Attributes = { A = "1", C = "3" }\n'
    )
    assert [r.explanation for r in results(tmp_path)] == [None, None]


def test_an_example_has_an_estate(tmp_path: Path) -> None:
    body = """
    if estate.relation('222222222222').value != 'third-party' or estate.organization_id != 'o-1':
        yield Violation('estate')
    if estate.network_of('10.1.0.0/16') is None or estate.network_of('11.0.0.0/16') is not None:
        yield Violation('networks')
    if estate.owner_of('bucket', 'there') != '333333333333' or estate.owner_of('bucket', 'elsewhere'):
        yield Violation('owner')
    if not estate.referring_to('arn:aws:s3:::there'):
        yield Violation('refs')
    if estate.resources('AWS::SQS::Queue', account='999999999999'):
        yield Violation('resources')
    """
    write_rule(
        tmp_path,
        body,
        """
        [[passes]]
        name = "told"
        configuration.Policy.Statement = [{ Resource = "arn:aws:s3:::there" }]
        [passes.estate]
        accounts = [{ id = "222222222222", relation = "third-party" }]
        organization = "o-1"
        networks = ["10.0.0.0/8"]
        [[passes.estate.resources]]
        type = "AWS::S3::Bucket"
        account = "333333333333"
        id = "there"
        """,
    )
    (result,) = results(tmp_path)
    assert result.verdict.violations == ()


def test_absence_in_a_gap_is_unknown(tmp_path: Path) -> None:
    write_rule(
        tmp_path,
        "if not estate.resources('AWS::SQS::Queue', account='222222222222'):\n    yield Violation('none')",
        """
        [[violates]]
        name = "seen whole: there is none"
        [[unknown]]
        name = "not seen whole"
        estate.gaps = [{ type = "AWS::SQS::Queue", account = "222222222222", region = "eu-west-1" }]
        """,
    )
    assert [r.explanation for r in results(tmp_path)] == [None, None]


def test_a_broken_rule_file_is_one_sentence_and_the_others_go_on(tmp_path: Path) -> None:
    write_rule(tmp_path / "good", "yield from ()")
    (tmp_path / "a_syntax.py").write_text("def (:\n")
    (tmp_path / "b_raises.py").write_text("raise KeyError('x')\n")
    (tmp_path / "c_exits.py").write_text("import sys; sys.exit(3)\n")
    (tmp_path / "d_nothing.py").write_text("X = 1\n")
    (tmp_path / "e_odd.toml").write_text("[[violates]]\nname = 'x'\n")
    (tmp_path / "f_lacks.toml").write_text("id = 'x'\nwhen = 'a'\n")
    (tmp_path / "_part.py").write_text("1 / 0\n")
    write_rule(tmp_path / "zz", "yield from ()", name="again")
    rules = found_in(tmp_path)
    assert list(rules.rules) == ["queue-open"]
    messages = [problem.message for problem in rules.problems]
    assert all("\n" not in message for message in messages)
    assert [Path(p.origin).name for p in rules.problems] == [
        "a_syntax.py", "b_raises.py", "c_exits.py", "d_nothing.py", "e_odd.toml", "f_lacks.toml", "again.py"
    ]  # fmt: skip
    assert "already declared" in messages[-1]
    assert found_in(tmp_path / "none").problems[0].message.endswith("correct rules_paths.")


def test_an_unknown_rule_is_told_with_a_near_one(tmp_path: Path) -> None:
    write_rule(tmp_path, "yield from ()")
    with pytest.raises(UsageError, match="Did you mean queue-open"):
        found_in(tmp_path).get("queue-opem")


def test_the_digest_of_the_rules_changes_with_a_rule(tmp_path: Path) -> None:
    write_rule(tmp_path, "yield from ()")
    before = found_in(tmp_path).digest
    assert found_in(tmp_path).digest == before
    write_rule(tmp_path, "yield Violation('x')")
    assert found_in(tmp_path).digest != before


def test_a_rule_without_python(tmp_path: Path) -> None:
    (tmp_path / "key.toml").write_text(
        dedent("""
        id = "queue-without-key"
        title = "No key of ours"
        applies_to = "AWS::SQS::Queue"
        severity = "medium"
        remedy = "Set one."
        when = "Attributes.KmsMasterKeyId == null"
        [[violates]]
        name = "no key"
        message = "No key of ours"
        subjects = [""]
        [[passes]]
        name = "a key"
        configuration.Attributes.KmsMasterKeyId = "alias/ours"
        [[unknown]]
        name = "unread"
        unreadable = ["Attributes"]
        """)
    )
    assert [r.explanation for r in results(tmp_path, "queue-without-key")] == [None, None, None]


def test_a_rule_without_python_judges_each_element(tmp_path: Path) -> None:
    (tmp_path / "grants.toml").write_text(
        dedent("""
        id = "grants"
        title = "A grant"
        applies_to = "AWS::KMS::Key"
        severity = "medium"
        remedy = "Revoke it."
        each = "Grants"
        when = "contains(Operations, 'Decrypt')"
        subject = "GrantId"
        [[violates]]
        name = "one of two"
        configuration.Grants = [{ GrantId = "a", Operations = ["Decrypt"] }, { GrantId = "b", Operations = [] }]
        subjects = ["a"]
        [[passes]]
        name = "none"
        """)
    )
    assert [r.explanation for r in results(tmp_path, "grants")] == [None, None]


def test_a_wrong_expression_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(
        "id='x'\ntitle='x'\napplies_to='AWS::SQS::Queue'\nseverity='low'\nremedy='x'\nwhen='a ==='\n"
    )
    (problem,) = found_in(tmp_path).problems
    assert "when is not a JMESPath expression" in problem.message
    assert "\n" not in problem.message
