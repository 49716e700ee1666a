#include "tests/upstream/names.h"

#include "tests/upstream/random.h"

#include <stdlib.h>
#include <utf8proc.h>

enum { WORDS_MAX = 48, COUNTRIES_MAX = 8 };

// People who draw their names from the same stock. NULL ends each list.
struct region {
    unsigned weight;
    bool family_first; // East Asian order, written without a space
    const char *given[WORDS_MAX];
    const char *family[WORDS_MAX];
    struct country countries[COUNTRIES_MAX];
};

// The first region is the one that --plain uses: ASCII only.
static const struct region REGIONS[] = {
    {.weight = 26,
        .given = {"James", "Oliver", "Jack", "Harry", "George", "Liam", "Noah", "Ethan", "Mason", "Lucas",
            "Tom", "Ben", "Sam", "Dan", "Ryan", "Kevin", "Brian", "Scott", "Mark", "Paul", "Steve", "Mike",
            "Chris", "Alex", "Luke", "Adam", "Josh", "Matt", "Andy", "Simon", "Peter", "Robert", "David",
            "Stuart", "Craig", "Bob", "Emma", "Olivia", "Sophie", "Amy", "Charlotte", "Kate"},
        .family = {"Smith", "Jones", "Taylor", "Brown", "Wilson", "Evans", "Walker", "White", "Green", "Hall",
            "Wood", "Harris", "Martin", "Jackson", "Clarke", "Turner", "Hill", "Cooper", "Ward", "Morris",
            "Moore", "Lee", "King", "Baker", "Morgan", "Allen", "Young", "Scott", "Mitchell", "Anderson",
            "Campbell", "Murray", "Fraser", "Hamilton", "Dylan", "Hunt", "Clark", "Button", "Mansell", "Moss",
            "Hawthorn", "Surtees", "van der Berg", "de Vries"},
        .countries = {{"United Kingdom", "GB"}, {"United States", "US"}, {"Australia", "AU"},
            {"Canada", "CA"}, {"Ireland", "IE"}, {"New Zealand", "NZ"}, {"South Africa", "ZA"}}},
    {.weight = 18,
        .given = {"Jürgen", "Jörg", "Björn", "Günther", "Hans-Jürgen", "Stefan", "Michael", "Thomas",
            "Andreas", "Sebastian", "Markus", "Tobias", "Florian", "Matthias", "Klaus", "Uwe", "Rüdiger",
            "Jens", "Lukas", "Felix", "Maximilian", "Käthe", "Anja", "Dominik", "Patrick", "Daniel", "Sven",
            "Ralf"},
        .family = {"Müller", "Schmidt", "Schröder", "Weiß", "Groß", "Köhler", "Jäger", "König", "Krüger",
            "Böhm", "Schäfer", "Löffler", "Vogel", "Wagner", "Becker", "Hoffmann", "Koch", "Richter", "Klein",
            "Wolf", "Neumann", "Schwarz", "Zimmermann", "Braun", "Hofmann", "Lange", "Krause", "Lehmann",
            "Maier", "Huber", "Kaiser", "Fuchs", "Peters", "Lang", "Möller", "Strauß"},
        .countries = {{"Germany", "DE"}, {"Austria", "AT"}, {"Switzerland", "CH"}, {"Luxembourg", "LU"}}},
    {.weight = 12,
        .given = {"François", "Jérôme", "André", "Hélène", "Benoît", "Loïc", "Noël", "Rémi", "Cédric",
            "Frédéric", "Anaïs", "José", "João", "Ângelo", "Íñigo", "Nuño", "Ramón", "Sérgio", "Gonçalo",
            "Chloé", "Éric", "Raphaël", "Matteo", "Niccolò", "Giulio", "Alessandro", "Marc", "Luca"},
        .family = {"Lefèvre", "Béranger", "Garçon", "Muñoz", "Peña", "Gonçalves", "Guimarães", "D'Ambrosio",
            "D’Angelo", "Dell'Orto", "L’Hôpital", "Núñez", "Ibáñez", "Côté", "Châtelain", "Magalhães",
            "Conceição", "Rossi", "Bianchi", "Ferrari", "Dupont", "Moreau", "Œuvray", "López", "Pérez",
            "García", "Forêt", "Aïchoun"},
        .countries = {{"France", "FR"}, {"Spain", "ES"}, {"Portugal", "PT"}, {"Italy", "IT"},
            {"Brazil", "BR"}, {"Belgium", "BE"}, {"Argentina", "AR"}}},
    {.weight = 9,
        .given = {"Åke", "Øyvind", "Bjørn", "Søren", "Jørgen", "Åsa", "Göran", "Håkan", "Mikael", "Kimi",
            "Väinö", "Päivi", "Jón", "Þór", "Guðrún", "Æneas", "Lars", "Nils", "Magnus", "Henrik", "Joonas",
            "Ragnar"},
        .family = {"Öberg", "Sørensen", "Ærø", "Åström", "Hämäläinen", "Räikkönen", "Mäkinen", "Þórsson",
            "Guðmundsson", "Næss", "Østby", "Bjørnstad", "Sjöström", "Lindström", "Ström", "Nyström",
            "Hansen", "Nielsen", "Korhonen", "Virtanen", "Ekström", "Løvås"},
        .countries = {{"Sweden", "SE"}, {"Norway", "NO"}, {"Denmark", "DK"}, {"Finland", "FI"},
            {"Iceland", "IS"}}},
    {.weight = 11,
        .given = {"Łukasz", "Paweł", "Michał", "Jiří", "Tomáš", "Ondřej", "Matěj", "Šimon", "Žiga", "Črt",
            "Ľuboš", "Gergő", "Ádám", "Győző", "Zoltán", "Ștefan", "Țicu", "Dănuț", "Đorđe", "Miloš", "Jānis",
            "Ģirts", "Ķēzbers", "Žydrūnas", "Õnne", "Ħal", "Ġorġ"},
        .family = {"Wiśniewski", "Wójcik", "Żółć", "Gęś", "Dvořák", "Novák", "Černý", "Růžička", "Kučera",
            "Ďurica", "Šťastný", "Horváth", "Kőszegi", "Szűcs", "Tóth", "Mureșan", "Brâncuși", "Petrović",
            "Đukić", "Žižek", "Bērziņš", "Kļaviņš", "Šķēle", "Žemaitis", "Kąkolewska", "Õunapuu", "Ċetta",
            "Kowalski"},
        .countries = {{"Poland", "PL"}, {"Czech Republic", "CZ"}, {"Slovakia", "SK"}, {"Hungary", "HU"},
            {"Romania", "RO"}, {"Serbia", "RS"}, {"Latvia", "LV"}}},
    {.weight = 4,
        .given = {"Ömer", "Çağlar", "Şükrü", "İbrahim", "Gökhan", "Ümit", "Işıl", "Yiğit", "Oğuz", "Cem"},
        .family = {"Yıldız", "Çelik", "Şahin", "Öztürk", "Aydın", "Koç", "Güneş", "Kılıç", "İnönü", "Can"},
        .countries = {{"Turkey", "TR"}, {"Azerbaijan", "AZ"}}},
    {.weight = 6,
        .given = {"Александр", "Дмитрий", "Сергей", "Алексей", "Фёдор", "Юрий", "Олексій", "Ігор", "Йордан",
            "Ђорђе", "Михаил", "Ольга"},
        .family = {"Иванов", "Смирнов", "Кузнецов", "Соловьёв", "Щербаков", "Шевченко", "Їжакевич", "Ґалаґан",
            "Ъглев", "Петровић", "Лукашэнка", "Ёлкин"},
        .countries = {{"Russian Federation", "RU"}, {"Ukraine", "UA"}, {"Bulgaria", "BG"},
            {"Belarus", "BY"}}},
    {.weight = 3,
        .given = {"Γιώργος", "Νίκος", "Δημήτρης", "Κώστας", "Ἀλέξανδρος", "Οδυσσέας"},
        .family = {"Παπαδόπουλος", "Οικονόμου", "Αθανασίου", "Ψαρράς", "Ξενάκης", "Ύψηλάντης"},
        .countries = {{"Greece", "GR"}, {"Cyprus", "CY"}}},
    {.weight = 5,
        .family_first = true,
        .given = {"伟", "芳", "秀英", "娜", "敏", "静", "太郎", "健一", "翔", "さくら", "ケンジ", "민수",
            "서연", "지훈", "𠮷男"},
        .family = {"王", "李", "张", "刘", "陈", "佐藤", "鈴木", "高橋", "渡辺", "김", "이", "박", "歐陽"},
        .countries = {{"China", "CN"}, {"Japan", "JP"}, {"Korea, Republic of", "KR"}, {"Taiwan", "TW"}}},
    {.weight = 2,
        .given = {"Nguyễn", "Trần", "Lê", "Phạm", "Đặng"},
        .family = {"Văn Hùng", "Thị Hương", "Quốc Bảo", "Đức", "Thuỳ Linh"},
        .countries = {{"Vietnam", "VN"}}},
    {.weight = 2,
        .given = {"محمد", "أحمد", "יוסי", "דוד", "علی", "สมชาย"},
        .family = {"العربي", "الهاشمي", "כהן", "לוי", "رضایی", "ใจดี"},
        .countries = {{"Saudi Arabia", "SA"}, {"Israel", "IL"}, {"Iran", "IR"}, {"Thailand", "TH"}}},
    {.weight = 2,
        .given = {"Sean", "Conor", "Seán", "Niamh", "Pádraig", "Kealiʻi", "Shaquille"},
        .family = {"O'Brien", "O’Neill", "OʼConnor", "O‘Shea", "M'Bala", "N’Golo", "Kaʻiulani"},
        .countries = {{"Ireland", "IE"}, {"Cameroon", "CM"}, {"Congo", "CG"}}},
};
enum { REGION_COUNT = sizeof REGIONS / sizeof REGIONS[0] };

static uint32_t count_words(const char *const words[WORDS_MAX])
{
    uint32_t count = 0;
    while (count < WORDS_MAX && words[count])
        count++;
    return count;
}

static const char *pick_word(const char *const words[WORDS_MAX], uint64_t hash)
{
    return words[random_below(hash, count_words(words))];
}

static const struct region *pick_region(uint64_t hash)
{
    unsigned total = 0;
    for (size_t i = 0; i < REGION_COUNT; i++)
        total += REGIONS[i].weight;
    unsigned at = random_below(hash, total);
    const struct region *region = REGIONS;
    while (at >= region->weight)
        at -= (region++)->weight;
    return region;
}

static const struct country *pick_country(const struct region *region, uint64_t hash)
{
    uint32_t count = 0;
    while (count < COUNTRIES_MAX && region->countries[count].name)
        count++;
    return &region->countries[random_below(hash, count)];
}

// Replaces `name` by its normal form with `options` of utf8proc_map().
static void map_text(struct text *name, utf8proc_option_t options)
{
    utf8proc_uint8_t *mapped = NULL;
    utf8proc_ssize_t length =
        utf8proc_map((const utf8proc_uint8_t *)name->data, (utf8proc_ssize_t)name->length, &mapped, options);
    if (length > 0) {
        name->length = 0;
        text_append(name, (const char *)mapped, (size_t)length);
    }
    free(mapped);
}

static void to_upper(struct text *name)
{
    struct text upper = {0};
    for (size_t i = 0; i < name->length;) {
        utf8proc_int32_t code_point = 0;
        utf8proc_ssize_t size = utf8proc_iterate(
            (const utf8proc_uint8_t *)name->data + i, (utf8proc_ssize_t)(name->length - i), &code_point);
        if (size <= 0)
            break;
        utf8proc_uint8_t bytes[4];
        utf8proc_ssize_t length = utf8proc_encode_char(utf8proc_toupper(code_point), bytes);
        text_append(&upper, (const char *)bytes, (size_t)length);
        i += (size_t)size;
    }
    text_free(name);
    *name = upper;
}

// Doubles the first space; without one, one is put at the end.
static void double_space(struct text *name)
{
    const char *space = memchr(name->data, ' ', name->length);
    if (!space) {
        text_append_string(name, " ");
        return;
    }
    size_t at = (size_t)(space - name->data);
    text_reserve(name, 1);
    memmove(name->data + at + 1, name->data + at, name->length - at);
    name->length++;
}

static void prepend(struct text *name, const char *prefix)
{
    size_t length = strlen(prefix);
    text_reserve(name, length);
    memmove(name->data + length, name->data, name->length);
    memcpy(name->data, prefix, length);
    name->length += length;
}

// What people do to their names, and what a data base does to them. About one name in seven.
static void make_odd(struct text *name, uint64_t hash)
{
    static const char *const SUFFIXES[] = {" \"Speedy\"", " 🏎️", " 🇩🇪", "\\o/", " \\_/", "\t", "\x01",
        "\x1f\x7f", " <b>", " & Co", " / SRT", " `´'", " ​x", " ﷽", "­", " [1337]", " 👨‍👩‍👧",
        " #1", "%20", " ½ ǅ ß ﬁ", "\xe2\x80\xa8", " Ⅷ"};
    switch (random_below(random_derive(hash, 1), 100)) {
    case 0:
    case 1:
    case 2:
        to_upper(name);
        return;
    case 3:
    case 4:
        map_text(name, UTF8PROC_DECOMPOSE | UTF8PROC_STABLE);
        return;
    case 5:
    case 6:
        double_space(name);
        return;
    case 7:
    case 8:
    case 9:
    case 10:
        text_append_string(
            name, SUFFIXES[random_below(random_derive(hash, 2), sizeof SUFFIXES / sizeof SUFFIXES[0])]);
        return;
    case 11:
        prepend(name, random_below(random_derive(hash, 2), 2) ? " " : "[GER] ");
        return;
    case 12:
        prepend(name, "\xe2\x80\xae");
        return;
    default:
        return;
    }
}

// Tells apart some of those who would share a name: middle initials and numbers.
static void append_distinction(struct text *name, uint64_t hash)
{
    uint32_t kind = random_below(hash, 100);
    uint64_t which = random_derive(hash, 7);
    if (kind < 20)
        text_append_format(name, " %c.", (int)('A' + random_below(which, 26)));
    else if (kind < 80)
        text_append_format(name, " %u", 2 + random_below(which, 9998));
}

const struct country *names_make(uint64_t hash, bool plain, struct text *name)
{
    const struct region *region = plain ? REGIONS : pick_region(random_derive(hash, 1));
    const char *given = pick_word(region->given, random_derive(hash, 2));
    const char *family = pick_word(region->family, random_derive(hash, 3));
    name->length = 0;
    text_append_string(name, region->family_first ? family : given);
    if (!region->family_first)
        text_append_string(name, " ");
    text_append_string(name, region->family_first ? given : family);
    append_distinction(name, random_derive(hash, 4));
    if (!plain)
        make_odd(name, random_derive(hash, 5));
    return pick_country(region, random_derive(hash, 6));
}

void names_respell(uint64_t hash, bool plain, struct text *name)
{
    if (plain || random_one_in(hash, 2)) {
        text_append_string(name, " Jr.");
        return;
    }
    struct text before = {0};
    text_append(&before, name->data, name->length);
    map_text(name, UTF8PROC_DECOMPOSE | UTF8PROC_STRIPMARK | UTF8PROC_STABLE);
    if (before.length == name->length && memcmp(before.data, name->data, before.length) == 0)
        double_space(name);
    text_free(&before);
}
