"""Names as people write them: titles separated, capitals normalised, everything else unchanged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.domain.directory import names
from outreach.domain.directory.names import Name


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("HJ. ENDAH ADRIANSYAH, S.PD.", Name("Endah Adriansyah", "Hj.", "S.Pd.")),
        ("Dr. Hj. Siti Rahmawati, S.H., M.H.", Name("Siti Rahmawati", "Dr. Hj.", "S.H., M.H.")),
        ("dr.Hj.Siti Aminah Sp.A", Name("Siti Aminah", "dr. Hj.", "Sp.A")),
        ("H.M. Yusuf", Name("M. Yusuf", "H.")),
        ("H ABDUL RAHMAN SH", Name("Abdul Rahman", "H.", "S.H.")),
        ("AKBP Heri Sulistyo, S.I.K., M.H.", Name("Heri Sulistyo", "AKBP", "S.I.K., M.H.")),
        ("BUDI S.Pd", Name("Budi", after="S.Pd.")),
        ("Siti Aminah, SPd., MM", Name("Siti Aminah", after="S.Pd., M.M.")),
        ("Indah Napitupulu, A.Md.Keb.", Name("Indah Napitupulu", after="A.Md.Keb.")),
        ("Ani, M.Zzz.", Name("Ani", after="M.Zzz.")),
        ("Ibu Siti", Name("Siti")),
        ("SITI, S.K.M., M. Kes.", Name("Siti", after="S.K.M., M.Kes.")),
        ("Siti Aminah, S. Tr. Keb., Bdn.", Name("Siti Aminah", after="S.Tr.Keb., Bdn.")),
        ("Siti Aminah A. Md. Keb.", Name("Siti Aminah", after="A.Md.Keb.")),
        ("Siti Aminah, S. Pd, M. Pd", Name("Siti Aminah", after="S.Pd., M.Pd.")),
        ("dr. Ani Wijaya, Sp.OG (K)", Name("Ani Wijaya", "dr.", "Sp.OG (K)")),
        ("dr. Ani Wijaya, Sp.OG(K), M.Kes", Name("Ani Wijaya", "dr.", "Sp.OG(K), M.Kes.")),
        ("dr. Ani Wijaya Sp.OG (K)", Name("Ani Wijaya", "dr.", "Sp.OG (K)")),
        ("dr. Ani Wijaya, Sp.A, Subsp.Neonatologi", Name("Ani Wijaya", "dr.", "Sp.A, Subsp.Neonatologi")),
        ("dr. Ani Wijaya, Sp.PD-KGEH, FINASIM", Name("Ani Wijaya", "dr.", "Sp.PD-KGEH, FINASIM")),
        ("Bdn. Indah Lestari, S.Tr.Keb.", Name("Indah Lestari", "Bdn.", "S.Tr.Keb.")),
        ("Ar. Budi Santoso, S.T., IAI", Name("Budi Santoso", "Ar.", "S.T., IAI")),
        ("Kombes Pol. Heri Sulistyo, S.I.K.", Name("Heri Sulistyo", "Kombes Pol.", "S.I.K.")),
        ("KOMBES POL HERI SULISTYO", Name("Heri Sulistyo", "Kombes Pol.")),
        ("Brigjen Pol. Dr. Heri Sulistyo, M.H.", Name("Heri Sulistyo", "Brigjen Pol. Dr.", "M.H.")),
        ("Brigjen TNI (Purn.) Heri Sulistyo", Name("Heri Sulistyo", "Brigjen TNI (Purn.)")),
        ("Kolonel Inf Budi Santoso", Name("Budi Santoso", "Kolonel Inf")),
        ("Kolonel Laut (P) Budi Santoso", Name("Budi Santoso", "Kolonel Laut (P)")),
        ("LETTU INF BUDI SANTOSO", Name("Budi Santoso", "Lettu Inf")),
        ("Mayor Cba Budi Santoso, S.Sos.", Name("Budi Santoso", "Mayor Cba", "S.Sos.")),
        ("Letkol Czi. H. Budi", Name("Budi", "Letkol Czi H.")),
        ("Praka Budi", Name("Budi", "Praka")),
        ("Irjen Pol. (Purn) Drs. Budi", Name("Budi", "Irjen Pol. (Purn) Drs.")),
        ("Ani S.Tr. Keb., Bdn", Name("Ani", after="S.Tr.Keb., Bdn.")),
    ],
)
def test_titles_are_separated_and_normalised(written, name):
    assert names.split(written) == name


@pytest.mark.parametrize(
    "written",
    [
        "Indah", "Ma", "H.", "Hermawan", "Irwan", "Ibun", "R. Ajeng", "M. Yusuf", "Andi Hj", "Saragih, Anna", "Dira",
        "Ar Rahman", "Ar", "Kolonel", "Inf Budi", "Laut Biru", "Ani S. E", "M. Sari", "Budi (K)", "Gr Ani",
        "Ismail bin Ali", "McArthur de la Cruz", "Nur'aini",
    ],
)  # fmt: skip
def test_a_word_that_only_looks_like_a_title_is_part_of_the_name(written):
    assert names.split(written) == Name(written)


@pytest.mark.parametrize(
    ("written", "proper"),
    [
        ("INDAH", "Indah"),
        ("siti aminah", "Siti Aminah"),
        ("NUR'AINI BINTI ALI", "Nur'aini binti Ali"),
        ("ABDUL-AZIZ M.YUSUF", "Abdul-Aziz M.Yusuf"),
        ("JOHANNES PAULUS II", "Johannes Paulus II"),
    ],
)
def test_a_name_in_capitals_or_in_lower_case_is_capitalised_properly(written, proper):
    assert names.split(written).name == proper


def test_mixed_case_is_kept():
    assert names.split("deWi SARASwati").name == "deWi SARASwati"


def test_extra_blanks_and_invisible_characters_are_removed():
    assert names.split("  Siti\u00a0\u200b  Aminah\n") == Name("Siti Aminah")


@pytest.mark.parametrize("text", ["", "-", "12", "=1+1", "ani@example.com", "<b>Ani</b>", "http://ani", "a;b"])
def test_invalid_names_are_refused(text):
    assert not names.is_name(text)


@pytest.mark.parametrize("text", ["A", "Ani", "Nur'aini", "Kader 1", "Ñoña", "王小明"])
def test_unusual_names_are_accepted(text):
    assert names.is_name(text)


def test_spellings_of_one_name_have_the_same_key():
    assert names.key("Nur’aini  Sitî") == names.key("NURAINI SITI") != names.key("Nuraini")


_WORDS = st.lists(st.sampled_from(["Siti", "Rahmawati", "Ani", "Budi", "Kusumo", "Nur'aini"]), min_size=1, max_size=4)
_BEFORE = st.lists(
    st.sampled_from(["Dr.", "Hj.", "H.", "Drs.", "Ir.", "dr.", "AKBP", "Kolonel Inf", "Bdn."]), max_size=3
)
_AFTER = st.lists(st.sampled_from(["S.H.", "M.H.", "S.Pd.", "A.Md.Keb.", "Sp.A", "Ph.D."]), max_size=3)


def test_every_title_of_the_list_is_known_with_its_source():
    rows = names._titles()
    assert {row["place"] for row in rows} == {"before", "after", "arm"}
    assert {row["source"] for row in rows} == {"degree", "profession", "specialist", "police", "army", "religion"}
    for row in rows:
        title = row["title"]
        match row["place"]:
            case "before":
                assert names.split(f"{title} Siti Aminah") == Name("Siti Aminah", title)
            case "after":
                assert names.split(f"Siti Aminah, {title}") == Name("Siti Aminah", after=title)
            case "arm":
                assert names.split(f"Kapten {title} Siti Aminah") == Name("Siti Aminah", f"Kapten {title}")


@given(_BEFORE, _WORDS, _AFTER)
def test_a_full_name_is_split_into_its_parts(before, words, after):
    name = Name(" ".join(words), " ".join(before), ", ".join(after))
    assert names.split(name.full) == name


@given(st.text(max_size=60))
def test_any_text_is_split_and_a_name_remains(text):
    found = names.split(text)
    assert bool(found.name) == bool(names.tidy(text)) or not names.is_name(text) or found.after


def test_a_name_is_taken_out_of_a_text_only_where_the_whole_of_it_stands():
    assert names.without("Ani, Aniswati dan dr. Ani (Dinas)", "Ani", "-") == "-, Aniswati dan dr. - (Dinas)"
    assert names.without("Ani", "", "-") == "Ani"
