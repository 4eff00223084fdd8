"""Messages and mailboxes: headers, bodies, attachments, odd character sets."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from everask.documents.contents import Part, Unread, read_contents
from everask.documents.draft import Draft, Limits
from everask.documents.kind import sniff
from everask.documents.mail import Attachment, parse_message, split_mailbox


def read(data: bytes) -> tuple[Draft, list[Attachment]]:
    draft = Draft(Limits(), "message/rfc822")
    return draft, parse_message(data, draft)


def message(body: str = "The warranty lasts two years.") -> EmailMessage:
    found = EmailMessage()
    found["From"] = "Ana <ana@example.org>"
    found["To"] = "ben@example.org"
    found["Date"] = "Tue, 24 Nov 2026 10:00:00 +0100"
    found["Subject"] = "Größe und 尺寸"
    found.set_content(body)
    return found


def test_headers_and_body_are_text_and_the_date_is_the_documents() -> None:
    draft, attachments = read(message().as_bytes())
    assert draft.title == "Größe und 尺寸"
    assert "From: Ana <ana@example.org>" in draft.text
    assert "The warranty lasts two years." in draft.text
    assert draft.modified == 1795510800.0
    assert attachments == []


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("koi8-r", "Гарантия действует два года со дня покупки."),
        ("shift_jis", "保証期間は購入日から二年間です。"),
        ("gb2312", "保修期为自购买之日起两年。"),
        ("iso-8859-1", "La garantie dure deux années à compter de l’achat.".replace("’", "'")),
    ],
)
def test_bodies_and_raw_headers_in_old_encodings(charset: str, text: str) -> None:
    head = f"From: a@example.org\nSubject: {text}\nContent-Type: text/plain; charset={charset}\n"
    draft, _ = read((head + "Content-Transfer-Encoding: 8bit\n\n" + text + "\n").encode(charset))
    assert draft.title == text
    assert draft.text.count(text) == 2


def test_a_wrong_charset_is_not_believed() -> None:
    text = "Гарантия действует два года со дня покупки товара."
    head = b"From: a@example.org\nSubject: x\nContent-Type: text/plain; charset=us-ascii\n\n"
    assert text in read(head + text.encode("utf-8"))[0].text
    assert text in read(head + text.encode("cp1251"))[0].text


def test_html_is_read_when_the_plain_body_says_nothing() -> None:
    mail = message("See the HTML version.")
    mail.add_alternative(
        "<p>The warranty lasts <b>two</b> years, counted from the day of purchase.</p>", "html"
    )
    text = read(mail.as_bytes())[0].text
    assert "two years, counted from the day" in text and "<b>" not in text


def test_attachments_become_documents_of_their_own() -> None:
    mail = message()
    mail.add_attachment(b"Region,Sales\nNorth,4\n", maintype="text", subtype="csv", filename="Überblick.csv")
    mail.add_attachment(
        b"\x7fELF....", maintype="application", subtype="octet-stream", filename="../../a.out"
    )
    found = list(read_contents(mail.as_bytes(), "m.eml", Limits()))
    parts = [item for item in found if isinstance(item, Part)]
    assert [part.draft.path for part in parts] == ["", "Überblick.csv"]
    assert "North | 4" in parts[1].draft.text
    assert [item.path for item in found if isinstance(item, Unread)] == ["a.out"]


def test_a_forwarded_message_is_read() -> None:
    outer = message("See below.")
    outer.add_attachment(message("The inner text."))
    parts = [item for item in read_contents(outer.as_bytes(), "m.eml", Limits()) if isinstance(item, Part)]
    assert "The inner text." in parts[1].draft.text


def test_a_mailbox_gives_a_document_a_message() -> None:
    body = b"One.\n\n>From here on it is quoted.\n"
    first = b"From ana@example.org Tue Nov 24 10:00:00 2026\nFrom: ana@example.org\nSubject: 1\n\n" + body
    second = b"\nFrom ben@example.org Tue Nov 24 11:00:00 2026\nFrom: ben@example.org\nSubject: 2\n\nTwo.\n"
    box = first + second
    assert sniff(box, "inbox") == "mbox"
    assert len(list(split_mailbox(box))) == 2
    parts = [item for item in read_contents(box, "inbox", Limits()) if isinstance(item, Part)]
    assert [part.draft.path for part in parts] == ["1", "2"]
    assert "\nFrom here on it is quoted." in parts[0].draft.text


def test_flowed_lines_are_joined() -> None:
    head = b"From: a@example.org\nSubject: x\nContent-Type: text/plain; format=flowed\n\n"
    draft, _ = read(head + b"The warranty \nlasts two \nyears.\nEnd.\n")
    assert "The warranty lasts two years.\nEnd." in draft.text


def test_thousands_of_nested_parts_are_refused_in_one_line() -> None:
    boundary = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3000)
    )
    data = b"From: a@example.org\nMessage-ID: <1>\nSubject: x\n" + boundary
    found = list(read_contents(data, "deep.eml", Limits()))
    assert found and all(isinstance(item, Part) or "\n" not in item.message for item in found)
