"""English names for what GeoNames gives as codes or in short: countries, languages, currencies."""

from __future__ import annotations

CONTINENTS = {
    "AF": "Africa",
    "AN": "Antarctica",
    "AS": "Asia",
    "EU": "Europe",
    "NA": "North America",
    "OC": "Oceania",
    "SA": "South America",
}

# Spellings that differ from the package's, which drops accents and keeps an article.
COUNTRY_NAMES = {
    "AX": "Åland Islands",
    "BL": "Saint Barthélemy",
    "BQ": "Bonaire, Saint Eustatius and Saba",
    "CW": "Curaçao",
    "NL": "Netherlands",
    "PN": "Pitcairn Islands",
    "RE": "Réunion",
    "ST": "São Tomé and Príncipe",
    "TL": "Timor-Leste",
    "VA": "Vatican City",
}

_WITH_THE = """
AE AX BS CC CD CF CG CK DO FK FO GB GM HM IM IO KM KY MH MP MV NL PH PN PS SB SC TC TF UM US VG VI
"""
WITH_THE = frozenset(_WITH_THE.split())
"""Countries whose name takes `the`."""

_TERRITORIES = """
AI AS AW AX BL BM BQ BV CC CK CW CX EH FK FO GF GG GI GL GP GS GU HK HM IM IO JE KY MF MO MP MQ MS
NC NF NU PF PM PN PR PS RE SH SJ SX TC TF TK UM VG VI WF YT
"""
TERRITORIES = frozenset(_TERRITORIES.split())
"""Entries of GeoNames' list of countries that no sentence here calls a country."""

_LANGUAGES = """
aa Afar|af Afrikaans|ak Akan|am Amharic|ar Arabic|arc Aramaic|as Assamese|ay Aymara|az Azerbaijani
bal Balochi|be Belarusian|bem Bemba|ber Berber|bg Bulgarian|bho Bhojpuri|bi Bislama|bm Bambara
bn Bengali|br Breton|bs Bosnian|ca Catalan|cab Garifuna|ceb Cebuano|ch Chamorro|chk Chuukese
cmn Mandarin|co Corsican|cs Czech|cy Welsh|da Danish|de German|diq Zaza|dje Zarma|dv Dhivehi
dz Dzongkha|ee Ewe|el Greek|en English|es Spanish|et Estonian|eu Basque|fa Persian|ff Fula
fi Finnish|fil Filipino|fj Fijian|fo Faroese|fr French|frp Franco-Provençal|fuc Pulaar|fud Futunan
fy Frisian|ga Irish|gag Gagauz|gd Scottish Gaelic|gil Gilbertese|gl Galician|gn Guarani|gu Gujarati
gv Manx|ha Hausa|haw Hawaiian|he Hebrew|hi Hindi|hns Caribbean Hindustani|ho Hiri Motu|hr Croatian
ht Haitian Creole|hu Hungarian|hy Armenian|hz Herero|id Indonesian|ig Igbo|is Icelandic|it Italian
iu Inuktitut|ja Japanese|jv Javanese|ka Georgian|kbp Kabiyè|kg Kongo|kk Kazakh|kl Greenlandic
km Khmer|kn Kannada|ko Korean|kr Kanuri|ku Kurdish|kun Kunama|ky Kyrgyz|la Latin|lb Luxembourgish
lg Luganda|ln Lingala|lo Lao|loz Lozi|lt Lithuanian|lu Luba-Katanga|lun Lunda|lv Latvian|men Mende
meu Motu|mey Hassaniya Arabic|mg Malagasy|mh Marshallese|mi Māori|miq Miskito|mk Macedonian
ml Malayalam|mn Mongolian|mnk Mandinka|mos Mooré|mr Marathi|ms Malay|mt Maltese|mwl Mirandese
my Burmese|na Nauruan|nan Min Nan|nb Norwegian Bokmål|nd Northern Ndebele|ne Nepali|niu Niuean
nl Dutch|nn Norwegian Nynorsk|no Norwegian|nr Southern Ndebele|nrf Norman|nso Northern Sotho
ny Chewa|oc Occitan|om Oromo|pa Punjabi|pap Papiamento|pau Palauan|pl Polish|pon Pohnpeian
pov Guinea-Bissau Creole|ps Pashto|pt Portuguese|qu Quechua|rm Romansh|rmm Roma|rn Kirundi
ro Romanian|rom Romani|ru Russian|rw Kinyarwanda|sc Sardinian|sd Sindhi|se Northern Sami|sg Sango
sh Serbo-Croatian|si Sinhala|sk Slovak|sl Slovene|sm Samoan|sma Southern Sami|smn Inari Sami
sn Shona|snk Soninke|so Somali|sov Sonsorolese|sq Albanian|sr Serbian|srn Sranan Tongo|ss Swazi
st Sotho|sv Swedish|sw Swahili|ta Tamil|te Telugu|tem Temne|tet Tetum|tg Tajik|th Thai|ti Tigrinya
tig Tigre|tk Turkmen|tkl Tokelauan|tl Tagalog|tn Tswana|to Tongan|tpi Tok Pisin|tr Turkish|tt Tatar
tum Tumbuka|tvl Tuvaluan|tw Twi|ty Tahitian|uk Ukrainian|ur Urdu|uz Uzbek|vi Vietnamese|vmw Makhuwa
wls Wallisian|wo Wolof|wuu Wu Chinese|xh Xhosa|yao Yao|yap Yapese|yo Yoruba|yue Cantonese|za Zhuang
zh Chinese|zu Zulu
"""

LANGUAGES = dict(
    pair.split(" ", 1) for line in _LANGUAGES.split("\n") for pair in line.split("|") if pair
)
"""ISO 639 code -> name. Codes that aren't here are not spoken of."""

_CURRENCIES = """
AED United Arab Emirates dirham|AFN Afghan afghani|ALL Albanian lek|AMD Armenian dram
ANG Netherlands Antillean guilder|AOA Angolan kwanza|ARS Argentine peso|AUD Australian dollar
AWG Aruban guilder|AZN Azerbaijani manat|BAM convertible marka|BBD Barbadian dollar
BDT Bangladeshi taka|BGN Bulgarian lev|BHD Bahraini dinar|BIF Burundian franc|BMD Bermudian dollar
BND Brunei dollar|BOB Bolivian boliviano|BRL Brazilian real|BSD Bahamian dollar
BTN Bhutanese ngultrum|BWP Botswana pula|BYN Belarusian ruble|BZD Belize dollar|CAD Canadian dollar
CDF Congolese franc|CHF Swiss franc|CLP Chilean peso|CNY Chinese yuan renminbi|COP Colombian peso
CRC Costa Rican colón|CUP Cuban peso|CVE Cape Verdean escudo|CZK Czech koruna|DJF Djiboutian franc
DKK Danish krone|DOP Dominican peso|DZD Algerian dinar|EGP Egyptian pound|ERN Eritrean nakfa
ETB Ethiopian birr|EUR euro|FJD Fijian dollar|FKP Falkland Islands pound|GBP British pound
GEL Georgian lari|GHS Ghanaian cedi|GIP Gibraltar pound|GMD Gambian dalasi|GNF Guinean franc
GTQ Guatemalan quetzal|GYD Guyanese dollar|HKD Hong Kong dollar|HNL Honduran lempira
HTG Haitian gourde|HUF Hungarian forint|IDR Indonesian rupiah|ILS Israeli shekel|INR Indian rupee
IQD Iraqi dinar|IRR Iranian rial|ISK Icelandic króna|JMD Jamaican dollar|JOD Jordanian dinar
JPY Japanese yen|KES Kenyan shilling|KGS Kyrgyz som|KHR Cambodian riel|KMF Comorian franc
KPW North Korean won|KRW South Korean won|KWD Kuwaiti dinar|KYD Cayman Islands dollar
KZT Kazakh tenge|LAK Lao kip|LBP Lebanese pound|LKR Sri Lankan rupee|LRD Liberian dollar
LSL Lesotho loti|LYD Libyan dinar|MAD Moroccan dirham|MDL Moldovan leu|MGA Malagasy ariary
MKD Macedonian denar|MMK Burmese kyat|MNT Mongolian tugrik|MOP Macanese pataca
MRU Mauritanian ouguiya|MUR Mauritian rupee|MVR Maldivian rufiyaa|MWK Malawian kwacha
MXN Mexican peso|MYR Malaysian ringgit|MZN Mozambican metical|NAD Namibian dollar
NGN Nigerian naira|NIO Nicaraguan córdoba|NOK Norwegian krone|NPR Nepalese rupee
NZD New Zealand dollar|OMR Omani rial|PAB Panamanian balboa|PEN Peruvian sol
PGK Papua New Guinean kina|PHP Philippine peso|PKR Pakistani rupee|PLN Polish zloty
PYG Paraguayan guarani|QAR Qatari rial|RON Romanian leu|RSD Serbian dinar|RUB Russian ruble
RWF Rwandan franc|SAR Saudi rial|SBD Solomon Islands dollar|SCR Seychellois rupee
SDG Sudanese pound|SEK Swedish krona|SGD Singapore dollar|SHP Saint Helena pound
SLE Sierra Leonean leone|SOS Somali shilling|SRD Surinamese dollar|SSP South Sudanese pound
STN São Tomé and Príncipe dobra|SYP Syrian pound|SZL Swazi lilangeni|THB Thai baht
TJS Tajikistani somoni|TMT Turkmen manat|TND Tunisian dinar|TOP Tongan pa'anga|TRY Turkish lira
TTD Trinidad and Tobago dollar|TWD New Taiwan dollar|TZS Tanzanian shilling|UAH Ukrainian hryvnia
UGX Ugandan shilling|USD US dollar|UYU Uruguayan peso|UZS Uzbek som|VES Venezuelan bolívar soberano
VND Vietnamese dong|VUV Vanuatu vatu|WST Samoan tala|XAF Central African CFA franc
XCD Eastern Caribbean dollar|XCG Caribbean guilder|XOF West African CFA franc|XPF CFP franc
YER Yemeni rial|ZAR South African rand|ZMW Zambian kwacha|ZWG Zimbabwe Gold
"""

CURRENCIES = dict(
    pair.split(" ", 1) for line in _CURRENCIES.split("\n") for pair in line.split("|") if pair
)
"""ISO 4217 code -> name in a sentence, without article."""
