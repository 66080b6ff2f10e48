"""Mail by SMTP: text and HTML, encrypted by default."""

from __future__ import annotations

import smtplib
import ssl
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from vigie.model.errors import SettingsError
from vigie.notify.channel_settings import SmtpSettings
from vigie.notify.channels.base import ChannelFailed, Receipt
from vigie.notify.message import Message
from vigie.notify.render import html, text

_POLICY = SMTP.clone(max_line_length=200)  # a subject stays in one line; RFC 5322 allows 998
_PORTS = {"starttls": 587, "tls": 465, "none": 25}


class SmtpChannel:
    """Sends each message as one mail to all recipients."""

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings

    def send(self, message: Message, thread: str | None = None) -> Receipt:
        """See :class:`~vigie.notify.channels.base.Channel`. A mail that some recipients take is sent; the receipt names
        those who were refused."""
        settings = self._settings
        mail = self.mail(message, thread)
        try:
            with self._connect() as server:
                self._log_in(server)
                refused = server.send_message(mail, _bare(settings.sender), [_bare(to) for to in settings.to])
        except smtplib.SMTPRecipientsRefused as error:
            raise _refused_by_all(error) from None
        except smtplib.SMTPAuthenticationError as error:
            raise ChannelFailed(
                permanent=False, reason=f"{settings.host} refused the login ({error.smtp_code})"
            ) from None
        except smtplib.SMTPResponseException as error:
            said = _said(error.smtp_error)
            reason = f"{settings.host} answered {error.smtp_code}: {said}"
            raise ChannelFailed(permanent=error.smtp_code >= 500, reason=reason) from None
        except (smtplib.SMTPException, OSError) as error:
            raise ChannelFailed(permanent=False, reason=f"{settings.host}: {_said(error)}") from None
        except SettingsError as error:
            raise ChannelFailed(permanent=False, reason=str(error)) from None
        note = "; ".join(f"{to} was refused: {code} {_said(why)}" for to, (code, why) in refused.items())
        return Receipt(mail["Message-ID"], note)

    def mail(self, message: Message, thread: str | None = None) -> EmailMessage:
        """The mail as it is sent. Its Message-ID is the same in every attempt, so that mailboxes can drop repeats."""
        settings = self._settings
        mail = EmailMessage(policy=_POLICY)
        mail["Subject"] = text.subject(message)
        mail["From"] = _address(settings.sender)
        mail["To"] = "undisclosed-recipients:;" if settings.hide_recipients else [_address(to) for to in settings.to]
        mail["Date"] = format_datetime(message.created_at)
        mail["Message-ID"] = f"<{message.uid}@{_bare(settings.sender).partition('@')[2]}>"
        if thread and thread.isascii() and thread.isprintable():
            mail["In-Reply-To"] = thread
            mail["References"] = thread
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Vigie-Route"] = message.route
        mail.set_content(text.body(message))
        mail.add_alternative(html.page(message), subtype="html")
        return mail

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        port = settings.port or _PORTS[settings.security]
        if settings.security == "tls":
            return smtplib.SMTP_SSL(settings.host, port, timeout=settings.timeout, context=self._trust())
        server = smtplib.SMTP(settings.host, port, timeout=settings.timeout)
        if settings.security == "starttls":
            try:
                server.starttls(context=self._trust())  # raises where the server has none: never in the clear
            except BaseException:
                server.close()
                raise
        return server

    def _log_in(self, server: smtplib.SMTP) -> None:
        if self._settings.username is not None and self._settings.password is not None:
            server.login(self._settings.username, self._settings.password.reveal())

    def _trust(self) -> ssl.SSLContext:
        file = self._settings.ca_file
        return ssl.create_default_context(cafile=str(file.expanduser()) if file else None)


def _refused_by_all(error: smtplib.SMTPRecipientsRefused) -> ChannelFailed:
    answers = error.recipients.values()
    code, why = next(iter(answers))
    permanent = all(code >= 500 for code, _ in answers)
    return ChannelFailed(permanent=permanent, reason=f"every recipient was refused: {code} {_said(why)}")


def _said(text: object) -> str:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text) or type(text).__name__
    return " ".join(said.split())[:300]


def _bare(address: str) -> str:
    return parseaddr(address)[1]


def _address(text: str) -> Address:
    name, bare = parseaddr(text)
    try:
        return Address(name, addr_spec=bare)
    except (HeaderParseError, ValueError, IndexError) as error:
        raise ChannelFailed(permanent=True, reason=f"{text} is not a mail address") from error
