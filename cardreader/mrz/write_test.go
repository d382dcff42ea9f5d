package mrz_test

import (
	"errors"
	"strings"
	"testing"

	"balcao/cardreader/mrz"
)

func TestLines_Errors(t *testing.T) {
	for name, test := range map[string]struct {
		format mrz.Format
		change func(*mrz.MRZ)
		want   error
		group  string
	}{
		"NoFormat":            {mrz.TD3, func(m *mrz.MRZ) { m.Format = 0 }, mrz.ErrFormat, ""},
		"UnknownFormat":       {mrz.TD3, func(m *mrz.MRZ) { m.Format = 4 }, mrz.ErrFormat, ""},
		"NoCode":              {mrz.TD3, func(m *mrz.MRZ) { m.Code = "" }, mrz.ErrFormat, mrz.GroupCode},
		"LongCode":            {mrz.TD3, func(m *mrz.MRZ) { m.Code = "PAS" }, mrz.ErrFormat, mrz.GroupCode},
		"FilledCode":          {mrz.TD3, func(m *mrz.MRZ) { m.Code = "P<" }, mrz.ErrCharacter, mrz.GroupCode},
		"CodeOfCard":          {mrz.TD3, func(m *mrz.MRZ) { m.Code = "I" }, mrz.ErrFormat, mrz.GroupCode},
		"CodeOfPassport":      {mrz.TD1, func(m *mrz.MRZ) { m.Code = "P" }, mrz.ErrFormat, mrz.GroupCode},
		"CodeOfVisa":          {mrz.TD3, func(m *mrz.MRZ) { m.Code = "V" }, mrz.ErrVisa, mrz.GroupCode},
		"NoIssuer":            {mrz.TD3, func(m *mrz.MRZ) { m.Issuer = "" }, mrz.ErrFormat, mrz.GroupIssuer},
		"IssuerOfDigits":      {mrz.TD3, func(m *mrz.MRZ) { m.Issuer = "UT0" }, mrz.ErrCharacter, mrz.GroupIssuer},
		"LowerCaseIssuer":     {mrz.TD3, func(m *mrz.MRZ) { m.Issuer = "uto" }, mrz.ErrCharacter, mrz.GroupIssuer},
		"LongNationality":     {mrz.TD3, func(m *mrz.MRZ) { m.Nationality = "UTOP" }, mrz.ErrFormat, mrz.GroupNationality},
		"NoName":              {mrz.TD3, func(m *mrz.MRZ) { m.Surname, m.GivenNames = "", "" }, mrz.ErrFormat, mrz.GroupNames},
		"SurnameOfNoLetter":   {mrz.TD3, func(m *mrz.MRZ) { m.Surname = "'" }, mrz.ErrFormat, mrz.GroupNames},
		"SurnameWithDigit":    {mrz.TD3, func(m *mrz.MRZ) { m.Surname = "ERIKSS0N" }, mrz.ErrCharacter, mrz.GroupNames},
		"NameFieldOfAnother":  {mrz.TD3, func(m *mrz.MRZ) { m.NameField = "SPECIMEN<<ANNA<MARIA" }, mrz.ErrFormat, mrz.GroupNames},
		"NameFieldTooLong":    {mrz.TD3, func(m *mrz.MRZ) { m.NameField = "ERIKSSON" + strings.Repeat("<", 30) + "ANNA<MARIA" }, mrz.ErrFormat, mrz.GroupNames},
		"NoNumber":            {mrz.TD3, func(m *mrz.MRZ) { m.Number = "" }, mrz.ErrFormat, mrz.GroupNumber},
		"LongNumberTD3":       {mrz.TD3, func(m *mrz.MRZ) { m.Number = "L898902C34" }, mrz.ErrFormat, mrz.GroupNumber},
		"LongNumberTD1":       {mrz.TD1, func(m *mrz.MRZ) { m.Number = strings.Repeat("1", 23) }, mrz.ErrFormat, mrz.GroupNumber},
		"LongNumberTD2":       {mrz.TD2, func(m *mrz.MRZ) { m.Number = strings.Repeat("1", 15) }, mrz.ErrFormat, mrz.GroupNumber},
		"HoleInLongNumber":    {mrz.TD1, func(m *mrz.MRZ) { m.Number = "L898902C34<5" }, mrz.ErrCharacter, mrz.GroupNumber},
		"HoleBeforeOverflow":  {mrz.TD1, func(m *mrz.MRZ) { m.Number = "L898902C<45" }, mrz.ErrCharacter, mrz.GroupNumber},
		"LowerCaseNumber":     {mrz.TD1, func(m *mrz.MRZ) { m.Number = "l898902c3" }, mrz.ErrCharacter, mrz.GroupNumber},
		"Day":                 {mrz.TD3, func(m *mrz.MRZ) { m.Birth.Day = 32 }, mrz.ErrDate, mrz.GroupBirth},
		"DayOfNoMonth":        {mrz.TD3, func(m *mrz.MRZ) { m.Birth.Month = 0 }, mrz.ErrDate, mrz.GroupBirth},
		"NoYear":              {mrz.TD3, func(m *mrz.MRZ) { m.Birth.Year = 0 }, mrz.ErrDate, mrz.GroupBirth},
		"Month":               {mrz.TD3, func(m *mrz.MRZ) { m.Expiry = mrz.Date{Year: 2032, Month: 13} }, mrz.ErrDate, mrz.GroupExpiry},
		"BirthFieldOfAnother": {mrz.TD3, func(m *mrz.MRZ) { m.BirthField = "740813" }, mrz.ErrDate, mrz.GroupBirth},
		"FieldOfUnknownDate":  {mrz.TD3, func(m *mrz.MRZ) { m.Expiry, m.ExpiryField = mrz.Date{}, "320415" }, mrz.ErrDate, mrz.GroupExpiry},
		"UnknownFieldOfDate":  {mrz.TD3, func(m *mrz.MRZ) { m.ExpiryField = "000000" }, mrz.ErrDate, mrz.GroupExpiry},
		"NoSex":               {mrz.TD3, func(m *mrz.MRZ) { m.Sex = "" }, mrz.ErrCharacter, mrz.GroupSex},
		"SexAsInZone":         {mrz.TD3, func(m *mrz.MRZ) { m.Sex = "<" }, mrz.ErrCharacter, mrz.GroupSex},
		"LongOptional":        {mrz.TD3, func(m *mrz.MRZ) { m.Optional = strings.Repeat("1", 15) }, mrz.ErrFormat, mrz.GroupOptional},
		"FilledOptional":      {mrz.TD3, func(m *mrz.MRZ) { m.Optional = "1<" }, mrz.ErrCharacter, mrz.GroupOptional},
		"Optional":            {mrz.TD3, func(m *mrz.MRZ) { m.Optional = "1-2" }, mrz.ErrCharacter, mrz.GroupOptional},
		"OptionalTD1":         {mrz.TD1, func(m *mrz.MRZ) { m.Optional = "1-2" }, mrz.ErrCharacter, mrz.GroupOptional},
		"NoRoomForOptional":   {mrz.TD1, func(m *mrz.MRZ) { m.Number, m.Optional = strings.Repeat("1", 22), "1" }, mrz.ErrFormat, mrz.GroupOptional},
		"LongOptional2":       {mrz.TD1, func(m *mrz.MRZ) { m.Optional2 = strings.Repeat("1", 12) }, mrz.ErrFormat, mrz.GroupOptional2},
		"FilledOptional2":     {mrz.TD1, func(m *mrz.MRZ) { m.Optional2 = "1<" }, mrz.ErrCharacter, mrz.GroupOptional2},
		"NoOptional2InTD2":    {mrz.TD2, func(m *mrz.MRZ) { m.Optional2 = "1" }, mrz.ErrFormat, mrz.GroupOptional2},
	} {
		t.Run(name, func(t *testing.T) {
			m := specimen(test.format)
			test.change(&m)
			lines, err := m.Lines()
			if got := wantError(t, err, test.want); got.Group != test.group {
				t.Errorf("got group %q, want %q", got.Group, test.group)
			}
			if lines != nil {
				t.Error("lines came with the error")
			}
		})
	}
}

func TestLines_Truncated(t *testing.T) {
	for name, test := range map[string]struct{ surname, given, want string }{
		"Secondary":     {"NILAVADHANANANDA", "CHAYAPA DEJTHAMRONG KRASUANG", "NILAVADHANANANDA<<CHAYAPA<DEJTHAMRONG<K"},
		"SecondaryGap":  {"NILAVADHANANANDAS", "CHAYAPA DEJTHAMRONG KRASUANG", "NILAVADHANANANDAS<<CHAYAPA<DEJTHAMRON<K"},
		"Primary":       {"BENNELONG WOOLOOMOOLOO WARRANDYTE WARNAMBOOL", "DINGO POTOROO", "BENNELONG<WOOLOOMOOLOO<WARRANDYTE<W<<DI"},
		"PrimaryGap":    {"BENNELONGS WOOLOOMOOLOO WARRANDYTE WARNAMBOOL", "DINGO", "BENNELONGS<WOOLOOMOOLO<WARRANDYTE<W<<DI"},
		"PrimaryOnly":   {"BENNELONG WOOLOOMOOLOO WARRANDYTE WARNAMBOOL", "", "BENNELONG<WOOLOOMOOLOO<WARRANDYTE<WARNA"},
		"Initial":       {"BENNELONG WOOLOOMOOLOO WARRANDYTE WARNAMBOOL", "X YZ", "BENNELONG<WOOLOOMOOLOO<WARRANDYTE<WA<<X"},
		"OneLetter":     {"BENNELONG WOOLOOMOOLOO WARRANDYTE WARNAMBOOL", "X", "BENNELONG<WOOLOOMOOLOO<WARRANDYTE<WA<<X"},
		"Expanded":      {"Öhrnmüller-Größenwahn", "Jürgen Äneas Ödipus", "OEHRNMUELLER<GROESSENWAHN<<JUERGEN<AENE"},
		"InitialsOnly":  {strings.TrimSpace(strings.Repeat("A ", 25)), "", strings.Repeat("A<", 19) + "A"},
		"InitialsFirst": {strings.TrimSpace(strings.Repeat("A ", 25)), "BC", strings.Repeat("A<", 17) + "A<<BC"},
	} {
		m := specimen(mrz.TD3)
		m.Surname, m.GivenNames = test.surname, test.given
		lines, err := m.Lines()
		if err != nil || lines[0][5:] != test.want {
			t.Errorf("%s: got %q, %v, want %s", name, lines, err, test.want)
			continue
		}
		if got := mustParse(t, strings.Join(lines, "\n")); !got.Truncated || got.NameField != "" {
			t.Errorf("%s: got truncated %v, name field %q", name, got.Truncated, got.NameField)
		}
	}
	// Nothing but initials, and a filler where the cut falls: the last place stays empty.
	m := specimen(mrz.TD1)
	m.Surname, m.GivenNames = strings.TrimSpace(strings.Repeat("A ", 16)), ""
	lines, err := m.Lines()
	if want := strings.Repeat("A<", 15); err != nil || lines[2] != want {
		t.Errorf("got %q, %v, want %s", lines, err, want)
	}
}

func TestTransliterate(t *testing.T) {
	for in, want := range map[string]string{
		"":                     "",
		"Gonçalves d'Ávila":    "GONCALVES<DAVILA",
		"  Silva   e  Souza ":  "SILVA<E<SOUZA",
		"O\u2019Brien":         "OBRIEN",
		"Saint\u2010Jean, Jr.": "SAINT<JEAN<JR",
		"Gro\u00DF":            "GROSS",
		"Mu\u0308ller":         "MUELLER", // letter and mark apart
		"Nguyễn Thị Ánh":       "NGUYEN<THI<ANH",
		"Şahin Çağrı İnönü":    "SAHIN<CAGRI<INOENUE",
		"Ștefan Țepeș":         "STEFAN<TEPES",
		"Иванов":               "",
		"Li 李":                 "LI",
		"ERIKSSON<<ANNA":       "ERIKSSON<ANNA",
		"Henry 8":              "HENRY<8",
		"\xFF":                 "",
		"Kŏ\u0301rosi":         "KOROSI",
		"Ǿrsted":               "OERSTED", // ø with another mark
	} {
		if got := mrz.Transliterate(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestKey_Errors(t *testing.T) {
	for name, test := range map[string]struct {
		number, birth, expiry string
		want                  error
		group                 string
	}{
		"NoNumber":      {"", "740812", "320415", mrz.ErrFormat, mrz.GroupNumber},
		"FillersOnly":   {"<<<<", "740812", "320415", mrz.ErrFormat, mrz.GroupNumber},
		"LongNumber":    {strings.Repeat("1", 23), "740812", "320415", mrz.ErrFormat, mrz.GroupNumber},
		"BlankInNumber": {"990005887 ZZ1", "740812", "320415", mrz.ErrCharacter, mrz.GroupNumber},
		"ShortBirth":    {"L898902C3", "74081", "320415", mrz.ErrCharacter, mrz.GroupBirth},
		"LetterInBirth": {"L898902C3", "74O812", "320415", mrz.ErrCharacter, mrz.GroupBirth},
		"NoExpiry":      {"L898902C3", "740812", "", mrz.ErrCharacter, mrz.GroupExpiry},
	} {
		key, err := mrz.Key(test.number, test.birth, test.expiry)
		if got := wantError(t, err, test.want); got.Group != test.group || key != "" {
			t.Errorf("%s: got %q, %v", name, key, got)
		}
	}
	const want = "L898902C3674081223204153"
	if got, err := mrz.Key(" l898902c3 ", "740812 ", " 320415"); err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	if got := specimen(mrz.TD1).Key(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, m := range []mrz.MRZ{
		{},
		{Number: "1", Birth: mrz.Date{Day: 1}},
		{Number: "1", Expiry: mrz.Date{Year: 2000, Month: 13}},
		{Number: "1", BirthField: "740812"},
	} {
		if got := m.Key(); got != "" {
			t.Errorf("got key %q of an impossible zone", got)
		}
	}
}

func TestCheckDigit_Error(t *testing.T) {
	for _, s := range []string{"a", "1 2", "Ã", "?"} {
		if _, err := mrz.CheckDigit(s); !errors.Is(err, mrz.ErrCharacter) {
			t.Errorf("%q: got %v", s, err)
		}
	}
}

func TestFormat_String(t *testing.T) {
	for format, want := range map[mrz.Format]string{mrz.TD1: "TD1", mrz.TD2: "TD2", mrz.TD3: "TD3", 0: "Format(0)", 4: "Format(4)"} {
		if got := format.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
