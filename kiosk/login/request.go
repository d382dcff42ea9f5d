package login

import (
	"slices"
	"time"

	"balcao/kiosk"
)

// Request is what a sign-in is for. The zero Request is that of the holder's own pages.
type Request struct {
	Service string  `json:"service,omitempty"` // its name as registered, which the person reads; "" for their own pages
	Claims  []Asked `json:"claims,omitempty"`
	// ACR are the levels that will do, RFC 9470 §4's acr_values or those of an essential claim; nil for any. A higher one
	// does too, unless Exact.
	ACR   []string `json:"acr,omitempty"`
	Exact bool     `json:"exact,omitempty"` // acr was asked for as essential: what is reported is one of ACR (OIDC Core §5.5.1.1)
	// MaxAge is how long ago the person may have signed in; nil for as long as a session lasts.
	MaxAge *time.Duration `json:"max_age,omitempty"`
	// Prompt are the values of prompt, OIDC Core §3.1.2.1.
	Prompt       []string         `json:"prompt,omitempty"`
	Hint         string           `json:"hint,omitempty"` // of the identifier, to begin with
	Languages    []kiosk.Language `json:"languages,omitempty"`
	AcceptsShown bool             `json:"accepts_shown,omitempty"` // numbers too that were only shown on paper
}

// Own reports whether the sign-in is for the holder's own pages.
func (r Request) Own() bool { return r.Service == "" }

func (r Request) prompts(what string) bool { return slices.Contains(r.Prompt, what) }

// Asked is a claim that a service asks for.
type Asked struct {
	Claim     string `json:"claim"` // of Claims
	Essential bool   `json:"essential,omitempty"`
}

// Levels, as eIDAS names them (Commission Implementing Regulation 2015/1502), in their order.
var Levels = []string{
	"http://eidas.europa.eu/LoA/low",
	"http://eidas.europa.eu/LoA/substantial",
	"http://eidas.europa.eu/LoA/high",
}

// level is the place of a level among Levels, by its URI or its last word; -1 for none.
func level(name string) int {
	return slices.IndexFunc(Levels, func(l string) bool { return l == name || l == "http://eidas.europa.eu/LoA/"+name })
}

// reported is the level that a request is told when one was reached, and whether that will do.
func (r Request) reported(reached int) (acr string, ok bool) {
	if reached < 0 || reached >= len(Levels) {
		return "", false
	}
	if len(r.ACR) == 0 {
		return Levels[reached], true
	}
	best := -1
	for _, asked := range r.ACR {
		if l := level(asked); l >= 0 && l <= reached && l > best {
			best = l
		}
	}
	switch {
	case best < 0:
		return "", false
	case r.Exact:
		return Levels[best], true
	}
	return Levels[reached], true
}

// Session is somebody who signed in, as one browser has it: within it a service is answered without PIN and code. It
// is kept in a sealed row only.
type Session struct {
	Signed
	Language kiosk.Language `json:"language,omitempty"`
}
