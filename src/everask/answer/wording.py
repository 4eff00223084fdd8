"""What Everask says in its own words, in the languages that are asked most; English for the others."""

from __future__ import annotations

from collections.abc import Mapping

from everask.generator.chat import strip_controls

# Names of languages as the prompt's English uses them.
LANGUAGE_NAMES: Mapping[str, str] = {
    "ar": "Arabic", "bg": "Bulgarian", "bn": "Bengali", "ca": "Catalan", "cs": "Czech", "da": "Danish",
    "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "et": "Estonian", "fa": "Persian",
    "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian",
    "id": "Indonesian", "it": "Italian", "ja": "Japanese", "ko": "Korean", "lt": "Lithuanian",
    "lv": "Latvian", "ms": "Malay", "nl": "Dutch", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese",
    "ro": "Romanian", "ru": "Russian", "sk": "Slovak", "sl": "Slovenian", "sr": "Serbian", "sv": "Swedish",
    "sw": "Swahili", "ta": "Tamil", "te": "Telugu", "th": "Thai", "tr": "Turkish", "uk": "Ukrainian",
    "ur": "Urdu", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip

_NOT_SAID: Mapping[str, str] = {
    "en": "Your documents don't say: no passage in them answers “{question}”",
    "de": "In Ihren Dokumenten steht das nicht: keine Stelle darin beantwortet „{question}“",
    "fr": "Vos documents ne le disent pas : aucun passage ne répond à « {question} »",
    "es": "Sus documentos no lo dicen: ningún pasaje responde a «{question}»",
    "it": "I tuoi documenti non lo dicono: nessun passo risponde a «{question}»",
    "pt": "Os seus documentos não o dizem: nenhuma passagem responde a “{question}”",
    "nl": "Uw documenten zeggen het niet: geen passage erin beantwoordt “{question}”",
    "pl": "Twoje dokumenty tego nie mówią: żaden fragment nie odpowiada na „{question}”",
    "ro": "Documentele dumneavoastră nu spun: niciun pasaj nu răspunde la „{question}”",
    "ru": "В ваших документах этого нет: ни один отрывок не отвечает на вопрос «{question}»",
    "uk": "У ваших документах цього немає: жоден уривок не відповідає на запитання «{question}»",
    "tr": "Belgelerinizde bu yazmıyor: hiçbir bölüm “{question}” sorusunu yanıtlamıyor",
    "el": "Τα έγγραφά σας δεν το λένε: κανένα απόσπασμα δεν απαντά στο «{question}»",
    "vi": "Tài liệu của bạn không nói điều này: không có đoạn nào trả lời “{question}”",
    "ar": "مستنداتك لا تذكر ذلك: لا يوجد فيها مقطع يجيب عن «{question}»",
    "hi": "आपके दस्तावेज़ों में यह नहीं लिखा है: कोई अंश “{question}” का उत्तर नहीं देता",
    "th": "เอกสารของคุณไม่ได้กล่าวถึง: ไม่มีข้อความใดตอบคำถาม “{question}”",
    "zh": "您的文档中没有说明：没有任何段落能回答“{question}”",
    "ja": "文書には書かれていません：「{question}」に答える箇所が見つかりませんでした",
    "ko": "문서에 나와 있지 않습니다: “{question}”에 답하는 구절이 없습니다",
}
_MAX_QUESTION = 200


def not_said(question: str, language: str) -> str:
    """That the documents do not answer, in the question's language, naming what was looked for."""
    shown = strip_controls(" ".join(question.split()))
    if len(shown) > _MAX_QUESTION:
        shown = shown[: _MAX_QUESTION - 1] + "…"
    sentence = _NOT_SAID.get(language, _NOT_SAID["en"]).replace("{question}", shown)
    return sentence + ("。" if language in ("zh", "ja") else ".")
