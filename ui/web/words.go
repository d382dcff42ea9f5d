package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"balcao/assets/i18n"
	"balcao/kiosk"
)

// languageCookie keeps which language was chosen, and is no secret.
const languageCookie = "__Host-balcao-language"

// tongue is a language that can be chosen.
type tongue struct {
	Tag, Name string
	Current   bool
}

// tonguesFor are the languages that can be chosen at a page. They lead to the same page by GET, so that none stands at
// one that only a POST shows again.
func tonguesFor(r *http.Request, now kiosk.Language) []tongue {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return nil
	}
	all := make([]tongue, 0, len(kiosk.Languages))
	for _, l := range kiosk.Languages {
		all = append(all, tongue{string(l), l.Name(), l == now})
	}
	return all
}

var matcher = func() language.Matcher {
	tags := make([]language.Tag, 0, len(kiosk.Languages))
	for _, l := range kiosk.Languages {
		tags = append(tags, language.Make(string(l)))
	}
	return language.NewMatcher(tags)
}()

// Language is which language somebody reads: the one they have just chosen (and it is kept), or chose before; the one that
// their visit has; what the service asks for (ui_locales); what their browser asks for; Portuguese.
func (p *Pages) Language(w http.ResponseWriter, r *http.Request, visit kiosk.Language, asked []kiosk.Language) kiosk.Language {
	if chosen := kiosk.Language(r.URL.Query().Get("lang")); slices.Contains(kiosk.Languages, chosen) {
		http.SetCookie(w, &http.Cookie{Name: languageCookie, Value: string(chosen), Path: "/", MaxAge: 365 * 24 * 3600,
			Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
		return chosen
	}
	if cookie, err := r.Cookie(languageCookie); err == nil && slices.Contains(kiosk.Languages, kiosk.Language(cookie.Value)) {
		return kiosk.Language(cookie.Value)
	}
	for _, l := range append([]kiosk.Language{visit}, asked...) {
		if slices.Contains(kiosk.Languages, l) {
			return l
		}
	}
	known := slices.DeleteFunc(strings.Split(r.Header.Get("Accept-Language"), ","), func(one string) bool {
		tag, _, _ := strings.Cut(one, ";")
		_, err := language.Parse(strings.TrimSpace(tag)) // one that nobody knows hides no other
		return err != nil
	})
	if wanted, _, err := language.ParseAcceptLanguage(strings.Join(known, ",")); err == nil && len(wanted) > 0 {
		if _, i, sure := matcher.Match(wanted...); sure > language.No {
			return kiosk.Languages[i]
		}
	}
	return kiosk.Languages[0]
}

// day writes 19 de fevereiro de 2034, on one line.
func (w words) day(d kiosk.Date) string {
	if d.IsZero() {
		return "—"
	}
	if d.Partial() {
		return d.String()
	}
	month := w.T("month." + strconv.Itoa(int(d.Month)))
	return nobreak(i18n.Text(string(w.Language), "format.long_date", map[string]any{"Day": d.Day, "Month": month, "Year": d.Year}))
}

// when writes hoje, 10:40 or 19 de fevereiro de 2034, 10:40.
func (w words) when(t time.Time) string {
	t = t.In(w.zone)
	if kiosk.DateOf(t) == kiosk.DateOf(w.now.In(w.zone)) {
		return w.F("web.key.today", "Time", t.Format("15:04"))
	}
	return w.day(kiosk.DateOf(t)) + ", " + t.Format("15:04")
}

// clock is the time of day so long from now.
func (w words) clock(in time.Duration, form string) string {
	return w.now.Add(in).In(w.zone).Format(form)
}

// or is a text, or the word itself where the centre knows a word that the catalogue does not.
func (w words) or(before, word string) string {
	if key := before + word; i18n.Has(i18n.Languages[0], key) {
		return w.T(key)
	}
	return word
}

// value writes what a service receives as people read it.
func (w words) value(claim, value string) string {
	switch claim {
	case "birthdate":
		var d kiosk.Date
		if d.UnmarshalText([]byte(value)) == nil {
			return w.day(d)
		}
	case "phone_number":
		if number, err := phonenumbers.Parse(value, ""); err == nil {
			return nobreak(phonenumbers.Format(number, phonenumbers.INTERNATIONAL))
		}
	case "document": // kind, State and number
		if parts := strings.SplitN(value, " ", 3); len(parts) == 3 {
			named := []string{w.country(parts[1]), nobreak(parts[2])}
			if parts[0] == "citizen_card" { // of others only the State says more than the field's name
				named = slices.Insert(named, 0, w.T("document.kind."+string(kiosk.CitizenCard)))
			}
			return strings.Join(named, ", ")
		}
	case "nationalities":
		var names []string
		for code := range strings.FieldsSeq(value) {
			names = append(names, w.country(code))
		}
		return strings.Join(names, ", ")
	}
	return value
}

// country names a State by its code, ISO 3166-1 or of ICAO 9303-3 §5; a code that nobody knows stands for itself.
func (w words) country(code string) string {
	if key := "country." + code; i18n.Has(string(w.Language), key) {
		return w.T(key)
	}
	region, err := language.ParseRegion(code)
	if err != nil || !region.IsCountry() {
		return code
	}
	tag := language.Make(string(w.Language))
	if w.Language == kiosk.Portuguese {
		tag = language.EuropeanPortuguese
	}
	return display.Regions(tag).Name(region)
}

func nobreak(text string) string { return strings.ReplaceAll(text, " ", "\u00a0") }
