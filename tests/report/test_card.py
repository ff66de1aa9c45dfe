"""The data card of a cohort holds what was simulated, counts it rightly, runs nothing."""

import copy
import html
import io
import math
import re
from base64 import b64decode

import numpy as np
import pytest
from PIL import Image
from scipy.stats import binomtest

from osteon.core import BadSetting, OsteonError, UnknownName
from osteon.report import CardPicture, card_panel, card_shares, card_stacks, write_cohort_card
from osteon.report.card_lanes import ceilings, parameters
from osteon.report.card_people import People

from .card_example import bone_card, ceiling, gallery, knee_card, spine_card

INJECTED = "<script>document.title='owned'</script>"
KNEE = knee_card()
KINDS = {"knee": knee_card, "spine": spine_card, "bone": bone_card}


def words_of(text):
    """Visible words of a page, drawings left out."""
    body = re.sub(r"<(style|svg).*?</\1>", " ", text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body)))


def written(tmp_path, card, pictures=()):
    path = write_cohort_card(card, pictures, tmp_path)
    assert path == tmp_path / "card.html"
    return path.read_text(encoding="utf-8")


def people_of(card, **more):
    return People(card["participants"], card["columns"], **more)


def spoiled(tree):
    """The same tree, every text of it now a script."""
    if isinstance(tree, dict):
        return {key: spoiled(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [spoiled(value) for value in tree]
    return f"{tree}{INJECTED}" if isinstance(tree, str) else tree


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_cohort_has_its_parts_in_order(tmp_path, kind):
    card = KINDS[kind]()
    text = written(tmp_path, card, gallery())
    order = ["inside", "gallery", "distributions", "ceilings", "truth"]
    order += ["dictionary", "repeat", "files"]
    if kind == "bone":
        order.remove("ceilings")  # it has none
    assert re.findall(r'<h2 id="(\w+)"', text) == order


def test_no_text_of_the_card_becomes_part_of_the_page(tmp_path):
    card = spoiled(knee_card(20)) | {"schema": "osteon-cohort-1", "kind": "knee"}
    pictures = [
        CardPicture(INJECTED, INJECTED, INJECTED, np.zeros((4, 4), np.uint8), (1.0, 1.0), INJECTED)
    ]
    text = written(tmp_path, card, pictures)
    assert "<script" not in text
    assert words_of(text).count(INJECTED) > 100


def test_the_page_forbids_everything_but_its_own_pictures_and_style(tmp_path):
    text = written(tmp_path, KNEE, gallery())
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1]
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'")
    loaded = re.findall(r'<(?:img|link|script|iframe)[^>]*(?:src|href)="([^"]+)"', text)
    assert len(loaded) == 1 + 9
    assert all(address.startswith("data:") for address in loaded)
    assert not re.findall(r"https?://", text)


def test_a_card_with_nothing_but_people_is_a_page_of_people(tmp_path):
    card = {key: KNEE[key] for key in ("schema", "kind", "title", "participants")}
    text = written(tmp_path, card)
    parts = ["inside", "distributions", "dictionary"]
    assert re.findall(r'<h2 id="(\w+)"', text) == parts
    alone = written(tmp_path, card | {"participants": [{"participant_id": "sub-001"}]})
    assert re.findall(r'<h2 id="(\w+)"', alone) == ["dictionary"]


def test_the_warning_stands_above_everything(tmp_path):
    words = words_of(written(tmp_path, KNEE))
    assert words.index(KNEE["warning"]) < words.index("What is in it")


def test_patients_are_counted_by_site_split_and_label(tmp_path):
    text = written(tmp_path, KNEE)
    rows = KNEE["participants"]
    table = text[text.index('<table class="wordy sites">') :].split("</table>")[0]
    lines = [re.findall(r"<td class=\"count[^>]*>([^<]*)<", r) for r in table.split("<tr")[2:]]
    for line, site in zip(lines, "ABCD", strict=True):
        here = [row for row in rows if row["site"] == site]
        counts = [sum(row["split"] == s for row in here) for s in ("internal", "unlabelled")]
        counts.append(sum(row["split"] == "external" for row in here))
        known = [row["oa"] for row in here if row["oa"] is not None]
        expected = [str(n or "–") for n in counts] + [f"{sum(known)} of {len(known)}"]
        assert line == expected
    assert table.count("external</span>") == 1


def test_the_bar_of_parts_holds_every_patient_once(tmp_path):
    parts = people_of(KNEE).parts()
    assert sum(count for _, count, _ in parts) == len(KNEE["participants"])
    assert [name for _, _, name in parts[:5]] == [f"fold {n}" for n in range(5)]
    sizes = re.findall(r"flex-grow: (\d+)", written(tmp_path, KNEE))
    assert [int(size) for size in sizes] == [count for _, count, _ in parts]


def test_every_column_is_explained_and_its_gaps_are_counted(tmp_path):
    text = written(tmp_path, KNEE)
    table = text[text.index('<table class="wordy dictionary">') :].split("</table>")[0]
    words = words_of(table)
    for name, told in KNEE["columns"].items():
        assert name in words
        assert told["description"] in words
    lacking = sum(row["bmi"] is None for row in KNEE["participants"])
    assert lacking > 0
    line = words_of(table[table.index("<code>bmi</code>") :].split("</tr>")[0])
    assert "kg/m²" in line
    assert f"{80 - lacking} of 80" in line


def test_values_that_are_no_number_are_taken_for_missing():
    rows = [{"x": 1.5}, {"x": math.nan}, {"x": ""}, {"x": None}, {}]
    assert People(rows, {}).columns["x"].known == [1.5]


def test_the_label_is_the_first_one_that_tells_of_the_patient():
    rows = [{"missing_mr": True, "ill": n % 2 == 0, "old": n > 3} for n in range(6)]
    assert People(rows, {}).label.name == "ill"
    assert People(rows, {}, "old").label.name == "old"
    assert People([{"age": 3.5}], {}).label is None


@pytest.mark.parametrize(("many", "shape"), [(30, "dots"), (2000, "bars")])
def test_every_patient_is_drawn_once_on_the_side_of_the_label(many, shape):
    rng = np.random.default_rng(5)
    rows = [
        {"age": float(rng.normal(60, 9)), "ill": bool(rng.random() < 0.3), "site": "A"}
        for _ in range(many)
    ]
    people = People(rows, {})
    panel = card_stacks.stacks(people.columns["age"], people, card_panel.bands_by_site(people))
    line = float(next(m for m in panel.marks if m.kind == "line").path.split()[1].split("H")[0])
    for label, kind in ((True, "yes"), (False, "no")):
        mark = next(m for m in panel.marks if m.kind == f"{shape} {kind}")
        starts = [float(y) for y in re.findall(r"M[\d.]+ ([\d.]+)", mark.path)]
        count = sum(row["ill"] is label for row in rows)
        if shape == "dots":
            assert len(starts) == count
            assert all((y < line) is label for y in starts)
        else:
            heights = np.array([float(h) for h in re.findall(r"v(-?[\d.]+)h", mark.path)])
            assert all((heights < 0) == label)
            per = max(abs(heights)) / max(_counts(rows, label))
            assert abs(heights).sum() / per == pytest.approx(count, rel=0.02)


def _counts(rows, label):
    """Patients in bins as wide as the bars, found with numpy."""
    ages = np.array([row["age"] for row in rows])
    axis = card_panel.axis_of(ages.tolist())
    inside = card_panel.WIDE - card_panel.GUTTER - card_panel.SIDE
    chosen = [axis.place(row["age"]) - card_panel.GUTTER for row in rows if row["ill"] is label]
    edges = np.arange(0, inside + card_stacks.BAR, card_stacks.BAR)
    return np.histogram(chosen, edges)[0]


def test_the_stroke_stands_at_the_median():
    rows = [{"x": v, "site": "A"} for v in (1.0, 2.0, 2.5, 9.0)]
    people = People(rows, {})
    panel = card_stacks.stacks(people.columns["x"], people, card_panel.bands_by_site(people))
    stroke = next(m.path for m in panel.marks if m.kind == "median")
    at = card_panel.axis_of([1.0, 9.0]).place(2.25)
    assert float(stroke[1:].split()[0]) == pytest.approx(at, abs=0.05)


@pytest.mark.parametrize(("cases", "many"), [(0, 12), (3, 40), (40, 40)])
def test_intervals_of_shares_are_those_of_wilson(cases, many):
    expected = binomtest(cases, many).proportion_ci(0.95, method="wilson")
    low, high = card_shares.wilson(cases, many)
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_pieces_of_a_bar_are_as_wide_as_their_share():
    rows = [{"grade": grade, "site": "A"} for grade in (0, 0, 0, 1, 1, 2)]
    people = People(rows, {})
    panel = card_shares.mixtures(people.columns["grade"], card_panel.bands_by_site(people))
    ends = [re.match(r"M([\d.]+) [\d.]+H([\d.]+)", m.path).groups() for m in panel.marks]
    wide = [float(b) - float(a) for a, b in ends]
    assert np.array(wide) / sum(wide) == pytest.approx([3 / 6, 2 / 6, 1 / 6], abs=0.002)


def test_many_sites_are_drawn_by_split():
    rows = [{"x": float(n), "site": f"S{n}", "split": "internal"} for n in range(20)]
    bands = card_panel.bands_by_site(People(rows, {}))
    assert [band.name for band in bands] == ["Internal"]


def test_dots_of_ceilings_stand_where_the_scale_says():
    (task,) = ceilings([ceiling("T", "all", ["a"], 0.9) | {"low": 0.8, "high": 0.95}])
    ticks = {text: place for place, text in task.ticks}
    assert (ticks["0.5"], ticks["1.0"]) == (0.0, 100.0)
    lane = task.lanes[0]
    assert lane.point == pytest.approx(80.0)
    assert (lane.start, lane.length) == pytest.approx((60.0, 30.0))
    assert (task.guess, lane.text, lane.range) == (0.0, "0.90", "0.80 to 0.95")


@pytest.mark.parametrize("low", [0.0, 0.12, 0.31, 0.5])
def test_the_scale_of_ceilings_holds_every_interval(low):
    (task,) = ceilings([ceiling("T", "all", ["a"], 0.7) | {"low": low, "high": 1.0}])
    first = float(task.ticks[0][1])
    assert first <= low
    place = 100 * (0.7 - first) / (1 - first)
    assert task.lanes[0].point == pytest.approx(place, abs=0.01)


def test_a_ceiling_that_is_not_known_says_so(tmp_path):
    card = KNEE | {"ceilings": [ceiling("T", "all", ["a"], None)]}
    text = written(tmp_path, card)
    forest = text[text.index('<div class="lanes forest">') :].split("</section>")[0]
    assert "not available" in words_of(forest)
    assert 'class="dot"' not in forest


def test_spread_of_parameters_is_given_with_two_figures():
    row = {"region": "all", "parameter": "BV/TV", "unit": "1", "mean": 0.2512, "sd": 0.0341}
    (table,) = parameters([row | {"low": 0.18, "high": 0.33, "n": 9}])
    lane = table.lanes[0]
    assert lane.text == "0.251 ± 0.034"
    (first, start), (last, stop) = table.ticks[0], table.ticks[-1]
    at = (0.2512 - float(start)) / (float(stop) - float(start)) * 100
    assert (first, last) == (0.0, 100.0)
    assert lane.point == pytest.approx(at, abs=0.01)
    assert lane.thin[0] < lane.start < lane.point < lane.start + lane.length < sum(lane.thin)


def test_agreement_needs_no_unit_and_no_note(tmp_path):
    words = words_of(written(tmp_path, KNEE | {"agreement": [{"what": "Readers", "value": 0.93}]}))
    assert "Readers 0.93" in words


def test_parameters_of_one_value_or_none_are_shown_too(tmp_path):
    bare = {"region": "r", "parameter": "p", "unit": "", "mean": None}
    single = bare | {"parameter": "q", "mean": 0.0, "sd": 0.0, "low": 0.0, "high": 0.0, "n": 1}
    words = words_of(written(tmp_path, KNEE | {"regions": [bare, single]}))
    assert "not available" in words


def test_pictures_are_kept_to_the_byte_and_to_the_mm(tmp_path):
    shades = np.arange(60, dtype=np.uint8).reshape(6, 10)
    picture = CardPicture("sub-001", "DXA", "", shades, (2.0, 0.5), "DXA")
    text = written(tmp_path, KNEE, [picture])
    kept = re.search(r"data:image/png;base64,([^\"]+)", text)[1]
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(b64decode(kept)))), shades)
    assert "aspect-ratio: 5.0 / 12.0" in text
    assert 'style="width: 20.0%"><span>1 mm' in text


def test_groups_are_rows_of_the_gallery_in_the_order_given(tmp_path):
    text = written(tmp_path, KNEE, gallery(("MR", "CT", "DXA")))
    rows = text[text.index('id="gallery"') :].split("</section>")[0]
    assert re.findall(r"<h3>(\w+)</h3>", rows) == ["MR", "CT", "DXA"]


def test_the_same_card_makes_the_same_page(tmp_path):
    first = written(tmp_path / "a", knee_card(), gallery())
    assert written(tmp_path / "b", copy.deepcopy(KNEE), gallery()) == first


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"schema": "osteon-cohort-2"}, BadSetting, "osteon-cohort-2"),
        ({"schema": None}, BadSetting, "None"),
        ({"kind": "hip"}, UnknownName, "hip"),
        ({"participants": []}, BadSetting, "no participants"),
        ({"participants": ["sub-001"]}, BadSetting, "str"),
        ({"ceilings": [{"what": "all"}]}, BadSetting, "'task'"),
        ({"regions": [{"region": "all"}]}, BadSetting, "'parameter'"),
        ({"agreement": [{"what": "readers"}]}, BadSetting, "'value'"),
        ({"sites": [{"external": True}]}, BadSetting, "'name'"),
    ],
)
def test_a_card_that_cannot_be_shown_is_refused_in_one_line(tmp_path, change, error, said):
    with pytest.raises(error) as raised:
        write_cohort_card(KNEE | change, [], tmp_path / "out")
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "out").exists()


def test_a_card_that_lacks_a_part_names_it(tmp_path):
    lacking = {key: value for key, value in KNEE.items() if key != "participants"}
    with pytest.raises(BadSetting, match="'participants'"):
        write_cohort_card(lacking, [], tmp_path)


@pytest.mark.parametrize(
    ("shades", "pixel"),
    [
        (np.zeros((4, 4), np.float32), (1.0, 1.0)),
        ([[0, 1]], (1.0, 1.0)),
        (np.zeros((4, 4, 3), np.uint8), (1.0, 1.0)),
        (np.zeros((0, 4), np.uint8), (1.0, 1.0)),
        (np.zeros((4, 4), np.uint8), (1.0, 0.0)),
        (np.zeros((4, 4), np.uint8), (1.0, math.nan)),
        (np.zeros((4, 4), np.uint8), (1.0,)),
    ],
)
def test_a_picture_without_shades_or_size_is_refused_in_one_line(shades, pixel):
    with pytest.raises(OsteonError) as raised:
        CardPicture("sub-001", "CT", "", shades, pixel, "CT")
    assert "sub-001" in str(raised.value)
    assert "\n" not in str(raised.value)
