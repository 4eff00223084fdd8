"""One statement and one question on each of three subjects, in twelve languages, written for the tests."""

STATEMENTS = {
    "en": ("The warranty lasts two years.", "The train leaves at nine.", "Bread is baked from flour."),
    "de": ("Die Garantie gilt zwei Jahre.", "Der Zug fährt um neun ab.", "Brot wird aus Mehl gebacken."),
    "es": ("La garantía dura dos años.", "El tren sale a las nueve.", "El pan se hornea con harina."),
    "ru": ("Гарантия действует два года.", "Поезд отходит в девять.", "Хлеб пекут из муки."),
    "el": ("Η εγγύηση ισχύει δύο χρόνια.", "Το τρένο φεύγει στις εννέα.", "Το ψωμί ψήνεται από αλεύρι."),
    "tr": ("Garanti iki yıl geçerlidir.", "Tren saat dokuzda kalkar.", "Ekmek undan pişirilir."),
    "ar": ("الضمان لمدة سنتين.", "يغادر القطار الساعة التاسعة.", "يخبز الخبز من الدقيق."),
    "hi": ("वारंटी दो साल की है।", "रेलगाड़ी नौ बजे चलती है।", "रोटी आटे से बनती है।"),
    "th": ("การรับประกันมีอายุสองปี", "รถไฟออกเวลาเก้าโมง", "ขนมปังอบจากแป้ง"),
    "vi": ("Bảo hành kéo dài hai năm.", "Tàu khởi hành lúc chín giờ.", "Bánh mì được nướng từ bột."),
    "zh": ("保修期为两年。", "火车九点开。", "面包是用面粉烤的。"),
    "ja": ("保証期間は二年です。", "列車は九時に出発します。", "パンは小麦粉から焼かれます。"),
}
QUESTIONS = {
    "en": ("How long is the warranty?", "When does the train leave?", "What is bread made of?"),
    "fr": (
        "Quelle est la durée de la garantie ?",
        "Quand part le train ?",
        "Avec quoi fait-on le pain ?",
    ),
    "ko": ("보증 기간은 얼마나 됩니까?", "기차는 몇 시에 출발합니까?", "빵은 무엇으로 만듭니까?"),
}
