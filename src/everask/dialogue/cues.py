"""Small tables of words, by language, that tell whether a question leans on what was said before.

`opening` begins a follow-up ("and", "what about"); `pointing` stands for something named before ("it",
"there"); `closing` ends one where a language says so at the end ("呢？"); `little` are words that name
nothing: articles, prepositions, auxiliaries, question words. A language that is not here has `opening`
words and pronouns of none: a question is then judged by its length alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Cues:
    """One language's words, for text in lower case."""

    opening: re.Pattern[str]
    pointing: re.Pattern[str]
    closing: re.Pattern[str]
    little: frozenset[str]


# Alternatives of regular expressions; where words have no spaces between them they match anywhere.
_OPENING: Mapping[str, str] = {
    "en": "and|what about|how about|but|or|also|then|so",
    "de": "und|wie (?:sieht|steht) es|was ist mit|aber|oder|auch|dann",
    "fr": "et|qu'en est-il|mais|ou|aussi|alors",
    "es": "y|e|qué (?:hay|pasa|tal)|pero|o|también|entonces",
    "pt": "e|que tal|mas|ou|também|então",
    "it": "e|ed|che ne|ma|o|anche|allora",
    "ro": "și|dar|sau|ce zici de",
    "nl": "en|hoe zit het|wat met|maar|of|ook|dan",
    "pl": "a|i|co z|ale|lub|też",
    "ru": "а|и|что насчет|что насчёт|но|или|также|тогда",
    "uk": "а|і|й|що щодо|але|або|також",
    "tr": "peki|ya|ve|ama|veya",
    "vi": "còn|thế còn|vậy còn|thế|vậy|và|nhưng|hay",
    "id": "dan|bagaimana dengan|kalau|lalu|tapi|atau",
    "ar": "و(?=ما|أين|اين|متى|كم|كيف|هل|من|لماذا|ماذا)|وماذا عن|ماذا عن|أو|لكن",
    "hi": "और|या|लेकिन|तो",
    "th": "แล้ว|และ|หรือ|ส่วน",
    "zh": "那么?|那麼|还有|還有|以及|而|如果是",
    "ja": "では|じゃあ|それで|また|あと",
    "ko": "그럼|그러면|그리고|또",
}
_POINTING: Mapping[str, str] = {
    "en": r"it(?! (?:mean|take|cost|matter)\b)|its|they|them|their|he|him|his|she|her|this|these|those"
    r"|that(?=[?.!]?$)|ones?|both|the same"
    r"|(?<!is )(?<!are )(?<!was )(?<!were )there(?! (?:is|are|was|were|be)\b)",
    "de": r"er|ihn|ihm|sein(?:e[mnrs]?)?|sie|ihr(?:e[mnrs]?)?|ihnen|(?<!gibt )(?<!gab )(?<!bedeutet )(?<!^)es"
    r"|dies(?:e[mnrs]?)?|dessen|deren|dort|solche[mnrs]?|so (?:eine?[mnrs]?|was)"
    r"|da(?:mit|von|bei|für|zu|rin|ran|rauf|raus|nach|gegen|durch)",
    "fr": r"il|elle|ils|elles|lui|leur|y|en|celui-ci|celle-ci|ceux-ci|cela|ça|ce(?:tte|t|s)?"
    r"|l[ea]s?(?= \w+(?:er|ir|re)\b)|t-il|t-elle|-il|-elle|-ils|-elles",
    "es": r"él|ella|ellos|ellas|lo(?! que)|su|sus|ese|esa|eso|esos|esas|este|esta|esto|allí"
    r"|\w+[aei]r(?:l[oae]s?)",
    "pt": r"ele|ela|eles|elas|dele|dela|deles|delas|nele|nela|seu|sua|seus|suas|isso|isto|esse|essa|este|esta"
    r"|\w+-[lno]?[oa]s?|(?<=como )[oa](?= \w+o\b)",
    "it": "lui|lei|loro|esso|essa|suo|sua|suoi|sue|questo|questa|quello|quella|ciò|lì|ne",
    "ro": "el|ea|ei|ele|acesta|aceasta|acestea|acest|această|aceste|acolo",
    "nl": "het|hij|hem|zijn|zij|ze|haar|hun|die|dat|dit|deze|daar|er(?:van|mee|in|op|bij)?",
    "pl": "on|ona|ono|oni|one|go|jego|jej|ich|je|ją|to|ten|ta|te|tam|nim|nią",
    "ru": "он|она|оно|они|его|её|ее|их|им|ему|ей|нём|нем|ней|них|ним|это|этот|эта|эти|этого|этой|этом"
    "|там|такой|такая|такие",
    "uk": "він|вона|воно|вони|його|її|їх|їм|йому|це|цей|ця|ці|там",
    "tr": "o|onu|onun|ona|onlar|onları|bu|bunu|bunun|şu|orada",
    "vi": "nó|chúng(?! ta)|họ|ông ấy|bà ấy|anh ấy|cô ấy|cái đó|điều đó|đó|này|ấy",
    "id": r"dia|ia|mereka|itu|ini|tersebut|sana|\w{3,}nya",
    "ar": r"(?<!من )(?<!ما )(?<!\"الدكتور )(?:هو|هي|هم)|هذا|هذه|ذلك|تلك|هناك",
    "hi": "वह|वे|यह|ये|उस|उसे|उसका|उसकी|उनका|उनकी|इस|इसे|इसका|इसकी|वहाँ",
    "th": "เขา|เธอ|มัน|พวกเขา|นั้น|นี้|ที่นั่น|ดังกล่าว",
    "zh": "它|他|她|这个|那个|這個|那個|这些|那些|此|其中|其|原来的|原來的|那里|那裡|该",
    "ja": "それ|これ|あれ|その|この|あの|そこ|ここ|彼|彼女",
    "ko": "그것|그건|그게|이것|이건|그(?= )|이(?= )|거기|그들|그녀|해당",
}
_CLOSING: Mapping[str, str] = {
    "vi": "thì sao|còn gì",
    "th": "ล่ะ",
    "zh": "呢",
    "ja": "(?:とき|場合|から|まで|に|で|と)は|^[^のをがは]{1,8}は",
    "ko": "(?:은|는|면|에서|에게|까지|부터|로|도)요|은|는",
    "tr": "ya|peki",
}
_LITTLE: Mapping[str, str] = {
    "en": "a an the of in on at to for from by with without as into than under over about is are was were be"
    " been am do does did can could may might must shall should will would have has had not no any some all"
    " only just again also too each what which who whom whose when where why how many much long old far"
    " often i you we my your our me us if there happens happen most least use work mean called",
    "de": "ein eine einen einem einer eines der die das den dem des von im in an am auf zu zum zur für aus"
    " bei mit ohne nach über unter durch als ist sind war waren sein bin wird werden wurde kann können muss"
    " müssen soll sollen darf habe hat haben hatte nicht kein keine nur noch auch so was welche welcher"
    " welches welchen wer wen wem wann wo woher wohin warum wie viele viel lange oft hoch groß alt ich du"
    " wir man mein meine wenn gibt macht heißt",
    "fr": "un une le la les l d du des de à au aux en dans sur sous pour par avec sans comme est sont était"
    " être a ont avoir peut peuvent peut-on doit faut-il fait faire ne pas que qu quoi quel quelle quels"
    " quelles qui quand où pourquoi comment combien aussi encore seulement on je vous nous mon ma mes si t-il"
    " est-il c s n j m",
    "es": "un una unos unas el la los las de del a al en con sin por para sobre entre como es son era está"
    " están ser hay puede puedo pueden se no sólo solo también más qué cuál cuáles quién quiénes cuándo"
    " dónde cómo cuánto cuánta cuántos cuántas por qué que yo mi mis si hace falta",
    "pt": "um uma uns umas o a os as de do da dos das em no na nos nas com sem por para sobre como é são era"
    " está ser há pode posso podem se não só também mais qual quais quem quando onde quanto quanta quantos"
    " que eu meu minha",
    "it": "un uno una il lo la i gli le di del della dei delle a al alla in nel nella con senza per su come è"
    " sono era può posso si non solo anche più che cosa quale quali chi quando dove perché quanto quanti",
    "ro": "un o unei unui al a ale ai de la în din pe cu fără pentru prin ce care cine când unde cum cât câte"
    " este sunt era erau fost fi are au poate se nu și că lui",
    "nl": "een de het van in op aan naar voor met zonder door bij als is zijn was waren wordt worden kan"
    " moet heb heeft niet geen alleen ook wat welke wie wanneer waar waarom hoe veel lang ik je we mijn",
    "pl": "w we na do od z ze dla przez o po jest są był była być może można nie tylko też co jaki jaka jakie"
    " kto kiedy gdzie dlaczego jak ile czy się",
    "ru": "в во на по к ко с со из от до для о об при у без через как что какой какая какое какие кто когда"
    " где куда почему зачем сколько ли не ни только ещё еще также есть был была было были быть может можно"
    " могут нужно надо я мы вы мой",
    "uk": "в у на по до з із від для про при без через як що який яка яке які хто коли де чому скільки чи не"
    " тільки є був була бути може можна",
    "tr": "bir ve ile için de da mi mı mu mü ne hangi kim ne zaman nerede neden nasıl kaç kadar var yok"
    " olan olarak",
    "vi": "là của và trong trên ở cho với từ đến để khi nào gì sao không có bao nhiêu ai đâu tại như thế nào"
    " làm được bị những các một cái thì mà ra vào",
    "id": "di ke dari untuk dengan yang pada adalah ada apa siapa kapan mana mengapa bagaimana berapa banyak"
    " bisa dapat tidak juga saja apakah",
    "ar": "في من على إلى الى عن مع أن ان هل ما ماذا متى أين اين كيف كم لماذا أي اي التي الذي كان كانت يتم"
    " يمكن لا",
    "hi": "का की के में से पर को ने है हैं था थी क्या कौन कब कहाँ क्यों कैसे कितना कितने कितनी और भी नहीं",
    "th": "ที่ ใน ของ และ เป็น คือ มี จาก ถึง เมื่อไร เมื่อไหร่ ไหน อะไร ใคร ทำไม อย่างไร ยังไง กี่ เท่าไร"
    " ได้ ไหม หรือ ไม่ ปี ที่ไหน แล้ว",
    "zh": "的 了 在 是 有 和 与 用 把 被 从 到 对 为 要 能 可以 会 吗 呢 什么 甚么 哪个 哪些 哪里 谁 何时"
    " 怎样 怎么 如何 为什么 多少 几 几个 个 中 里 上 下 最 也 都 不 没有 需要 应该 那 这 一 一个 时候 进行",
    "ja": "の は が を に で と も へ から まで より や か です ます でした ました する します した して"
    " しますか なに 何 どこ いつ 誰 だれ なぜ どう どの どれ いくつ いくら どうすれば よい いい ある あり"
    " ません あります いる ください 方法 こと もの とき には ため なり たい",
    "ko": "을 를 이 가 은 는 의 에 에서 로 으로 와 과 도 하나요 어떻게 무엇 무슨 어떤 누가 누구 언제 어디 왜"
    " 몇 얼마 수 있나요 있습니까 합니까 하려면 되나요 했나요",
}
SYLLABIC = frozenset({"vi", "th"})
"""Languages whose words come out of the text as syllables."""
_UNSPACED = frozenset({"zh", "ja", "th", "ko"})
_NEVER = re.compile(r"(?!)")
_FINAL = r"[\s?？؟!.。…]*$"


def spaced_languages() -> tuple[str, ...]:
    """The languages of the tables that put spaces between words."""
    return tuple(code for code in _LITTLE if code not in _UNSPACED)


@cache
def cues_of(language: str) -> Cues:
    """A language's cues; those of a language that is not known match nothing."""
    edge = ("", "") if language in _UNSPACED else (r"(?<!\w)", r"(?!\w)")
    return Cues(
        _pattern(_OPENING.get(language), r"^[\s¿¡\"“«「]*(?:", ")" + ("" if language == "ar" else edge[1])),
        _pattern(_POINTING.get(language), edge[0] + "(?:", ")" + edge[1]),
        _pattern(_CLOSING.get(language), "(?:", ")" + _FINAL),
        frozenset(_LITTLE.get(language, "").split()),
    )


def _pattern(words: str | None, before: str, after: str) -> re.Pattern[str]:
    return re.compile(f"{before}{words}{after}") if words else _NEVER
