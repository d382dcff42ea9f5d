package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"balcao/assets/i18n"
	"balcao/kiosk"
	"balcao/kiosk/desk"
	"balcao/kiosk/examine"
)

// cardReport is what `kioskctl card` and `kioskctl document` print.
type cardReport struct {
	Genuine  bool           `json:"genuine"`
	Reasons  []kiosk.Reason `json:"reasons"`        // why it is refused; empty for a genuine card
	Hint     string         `json:"hint,omitempty"` // what to do about that, where more is known than the reason says
	Level    kiosk.Level    `json:"level"`
	Missing  []string       `json:"missing_for_more"` // checks that a higher level wants
	Reader   string         `json:"reader,omitempty"`
	Identity *person        `json:"identity,omitempty"`
	Access   string         `json:"access,omitempty"` // how a chip was opened: "PACE-GM/AES-128/brainpoolP256r1", "BAC/3DES/unenforced"
	PINTries int            `json:"pin_tries"`
	Photo    string         `json:"photo"` // "shown", "absent", "unshown" when it cannot be shown, or "" when it was not read
	Checks   []checkLine    `json:"checks"`
	Millis   int64          `json:"ms_identity"` // from the connection to the identity

	started time.Time
	began   bool // the card answered at all
	travel  bool // it is a travel document's chip
}

// person is the identity as printed.
type person struct {
	Document       kiosk.DocumentKind   `json:"document"`
	Generation     kiosk.CardGeneration `json:"generation"`
	Country        string               `json:"country"`
	DocumentNumber string               `json:"document_number"`
	CivilNumber    string               `json:"civil_number"`
	Surname        string               `json:"surname"`
	GivenNames     string               `json:"given_names"`
	Sex            string               `json:"sex"`
	Nationality    string               `json:"nationality"`
	BirthDate      kiosk.Date           `json:"birth_date"`
	BirthPrinted   string               `json:"birth_printed,omitempty"` // YYMMDD, where it is no date that a calendar has
	ValidFrom      kiosk.Date           `json:"valid_from"`
	ValidUntil     kiosk.Date           `json:"valid_until"`
	TaxNumber      string               `json:"tax_number"`
	MRZSurname     string               `json:"mrz_surname,omitempty"` // as the machine-readable zone writes it
	MRZGivenNames  string               `json:"mrz_given_names,omitempty"`
	NameSource     kiosk.NameSource     `json:"name_source,omitempty"` // "cut": the names may be cut off
}

// checkLine is one check as printed.
type checkLine struct {
	Name   kiosk.CheckName `json:"name"`
	Result string          `json:"result"` // passed, failed, unknown, absent, pending
	Reason kiosk.Reason    `json:"reason,omitempty"`
	Source string          `json:"source,omitempty"`
	At     *time.Time      `json:"at,omitempty"`
	Millis float64         `json:"ms"`
	Remedy string          `json:"remedy,omitempty"`
}

// note takes what the reading tells on its way.
func (r *cardReport) note(e kiosk.CaseEvent) {
	switch e := e.(type) {
	case kiosk.Activity:
		r.began = r.began || e.Key != desk.ActivityRecognise
	case kiosk.DocumentRecognised:
		r.travel = e.Kind != kiosk.CitizenCard // "" is some travel document
	case kiosk.IdentityRead:
		r.Millis = time.Since(r.started).Milliseconds()
	case kiosk.PINTriesRead:
		r.PINTries = e.TriesLeft
	case kiosk.PhotoRead:
		r.Photo = "absent"
		if e.Photo != nil {
			r.Photo = "shown"
			clear(e.Photo.Data)
		}
	}
}

// access says how a chip was opened, when it was.
func (r *cardReport) access(reading desk.Reading) {
	if opened := reading.Travel.Access; opened.Mechanism != "" {
		r.Access = examine.AccessText(opened)
	}
}

// take fills in the verdict.
func (r *cardReport) take(v examine.Verdict) {
	r.Reasons = append([]kiosk.Reason{}, v.Reasons...)
	r.Genuine = len(r.Reasons) == 0
	r.Level = kiosk.LevelNone
	if r.Genuine {
		r.Level = v.Assurance.Level
	}
	r.Missing = []string{}
	for _, name := range v.Assurance.Missing {
		r.Missing = append(r.Missing, string(name))
	}
	if v.Identity != (kiosk.Identity{}) {
		r.Identity = newPerson(v.Identity)
		r.travel = v.Identity.Kind.Travel()
	}
	r.Checks = nil
	for _, c := range v.Checks {
		if r.travel && c.Name == kiosk.CheckKey {
			continue // it is the centre that a travel document's chip answers then; to this program it is CheckChipAuthenticity
		}
		r.Checks = append(r.Checks, r.newCheckLine(c))
		if c.Name == kiosk.CheckPhotoData && c.Reason == kiosk.ReasonPhotoUnshown {
			r.Photo = "unshown"
		}
	}
}

// refuse adds a reason that came after the verdict.
func (r *cardReport) refuse(reason kiosk.Reason) {
	r.Reasons = append(r.Reasons, reason)
	r.Genuine, r.Level = false, kiosk.LevelNone
}

// took notes how long a check took whose work was done here.
func (r *cardReport) took(name kiosk.CheckName, d time.Duration) {
	for i := range r.Checks {
		if r.Checks[i].Name == name {
			r.Checks[i].Millis = millis(d)
		}
	}
}

func newPerson(i kiosk.Identity) *person {
	return &person{
		Document: i.Kind, Generation: i.Generation, Country: i.Country, DocumentNumber: i.DocumentNumber,
		CivilNumber: i.CivilNumber, Surname: i.Surname, GivenNames: i.GivenNames, Sex: i.Sex, Nationality: i.Nationality,
		BirthDate: i.BirthDate, BirthPrinted: i.BirthPrinted, ValidFrom: i.ValidFrom, ValidUntil: i.ValidUntil, TaxNumber: i.TaxNumber,
		MRZSurname: i.MRZSurname, MRZGivenNames: i.MRZGivenNames,
		NameSource: i.NameSource,
	}
}

// text is the catalogue's, in the words for travel documents where it has them.
func (r *cardReport) text(key string) string {
	if r.travel && i18n.Has("en", key+"_travel") {
		key += "_travel"
	}
	return i18n.Text("en", key, nil)
}

func (r *cardReport) newCheckLine(c kiosk.Check) checkLine {
	line := checkLine{Name: c.Name, Result: string(c.Result), Reason: c.Reason, Source: c.Source, Millis: millis(c.Took)}
	if c.Result == kiosk.Pending {
		line.Result = "pending"
	}
	if !c.At.IsZero() {
		at := c.At
		line.At = &at
	}
	if c.Reason != "" {
		line.Remedy = r.text("reason." + string(c.Reason))
	}
	return line
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// exit is the exit code of the verdict.
func (r *cardReport) exit() int {
	if len(r.Reasons) > 0 {
		return exitRefused
	}
	return exitOK
}

func (r *cardReport) write(w io.Writer, asJSON bool) error {
	if asJSON {
		return r.writeJSON(w)
	}
	return r.writeText(w)
}

func (r *cardReport) writeJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

// born is the date of birth, or what is printed in its place.
func (p *person) born() string {
	if p.BirthPrinted != "" {
		return p.BirthPrinted + " (as printed; no calendar has this date)"
	}
	return p.BirthDate.String()
}

// nameRemark says of names that they may not be whole.
var nameRemark = map[kiosk.NameSource]string{kiosk.NameCut: "may be cut off"}

func (r *cardReport) writeText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	if p := r.Identity; p != nil {
		for _, row := range [][2]string{
			{"Surname", p.Surname}, {"Given names", p.GivenNames}, {"Whole name", nameRemark[p.NameSource]}, {"Born", p.born()}, {"Sex", p.Sex},
			{"Nationality", p.Nationality}, {"Document", p.DocumentNumber}, {"Civil number", p.CivilNumber},
			{"Tax number", p.TaxNumber}, {"Valid until", p.ValidUntil.String()},
		} {
			if row[0] != "Whole name" || row[1] != "" {
				_, _ = fmt.Fprintf(t, "%s\t%s\n", row[0], row[1])
			}
		}
		_, _ = fmt.Fprintln(t)
	}
	for _, c := range r.Checks {
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%.1f ms\n", c.Result, r.text("check."+string(c.Name)), c.Source, c.Millis)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if r.Genuine {
		more := ""
		if len(r.Missing) > 0 {
			more = "; for more: " + strings.Join(r.Missing, ", ")
		}
		_, err := fmt.Fprintf(w, "\nGenuine. Level of assurance: %s%s\n", cmp.Or(string(r.Level), "none"), more)
		return err
	}
	for _, reason := range r.Reasons {
		if _, err := fmt.Fprintf(w, "\nRefused (%s). %s\n", reason, r.text("reason."+string(reason))); err != nil {
			return err
		}
	}
	if r.Hint != "" {
		_, err := fmt.Fprintln(w, r.Hint)
		return err
	}
	return nil
}
