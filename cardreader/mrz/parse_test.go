package mrz_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"balcao/cardreader/mrz"
)

func TestParse_Typed(t *testing.T) {
	want := specimen(mrz.TD3)
	lines := strings.Split(mustLines(t, mrz.TD3, nil), "\n")
	for name, text := range map[string]string{
		"Newline":       lines[0] + "\n" + lines[1],
		"CRLF":          lines[0] + "\r\n" + lines[1] + "\r\n",
		"CR":            lines[0] + "\r" + lines[1] + "\r",
		"Run":           lines[0] + lines[1],
		"LowerCase":     strings.ToLower(lines[0] + "\n" + lines[1]),
		"Guillemets":    strings.ReplaceAll(lines[0], "<", "«") + "\n" + strings.ReplaceAll(lines[1], "<", "‹"),
		"BlanksAround":  "  " + lines[0] + " \n\n\t" + lines[1] + "\u00A0\n",
		"BlankBetween":  lines[0] + " " + lines[1],
		"BlankForFill":  strings.Replace(lines[0], "ERIKSSON<<ANNA<", "ERIKSSON  ANNA ", 1) + "\n" + lines[1],
		"ReaderFraming": "\x02" + lines[0] + "\r" + lines[1] + "\r\x03",
		"ByteOrderMark": "\uFEFF" + lines[0] + "\n" + lines[1],
	} {
		if got, err := mrz.Parse(text, today); err != nil || got != want {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

func TestParse_Errors(t *testing.T) {
	td1, td3 := mustLines(t, mrz.TD1, nil), mustLines(t, mrz.TD3, nil)
	replaced := func(text, old, now string) string {
		if strings.Count(text, old) != 1 {
			t.Fatalf("%d times %s", strings.Count(text, old), old)
		}
		return strings.Replace(text, old, now, 1)
	}
	for name, test := range map[string]struct {
		text  string
		want  error
		group string
		line  int
	}{
		"Empty":              {"", mrz.ErrFormat, "", -1},
		"Blank":              {" \r\n\t", mrz.ErrFormat, "", -1},
		"OneLine":            {td3[:44], mrz.ErrFormat, "", -1},
		"ShortLine":          {td3[:len(td3)-1], mrz.ErrFormat, "", 1},
		"LongLine":           {replaced(td3, "\n", "<\n"), mrz.ErrFormat, "", 0},
		"LineTooMany":        {td1 + "\n" + td1[:30], mrz.ErrFormat, "", -1},
		"PassportOfCardSize": {replaced(td1, "I<UTO", "P<UTO"), mrz.ErrFormat, mrz.GroupCode, 0},
		"CardOfPassportSize": {replaced(td3, "P<UTO", "I<UTO"), mrz.ErrFormat, mrz.GroupCode, 0},
		"Visa":               {replaced(td3, "P<UTO", "V<UTO"), mrz.ErrVisa, mrz.GroupCode, 0},
		"VisaUnfinished":     {"V<UTO", mrz.ErrVisa, mrz.GroupCode, 0},
		"CodeOfDigits":       {replaced(td3, "P<UTO", "P1UTO"), mrz.ErrCharacter, mrz.GroupCode, 0},
		"IssuerOfDigits":     {replaced(td3, "P<UTO", "P<UT0"), mrz.ErrCharacter, mrz.GroupIssuer, 0},
		"IssuerWithHole":     {replaced(td3, "P<UTO", "P<U<O"), mrz.ErrCharacter, mrz.GroupIssuer, 0},
		"IssuerEmpty":        {replaced(td3, "P<UTO", "P<<<<"), mrz.ErrCharacter, mrz.GroupIssuer, 0},
		"DigitInName":        {replaced(td3, "ANNA", "ANN4"), mrz.ErrCharacter, mrz.GroupNames, 0},
		"ForeignInName":      {replaced(td3, "ANNA", "ANNÃ"), mrz.ErrCharacter, mrz.GroupNames, 0},
		"NoName":             {replaced(td3, "ERIKSSON<<ANNA<MARIA", strings.Repeat("<", 20)), mrz.ErrFormat, mrz.GroupNames, 0},
		"NumberCheckDigit":   {replaced(td3, "L898902C36", "L898902C37"), mrz.ErrCheckDigit, mrz.GroupNumber, 1},
		"NumberCheckLetter":  {replaced(td3, "L898902C36", "L898902C3G"), mrz.ErrCharacter, mrz.GroupNumber, 1},
		"NumberEmpty":        {replaced(td3, "L898902C36", "<<<<<<<<<0"), mrz.ErrFormat, mrz.GroupNumber, 1},
		"NoLongNumberInTD3":  {replaced(td3, "L898902C36", "L898902C3<"), mrz.ErrCharacter, mrz.GroupNumber, 1},
		"BirthCheckDigit":    {replaced(td3, "7408122F", "7408123F"), mrz.ErrCheckDigit, mrz.GroupBirth, 1},
		"Sex":                {replaced(td3, "7408122F", "7408122X"), mrz.ErrCharacter, mrz.GroupSex, 1},
		"ExpiryCheckDigit":   {replaced(td1, "3204153", "3204152"), mrz.ErrCheckDigit, mrz.GroupExpiry, 1},
		"PersonalNumber":     {replaced(td3, "ZE184226B", "ZE184226C"), mrz.ErrCheckDigit, mrz.GroupOptional, 1},
		"Composite":          {td3[:len(td3)-1] + "A", mrz.ErrCharacter, mrz.GroupComposite, 1},
		"CompositeOfTD1":     {replaced(td1, "C36<<<<<", "C36<<<<1"), mrz.ErrCheckDigit, mrz.GroupComposite, 1},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := mrz.Parse(test.text, today)
			typed := wantError(t, err, test.want)
			if typed.Group != test.group || test.group == "" && typed.Line != test.line {
				t.Errorf("got %q, line %d, want %q, line %d", typed.Group, typed.Line, test.group, test.line)
			}
			if got != (mrz.MRZ{}) {
				t.Error("a zone came with the error")
			}
		})
	}
}

func TestError(t *testing.T) {
	for want, err := range map[string]*mrz.Error{
		"mrz: document number: wrong check digit":                     {Group: mrz.GroupNumber, Line: 1, Err: mrz.ErrCheckDigit},
		"mrz: line 2: not a machine-readable zone of TD1, TD2 or TD3": {Line: 1, Err: mrz.ErrFormat},
		"mrz: not a machine-readable zone of TD1, TD2 or TD3":         {Line: -1, Err: mrz.ErrFormat},
	} {
		if got := err.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// A number goes on in the optional data only where the standard says how; anything else is no number.
func TestParse_LongNumber(t *testing.T) {
	zone := func(optional string) string {
		first := "I<UTOD23145890<" + optional + strings.Repeat("<", 15-len(optional))
		second := "7408122F3204153UTO<<<<<<<<<<<"
		second += digit(t, first[5:]+second[0:7]+second[8:15]+second[18:])
		return first + "\n" + second + "\nERIKSSON<<ANNA<MARIA<<<<<<<<<<"
	}
	got := mustParse(t, zone("7349<<X<Y"))
	if got.Number != "D23145890734" || got.Optional != "<X<Y" {
		t.Errorf("got number %q, optional %q", got.Number, got.Optional)
	}
	if want := "D23145890734974081223204153"; got.Key() != want {
		t.Errorf("got key %q, want %q", got.Key(), want)
	}
	for name, optional := range map[string]string{
		"Nothing":      "",
		"CheckOnly":    "7",
		"WrongCheck":   "7348",
		"NoFiller":     "734907349073490",
		"FillerFirst":  "<7349",
		"LetterChecks": "734I",
	} {
		_, err := mrz.Parse(zone(optional), today)
		if err == nil {
			t.Errorf("%s was read", name)
			continue
		}
		want := mrz.ErrCheckDigit
		if name == "LetterChecks" {
			want = mrz.ErrCharacter
		}
		if got := wantError(t, err, want); got.Group != mrz.GroupNumber {
			t.Errorf("%s: got %v", name, got)
		}
	}
	// A number that ends before its field does, and goes on all the same, is none.
	short := "I<UTOD2314<<<<<" + "7349<<<<<<<<<<<"
	second := "7408122F3204153UTO<<<<<<<<<<<"
	second += digit(t, short[5:]+second[0:7]+second[8:15]+second[18:])
	_, err := mrz.Parse(short+second+"ERIKSSON<<ANNA<MARIA<<<<<<<<<<", today)
	wantError(t, err, mrz.ErrCheckDigit)
}

func TestParse_Names(t *testing.T) {
	for field, want := range map[string]struct {
		surname, given string
		truncated      bool
		kept           bool
	}{
		"ERIKSSON<<ANNA<MARIA":                    {"ERIKSSON", "ANNA MARIA", false, false},
		"ARKFREITH":                               {"ARKFREITH", "", false, false},
		"VAN<DER<MUELLEN<<MARTIN":                 {"VAN DER MUELLEN", "MARTIN", false, false},
		"PAPANDROPOULOUS<<JONATHON<WARREN<TREVOR": {"PAPANDROPOULOUS", "JONATHON WARREN TREVOR", true, false},
		"PAPANDROPOULOUSJONATHONWARRENTREVORABCD": {"PAPANDROPOULOUSJONATHONWARRENTREVORABCD", "", true, false},
		"<<ANNA":                {"", "ANNA", false, false},
		"<ERIKSSON<<ANNA":       {"ERIKSSON", "ANNA", false, true},
		"ERIKSSON<<<ANNA":       {"ERIKSSON", "ANNA", false, true},
		"ERIKSSON<<ANNA<<MARIA": {"ERIKSSON", "ANNA MARIA", false, true},
	} {
		text := "P<UTO" + field + strings.Repeat("<", 39-len(field)) + mustLines(t, mrz.TD3, nil)[44:]
		got := mustParse(t, text)
		if got.Surname != want.surname || got.GivenNames != want.given || got.Truncated != want.truncated {
			t.Errorf("%s: got %q, %q, truncated %v", field, got.Surname, got.GivenNames, got.Truncated)
		}
		if (got.NameField != "") != want.kept {
			t.Errorf("%s: got name field %q", field, got.NameField)
		}
		lines, err := got.Lines()
		if err != nil || strings.Join(lines, "\n") != text {
			t.Errorf("%s: written as %q, %v", field, lines, err)
		}
	}
}

func TestParse_Dates(t *testing.T) {
	lines := strings.Split(mustLines(t, mrz.TD3, nil), "\n")
	for _, test := range []struct {
		at    int // 13 birth, 21 expiry
		six   string
		want  string
		fails error
	}{
		{13, "740812", "1974-08-12", nil},
		{13, "7408<<", "1974-08", nil},
		{13, "74<<<<", "1974", nil},
		{13, "<<<<<<", "", nil},
		{13, "740800", "1974-08", nil}, // zeros for fillers
		{13, "740000", "1974", nil},
		{13, "7400<<", "1974", nil},
		{13, "000000", "", nil},
		{13, "00<<<<", "2000", nil},
		{13, "2611<<", "2026-11", nil}, // may have been the first
		{13, "2612<<", "1926-12", nil},
		{13, "27<<<<", "1927", nil},
		{13, "000229", "2000-02-29", nil},
		{13, "O60229", "", mrz.ErrCharacter},
		{13, "260229", "2026", nil},
		{13, "741301", "1974", nil},
		{13, "740431", "1974", nil},
		{13, "740012", "1974", nil}, // a day of no month
		{13, "74<<12", "1974", nil},
		{13, "7413<<", "1974", nil},
		{13, "7<0812", "", nil},
		{13, "74<812", "1974", nil},
		{13, "74081<", "1974", nil},
		{13, "<<0812", "", nil},
		{21, "<<<<<<", "", nil},
		{21, "770101", "1977-01-01", nil},
		{21, "760101", "2076-01-01", nil},
		{21, "270229", "2027", nil},
	} {
		text := strings.Join(withField(t, lines, test.at, test.six), "\n")
		m, err := mrz.Parse(text, today)
		if test.fails != nil {
			wantError(t, err, test.fails)
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", test.six, err)
			continue
		}
		got := m.Birth
		if test.at == 21 {
			got = m.Expiry
		}
		if got.String() != test.want || got.Complete() != (len(test.want) == 10) {
			t.Errorf("%s: got %s", test.six, got)
		}
		back, err := m.Lines()
		if err != nil || strings.Join(back, "\n") != text {
			t.Errorf("%s: written as %q, %v", test.six, back, err)
		}
		impossible := test.at == 13 && slices.Contains(noCalendar, test.six)
		if got := m.BirthPrinted(); (got == test.six) != impossible || !impossible && got != "" {
			t.Errorf("%s: printed %q", test.six, got)
		}
		if key := m.Key(); !strings.Contains(key, test.six+digit(t, test.six)) {
			t.Errorf("%s is not as it was in the key", test.six)
		}
	}
}

// noCalendar are dates of birth of which the printed characters say more than a date can.
var noCalendar = []string{"260229", "741301", "740431", "740012", "74<<12", "7413<<", "74<812", "74081<", "7<0812", "<<0812"}

// Whether somebody was born yesterday or a hundred years ago depends on where it is already tomorrow.
func TestParse_TimeZone(t *testing.T) {
	lines := strings.Split(mustLines(t, mrz.TD3, nil), "\n")
	text := strings.Join(withField(t, lines, 13, "261123"), "\n")
	late := time.Date(2026, 11, 22, 23, 30, 0, 0, time.UTC)
	for want, now := range map[string]time.Time{
		"1926-11-23": late,
		"2026-11-23": late.In(time.FixedZone("east", 3600)),
	} {
		m, err := mrz.Parse(text, now)
		if err != nil || m.Birth.String() != want {
			t.Errorf("got %s, %v, want %s", m.Birth, err, want)
		}
	}
}
