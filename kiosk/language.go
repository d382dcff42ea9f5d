package kiosk

import "slices"

// Language is a BCP 47 tag of a language the screens speak.
type Language string

// The languages of the screens. The clerk's is one of the first two.
const (
	Portuguese Language = "pt"
	English    Language = "en"
	French     Language = "fr"
	Spanish    Language = "es"
	Ukrainian  Language = "uk"
	Russian    Language = "ru"
	Chinese    Language = "zh-Hans" // in simplified characters
	Hindi      Language = "hi"
	Bengali    Language = "bn"
	Nepali     Language = "ne"
)

// Languages lists the languages of the citizen's screen in the order in which a menu shows them; the first is used
// where nothing is known.
var Languages = []Language{Portuguese, English, French, Spanish, Ukrainian, Russian, Chinese, Hindi, Bengali, Nepali}

// ClerkLanguages lists the languages of the clerk's screen.
var ClerkLanguages = Languages[:2]

var languageNames = map[Language]string{
	Portuguese: "Português", English: "English", French: "Français", Spanish: "Español", Ukrainian: "Українська",
	Russian: "Русский", Chinese: "中文", Hindi: "हिन्दी", Bengali: "বাংলা", Nepali: "नेपाली",
}

// Name is what the language calls itself, in its own script: who looks for it reads no other.
func (l Language) Name() string { return languageNames[l] }

// spokenIn lists States, by their ISO 3166-1 alpha-3 code, whose nationals mostly read the language: it is an official
// one there, or what schools and offices use.
var spokenIn = map[Language][]string{
	Portuguese: {"PRT", "BRA", "AGO", "MOZ", "CPV", "GNB", "STP", "TLS"},
	English: {"GBR", "GBD", "GBN", "GBO", "GBP", "GBS", "IRL", "USA", "CAN", "AUS", "NZL", "ZAF", "NGA", "GHA", "GMB", "SLE", "LBR",
		"KEN", "UGA", "ZMB", "ZWE", "MWI", "BWA", "NAM", "JAM", "TTO", "BHS", "BRB", "GUY", "PHL", "SGP", "MLT", "PAK", "LKA"},
	French: {"FRA", "BEL", "LUX", "MCO", "SEN", "CIV", "MLI", "BFA", "NER", "TGO", "BEN", "GIN", "CMR", "GAB", "COG", "COD", "CAF",
		"TCD", "MDG", "COM", "DJI", "BDI", "HTI", "MAR", "DZA", "TUN"},
	Spanish: {"ESP", "MEX", "ARG", "COL", "VEN", "CUB", "PER", "CHL", "ECU", "BOL", "PRY", "URY", "CRI", "PAN", "NIC", "HND", "SLV",
		"GTM", "DOM", "GNQ"},
	Ukrainian: {"UKR"},
	Russian:   {"RUS", "BLR", "KAZ", "KGZ"},
	Chinese:   {"CHN"},
	Hindi:     {"IND"},
	Bengali:   {"BGD"},
	Nepali:    {"NPL"},
}

// LanguageOf is a first guess at the language of somebody with that nationality (ISO 3166-1 alpha-3, or a code of ICAO
// 9303-3 §5), and false where there is none.
func LanguageOf(nationality string) (Language, bool) {
	for _, l := range Languages {
		if slices.Contains(spokenIn[l], nationality) {
			return l, true
		}
	}
	return "", false
}

// LanguageChosen switches one of the two screens.
type LanguageChosen struct {
	Citizen  bool // otherwise the clerk's
	Language Language
}

// apply switches one of the two screens. What a person chose stands until the desk is empty.
func (e LanguageChosen) apply(s *Session) {
	switch {
	case e.Citizen && slices.Contains(s.settings.Languages, e.Language):
		s.state.CitizenLanguage, s.languageChosen = e.Language, true
	case !e.Citizen && slices.Contains(ClerkLanguages, e.Language):
		s.state.ClerkLanguage = e.Language
	}
}

// guessLanguage speaks to the holder of a document as their nationality suggests, unless somebody chose a language.
func (s *Session) guessLanguage(nationality string) {
	if l, known := LanguageOf(nationality); known && !s.languageChosen && slices.Contains(s.settings.Languages, l) {
		s.state.CitizenLanguage = l
	}
}
