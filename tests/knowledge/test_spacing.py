"""What stands between prompt and answer, as a reader would write it."""

import pytest

from kn_assets.knowledge.spacing import between

WRITTEN = [
    "The capital of France is| Paris",
    "Rotterdam is a city in the| Netherlands",
    'He said "|Paris',
    'He said "yes" and went to| Paris',
    'He said "yes"| loudly',
    "He said “|Paris",
    "“Yes”| he said",
    "The city (|Paris",
    "The city (Paris)| is",
    "the number is $|5",
    "It costs €|5",
    "He lives in New-|York",
    "The years 1914–|1918",
    "Paris –| the city",
    "It was -|5",
    "It costs 10|%",
    "It costs 10 and then| 5",
    "He stopped|.",
    "L'|Allemagne",
    "the cities'| names",
    "the city's| name",
    "either/|or",
    "user@|example.org",
    "日本の首都は|東京",
    "首都是|北京",
    "首都、|東京",
    "ประเทศไทยมีเมืองหลวงคือ|กรุงเทพ",
    "The capital of Japan in Japanese is| 東京",
    "대한민국의 수도는| 서울",
    "Столица России —| Москва",
    "A:\n|Paris",
    "The capital is |Paris",
    "He said:| “Paris”",
    "The city (Paris|) is",
    "He said “Paris|”",
    'the so-"|called',
    "人々|東京",
    "ㄅㄆ|北京",
    "ﾊﾟﾘ|東京",
    "Ｊａｐａｎ|東京",
    "ꀀꀁ|ꀂ",
    "ນະຄອນຫຼວງແມ່ນ|ວຽງຈັນ",
    "រាជធានីគឺ|ភ្នំពេញ",
    "မြို့တော်သည်|နေပြည်တော်",
    "ᥛᥫᥒᥰ|ᥖᥭᥰ",
    "ᨾᩮᩬᩥᨦ|ᨪ",
]


@pytest.mark.parametrize("written", WRITTEN)
def test_as_it_is_written(written: str) -> None:
    prompt, _, rest = written.partition("|")
    answer = rest.removeprefix(" ")
    assert f"{prompt}{between(prompt, answer)}{answer}" == written.replace("|", "")
