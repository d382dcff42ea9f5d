package mrz_test

import (
	"strings"
	"testing"

	"balcao/cardreader/mrz"
)

func TestShortens(t *testing.T) {
	cases := []struct {
		printed, name string
		want          bool
	}{
		{"DE ALBUQUERQUE VASCONCELOS E SOUSA HOLS", "de Albuquerque Vasconcelos e Sousa Holstein", true},
		{"DE ALBUQUERQUE", "De Albuquerque", true},
		{"", "Ana", true}, // nothing of it had room
		{"", "", true},
		{"NILAVADHANANANDA", "Nilavadhanananda", true},
		{"CHAYAPA DEJTHAMRONG K", "Chayapa Dejthamrong Krasuang", true},
		{"CHAYAPA D KRASUANG", "Chayapa Dejthamrong Krasuang", true},
		{"CHAYAPA KRASUANG", "Chayapa Dejthamrong Krasuang", true}, // a part left out
		{"BENNEL WOOLOO WARRAN WARNAM", "Bennelong Wooloomooloo Warrandyte Warnambool", true},
		{"DAVILA", "d’Ávila", true},
		{"D AVILA", "d'Ávila", true},
		{"JEAN PAUL", "Jean-Paul", true},
		{"JEANPAUL", "Jean-Paul", true},
		{"VANDERMUELLER", "van der Müller", true},
		{"MUELL", "Müller", true},
		{"MULL", "Müller", true},
		{"MUXXLL", "Müller", true},
		{"MUELL", "Mu\u0308ller", true},
		{"NXXA", "Ñandú", true},
		{"GROS", "Groß", true},
		{"GROS F", "Groß Friedrich", true}, // half of a letter that is written with two
		{"SKODEGARD", "Skødegård", true},
		{"SKOEDEGAARD", "Skødegård", true},

		{"DE ALBUQUERQUE", "de Albuquerq", false}, // less than what is printed
		{"DE ALBUQUERQUE", "", false},
		{"DE ALBUQUERQUE", "Albuquerque", false},
		{"DE ALBUQUERQUE HOLS", "de Albuquerque Rolstein", false},
		{"CHAYAPA KRASUANG", "Krasuang Chayapa", false},
		{"CHAYAPA K", "Chayapa Dejthamrong", false},
		{"HOLS", "Hoolstein", false},
		{"IVANOV", "Иванов", false},
		{"ANA", "Ana Иванова", false}, // behind what is printed too
		{"ANA", "Ana\x00", false},
		{"ANA", "Ana 2", false},
	}
	for _, tt := range cases {
		if got := mrz.Shortens(tt.printed, tt.name); got != tt.want {
			t.Errorf("%q of %q: got %t", tt.printed, tt.name, got)
		}
	}
}

// Whatever the writer cuts is shortened by what it wrote.
func TestShortens_Written(t *testing.T) {
	for _, name := range [][2]string{
		{"de Albuquerque Vasconcelos e Sousa Holstein", "Ana Örjan Straße"}, {"Ünal-Öztürk", strings.Repeat("Nguyễn ", 9)},
		{strings.Repeat("Ab ", 40), "Þór"}, {"Saint‐Jean, Jr.", strings.Repeat("Đặng", 12)},
	} {
		lines, err := mrz.MRZ{
			Format: mrz.TD3, Code: "P", Issuer: "UTO", Surname: name[0], GivenNames: name[1], Number: "L898902C3", Nationality: "UTO",
			Birth: mrz.Date{Year: 1974, Month: 8, Day: 12}, Sex: "F", Expiry: mrz.Date{Year: 2030, Month: 4, Day: 15},
		}.Lines()
		if err != nil {
			t.Fatal(err)
		}
		surname, given, _ := strings.Cut(strings.TrimRight(lines[0][5:], "<"), "<<")
		for i, printed := range []string{surname, given} {
			if printed = strings.ReplaceAll(printed, "<", " "); !mrz.Shortens(printed, name[i]) {
				t.Errorf("%q of %q: got false", printed, name[i])
			}
		}
	}
}

// The time to say no is bounded, however often parts repeat.
func TestShortens_Repetitive(t *testing.T) {
	if mrz.Shortens(strings.TrimSpace(strings.Repeat("A ", 19))+" B", strings.Repeat("A ", 1000)) {
		t.Error("a part that is not there was found")
	}
}
