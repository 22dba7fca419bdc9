"""Names of first-level regions, which the package gives as GeoNames codes only.

Taken from GeoNames' list of first-level divisions (CC BY 4.0), with English spellings, for the
countries with the most cities; where a code isn't here, sentences name no region. The states of the
United States come from the package itself.
"""

from __future__ import annotations

_REGIONS = """
AR: 07 Buenos Aires|01 Buenos Aires Province|03 Chaco|14 Misiones|06 Corrientes|09 Formosa
AR: 08 Entre Ríos|22 Santiago del Estero|11 La Pampa|21 Santa Fe|10 Jujuy|13 Mendoza|24 Tucumán
AR: 19 San Luis|18 San Juan|02 Catamarca|17 Salta|05 Córdoba|15 Neuquén|12 La Rioja|04 Chubut
AU: 08 Western Australia|03 the Northern Territory|05 South Australia|04 Queensland
AU: 02 New South Wales|07 Victoria|06 Tasmania|01 the Australian Capital Territory
BR: 30 Pernambuco|13 Maranhão|20 Piauí|06 Ceará|22 Rio Grande do Norte|17 Paraíba|16 Pará|03 Amapá
BR: 05 Bahia|04 Amazonas|02 Alagoas|31 Tocantins|27 São Paulo|21 Rio de Janeiro|08 Espírito Santo
BR: 23 Rio Grande do Sul|15 Minas Gerais|14 Mato Grosso|18 Paraná|26 Santa Catarina|29 Goiás
BR: 28 Sergipe|11 Mato Grosso do Sul|01 Acre|24 Rondônia|25 Roraima|07 the Federal District
CA: 02 British Columbia|10 Quebec|08 Ontario|01 Alberta|07 Nova Scotia|11 Saskatchewan|03 Manitoba
CA: 05 Newfoundland and Labrador
CN: 29 Yunnan|15 Gansu|13 Xinjiang|14 Tibet|06 Qinghai|18 Guizhou|25 Shandong|32 Sichuan
CN: 33 Chongqing|11 Hunan|09 Henan|23 Shanghai|02 Zhejiang|21 Ningxia|12 Hubei|04 Jiangsu|10 Hebei
CN: 24 Shanxi|30 Guangdong|07 Fujian|16 Guangxi|03 Jiangxi|26 Shaanxi|01 Anhui|31 Hainan
CN: 20 Inner Mongolia|19 Liaoning|22 Beijing|28 Tianjin|08 Heilongjiang|05 Jilin
CO: 33 Cundinamarca|32 Casanare|19 Meta|10 Cesar|36 Boyacá|29 Valle del Cauca|04 Atlántico|27 Sucre
CO: 38 Magdalena|02 Antioquia|17 La Guajira|11 Chocó|09 Cauca|16 Huila|26 Santander|24 Risaralda
CO: 20 Nariño|21 Norte de Santander|12 Córdoba|37 Caldas|35 Bolívar|28 Tolima|08 Caquetá|23 Quindío
DE: 02 Bavaria|07 North Rhine-Westphalia|06 Lower Saxony|16 Berlin|05 Hesse|01 Baden-Württemberg
DE: 08 Rhineland-Palatinate|09 Saarland|12 Mecklenburg-Western Pomerania|11 Brandenburg
DE: 14 Saxony-Anhalt|10 Schleswig-Holstein|13 Saxony|15 Thuringia|04 Hamburg|03 Bremen
ES: 60 the Valencian Community|53 the Canary Islands|51 Andalusia|07 the Balearic Islands
ES: 31 the Region of Murcia|57 Extremadura|54 Castilla-La Mancha|52 Aragon|59 the Basque Country
ES: 29 the Community of Madrid|58 Galicia|55 Castile and León|56 Catalonia|39 Cantabria|32 Navarre
ES: 34 Asturias|27 La Rioja
FR: 84 Auvergne-Rhône-Alpes|11 Île-de-France|24 Centre-Val de Loire|76 Occitanie
FR: 93 Provence-Alpes-Côte d'Azur|44 Grand Est|28 Normandy|53 Brittany|52 Pays de la Loire
FR: 75 Nouvelle-Aquitaine|32 Hauts-de-France|27 Bourgogne-Franche-Comté
GB: ENG England|SCT Scotland|WLS Wales|NIR Northern Ireland
ID: 26 North Sumatra|01 Aceh|10 Yogyakarta|30 West Java|38 South Sulawesi|07 Central Java
ID: 21 Central Sulawesi|29 North Maluku|42 North Kalimantan|35 Bangka Belitung|15 Lampung|33 Banten
ID: 08 East Java|05 Jambi|11 West Kalimantan|02 Bali|13 Central Kalimantan|14 East Kalimantan
ID: 32 South Sumatra|37 Riau|24 West Sumatra|17 West Nusa Tenggara|12 South Kalimantan
ID: 31 North Sulawesi|18 East Nusa Tenggara|22 Southeast Sulawesi|04 Jakarta|34 Gorontalo
ID: 03 Bengkulu|28 Maluku
IN: 19 Karnataka|16 Maharashtra|10 Haryana|40 Telangana|02 Andhra Pradesh|35 Madhya Pradesh
IN: 09 Gujarat|25 Tamil Nadu|33 Goa|36 Uttar Pradesh|28 West Bengal|24 Rajasthan|13 Kerala|03 Assam
IN: 12 Jammu and Kashmir|34 Bihar|11 Himachal Pradesh|18 Meghalaya|21 Odisha|39 Uttarakhand
IN: 38 Jharkhand|37 Chhattisgarh|01 the Andaman and Nicobar Islands|22 Puducherry|23 Punjab|07 Delhi
IN: 17 Manipur|29 Sikkim|20 Nagaland|05 Chandigarh|31 Mizoram|26 Tripura
IR: 26 Tehran Province|44 Alborz Province|36 Zanjan Province|40 Yazd Province|29 Kerman Province
IR: 42 Razavi Khorasan Province|33 East Azerbaijan Province|15 Khuzestan Province|07 Fars Province
IR: 25 Semnan Province|34 Markazi Province|35 Mazandaran Province|16 Kurdistan Province
IR: 08 Gilan Province|39 Qom Province|38 Qazvin Province|01 West Azerbaijan Province
IR: 23 Lorestan Province|13 Kermanshah Province|28 Isfahan Province|10 Ilam Province
IR: 37 Golestan Province|22 Bushehr Province|41 South Khorasan Province|11 Hormozgan Province
IR: 04 Sistan and Baluchestan Province
IT: 15 Sicily|03 Calabria|14 Sardinia|20 Veneto|06 Friuli-Venezia Giulia|17 Trentino-Alto Adige
IT: 12 Piedmont|18 Umbria|13 Apulia|04 Campania|07 Lazio|05 Emilia-Romagna|09 Lombardy|16 Tuscany
IT: 01 Abruzzo|08 Liguria
JP: 19 Kanagawa|13 Hyōgo|34 Saitama|23 Mie|35 Shiga|21 Kumamoto|32 Osaka|45 Yamaguchi|37 Shizuoka
JP: 38 Tochigi|04 Chiba|22 Kyoto|26 Nagano|31 Okayama|44 Yamagata|01 Aichi|42 Toyama|40 Tokyo
JP: 39 Tokushima|10 Gunma|17 Kagawa|09 Gifu|05 Ehime|43 Wakayama|27 Nagasaki|33 Saga|11 Hiroshima
JP: 07 Fukuoka|30 Ōita|25 Miyazaki|29 Niigata|28 Nara|47 Okinawa|15 Ishikawa|36 Shimane|14 Ibaraki
JP: 46 Yamanashi|20 Kōchi|18 Kagoshima|06 Fukui|24 Miyagi|16 Iwate|08 Fukushima|02 Akita
JP: 12 Hokkaido|03 Aomori|41 Tottori
KR: 13 Gyeonggi Province|20 South Gyeongsang Province|06 Gangwon Province|21 Ulsan|19 Daejeon
KR: 15 Daegu|16 South Jeolla Province|11 Seoul|14 North Gyeongsang Province|10 Busan|18 Gwangju
KR: 03 North Jeolla Province|12 Incheon|05 North Chungcheong Province|17 South Chungcheong Province
KR: 01 Jeju Province
MX: 24 San Luis Potosí|15 the State of Mexico|17 Morelos|09 Mexico City|27 Tabasco|30 Veracruz
MX: 05 Chiapas|13 Hidalgo|21 Puebla|28 Tamaulipas|22 Querétaro|20 Oaxaca|23 Quintana Roo|31 Yucatán
MX: 12 Guerrero|04 Campeche|14 Jalisco|16 Michoacán|32 Zacatecas|08 Colima|07 Coahuila
MX: 02 Baja California|18 Nayarit|19 Nuevo León|11 Guanajuato|26 Sonora|03 Baja California Sur
MX: 25 Sinaloa|06 Chihuahua|10 Durango|01 Aguascalientes
MY: 06 Pahang|12 Selangor|01 Johor|16 Sabah|02 Kedah|07 Perak|13 Terengganu|04 Malacca
MY: 05 Negeri Sembilan|09 Penang|14 Kuala Lumpur|03 Kelantan|11 Sarawak
NG: 23 Kaduna State|35 Adamawa State|52 Bayelsa State|36 Delta State|21 Akwa Ibom State
NG: 37 Edo State|45 Abia State|22 Cross River State|05 Lagos State|31 Niger State|51 Sokoto State
NG: 32 Oyo State|16 Ogun State|50 Rivers State|55 Gombe State|48 Ondo State|28 Imo State
NG: 42 Osun State|25 Anambra State|41 Kogi State|30 Kwara State|47 Enugu State|44 Yobe State
NG: 26 Benue State|27 Borno State|56 Nasarawa State|24 Katsina State|29 Kano State|49 Plateau State
NG: 43 Taraba State|54 Ekiti State|39 Jigawa State|57 Zamfara State|40 Kebbi State|46 Bauchi State
NG: 11 the Federal Capital Territory|53 Ebonyi State
NL: 15 Overijssel|11 South Holland|07 North Holland|05 Limburg|09 Utrecht|06 North Brabant
NL: 03 Gelderland|02 Friesland|04 Groningen|16 Flevoland
PK: 05 Sindh|04 Punjab|03 Khyber Pakhtunkhwa|07 Gilgit-Baltistan|02 Balochistan|06 Azad Kashmir
PL: 78 the Masovian Voivodeship|77 the Lesser Poland Voivodeship|80 the Subcarpathian Voivodeship
PL: 85 the Warmian-Masurian Voivodeship|75 the Lublin Voivodeship|84 the Świętokrzyskie Voivodeship
PL: 81 the Podlaskie Voivodeship|76 the Lubusz Voivodeship|83 the Silesian Voivodeship
PL: 72 the Lower Silesian Voivodeship|73 the Kuyavian-Pomeranian Voivodeship
PL: 87 the West Pomeranian Voivodeship|86 the Greater Poland Voivodeship|79 the Opole Voivodeship
PL: 74 the Łódź Voivodeship|82 the Pomeranian Voivodeship
RU: 13 Chelyabinsk Oblast|47 Moscow Oblast|45 Mari El|43 Lipetsk Oblast|88 Yaroslavl Oblast
RU: 86 Voronezh Oblast|84 Volgograd Oblast|85 Vologda Oblast|61 Rostov Oblast|83 Vladimir Oblast
RU: 68 North Ossetia|60 Pskov Oblast|81 Ulyanovsk Oblast|34 the Komi Republic|08 Bashkortostan
RU: 77 Tver Oblast|76 Tula Oblast|65 Samara Oblast|72 Tambov Oblast|70 Stavropol Krai
RU: 09 Belgorod Oblast|90 Perm Krai|38 Krasnodar Krai|69 Smolensk Oblast|06 Arkhangelsk Oblast
RU: 67 Saratov Oblast|46 Mordovia|66 Saint Petersburg|62 Ryazan Oblast|28 Karelia
RU: 71 Sverdlovsk Oblast|57 Penza Oblast|55 Orenburg Oblast|56 Oryol Oblast|25 Kaluga Oblast
RU: 16 Chuvashia|52 Novgorod Oblast|51 Nizhny Novgorod Oblast|73 Tatarstan|19 Ingushetia
RU: 22 Kabardino-Balkaria|49 Murmansk Oblast|01 Adygea|17 Dagestan|41 Kursk Oblast
RU: 37 Kostroma Oblast|33 Kirov Oblast|23 Kaliningrad Oblast|80 Udmurtia|21 Ivanovo Oblast
RU: 12 Chechnya|24 Kalmykia|27 Karachay-Cherkessia|10 Bryansk Oblast|07 Astrakhan Oblast
RU: 78 Tyumen Oblast|75 Tomsk Oblast|32 Khanty-Mansi Autonomous Okrug|04 Altai Krai
RU: 29 Kemerovo Oblast|54 Omsk Oblast|87 Yamalo-Nenets Autonomous Okrug|53 Novosibirsk Oblast
RU: 91 Krasnoyarsk Krai|79 Tuva|40 Kurgan Oblast|31 Khakassia|63 Sakha|59 Primorsky Krai
RU: 20 Irkutsk Oblast|11 Buryatia|30 Khabarovsk Krai|93 Zabaykalsky Krai|05 Amur Oblast
RU: 64 Sakhalin Oblast|92 Kamchatka Krai|42 Leningrad Oblast
UA: 27 Zhytomyr Oblast|26 Zaporizhzhia Oblast|11 Crimea|23 Vinnytsia Oblast|25 Zakarpattia Oblast
UA: 22 Ternopil Oblast|21 Sumy Oblast|05 Donetsk Oblast|15 Lviv Oblast|19 Rivne Oblast
UA: 18 Poltava Oblast|04 Dnipropetrovsk Oblast|17 Odesa Oblast|16 Mykolaiv Oblast|14 Luhansk Oblast
UA: 10 Kirovohrad Oblast|09 Khmelnytskyi Oblast|07 Kharkiv Oblast|06 Ivano-Frankivsk Oblast
UA: 03 Chernivtsi Oblast|02 Chernihiv Oblast|01 Cherkasy Oblast|13 Kyiv Oblast
ZA: 06 Gauteng|07 Mpumalanga|03 the Free State|02 KwaZulu-Natal|05 the Eastern Cape|09 Limpopo
ZA: 10 North West|11 the Western Cape|08 the Northern Cape
"""

REGIONS: dict[tuple[str, str], str] = {
    (line[:2], code): name
    for line in _REGIONS.strip().split("\n")
    for code, name in (pair.split(" ", 1) for pair in line[4:].split("|"))
}
"""(country code, GeoNames first-level code) -> name, with its article where it takes one."""
