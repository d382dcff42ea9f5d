package login

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"balcao/kiosk"
)

// Page is what a page of a visit shows, as plain values. Nothing of it was said by anybody but the person, the
// registration of the service, and, behind PIN and code, the record of the key.
type Page struct {
	Step     Step
	Problem  Problem
	Service  string // "" for the holder's own pages
	Return   string // where the browser goes when the visit is over, which the caller knows; "" for the holder's own pages
	Again    bool   // StepSignIn: somebody is signed in, and the service asks for it anew
	Language kiosk.Language
	Tongues  []kiosk.Language // that the service asks for, where nobody chose one

	// StepSignIn
	Typed, Country string

	// StepCode. Contact is where the code went, masked, as far as the person named it; otherwise "".
	Channel   kiosk.Channel
	Contact   string
	Other     kiosk.Channel // another that a code can go to, or ""
	ResendIn  time.Duration // 0: now
	ExpiresIn time.Duration // 0: over
	SendsLeft int           // by Channel
	TriesLeft int

	Rows []Row // StepConsent
}

// Page is what the visit shows at a time by the centre's clock.
func (v Visit) Page(now time.Time) Page {
	p := Page{Step: v.Step, Problem: v.Problem, Service: v.Request.Service, Language: v.Language, Tongues: v.Request.Languages, Again: v.Again}
	switch v.Step {
	case StepSignIn:
		p.Typed, p.Country = v.Typed, v.Country
	case StepCode:
		p.Channel, p.SendsLeft, p.TriesLeft = v.Channel, v.Sent[v.Channel], v.Tries
		p.ResendIn, p.ExpiresIn = max(v.Resend.Sub(now), 0), max(v.Expires.Sub(now), 0)
		if v.By == kiosk.ByPhone && v.Channel == kiosk.SMS || v.By == kiosk.ByEmail && v.Channel == kiosk.Email {
			if _, name, problem := Named(v.Typed, v.Country); problem == OK {
				p.Contact = Masked(name)
			}
		}
		if i := slices.IndexFunc(v.Channels, func(c kiosk.Channel) bool { return c != v.Channel }); i >= 0 {
			p.Other = v.Channels[i]
		}
	case StepConsent:
		p.Rows = v.Rows
	}
	return p
}

// Masked is a contact as its holder knows it again, as internal.masked of the schema writes it: "+351 912 ••• 678",
// "i•••@exemplo.pt".
func Masked(contact string) string {
	if local, domain, is := strings.Cut(contact, "@"); is {
		_, first := utf8.DecodeRuneInString(local)
		return local[:first] + "•••@" + domain
	}
	m := shortCode.FindStringSubmatch(contact)
	if m == nil {
		m = longCode.FindStringSubmatch(contact)
	}
	if m == nil || len(m[2]) < 3 {
		return "•••"
	}
	national := m[2]
	if len(national) > 7 {
		return m[1] + " " + national[:3] + " ••• " + national[len(national)-3:]
	}
	return m[1] + " ••• " + national[len(national)-3:]
}

// Country codes of one and two digits (ITU-T E.164); all others have three.
var (
	shortCode = regexp.MustCompile(`^([+](?:1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]))([0-9]*)$`)
	longCode  = regexp.MustCompile(`^([+][0-9]{3})([0-9]*)$`)
)
