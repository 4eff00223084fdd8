"""What Everask says in its own words, in the languages that are asked most; English for the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from everask.generator.chat import strip_controls

# Names of languages as the prompt's English uses them.
LANGUAGE_NAMES: Mapping[str, str] = {
    "ar": "Arabic", "as": "Assamese", "bg": "Bulgarian", "bn": "Bengali", "ca": "Catalan", "cs": "Czech",
    "da": "Danish", "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "et": "Estonian",
    "fa": "Persian", "fi": "Finnish", "fr": "French", "gl": "Galician", "gu": "Gujarati", "he": "Hebrew",
    "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian", "id": "Indonesian", "it": "Italian",
    "ja": "Japanese", "kn": "Kannada", "ko": "Korean", "lt": "Lithuanian", "lv": "Latvian",
    "mr": "Marathi", "ms": "Malay", "nl": "Dutch", "no": "Norwegian", "pa": "Punjabi", "pl": "Polish",
    "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sk": "Slovak", "sl": "Slovenian",
    "sr": "Serbian", "sv": "Swedish", "sw": "Swahili", "ta": "Tamil", "te": "Telugu", "th": "Thai",
    "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese", "zh": "Chinese",
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


# The sentence; "taken"; what the first draft, the quotes and another draft are called.
_CHOSEN: Mapping[str, tuple[str, str, str, str, str]] = {
    "en": ("Chosen from: {}.", "taken", "first draft", "quotes", "another draft"),
    "de": ("Gewählt aus: {}.", "genommen", "erster Entwurf", "Zitate", "weiterer Entwurf"),
    "es": ("Elegido entre: {}.", "elegido", "primer borrador", "citas", "otro borrador"),
    "fr": ("Choisi parmi : {}.", "retenu", "premier brouillon", "citations", "autre brouillon"),
    "zh": ("从以下选择：{}。", "已采用", "初稿", "引文", "另一稿"),
    "ja": ("選択肢：{}。", "採用", "最初の草稿", "引用", "別の草稿"),
    "ar": ("اختير من: {}.", "المختار", "المسودة الأولى", "اقتباسات", "مسودة أخرى"),
}
_SOURCES = ("written", "quotes", "again")


def not_said(question: str, language: str) -> str:
    """That the documents do not answer, in the question's language, naming what was looked for."""
    shown = strip_controls(" ".join(question.split()))
    if len(shown) > _MAX_QUESTION:
        shown = shown[: _MAX_QUESTION - 1] + "…"
    sentence = _NOT_SAID.get(language, _NOT_SAID["en"]).replace("{question}", shown)
    return sentence + ("。" if language in ("zh", "ja") else ".")


_DIFFERS: Mapping[str, str] = {
    "en": "Your documents give different answers: {answers}.",
    "de": "Ihre Dokumente geben verschiedene Antworten: {answers}.",
    "fr": "Vos documents donnent des réponses différentes : {answers}.",
    "es": "Sus documentos dan respuestas distintas: {answers}.",
    "it": "I tuoi documenti danno risposte diverse: {answers}.",
    "pt": "Os seus documentos dão respostas diferentes: {answers}.",
    "nl": "Uw documenten geven verschillende antwoorden: {answers}.",
    "pl": "Twoje dokumenty podają różne odpowiedzi: {answers}.",
    "ro": "Documentele dumneavoastră dau răspunsuri diferite: {answers}.",
    "ru": "Ваши документы дают разные ответы: {answers}.",
    "uk": "Ваші документи дають різні відповіді: {answers}.",
    "tr": "Belgeleriniz farklı yanıtlar veriyor: {answers}.",
    "el": "Τα έγγραφά σας δίνουν διαφορετικές απαντήσεις: {answers}.",
    "vi": "Tài liệu của bạn đưa ra các câu trả lời khác nhau: {answers}.",
    "ar": "مستنداتك تعطي إجابات مختلفة: {answers}.",
    "hi": "आपके दस्तावेज़ अलग-अलग उत्तर देते हैं: {answers}।",
    "th": "เอกสารของคุณให้คำตอบต่างกัน: {answers}",
    "zh": "您的文档给出了不同的答案：{answers}。",
    "ja": "文書によって答えが異なります：{answers}。",
    "ko": "문서마다 답이 다릅니다: {answers}.",
}
_NEWER: Mapping[str, str] = {
    "en": "From “{newer}”, the newer version; “{older}” says {said}.",
    "de": "Aus „{newer}“, der neueren Fassung; in „{older}“ steht {said}.",
    "fr": "D’après « {newer} », la version la plus récente ; « {older} » dit {said}.",
    "es": "De «{newer}», la versión más reciente; «{older}» dice {said}.",
    "it": "Da «{newer}», la versione più recente; «{older}» dice {said}.",
    "pt": "De “{newer}”, a versão mais recente; “{older}” diz {said}.",
    "nl": "Uit “{newer}”, de nieuwere versie; in “{older}” staat {said}.",
    "pl": "Z „{newer}”, nowszej wersji; „{older}” podaje {said}.",
    "ro": "Din „{newer}”, versiunea mai nouă; „{older}” spune {said}.",
    "ru": "Из «{newer}», более новой версии; в «{older}» сказано {said}.",
    "uk": "З «{newer}», новішої версії; у «{older}» сказано {said}.",
    "tr": "Daha yeni sürüm olan “{newer}” belgesinden; “{older}” belgesinde {said} yazıyor.",
    "el": "Από το «{newer}», τη νεότερη έκδοση· το «{older}» λέει {said}.",
    "vi": "Từ “{newer}”, phiên bản mới hơn; “{older}” ghi {said}.",
    "ar": "من «{newer}»، الإصدار الأحدث؛ أما «{older}» فيذكر {said}.",
    "hi": "नए संस्करण “{newer}” से; “{older}” में {said} लिखा है।",
    "th": "จาก “{newer}” ซึ่งเป็นฉบับใหม่กว่า ส่วน “{older}” ระบุว่า {said}",
    "zh": "依据较新的版本“{newer}”；“{older}”中写的是{said}。",
    "ja": "新しい版「{newer}」によります。「{older}」では{said}です。",
    "ko": "더 새로운 버전인 “{newer}”에 따른 답입니다. “{older}”에는 {said}라고 되어 있습니다.",
}
_LOOKED_FOR: Mapping[str, tuple[str, str, str]] = {
    # Words, languages, limits.
    "en": ("words: {}", "languages: {}", "limits: {}"),
    "de": ("Wörter: {}", "Sprachen: {}", "Einschränkungen: {}"),
    "fr": ("mots : {}", "langues : {}", "limites : {}"),
    "es": ("palabras: {}", "idiomas: {}", "límites: {}"),
    "it": ("parole: {}", "lingue: {}", "limiti: {}"),
    "pt": ("palavras: {}", "idiomas: {}", "limites: {}"),
    "nl": ("woorden: {}", "talen: {}", "beperkingen: {}"),
    "pl": ("słowa: {}", "języki: {}", "ograniczenia: {}"),
    "ro": ("cuvinte: {}", "limbi: {}", "limite: {}"),
    "ru": ("слова: {}", "языки: {}", "ограничения: {}"),
    "uk": ("слова: {}", "мови: {}", "обмеження: {}"),
    "tr": ("sözcükler: {}", "diller: {}", "sınırlar: {}"),
    "el": ("λέξεις: {}", "γλώσσες: {}", "περιορισμοί: {}"),
    "vi": ("từ: {}", "ngôn ngữ: {}", "giới hạn: {}"),
    "ar": ("الكلمات: {}", "اللغات: {}", "القيود: {}"),
    "hi": ("शब्द: {}", "भाषाएँ: {}", "सीमाएँ: {}"),
    "th": ("คำ: {}", "ภาษา: {}", "ขอบเขต: {}"),
    "zh": ("词语：{}", "语言：{}", "范围：{}"),
    "ja": ("語：{}", "言語：{}", "範囲：{}"),
    "ko": ("단어: {}", "언어: {}", "범위: {}"),
}
_MAX_SAID = 160


def differs(answers: Sequence[tuple[str, str]], language: str) -> str:
    """That documents disagree; `answers` are what each says and what it is called."""
    shown = "; ".join(f"“{shorten(said)}” ({shorten(name)})" for said, name in answers)
    return _DIFFERS.get(language, _DIFFERS["en"]).replace("{answers}", shown)


def newer(newer: str, older: str, said: str, language: str) -> str:
    """That an answer is from the newer of two versions, and what the older one says."""
    text = _NEWER.get(language, _NEWER["en"])
    # One pass: a title with "{older}" in it is only a title.
    return text.format(newer=shorten(newer), older=shorten(older), said=f"“{shorten(said)}”")


def chosen(options: Sequence[tuple[str, float, Sequence[str], bool]], language: str) -> str:
    """What there was to choose from: each draft's source ("written", "quotes", "again"), its reward, the
    gates that refuse it as they are named, and whether it was taken."""
    form, taken, *names = _CHOSEN.get(language, _CHOSEN["en"])
    said: list[str] = []
    for source, value, refused, is_taken in options:
        against = f" ({', '.join(refused)})" if refused else ""
        said.append(
            f"{names[_SOURCES.index(source)]} {value:.2f}{against}{f' – {taken}' if is_taken else ''}"
        )
    return form.format("; ".join(said))


def looked_for(
    words: Sequence[str], languages: Sequence[str], limits: Sequence[str], language: str
) -> list[str]:
    """What was looked for, a line each: words, languages of the documents, limits."""
    forms = _LOOKED_FOR.get(language, _LOOKED_FOR["en"])
    named = [", ".join(words), ", ".join(languages), ", ".join(limits)]
    return [form.format(shorten(one)) for form, one in zip(forms, named, strict=True) if one]


def shorten(text: str) -> str:
    """One line of text without control tokens, cut where it is long."""
    line = strip_controls(" ".join(text.split()))
    return line if len(line) <= _MAX_SAID else line[: _MAX_SAID - 1] + "…"
