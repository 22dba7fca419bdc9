# ruff: noqa: E501 (HTML reads better in whole lines)
"""Leads of articles as they are marked up, each with the text that a careful reader would copy."""

IPA = '<span class="IPA nopopups noexcerpt" lang="en-fonipa"><a href="/wiki/Help:IPA/English">/{}/</a></span>'
AUDIO = (
    '<span class="noprint"><span class="ext-phonos"><a role="button" href="//u.org/x.oga">'
    "<span>ⓘ</span></a></span></span>"
)
OLD_AUDIO = (
    '<span class="nowrap" style="font-size:85%">(<span class="unicode haudio"><span class="fn"><a '
    'href="/wiki/File:X.ogg" title="About this sound"><img alt="About this sound"></a><a href="//u.org/X.ogg">'
    "listen</a></span></span>)</span>"
)
GREEK = (
    '<a href="/wiki/Greek_language" title="Greek language">Greek</a>: <span lang="el">Αθήνα</span>'
)
ROMAN = ', <small>romanized:&#160;</small><span title="Greek-language romanization"><i lang="el-Latn">Athína</i></span>'
REF = '<sup id="cite_ref-1" class="reference"><a href="#cite_note-1"><span>[</span>1<span>]</span></a></sup>'

LEADS = {
    "nothing to clean": ("<b>Foo</b> is a city.", "Foo is a city."),
    "references": (
        f"<b>Foo</b>{REF} is{REF} a city.{REF}{REF} It is old{REF}, too.",
        "Foo is a city. It is old, too.",
    ),
    "notes of other kinds": (
        'Foo<sup class="mw-ref"><a>[lower-alpha 9]</a></sup> is a city<sup class="noprint Inline-Template">[<i>'
        '<a>citation needed</a></i>]</sup> on<sup class="plainlinks noexcerpt update">[update]</sup> a hill'
        '<sup class="reference nowrap"><span title="Page / location: 9">: 9 </span></sup>.',
        "Foo is a city on a hill.",
    ),
    "pronunciation and native name": (
        f"<b>Athens</b> ({IPA.format('ˈæθɪnz')} <a title='Help:Pronunciation respelling key'><i>ATH-inz</i></a>; "
        f"{GREEK}{ROMAN} <span class='IPA' lang='el-Latn-fonipa'>[aˈθina]</span> {AUDIO}) is the capital.",
        "Athens is the capital.",
    ),
    "brackets within the pronunciation": (
        "<b>Cairo</b> (<a href='/wiki/Arabic'>Arabic</a>: القاهرة, pronounced [ælqɑ(ː)ˈheɾɑ]) is the capital.",
        "Cairo is the capital.",
    ),
    "bare symbols, no markup": (
        "Baku (/bɑːˈkuː/, /ˈbɑːkuː/; Azerbaijani: Bakı [bɑˈcɯ] (listen)) is the capital.",
        "Baku is the capital.",
    ),
    "old listen button": (
        f"<b>Foo</b> ({IPA.format('fuː')} {OLD_AUDIO}), is a city.",
        "Foo is a city.",
    ),
    "audio after the name": (
        "<b>Bari</b> <span class='unicode haudio'><a href='//u.org/It-Bari.ogg'><small>listen</small></a> <small "
        "class='metadata audiolinkinfo'>(<a>help</a>·<a>info</a>)</small></span> (<a title='Bari dialect'>Bari "
        "dialect</a>: <i>Bare</i>; <a title='Latin language'>Latin</a>: <i lang='la'>Barium</i>) is a city.",
        "Bari is a city.",
    ),
    "meaning among sounds": (
        f"<b>Guwahati</b> ({IPA.format('ɡwəˈhɑːti')}, Assamese: <span class='IPA'>[ɡuwahati]</span>; formerly rendered "
        "<b>Gauhati</b>) is a city.",
        "Guwahati (formerly rendered Gauhati) is a city.",
    ),
    "gloss among sounds": (
        f"<b>Las Vegas</b> ({IPA.format('lɑːsˈveɪɡəs')}; Spanish for 'The Meadows') is a city.",
        "Las Vegas (Spanish for 'The Meadows') is a city.",
    ),
    "abbreviation beside a sound": (
        f"The <b>United States of America</b> ({IPA.format('əˈmɛrɪkə')}; <b>USA</b>) is a country.",
        "The United States of America (USA) is a country.",
    ),
    "former name after a native one": (
        "<b>Cirebon</b> (Indonesian: <span lang='id'>Cirebon</span>, formerly rendered <i>Cheribon</i> in English) is a port.",
        "Cirebon (formerly rendered Cheribon in English) is a port.",
    ),
    "born and died": (
        f"<b>Ali</b> ({IPA.format('ɑːˈliː')}; born Cassius Clay; January 17, 1942 – June 3, 2016) was a boxer.",
        "Ali (born Cassius Clay; January 17, 1942 – June 3, 2016) was a boxer.",
    ),
    "meaning stays": (
        "Foo (estimated 2020) is at 1,791&#160;m (5,876&#160;ft) in the Greater Foo Area (GFA), west of Bar (city).",
        "Foo (estimated 2020) is at 1,791 m (5,876 ft) in the Greater Foo Area (GFA), west of Bar (city).",
    ),
    "meanings that look like labels": (
        "Foo (population: 3,000; Köppen: BSk), code (IATA: FOO, ICAO: FFOO), has parks (plural: parks).",
        "Foo (population: 3,000; Köppen: BSk), code (IATA: FOO, ICAO: FFOO), has parks (plural: parks).",
    ),
    "Japanese": (
        "<b>Chūō</b><span style='font-weight: normal'> (<span lang='ja'>中央区</span>, <i lang='ja-Latn'>Chūō-ku</i>)"
        "</span> is a special ward.",
        "Chūō is a special ward.",
    ),
    "Chinese": (
        "<b>Jiangmen</b> (<a title='Simplified Chinese characters'>Chinese</a>: <span lang='zh-Hans'>江门</span>; "
        "<a title='Pinyin'>pinyin</a>: <i>Jiāngmén</i>; Jyutping: <i>Gong1 mun4</i>; postal: Kongmoon), alternately "
        "romanized as Kongmoon, is a city.",
        "Jiangmen, alternately romanized as Kongmoon, is a city.",
    ),
    "untagged scripts": (
        "<b>Daegu</b> (대구, 大邱), (formerly romanized as Taegu) is a city.",
        "Daegu (formerly romanized as Taegu) is a city.",
    ),
    "two languages, one name": (
        "<b>Mardan</b> (Pashto and Urdu: مردان; Urdu pronunciation: [mərˈd̪aːn]) is a city.",
        "Mardan is a city.",
    ),
    "two parentheses": (
        "<b>Tokyo</b> (東京), officially <b>Tokyo Metropolis</b> (東京都, <i>Tōkyō-to</i>), is the capital.",
        "Tokyo, officially Tokyo Metropolis, is the capital.",
    ),
    "sound in the sentence": (
        "<b>Granada</b> (<small>Spanish: </small><span class='IPA'>[ɡɾaˈnaða]</span>)"
        f"{REF}, <small>locally </small><span class='IPA'>[ɡɾaˈna]</span>{REF} is the capital.",
        "Granada is the capital.",
    ),
    "sound between commas": (
        "<b>Worcester</b>, pronounced <span class='IPA'>/ˈwʊstər/</span>, a city in England, is old.",
        "Worcester, a city in England, is old.",
    ),
    "coordinates in the sentence": (
        "<b>Foo</b> (<span class='plainlinks nourlexpansion'><span class='geo-default'><span class='geo-dms'>34°31′N "
        "69°11′E</span></span><span class='geo-multi-punct'>﻿ / ﻿</span><span class='geo-nondefault'>34.5; 69.1</span>"
        "</span>) is a city.",
        "Foo is a city.",
    ),
    "spaces of all kinds": (
        "Foo&#160;is\u2009a\u202fcity ,\n with&#8203; spaces ; and ( brackets ) .",
        "Foo is a city, with spaces; and (brackets).",
    ),
    "letters kept": (
        "Mazār-i-Sharīf, Łódź, São Paulo, Đà Nẵng and Hawaiʻi are names – or so ‘they’ say.",
        "Mazār-i-Sharīf, Łódź, São Paulo, Đà Nẵng and Hawaiʻi are names – or so ‘they’ say.",
    ),
    "composed letters": ("Sa\u0303o Paulo is a city.", "São Paulo is a city."),
    "raised digits": (
        "Foo has 5&#160;km<sup>2</sup> and CO<sub>2</sub> in the 19<sup>th</sup> century.",
        "Foo has 5 km² and CO₂ in the 19th century.",
    ),
    "style, script, links": (
        "<style data-mw-deduplicate='r1'>.a{color:red}</style>Foo<link rel='mw-deduplicated-inline-style'> is"
        "<script>alert(1)</script> a<span style='display:none'>hidden</span> city.",
        "Foo is a city.",
    ),
    "line breaks": ("<b>Foo</b><br>is a city.", "Foo is a city."),
    "formula": (
        "The ratio <span class='mwe-math-element'><span style='display: none;'><math alttext='{\\displaystyle x=2}'>"
        "<mi>x</mi></math></span><img alt='{\\displaystyle x=2}'></span> is known.",
        "The ratio x=2 is known.",
    ),
    "brackets emptied": ("Foo (, ; ) is a city () with [ ] a hill.", "Foo is a city with a hill."),
    "bracket never closed": ("Foo (Arabic is a city.", "Foo (Arabic is a city."),
}

LISTED = (
    (
        "<b>Tbilisi</b> (English: "
        + IPA.format("təbɪˈliːsi")
        + ' <i title="English pronunciation respelling">tə-bil-EE-see</i>;'
        + REF
        + ' <a title="Georgian language">Georgian</a>: <span lang="ka">თბილისი</span>, <small>pronounced</small> <span '
        'class="IPA">[tbilisi]</span> '
        + AUDIO
        + "; in some languages still known by its pre-1936 name <b>Tiflis</b> ("
        + IPA.format("ˈtɪflɪs")
        + ")) is the capital.",
        "Tbilisi (in some languages still known by its pre-1936 name Tiflis) is the capital.",
    ),
    (
        "<b>Lviv</b> ("
        + IPA.format("ləˈviːv")
        + ' <i title="English pronunciation respelling">lə-VEEV</i> or '
        + IPA.format("ləˈviːf")
        + '; <a title="Ukrainian language">Ukrainian</a>: <span lang="uk">Львів</span>; see <a>below</a> '
        "for other names) is a city.",
        "Lviv is a city.",
    ),
    (
        "<b>Pune</b> (<a title='Marathi language'>Marathi</a>: <i lang='mr-Latn'>Puṇē</i>, <small>pronounced</small> <span "
        "class='IPA'>[ˈpuɳe]</span> POO-nay,"
        + REF
        + " formerly spelled in English as <b>Poona</b>, the official name until "
        "1978) is a city.",
        "Pune (formerly spelled in English as Poona, the official name until 1978) is a city.",
    ),
    (
        "<b>Mumbai</b> (<small>ISO:</small> <i>Muṁbaī</i>), also known as <b>Bombay</b> ("
        + IPA.format("bɒmˈbeɪ")
        + "; its official name until 1995), is the capital.",
        "Mumbai, also known as Bombay (its official name until 1995), is the capital.",
    ),
    (
        "<b>Ulaanbaatar</b> (<a title='Mongolian language'>Mongolian</a>: <span lang='mn'>Улаанбаатар</span>, <abbr>lit.</abbr> "
        '"Red Hero"), previously anglicized as <b>Ulan Bator</b>, is the capital.',
        "Ulaanbaatar, previously anglicized as Ulan Bator, is the capital.",
    ),
    (
        "<b>Bern</b> (<small>German:</small> <span class='IPA'>[bɛrn]</span> "
        + AUDIO
        + "),"
        + REF
        + " or <b>Berne</b>, is the "
        '"federal city" (in German: <i lang="de">Bundesstadt</i>).',
        'Bern, or Berne, is the "federal city".',
    ),
    (
        "<b>Kyiv</b> (also <b>Kiev</b>" + REF + ") is the capital.",
        "Kyiv (also Kiev) is the capital.",
    ),
)


def page(lead: str, before: str = "", after: str = "") -> bytes:
    return (
        '<!DOCTYPE html><html lang="en"><head><title>Foo - Wikipedia</title></head><body class="ns-0"><h1 '
        'id="firstHeading">Foo</h1><div id="mw-content-text"><div class="mw-parser-output" lang="en">'
        f"{before}<p>{lead}\n</p>{after}</div></div></body></html>"
    ).encode()
