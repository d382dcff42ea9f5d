package kiosk

// Settings are the rules a desk works by.
type Settings struct {
	DeskName        string
	MinAge          int    // completed years; 16 by default
	PINMin, PINMax  int    // digits; 6 and 8 by default
	DefaultRegion   string // ISO 3166-1 alpha-2 of phone numbers typed without "+"; "PT"
	ClerkLanguage   Language
	CitizenLanguage Language
}
