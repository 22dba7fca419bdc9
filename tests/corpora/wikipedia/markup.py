# ruff: noqa: E501 (HTML reads better in whole lines)
"""What the pages of the small Wikipedia are put together from: the real one's HTML, piece by piece."""

IPA = (
    '<span class="rt-commentedText nowrap"><span class="IPA nopopups noexcerpt" lang="en-fonipa">'
    '<a href="/wiki/Help:IPA/English" title="Help:IPA/English">/<span title="k as in kind">{0}</span>/</a>'
    "</span></span>"
)
RESPELL = (
    ' <a href="/wiki/Help:Pronunciation_respelling_key" title="Help:Pronunciation respelling key">'
    '<i title="English pronunciation respelling">{0}</i></a>'
)
LANG = '<a href="/wiki/{0}_language" title="{0} language">{0}</a>: <span lang="{1}" dir="rtl">{2}</span>'
ROMAN = ', <small><a href="/wiki/Romanization" title="Romanization">romanized</a>:&#160;</small><span title="{0}-language romanization"><i lang="{1}-Latn">{2}</i></span>'
SOUND = (
    '<span class="noprint"><span class="ext-phonos"><span data-nosnippet="" id="ooui-1" class="ext-phonos-'
    'PhonosButton noexcerpt oo-ui-widget"><a role="button" href="//upload.wikimedia.org/k.oga" '
    'title="Play audio"><span class="oo-ui-labelElement-label">ⓘ</span></a></span></span></span>'
)
NOTE = '<sup id="cite_ref-{0}" class="reference"><a href="#cite_note-{0}"><span class="cite-bracket">&#91;</span>{0}<span class="cite-bracket">&#93;</span></a></sup>'
UPDATE = '<sup class="plainlinks noexcerpt noprint asof-tag update" style="display:none;"><a href="/w/index.php?action=edit">[update]</a></sup>'

LEADS = {
    "Kabul": (
        f"<b>Kabul</b>{NOTE.format('a')} ({IPA.format('ˈkɑːbʊl')},{RESPELL.format('KAH-buul')}; "
        f"{LANG.format('Pashto', 'ps', 'کابل')}{ROMAN.format('Pashto', 'ps', 'Kābəl')}, "
        f'<small>pronounced</small> <span class="IPA" lang="ps-Latn-fonipa">[kɑˈbəl]</span>; '
        f'{LANG.format("Dari", "prs", "کابل")}, <i lang="prs-Latn">Kābol</i> {SOUND}) is the '
        '<a href="/wiki/Capital_city" title="Capital city">capital</a> and largest city of '
        '<a href="/wiki/Afghanistan" title="Afghanistan">Afghanistan</a>, located in the eastern section of '
        f"the country. It is also a municipality, forming part of the Kabul Province{NOTE.format(4)} and "
        "divided into 22&#160;districts."
    ),
    "Herat": (
        f"<b>Herāt</b> ({IPA.format('hɛˈrɑːt')}; {LANG.format('Pashto', 'ps', 'هرات')}; "
        f'{LANG.format("Dari", "prs", "هرات")}) is an <a href="/wiki/Oasis" title="Oasis">oasis</a> city '
        f"and the third-largest city of Afghanistan. In 2020{UPDATE}, it had an estimated population of "
        f"574,276,{NOTE.format(2)} and serves as the capital of Herat Province."
    ),
    "Kandahar": (
        f"<b>Kandahar</b> ({IPA.format('ˈkændəˌhɑːr/ or /ˌkændəˈhɑːr')}; "
        f"{LANG.format('Pashto', 'ps', 'کندهار')}{ROMAN.format('Pashto', 'ps', 'Kandahār')}; "
        f'{LANG.format("Dari", "prs", "قندهار")}, <i lang="prs-Latn">Qandahār</i>) is a city in '
        "Afghanistan, located in the south of the country on the Arghandab River, at an elevation of "
        "1,010&#160;m (3,310&#160;ft)."
    ),
    "Mazar-i-Sharif": (
        '<b>Mazār-i-Sharīf</b> (<a href="/wiki/Dari" title="Dari">Dari</a>/<a href="/wiki/Pashto" '
        'title="Pashto">Pashto</a>: <span lang="prs">مزار شریف</span>), also called <b>Mazār-e Sharīf</b>, or '
        f"just <b>Mazar</b>, is the fourth-largest city of Afghanistan by population, with an estimate of "
        f"500,207.{NOTE.format(1)}"
    ),
    "Jalalabad": (
        f'<b>Jalalabad</b> ({IPA.format("dʒəˈlæləˌbæd")}; <a href="/wiki/Dari" title="Dari">Dari</a>/'
        '<a href="/wiki/Pashto" title="Pashto">Pashto</a>: <span lang="ps">جلال‌آباد</span>, '
        "<i>Jalālābād</i> [d͡ʒälɑlɑˈbɑd]) is the fifth-largest city of Afghanistan. It has a population of "
        f"about 356,274,{NOTE.format(1)} and serves as the capital of Nangarhar Province in the "
        "eastern part of the country."
    ),
}

INFOBOX = (
    '<table class="infobox ib-settlement vcard"><tbody><tr><th colspan="2" class="infobox-above">'
    '<div class="fn org">{name}</div></th></tr><tr><td colspan="2" class="infobox-full-data"><p>A picture of '
    "{name} which no reader would call its first sentence.</p></td></tr>"
    '<tr><th>Population</th><td>{population:,}<sup class="reference"><a href="#cite_note-9">[9]</a></sup></td></tr>'
    "</tbody></table>"
)
BEFORE = (
    '<div class="shortdescription nomobile noexcerpt noprint searchaux" style="display:none">City in {country}</div>'
    '<style data-mw-deduplicate="TemplateStyles:r1">.mw-parser-output .hatnote{{font-style:italic}}</style>'
    '<div role="note" class="hatnote navigation-not-searchable">For other uses, see '
    '<a href="/wiki/{q}_(disambiguation)" class="mw-disambig" title="{name} (disambiguation)">{name} '
    "(disambiguation)</a>.</div>"
    '<table class="box-More_citations ambox"><tbody><tr><td><div>This article <b>needs</b> more sources.'
    "</div></td></tr></tbody></table>"
    '<p class="mw-empty-elt">\n\n</p>'
)
HEAD2022 = (
    '<!DOCTYPE html>\n<html class="client-nojs vector-feature-language-in-header-enabled" lang="en" dir="ltr">\n'
    '<head>\n<meta charset="UTF-8">\n<title>{name} - Wikipedia</title>\n'
    '<script>RLCONF={{"wgPageName":"{q}","wgCurRevisionId":{revision},"wgRevisionId":{revision},'
    '"wgIsArticle":true}};</script>\n<style>.a{{color:red}}</style></head>\n'
    '<body class="skin--responsive skin-vector skin-vector-search-vue mediawiki ltr ns-0 ns-subject page-x '
    'skin-vector-2022 action-view">\n<nav class="vector-main-menu"><p>Jump to navigation.</p></nav>'
    '<main id="content" class="mw-body"><header class="mw-body-header"><h1 id="firstHeading" '
    'class="firstHeading mw-first-heading"><span class="mw-page-title-main">{name}</span></h1></header>'
    '<div class="mw-indicators"><div id="mw-indicator-coordinates" class="mw-indicator"><div '
    'class="mw-parser-output"><span id="coordinates">Coordinates: <span class="geo-dms">34°31′N 69°11′E</span>'
    '</span></div></div></div><div id="bodyContent" class="vector-body"><div id="siteSub" class="noprint">'
    'From Wikipedia, the free encyclopedia</div><div id="mw-content-text" class="mw-body-content">'
    '<div class="mw-content-ltr mw-parser-output" lang="en" dir="ltr">'
)
TAIL2022 = (
    '</div></div></div></main><footer><p>Text is available under the <a rel="license" '
    'href="//creativecommons.org/licenses/by-sa/4.0/">Creative Commons Attribution-ShareAlike License 4.0</a>.'
    "</p></footer></body></html>"
)
TOC = (
    '<div id="toc" class="toc" role="navigation"><h2>Contents</h2><ul><li>1 History</li></ul></div>'
)
