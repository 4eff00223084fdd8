"""Sentence borders: what must be cut, and what must not."""

from __future__ import annotations

import pytest

from everask.text import sentences

# "|" marks the borders; everything else is the text.
CASES = [
    ("en", "Dr. Smith paid $3.14 for No. 5. |He left at 5 p.m. |Then J. R. R. Tolkien came, e.g. late."),
    ("en", '"Stop!" she said. |"Why?" |See v. 2.0.1 (Fig. 3). |The end... or not? |Yes!'),
    (
        "en",
        "Run make test. |It reads config.yaml first.\n\n|Heading without a stop\n\n|- item one\n|- item two",
    ),
    ("en", "A paragraph that is wrapped by the width of its page\nis one sentence. |Next one."),
    ("en", "Region / Revenue\n|EMEA 4.2\n|APAC 3.1"),
    (
        "de",
        "Die Garantie gilt 2 Jahre, z. B. für Geräte. |Am 3. Oktober 1990 begann es. |Vgl. Nr. 4. |Er kam.",
    ),
    ("de", "Das gilt für Bücher usw. |Danach kam Dr. Müller."),
    ("fr", "M. Dupont habite au no 5. |« Bonjour ! » dit-il. |Puis il part. |Voir p. ex. la fig. 2."),
    ("es", "¿Qué es esto? |¡Nada! |El Sr. García vive en la Av. Central. |Son 3.500 euros aprox. al año."),
    (
        "ru",
        "В 1990 г. он уехал. |И т. д. |Он жил на ул. Ленина. |А. С. Пушкин родился в 1799 г. в Москве.",
    ),
    ("zh", "保修期是两年。|“你好！”|他说。|版本3.14发布了。|真的吗？|（见第3章。）|然后结束"),
    ("zh", "这一行文字因为页面的宽度而在这里被折断成了两\n行。|下一句。"),
    ("ja", "彼は「行くよ。」と言った。|そして出発した！|本当に？|はい。"),
    ("tr", "XIV. Louis yönetimine kadar sürdü. |II. Dünya Savaşı'ndan sonra bitti."),
    ("en", "The laws of I. Newton. |He was born in 1643."),
    ("ko", "안녕하세요. |저는 학생입니다. |3.5점을 받았다! |왜요?"),
    ("ar", "ما هو السؤال؟ |هذا هو الجواب. |ثم انتهى."),
    ("hi", "यह पहला वाक्य है। |यह दूसरा है॥ |क्या? |हाँ।"),
    ("el", "Τι είναι αυτό; |Τίποτα."),
    ("km", "នេះ​ជា​ប្រយោគ​ទីមួយ ។ |នេះ​ជា​ប្រយោគ​ទីពីរ ។ |ចប់៕"),
    ("km", "ឆ្កែ ឆ្មា ។ល។ នៅ​ផ្ទះ ។ |ចប់ ។"),
    ("bo", "༄༅། འདི་ནི་དང་པོ། །|འདི་ནི་གཉིས་པ།"),
    ("my", "ဒါက ပထမ ဝါကျ ဖြစ်သည်။ |ဒါက ဒုတိယ။"),
]


@pytest.mark.parametrize(("language", "marked"), CASES)
def test_borders(language: str, marked: str) -> None:
    text = marked.replace("|", "")
    assert [text[start:end] for start, end in sentences(text, language)] == [
        part.strip() for part in marked.split("|")
    ]


def test_long_thai_is_cut_at_its_spaces() -> None:
    text = (
        "ประเทศไทยเป็นประเทศที่ตั้งอยู่ในเอเชียตะวันออกเฉียงใต้ มีพรมแดนติดกับลาว กัมพูชา และมาเลเซีย "
        "ประชากรส่วนใหญ่นับถือศาสนาพุทธ เมืองหลวงคือกรุงเทพมหานคร ซึ่งเป็นเมืองที่ใหญ่ที่สุด"
    )
    spans = sentences(text, "th")
    assert len(spans) > 1
    assert " ".join(text[start:end] for start, end in spans) == text
