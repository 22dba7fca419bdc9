"""The wordings of facts about a city.

A template is usable where all its fields have a value. A field that tells a fact (`TELLS`) keeps
that fact from being told a second time.
"""

CAPITAL = (
    "{city} is the capital of {country}.",
    "The capital of {country} is {city}.",
    "As the capital of {country}, {city} is home to {population} people.",
    "{city}, the capital of {country}, has {population} inhabitants.",
    "{population} people live in {city}, the capital of {country}.",
    "{city} serves as the capital of {country}.",
    "{country} has its capital in {city}.",
    "The {plain_noun} of {city} is the capital of {country}.",
    "The {country_noun} whose capital is {city} is {country}.",
    "{city} lies in {country} and is its capital.",
    "Near {latitude} and {longitude} lies {city}, the capital of {country}.",
    "In {country}, {city} is the capital and has {population} inhabitants.",
)
OTHER = (
    "{city} is {a_noun} in {place}.",
    "{city} lies in {place}.",
    "Located in {place}, {city} is home to {population} people.",
    "In {place}, the {plain_noun} of {city} has {population} inhabitants.",
    "{city}, {region}, {country}, is {a_noun} with {population} inhabitants.",
    "With {population} inhabitants, {city} is {a_noun} in {place}.",
    "The {plain_noun} of {city} belongs to {country}.",
    "{population} people live in {city}, {a_noun} in {place}.",
    "On the map of {country}, {city} is found near {latitude} and {longitude}.",
    "{distance} {away} of {larger}, in {place}, lies {city}.",
    "The {country_noun} to which {city} belongs is {country}.",
    "{city} is part of {country}, whose capital is {capital}.",
    "Visitors to {city} in {place_amid} come to {a_noun} of {population} people.",
    "Among the urban areas of {country} is {city}, with {population} inhabitants.",
    "Found in {place}, {city} lies {distance} {away} of {larger}.",
    "Like {capital}, the capital, {city} lies in {country}.",
    "{country} is home to {city}, {a_noun} of {population} people.",
)
NAMESAKE = (
    "{city} is {a_noun} that shares its name with its {country_noun}.",
    "The {plain_noun} of {city} and its {country_noun} have the same name.",
    "{population} people live in {city}, which gives its name to its {country_noun}.",
)
BODY = {
    "population": (
        "{it} has a population of {population}.",
        "{its} population is {population}.",
        "{population} people live {there}.",
        "The {noun} is home to {population} people.",
        "GeoNames counts {population} inhabitants {there}.",
        "{it} has {population} inhabitants.",
    ),
    "position": (
        "{it} lies in the {hemisphere} hemisphere, near {latitude} and {longitude}.",
        "{its} position is near {latitude} and {longitude}, in the {hemisphere} hemisphere.",
        "On the globe {it} is found near {latitude} and {longitude}.",
        "The {noun} is in the {hemisphere} hemisphere, close to {latitude} and {longitude}.",
        "The map shows {it} near {longitude} and {latitude}.",
    ),
    "landmark": (
        "{it} lies {distance} {away} of {larger}.",
        "{larger}, which has more inhabitants, lies {distance} to the {towards}.",
        "From {larger} to {city} it is {distance} towards the {away}.",
        "{larger} is larger than {city} and lies {distance} to its {towards}.",
    ),
    "capital": (
        "The capital of {country} is {capital}.",
        "{capital} is the capital of {country}.",
        "{capital}, the capital, lies {capital_distance} to the {capital_towards}.",
        "The {country_noun} has its capital in {capital}, {capital_distance} to the "
        "{capital_towards}.",
        "The capital of the {country_noun} is {capital}.",
    ),
    "neighbours": (
        "{country} borders {all_neighbours}.",
        "The only neighbour of {country} by land is {one_neighbour}.",
        "The neighbours of {country} include {many_neighbours}.",
        "Across the land borders of {country} lie {many_neighbours}.",
        "By land, the {country_noun} borders {all_neighbours}.",
        "Among the neighbours of {country} are {some_neighbours}.",
        "The {country_noun} borders {some_neighbours}, among others.",
        "{island} has no land border.",
    ),
    "currency": (
        "The currency of {country} is {currency}.",
        "The currency of the {country_noun} is {currency}.",
        "The {country_noun} uses {currency} as its currency.",
        "{currency} is the currency of {country}.",
        "People in {country} pay with {currency}.",
    ),
    "languages": (
        "Languages spoken in {country} include {many_languages}.",
        "Among the languages of {country} are {many_languages}.",
        "People in {country} speak {languages}.",
        "In {country}, one hears {languages}.",
        "The language of the {country_noun} is {one_language}.",
        "{languages} can be heard in the {country_noun}.",
    ),
    "continent": (
        "{country} is {a_country_noun} in {continent}.",
        "The {country_noun} is in {continent}.",
        "{country} belongs to {continent}.",
    ),
    "area": (
        "{country} covers {area} square kilometres.",
        "The {country_noun} has an area of {area} square kilometres.",
    ),
    "codes": (
        "The internet domain of {country} is {domain}.",
        "The {country_noun} has the telephone code +{calling_code}.",
        "Calls to {country} begin with +{calling_code}, and its internet domain is {domain}.",
    ),
}
OFTEN = ("population", "position", "landmark", "capital", "neighbours", "currency", "languages")
SELDOM = ("continent", "area", "codes")
TELLS = {
    "population": "population",
    "latitude": "position",
    "larger": "landmark",
    "capital": "capital",
}
