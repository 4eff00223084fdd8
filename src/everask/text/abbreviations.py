"""Shortened words whose full stop does not end a sentence, by language. Lower case, without the last stop."""

from __future__ import annotations

from functools import cache

_COMMON = "dr prof no nr vs etc cf al vol fig tel e.g i.e ca p pp ed n.b approx a.m p.m ph.d st mr mrs ms"
_SHORTENED = {
    "en": "mr mrs ms sr jr nos figs eq sec ch eds inc ltd co corp dept est gen gov hon jan feb mar apr jun "
    "jul aug sep sept oct nov dec mt rev sgt capt lt col u.s u.k a.d b.c viz ibid op.cit rep sen v chap",
    "de": "z.b d.h u.a bzw str abs art bd evtl ggf inkl max min mio mrd s.o s.u vgl zzgl bspw o.ä u.ä geb "
    "gest jh hr fr hrsg i.d.r z.t usw sog bes jan feb apr aug sept okt nov dez s kap gem lt allg",
    "fr": "m mm mme mlle mgr éd env p.ex par.ex av apr j.-c janv févr avr juil sept oct nov déc art chap",
    "es": "sr sra srta dra d.ª ud uds p.ej ej pág págs núm av avda aprox ee.uu art cap c/ s.a",
    "pt": "sr sra dra srta pág págs av ex p.ex n.º art cap exmo ltda",
    "it": "sig sigg sig.ra dott ing pag pagg es ecc a.c d.c art cap avv geom",
    "nl": "dhr mevr bijv enz blz o.a d.w.z m.b.t drs ir mr jl ong",
    "sv": "bl.a t.ex osv dvs kap sid s.k m.m o.s.v ca nr",
    "da": "bl.a f.eks osv dvs kap s.k m.m nr",
    "no": "bl.a f.eks osv dvs kap s.k m.m nr",
    "pl": "np itp itd tzn tj ul godz m.in im r w św prof",
    "cs": "např atd tj tzv str č r mj",
    "ro": "nr str dl dna ex",
    "tr": "vb örn bkz doç yrd cad sok no s yy",
    "ru": "т.д т.п т.е т.к т.н и.о г гг в вв им ул стр рис тыс млн млрд руб см др проф акад ст п пп гл д "
    "кв обл",
    "uk": "т.д т.п т.зв р рр ст ім вул див тис млн грн та.ін",
    "el": "π.χ κ.λπ κ.ά κ.α δρ αρ σελ",
}
# These end a sentence when a capital follows: "bread, milk, etc. Then …".
_MAY_END = "etc a.m p.m usw ecc enz osv o.s.v m.m itp itd atd vb κ.λπ т.д т.п u.ä o.ä dl jr др гг г"
MAY_END = frozenset(_MAY_END.split())
# Full stops that make ordinals: "am 3. Oktober".
_ORDINAL_STOP = "de da no nb nn fi et lv hu cs sk sl hr sr bs tr is pl"
ORDINAL_STOP = frozenset(_ORDINAL_STOP.split())


@cache
def abbreviations(language: str) -> frozenset[str]:
    """The shortened words of a language; English and the common ones where it is not known."""
    return frozenset(f"{_COMMON} {_SHORTENED.get(language, _SHORTENED['en'])}".split())
