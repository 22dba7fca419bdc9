"""Word lists: names of languages, words around pronunciations, and MediaWiki's class names."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FILLER = _words(
    """
    also or and in as is it its from both locally local usually often sometimes commonly
    formally pronounced pronunciation pronunciations pronounce listen help info about this
    sound ipa name uk us usa ga rp br am au general standard received modern old ancient
    classical medieval official officially native endonym see respelling traditionally
    simplified traditional variously either the a sometimes colloquially with of language
    languages dialect dialects lit
    """
)
"""Words which, alone or together, say no more than that a name is spoken or written in some way."""

INTRODUCING = _words(
    """
    listen help info or and also pronounced pronunciation local locally historically formerly
    """
)
"""Words that are left of a parenthesis whose pronunciation left no trace."""

LANGUAGES = _words(
    """
    abjad afrikaans ainu akan ala-lc alemannic alsatian amharic aragonese arpitan assamese
    asturian aymara azeri bahasa balochi bambara bangla basque bavarian baybayin belarusian
    bengali berber bhojpuri bislama bokmal braille breton butuanon cantonese catalan cebuano
    chamorro chavacano chechen cherokee chuvash cornish corsican cuyonon cyrillic czech dari
    devanagari dharug dhivehi din divehi dutch dzongkha efik emilian esperanto ewe fante farsi
    filipino flemish french frisian friulian fula fulani fuzhou ga galician ganda german
    gilaki greek guarani gujarati gurmukhi hakha hakka hangeul hangul hanja hanzi hausa hebrew
    hepburn hiligaynon hindi hindustani hiragana hmong hokkien iast igbo ilocano ilokano iloko
    inuktitut irish isizulu iso ivatan jawi jyutping kana kanji kannada kapampangan karay-a
    katakana kazakh khmer kikongo kinaray-a kinyarwanda kirundi kolsch komi konkani kurdish
    kurmanji kyrgyz ladin lao latin leonese ligurian limburgish lingala lombard low lozi
    luganda luo luri luxembourgish magahi maguindanaon maithili malagasy malay malayalam
    mandarin manipuri maori maranao marathi mazanderani meitei min minnan mirandese mongol mr
    nahuatl navajo ndebele neapolitan nepali newar newari norwegian nynorsk occitan odia oriya
    oromo ossetic otomi pahlavi pali pampanga pangasinan papiamento papiamentu pashto
    peh-oe-ji persian phak-fa-su picard piedmontese pinyin poj polish portuguese postal
    prakrit provencal punjabi purepecha quechua rajasthani ripuarian rohingya romagnol romani
    romanisation romanised romanization romanized romansh rr sami samoan sango sanskrit
    santali saraiki saxon scots sepedi sesotho setswana shahmukhi shan shona sicilian sidama
    sindhi sinhala sinhalese siswati slovak slovene somali sorani sorbian sotho sranan
    sundanese surigaonon swabian swahili swazi swedish tagalog tajik tamazight tamil tarifit
    tashelhit tatar tausug telugu tepehuan tetum thai tibetan tifinagh tigrinya tongan tongva
    tosk transl translit transliterated transliteration tshivenda tsonga tswana tuareg tulu
    turkish turkmen twi udmurt ukrainian urdu uyghur uzbek valencian venda venetan venetian
    vietnamese visayan wade-giles wade–giles walloon waray wathawurrung welsh wolof wu xhosa
    xitsonga yale yiddish yoruba yue yupik zapotec zaza zazaki mlcts wylie thdl zwpy bgn/pcgn zulu
    """
)
"""Languages, scripts and romanizations whose names don't end as most do (-ish, -ian, -ese, -ic)."""

NO_LANGUAGE = _words(
    """
    republic public traffic historic economic academic metric demographic population elevation
    italian-style climatic asian european african american volcanic strategic electric
    district british romanian-style parish topic music epic
    """
)
"""Words which end like languages and are none."""

SKIPPED_TAGS = _words(
    """
    script style link meta table ul ol dl figure figure-inline img audio video source track
    svg noscript template button input nav header footer aside form rt rp object iframe map hr
    gallery textarea select
    """
)
"""Elements that hold no running text."""

SKIPPED = _words(
    """
    infobox hatnote dablink rellink navbox vertical-navbox sidebar side-box ambox tmbox ombox
    fmbox mbox-small metadata thumb gallery toc toclimit mw-editsection mw-indicators
    indicator mw-indicator shortdescription catlinks printfooter reference references reflist
    mw-ref mw-references-wrap noprint update asof-tag Inline-Template Template-Fact error
    mw-kartographer-container quotebox floatright floatleft sortkey geo-nondefault
    geo-multi-punct geo-inline-hidden navigation-not-searchable mw-jump-link mw-empty-elt
    mw-cite-backlink locmap magnify thumbcaption gallerytext mw-tmh-player
    mw-collapsible-toggle siteSub pcs-header pcs-edit-section-title-description
    pagelib_edit_section_header audiolinkinfo redirectMsg
    """
)
"""Classes of what is no part of the running text: boxes, notes, edit links, second coordinates."""

SOUND = _words(
    """
    IPA haudio ext-phonos IPA-label mw-ext-phonos ext-phonos-PhonosButton respell
    """
)
"""Classes of pronunciations."""

BOXES = _words(
    """
    navbox navbox-inner navbox-subgroup vertical-navbox infobox sidebar ambox metadata toc
    mbox-small noprint side-box
    """
)
"""Classes of boxes around an article, whose links and tables are not its own."""
