"""A verb that stands where the quote has its opposite is found; what is worded otherwise passes."""

from __future__ import annotations

import pytest

from everask.answer.check import check
from everask.answer.swapped import opposite_words
from everask.types import Query

from .samples import make_evidence

OPPOSITE = [
    ("en", "To insert a footnote, remove its anchor.", "To delete a footnote, remove its anchor."),
    ("en", "The shop closes at nine on Mondays.", "The shop opens at nine on Mondays."),
    ("en", "Redo a change by pressing Ctrl+Z.", "Undo a change by pressing Ctrl+Z."),
    ("en", "You turn on the printer with the button.", "You turn off the printer with the button."),
    ("de", "Um Noten einzufügen, löschen Sie den Anker.", "Um Noten zu entfernen, löschen Sie den Anker."),
    ("fr", "Pour ouvrir le panneau, cliquez ici.", "Pour fermer le panneau, cliquez ici."),
    ("es", "Para mostrar la regla, pulse aquí.", "Para ocultar la regla, pulse aquí."),
    ("ru", "Чтобы вставить сноску, удалите привязку.", "Чтобы удалить сноску, удалите привязку."),
    ("pl", "Aby włączyć sieć, kliknij menu.", "Aby wyłączyć sieć, kliknij menu."),
    ("tr", "Sesi artırmak için düğmeye basın.", "Sesi azaltmak için düğmeye basın."),
    ("hi", "पाद-टिप्पणी को प्रविष्ट करने के लिए एंकर को चुनें।", "पाद-टिप्पणी को मिटाने के लिए एंकर को चुनें।"),
    ("zh", "要插入脚注，请选择锚点。", "要删除脚注，请选择锚点。"),
    ("ja", "脚注を挿入するには、アンカーを選びます。", "脚注を削除するには、アンカーを選びます。"),
    ("ko", "각주를 삽입하려면 앵커를 선택합니다.", "각주를 삭제하려면 앵커를 선택합니다."),
    ("ar", "لإدراج حاشية، اختر المرساة.", "لإزالة حاشية، اختر المرساة."),
    ("he", "כדי להוסיף הערה, יש לבחור בעוגן.", "כדי להסיר הערה, יש לבחור בעוגן."),
    ("fa", "برای افزودن یک حساب، دکمه را بزنید.", "برای حذف یک حساب، دکمه را بزنید."),
    ("vi", "Để bật mạng, hãy nhấn nút.", "Để tắt mạng, hãy nhấn nút."),
    ("th", "เปิดหน้าต่างด้วยปุ่มนี้", "ปิดหน้าต่างด้วยปุ่มนี้"),
    ("hi", "मेन्यू बंद करता है।", "मेन्यू खोलता है।"),
    # What is denied elsewhere, or in another quote beside it, is no matter.
    (
        "en",
        "To insert a footnote, remove its anchor.",
        "To delete a footnote, remove its anchor. This cannot be undone.",
    ),
    ("de", "Um Noten einzufügen, wählen Sie sie.", "Um Noten zu löschen, wählen Sie sie, nicht den Anker."),
    ("id", "Untuk membuka jendela, tekan tombol.", "Untuk menutup jendela, tekan tombol."),
]  # fmt: skip

NOT_OPPOSITE = [
    # A name in place of "it", and of what points at it.
    ("en", "Writer opens the file.", "It opens the file."),
    ("de", "Der Navigator schließt das Fenster.", "Dieser Befehl schließt das Fenster."),
    # A verb that says the same.
    ("en", "To remove a footnote, click its anchor.", "To delete a footnote, click its anchor."),
    ("es", "Para borrar una nota, pulse aquí.", "Para eliminar una nota, pulse aquí."),
    ("zh", "要移除脚注，请选择锚点。", "要删除脚注，请选择锚点。"),
    # Another form of the verb.
    ("en", "Deleting a footnote removes its number.", "If you delete a footnote, its number is removed."),
    ("ru", "Удаление сноски: выберите привязку.", "Чтобы удалить сноску, выберите привязку."),
    ("he", "הסרת הערה: יש לבחור בעוגן.", "כדי להסיר הערה, יש לבחור בעוגן."),
    # The quote says both.
    ("en", "To show the ruler, choose View.", "To hide or show the ruler, choose View."),
    ("ja", "図を表示するには、メニューを使う。", "図の表示と非表示を切り替えるには、メニューを使う。"),
    # Denied, it says the same.
    ("en", "The panel stays closed.", "The panel does not stay open."),
    # The opposite stands elsewhere.
    ("en", "To open the sidebar, click the arrow.", "If the sidebar is closed, click the arrow."),
    # A language without a list, and words that only begin alike.
    ("sw", "Fungua mlango.", "Funga mlango."),
    ("en", "The address is important.", "The removal is exported."),
]  # fmt: skip


@pytest.mark.parametrize(("language", "sentence", "quote"), OPPOSITE)
def test_an_opposite_is_found_both_ways_round(language: str, sentence: str, quote: str) -> None:
    assert opposite_words(sentence, quote, language)
    assert opposite_words(quote, sentence, language)
    assert opposite_words(quote, quote, language) is None


@pytest.mark.parametrize(("language", "sentence", "quote"), NOT_OPPOSITE)
def test_other_wordings_pass(language: str, sentence: str, quote: str) -> None:
    assert opposite_words(sentence, quote, language) is None


def test_a_heading_does_not_excuse_it() -> None:
    evidence = make_evidence(
        "To delete a footnote, remove its anchor.", context="Inserting and deleting footnotes"
    )
    asked = Query("How do I insert a footnote?", "en")
    found = check("To insert a footnote, remove its anchor.", (evidence,), asked, lambda *_: None)
    assert found.value == 0.0
    assert "insert" in found.problem
    right = check("To delete a footnote, remove its anchor.", (evidence,), asked, lambda *_: None)
    assert right.problem == ""


def test_a_second_quote_may_say_it() -> None:
    """Two quotes together: what one of them says is not the other's opposite."""
    quotes = tuple(map(make_evidence, ("Delete a footnote with Ctrl+D.", "Insert a footnote with Ctrl+F.")))
    asked = Query("How do I insert a footnote?", "en")
    found = check("Insert a footnote with Ctrl+F.", quotes, asked, lambda *_: None)
    assert found.problem == ""


def test_what_is_too_long_to_be_laid_side_by_side_is_left() -> None:
    words = "open close " * 400
    assert opposite_words(f"{words} to insert it", f"{words} to delete it", "en") is None
